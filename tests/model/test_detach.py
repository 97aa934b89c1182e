"""A detached model loads where this package cannot be imported."""

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits.initializers import lookup
from keras_inits.model import detach
from keras_inits.model.detachment import counterpart
from tests.model.models import as_numpy, assert_same, mixed, values
from tests.processes import output
from tests.support import assert_same_distribution, raises_exactly, stft_tolerance

layers = keras.layers

WITHOUT_US = """
import sys
sys.modules["keras_inits"] = None
import keras
import numpy as np
model = keras.models.load_model(sys.argv[1])
np.savez(sys.argv[2], *[keras.ops.convert_to_numpy(w.value) for w in model.weights])
"""


# Keras' own saving converts variables in a way that NumPy 2 warns of.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_detached_model_loads_without_this_package(tmp_path):
    model = mixed()  # built under `enable`: every initializer is ours
    before = values(model)
    report = detach(model)
    assert len(report.replacements) > 30
    assert report.kept == []
    assert_same(before, values(model))
    model.save(tmp_path / "model.keras")
    output("-c", WITHOUT_US, "model.keras", "weights.npz", cwd=tmp_path)
    with np.load(tmp_path / "weights.npz") as loaded:
        found = [loaded[name] for name in loaded.files]
    for variable, array in zip(model.weights, found, strict=True):
        np.testing.assert_array_equal(as_numpy(variable.value), array)


def test_a_model_that_is_not_detached_names_this_package():
    model = mixed()
    assert "keras_inits" in model.to_json()
    detach(model)
    assert "keras_inits" not in model.to_json()


def test_a_layer_of_the_users_own_is_detached_too():
    class Mine(layers.Layer):
        def __init__(self, w_initializer=None, **kwargs):
            super().__init__(**kwargs)
            self.w_initializer = w_initializer

        def get_config(self):
            made = keras.saving.serialize_keras_object(self.w_initializer)
            return {**super().get_config(), "w_initializer": made}

    model = keras.Sequential(
        [keras.Input((3,)), Mine(w_initializer=keras_inits.XavierNormal(), name="mine")]
    )
    assert "keras_inits" in model.to_json()
    report = detach(model)
    assert "keras_inits" not in model.to_json()
    (entry,) = report.replacements
    assert (entry.layer, entry.argument) == ("mine", "w_initializer")
    assert entry.before == "XavierNormal()"
    assert entry.after.startswith("keras.initializers.VarianceScaling(")


ARGUMENTS = {
    "Constant": {"value": 2.5},
    "DeltaOrthogonal": {},
    "PerGate": {"inner": "zeros"},
    "ZeroRow": {"inner": "zeros"},
    "XavierNormal": {"gain": 1.5},
    "KaimingUniform": {"a": 0.3, "mode": "fan_out"},
    "TruncNormal": {"std": 0.02},
    "RandomUniform": {"minval": 0.5, "maxval": 2.0},
}
WITHOUT = {"DeltaOrthogonal", "Dirac", "PerGate", "Sparse", "ZeroRow"}
CLASSES = sorted(
    {
        cls.__name__
        for cls in lookup.BY_NAME.values()
        if cls.__module__ == lookup.PACKAGE
    }
)


def test_every_class_of_the_package_is_looked_at():
    assert set(CLASSES) > WITHOUT | {"HeNormal", "STFT", "Orthogonal"}


@pytest.mark.parametrize("name", CLASSES)
def test_the_counterpart_has_the_same_distribution(name):
    made = keras_inits.get({"class_name": name, "config": ARGUMENTS.get(name, {})})
    own = counterpart(made)
    if name in WITHOUT:
        assert own is None
        return
    assert type(own).__module__.startswith("keras.")
    shape = (32, 1, 9) if name == "STFT" else (40, 250)
    found, expected = as_numpy(own(shape)), as_numpy(made(shape))
    if name == "STFT":
        tolerance = stft_tolerance(shape[0])
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
    elif len(np.unique(expected)) < 3:
        np.testing.assert_array_equal(found, expected)
    else:
        assert_same_distribution(found, expected)


@pytest.mark.parametrize(
    "made",
    [
        keras_inits.TruncatedNormal(lower=-1.0),
        keras_inits.TruncNormal(std=1.0, a=-1.0, b=1.0),
        keras_inits.VarianceScaling(mode="fan_geo_avg"),
        keras_inits.HeNormal(batch_axes=[0]),
    ],
    ids=repr,
)
def test_what_keras_cannot_draw_has_no_counterpart(made):
    assert counterpart(made) is None


def test_seeds_are_kept():
    assert counterpart(keras_inits.HeNormal(seed=5)).seed == 5
    generator = keras.random.SeedGenerator(7)
    own = counterpart(keras_inits.KaimingNormal(seed=generator))
    assert own.seed.get_config()["seed"] == 7


@pytest.mark.usefixtures("wide_terminal")
def test_strict_refuses_and_otherwise_it_is_kept_and_listed():
    kernel = keras_inits.Sparse(0.5)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(2, kernel_initializer=kernel, name="sparse"),
            layers.Dense(2, kernel_initializer=keras_inits.HeNormal(), name="he"),
        ]
    )
    with raises_exactly(
        "detach: Keras has no initializer of the distribution of Sparse(sparsity=0.5) "
        "of 'sparse'. Pass strict=False to keep what has none; the saved model then "
        "needs keras_inits."
    ):
        detach(model)
    assert isinstance(model.layers[1].kernel_initializer, keras_inits.HeNormal)
    report = detach(model, strict=False)
    assert [entry.layer for entry in report.kept] == ["sparse"]
    assert model.layers[0].kernel_initializer is kernel
    assert type(model.layers[1].kernel_initializer) is keras.initializers.HeNormal
    assert "kept: Keras has no initializer of this distribution" in str(report)


def test_detach_takes_models_only():
    with raises_exactly(
        "detach: Argument `model` must be a Keras model or layer, got 'model'."
    ):
        detach("model")
