"""A case for each way in which a layer uses a weight.

Away from the borders every one of these layers is linear in its input, so its
fans can be counted with a kernel and an input of ones.
"""

from typing import NamedTuple

import keras

layers = keras.layers


class Case(NamedTuple):
    """A layer, its input and what is known of it.

    Attributes:
        name: Name of the case.
        make: Function that makes the layer.
        shape: Shape of one input.
        fans: `(fan_in, fan_out)`, counted by hand.
        role: The weight that is counted; the others are set so that they keep
            the signal.
        crop: How many positions at each border see less than the others.
    """

    name: str
    make: object
    shape: tuple
    fans: tuple
    role: str = "kernel"
    crop: int = 0


CASES = [
    Case("dense", lambda: layers.Dense(96, use_bias=False), (64,), (64, 96)),
    Case("dense on a sequence", lambda: layers.Dense(96), (3, 64), (64, 96)),
    Case("conv1d", lambda: layers.Conv1D(40, 5), (16, 32), (160, 200)),
    Case("conv2d", lambda: layers.Conv2D(24, 3), (6, 6, 20), (180, 216)),
    Case("conv3d", lambda: layers.Conv3D(12, 2), (4, 4, 4, 50), (400, 96)),
    Case(
        "dilated conv1d",
        lambda: layers.Conv1D(40, 3, dilation_rate=4),
        (24, 32),
        (96, 120),
    ),
    Case(
        "grouped conv2d",
        lambda: layers.Conv2D(48, 3, groups=4),
        (6, 6, 64),
        (144, 108),
    ),
    Case(
        "strided conv2d",
        lambda: layers.Conv2D(24, 4, strides=2),
        (12, 12, 16),
        (256, 96),
    ),
    Case(
        "conv1dtranspose",
        lambda: layers.Conv1DTranspose(24, 4),
        (12, 32),
        (128, 96),
        crop=3,
    ),
    Case(
        "strided conv2dtranspose",
        lambda: layers.Conv2DTranspose(24, 4, strides=2),
        (6, 6, 32),
        (128, 384),
        crop=4,
    ),
    Case(
        "conv1dtranspose whose stride does not divide its kernel",
        lambda: layers.Conv1DTranspose(48, 3, strides=2, padding="same"),
        (10, 64),
        (96, 144),
        crop=4,
    ),
    Case(
        "conv3dtranspose",
        lambda: layers.Conv3DTranspose(12, 2),
        (4, 4, 4, 50),
        (400, 96),
        crop=1,
    ),
    Case(
        "depthwiseconv2d",
        lambda: layers.DepthwiseConv2D(3, depth_multiplier=2),
        (6, 6, 64),
        (9, 18),
    ),
    Case(
        "depthwiseconv1d",
        lambda: layers.DepthwiseConv1D(7, depth_multiplier=3),
        (16, 96),
        (7, 21),
    ),
    Case(
        "separableconv2d, depthwise",
        lambda: layers.SeparableConv2D(128, 3, depth_multiplier=2),
        (6, 6, 64),
        (9, 18),
        role="depthwise_kernel",
    ),
    Case(
        "separableconv1d, pointwise",
        lambda: layers.SeparableConv1D(64, 3),
        (6, 64),
        (64, 64),
        role="pointwise_kernel",
    ),
    Case(
        "einsumdense to heads",
        lambda: layers.EinsumDense("abc,cde->abde", (None, 4, 24)),
        (3, 64),
        (64, 96),
    ),
    Case(
        "einsumdense from heads",
        lambda: layers.EinsumDense("abcd,cde->abe", (None, 96)),
        (3, 4, 16),
        (64, 96),
    ),
    Case(
        "einsumdense, one matrix for each head",
        lambda: layers.EinsumDense("abc,bcd->abd", (8, 24)),
        (8, 32),
        (32, 24),
    ),
    Case(
        "einsumdense that sums an axis which the kernel lacks",
        lambda: layers.EinsumDense("abc,cd->ad", 24),
        (6, 32),
        (192, 24),
    ),
    Case(
        "einsumdense that sums such an axis after an ellipsis",
        lambda: layers.EinsumDense("...bc,cd->...d", 24),
        (2, 6, 32),
        (192, 24),
    ),
    Case(
        "simplernn",
        lambda: layers.SimpleRNN(96, activation=None),
        (1, 64),
        (64, 96),
    ),
    Case(
        "timedistributed dense",
        lambda: layers.TimeDistributed(layers.Dense(96)),
        (3, 64),
        (64, 96),
    ),
    Case(
        "nested model",
        lambda: keras.Sequential([keras.Input((64,)), layers.Dense(96)]),
        (64,),
        (64, 96),
    ),
]
