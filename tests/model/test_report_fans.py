"""A report's row has the fans that the draw used."""

import keras
import pytest
from scipy import stats

import keras_inits as ki
from keras_inits.model import fans_of, initialize, recipes, reinitialize
from tests.model.models import values
from tests.support import assert_distribution

layers = keras.layers


def fans_in(report, address):
    row = report[address]
    return row.fan_in, row.fan_out


def grouped():
    layer = layers.Conv2D(8, 3, groups=2)
    layer.build((None, 6, 6, 4))
    return layer


@pytest.mark.parametrize(
    ("initializer", "expected"),
    [
        (ki.HeNormal(), (18, 36)),  # those of `fans_of`
        (ki.HeNormal(input_axes=[2], output_axes=[3]), (2, 8)),
        (ki.XavierUniform().with_fans(5, 7), (5, 7)),
        (ki.VarianceScaling(batch_axes=[0]), (6, 24)),
        (ki.ZeroRow(ki.HeNormal(input_axes=[0], output_axes=[1])), (3, 3)),
        (ki.PerGate(ki.HeNormal(input_axes=[2], output_axes=[3])), (2, 2)),
        (ki.RandomNormal(), (18, 36)),  # scales by none
        (ki.Zeros(), (18, 36)),
    ],
)
def test_a_row_has_the_fans_of_the_initializer(initializer, expected):
    report = initialize(grouped(), {"kernel": initializer}, seed=0)

    assert fans_in(report, "kernel") == expected


def test_a_row_of_a_weight_that_is_left_alone_has_those_of_its_layer():
    assert fans_in(initialize(grouped(), {}, seed=0), "kernel") == (18, 36)


@pytest.mark.parametrize(
    "run", [reinitialize, lambda m: initialize(m, recipes.keras())]
)
def test_a_row_of_what_keras_counts_by_the_shape_says_so(run):
    assert fans_in(run(grouped()), "kernel") == (18, 72)


def test_a_summed_axis_that_the_kernel_lacks_counts_where_its_length_is_known():
    known, unknown = (layers.EinsumDense("abc,cd->ad", 24) for _ in range(2))
    known.build((None, 6, 32))
    unknown.build((None, None, 32))

    assert fans_of(known, known.kernel) == (192, 24)
    assert fans_of(unknown, unknown.kernel) == (32, 24)
    report = initialize(known, {"kernel": ki.KaimingNormal()}, seed=0)
    assert fans_in(report, "kernel") == (192, 24)
    assert_distribution(values(known)["kernel"], stats.norm(0.0, (2.0 / 192.0) ** 0.5))
    # Keras counts the kernel's own axes alone.
    assert fans_in(reinitialize(known, seed=0), "kernel") == (32, 24)


def test_a_layer_that_tells_nothing_of_its_input_has_the_fans_of_its_kernel():
    class Silent(layers.EinsumDense):
        def get_build_config(self):
            return None

    layer = Silent("abc,cd->ad", 24)
    layer.build((None, 6, 32))

    assert fans_of(layer, layer.kernel) == (32, 24)
