"""A saved model that names these classes, in a process that has not imported them.

Keras imports no module of other packages for a file. It takes its own class of the
same name where it has one and understands the config; what else it says names
`keras_inits`, by the path that a user imports.
"""

import json
import warnings

import keras
import pytest

import keras_inits
from tests import cases
from tests.processes import output

pytestmark = pytest.mark.once

PROGRAM = """
import json, sys
import keras

found = {}
for name, config in json.load(sys.stdin).items():
    try:
        layer = keras.saving.deserialize_keras_object(config)
        found[name] = "loaded", type(layer.kernel_initializer).__module__
    except (TypeError, ValueError) as error:
        found[name] = "refused", str(error)
print(json.dumps(found), "keras_inits" in sys.modules)
try:
    keras.saving.load_model(sys.argv[1])
except TypeError as error:
    print(json.dumps(str(error)))
import keras_inits
model = keras.saving.load_model(sys.argv[1])
print(repr(model.layers[0].kernel_initializer))
"""


# Their rows in `cases` have arguments that Keras' classes do not know.
BEYOND_KERAS = ("VarianceScaling", "TruncatedNormal")
INITIALIZERS = {
    **{name: cases.build(name) for name in cases.CASES},
    **{f"plain {name}": getattr(keras_inits, name)(seed=7) for name in BEYOND_KERAS},
}


def dense(initializer):
    layer = keras.layers.Dense(4, kernel_initializer=initializer)
    return keras.saving.serialize_keras_object(layer)


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What a process without the package makes of a layer of every class."""
    path = str(tmp_path_factory.mktemp("saved") / "model.keras")
    kernel = keras_inits.PerGate(keras_inits.HeNormal(seed=1), gates=2)
    layers = [keras.Input((3,)), keras.layers.Dense(4, kernel_initializer=kernel)]
    with warnings.catch_warnings(action="ignore"):  # Keras' arrays under NumPy 2
        keras.Sequential(layers).save(path)
    given = json.dumps({name: dense(one) for name, one in INITIALIZERS.items()})
    return output("-c", PROGRAM, path, given=given, backend="numpy").splitlines()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_layer_loads_with_keras_own_class_or_the_error_names_the_package(
    name, answers
):
    text, _, imported = answers[0].rpartition(" ")
    status, said = json.loads(text)[name]

    assert imported == "False"
    is_keras_own = hasattr(keras.initializers, type(INITIALIZERS[name]).__name__)
    if is_keras_own and name not in BEYOND_KERAS:
        assert (status, said[:22]) == ("loaded", "keras.src.initializers")
    else:
        assert status == "refused"
        assert "'module': 'keras_inits'" in said
        assert "keras_inits." not in said


def test_a_file_is_refused_by_the_name_of_the_package(answers):
    last = json.loads(answers[1]).splitlines()[-1]

    assert "'module': 'keras_inits', 'class_name': 'PerGate'" in last
    assert last.endswith("'registered_name': 'keras_inits>PerGate'}")


def test_the_file_loads_once_the_package_is_imported(answers):
    assert answers[2] == "PerGate(inner=HeNormal(seed=1), gates=2)"
