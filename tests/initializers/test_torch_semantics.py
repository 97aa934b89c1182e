"""PyTorch's initializers, against torch.nn.init itself in PyTorch's layout.

A PyTorch weight is `(out, in, *kernel)` where a Keras kernel is
`(*kernel, in, out)`; `to_torch` turns one into the other.
"""

import inspect
import math

import numpy as np
import pytest

import keras_inits
from tests.support import as_float64, assert_same_distribution, orthogonality

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.once

TORCH_SHAPE = (60, 24, 3, 3)  # out, in and the kernel
KERAS_SHAPE = (3, 3, 24, 60)


def to_torch(kernel):
    """From Keras' layout to PyTorch's."""
    return np.moveaxis(as_float64(kernel), (-1, -2), (0, 1))


def torch_sample(function, *args, shape=TORCH_SHAPE, dtype=None, **kwargs):
    weight = torch.empty(shape, dtype=dtype)
    generator = torch.Generator().manual_seed(0)
    getattr(torch.nn.init, function)(weight, *args, generator=generator, **kwargs)
    return weight.numpy()


PAIRS = [
    (
        "uniform_",
        {"a": -0.2, "b": 0.5},
        "RandomUniform",
        {"minval": -0.2, "maxval": 0.5},
    ),
    (
        "normal_",
        {"mean": 1.0, "std": 0.3},
        "RandomNormal",
        {"mean": 1.0, "stddev": 0.3},
    ),
    ("trunc_normal_", {}, "TruncNormal", {}),
    ("trunc_normal_", {"std": 0.02}, "TruncNormal", {"std": 0.02}),
    (
        "trunc_normal_",
        {"mean": 0.3, "std": 0.5, "a": 0.0, "b": 1.0},
        "TruncNormal",
        {"mean": 0.3, "std": 0.5, "a": 0.0, "b": 1.0},
    ),
    ("xavier_uniform_", {"gain": 1.4}, "XavierUniform", {"gain": 1.4}),
    ("xavier_normal_", {"gain": 1.4}, "XavierNormal", {"gain": 1.4}),
    *(
        (f"kaiming_{kind}_", config, f"Kaiming{kind.capitalize()}", config)
        for kind in ("uniform", "normal")
        for config in (
            {},
            {"a": math.sqrt(5.0)},
            {"mode": "fan_out", "nonlinearity": "relu"},
            {"nonlinearity": "tanh"},
            {"nonlinearity": "selu"},
            {"a": 0.2, "nonlinearity": "sigmoid"},
        )
    ),
]


@pytest.mark.parametrize(("function", "arguments", "name", "config"), PAIRS)
def test_a_sample_has_the_distribution_of_torchs(function, arguments, name, config):
    ours = getattr(keras_inits, name)(**config, seed=1)(KERAS_SHAPE, "float32")

    assert to_torch(ours).shape == TORCH_SHAPE
    assert_same_distribution(to_torch(ours), torch_sample(function, **arguments))


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3)])
def test_identity_is_eye(shape):
    expected = torch.nn.init.eye_(torch.empty(shape)).numpy()

    np.testing.assert_array_equal(
        to_torch(keras_inits.Identity()(shape[::-1])), expected
    )


@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize("shape", [(6, 4, 3), (6, 1, 5, 3), (6, 8, 1, 3, 5)])
def test_dirac_of_odd_kernels_is_torchs(shape, groups):
    expected = torch.nn.init.dirac_(torch.empty(shape), groups).numpy()
    keras_shape = (*shape[2:], shape[1], shape[0])

    found = to_torch(keras_inits.Dirac(groups=groups)(keras_shape))
    np.testing.assert_array_equal(found, expected)


def test_dirac_of_an_even_kernel_is_torchs_one_tap_earlier():
    expected = torch.nn.init.dirac_(torch.empty((3, 3, 4, 5))).numpy()
    found = to_torch(keras_inits.Dirac()((4, 5, 3, 3)))

    np.testing.assert_array_equal(np.roll(found, 1, axis=2), expected)


@pytest.mark.parametrize("shape", [(40, 30), (30, 40), (7, 3)])
@pytest.mark.parametrize("sparsity", [0.1, 0.35, 0.5])
def test_sparse_along_axis_0_has_torchs_zeros_per_column(shape, sparsity):
    torchs = torch_sample("sparse_", sparsity, shape=shape)
    ours = to_torch(keras_inits.Sparse(sparsity, axis=0, seed=1)(shape[::-1]))

    np.testing.assert_array_equal((ours == 0).sum(0), (torchs == 0).sum(0))


def test_sparse_values_have_torchs_distribution():
    torchs = torch_sample("sparse_", 0.2, std=0.3, shape=(120, 100))
    ours = to_torch(keras_inits.Sparse(0.2, 0.3, axis=0, seed=1)((100, 120)))

    assert_same_distribution(ours[ours != 0], torchs[torchs != 0])


@pytest.mark.parametrize("shape", [(8, 5), (5, 8), (4, 3, 2, 2), (16, 3, 2, 1)])
def test_orthogonal_is_orthogonal_along_torchs_rows(shape):
    keras_shape = (*shape[2:], shape[1], shape[0])
    ours = to_torch(keras_inits.Orthogonal(gain=2.0, seed=1)(keras_shape))
    torchs = torch_sample("orthogonal_", 2.0, shape=shape, dtype=torch.float64)

    def gram(weight):
        rows = weight.reshape(shape[0], -1).astype(np.float64)
        return rows @ rows.T if rows.shape[0] <= rows.shape[1] else rows.T @ rows

    # The gain squared; torch's own, in double precision, is off by far less.
    tolerance = 4.0 * orthogonality("float32")
    np.testing.assert_allclose(gram(ours), gram(torchs), rtol=0, atol=tolerance)


def test_orthogonal_entries_have_torchs_distribution():
    ours = [keras_inits.Orthogonal(seed=s)((3, 4)) for s in range(400)]
    generator = torch.Generator().manual_seed(0)
    torchs = [
        torch.nn.init.orthogonal_(torch.empty(4, 3), generator=generator).numpy()
        for _ in range(400)
    ]

    ours = np.stack([to_torch(kernel) for kernel in ours])
    for row, column in ((0, 0), (1, 2), (3, 1)):
        assert_same_distribution(ours[:, row, column], np.stack(torchs)[:, row, column])


TABLE = ["linear", "conv1d", "conv2d", "conv3d", "sigmoid", "tanh", "relu", "selu"]
TABLE += ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "leaky_relu"]


@pytest.mark.parametrize("name", TABLE)
def test_gains_are_those_of_torchs_table(name):
    expected = torch.nn.init.calculate_gain(name)

    assert keras_inits.calculate_gain(name) == expected
    assert keras_inits.calculate_gain(name, 0.3) == torch.nn.init.calculate_gain(
        name, 0.3
    )


@pytest.mark.parametrize("slope", [0, 1, 0.01, -0.5, math.sqrt(5.0)])
def test_the_gain_of_leaky_relu_is_torchs(slope):
    expected = torch.nn.init.calculate_gain("leaky_relu", slope)

    assert keras_inits.calculate_gain("leaky_relu", slope) == expected


@pytest.mark.parametrize("shape", [(8, 5), (8, 5, 3), (60, 24, 3, 3), (4, 6, 1, 2, 3)])
def test_fans_are_torchs_in_keras_layout(shape):
    keras_shape = (*shape[2:], shape[1], shape[0])
    expected = torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))

    assert keras_inits.compute_fans(keras_shape) == expected


def test_arguments_have_torchs_names_order_and_defaults():
    for function, name in (
        ("trunc_normal_", "TruncNormal"),
        ("xavier_uniform_", "XavierUniform"),
        ("xavier_normal_", "XavierNormal"),
        ("kaiming_uniform_", "KaimingUniform"),
        ("kaiming_normal_", "KaimingNormal"),
    ):
        torchs = inspect.signature(getattr(torch.nn.init, function)).parameters
        ours = inspect.signature(getattr(keras_inits, name)).parameters
        expected = [
            (p.name, p.default)
            for p in torchs.values()
            if p.name not in ("tensor", "generator")
        ]
        found = [(p.name, p.default) for p in ours.values()]
        assert found[: len(expected)] == expected
