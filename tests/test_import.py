"""What `import keras_inits` does to a process: very little."""

import pytest

import keras_inits
from tests import processes

pytestmark = pytest.mark.once

# Keras itself imports TensorFlow's proto-free parts only where it is the backend.
PROGRAM = """
import sys
import keras
from keras.src import initializers

KERAS_NAMES = [*initializers.ALL_OBJECTS_DICT, *dir(keras.initializers)]

def names():
    found = {}
    for name in KERAS_NAMES:
        cls = initializers.ALL_OBJECTS_DICT.get(name)
        call = getattr(getattr(keras.initializers, name, None), "__call__", None)
        found[name] = (cls, getattr(keras.initializers, name, None), call)
    return found

TABLES = [initializers.ALL_OBJECTS_DICT, keras.saving.get_custom_objects()]
TABLES += [vars(keras.src.saving.object_registration).get("GLOBAL_CUSTOM_NAMES")]
KEPT = []  # an id is given again once its object is gone

def contents(value):
    if isinstance(value, (dict, list, set)) and not any(value is t for t in TABLES):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [(key, id(one)) for key, one in items]

def everything():
    # All that Keras' modules and classes hold, by identity.
    found = {}
    for module in [m for m in sys.modules if m.split(".")[0] == "keras"]:
        for name, value in vars(sys.modules[module]).items():
            if name.startswith("__") or type(value) is type(sys):
                continue
            KEPT.append(value)
            found[f"{module}.{name}"] = id(value), contents(value)
            if isinstance(value, type) and value.__module__.startswith("keras."):
                for inner, one in vars(value).items():
                    KEPT.append(one)
                    found[f"{module}.{name}.{inner}"] = id(one), contents(one)
    return found

keras.saving.get_custom_objects()["mine"] = keras.initializers.Zeros
keras.saving.get_custom_objects()["kaiming_normal"] = keras.initializers.Ones
before_modules = set(sys.modules)
before_names = names()
before_custom = dict(keras.saving.get_custom_objects())
before = everything()

import keras_inits

after = everything()
print("compared:", len(before))
print("changed:", [name for name in before if after.get(name) != before[name]])

new = {module.split(".")[0] for module in set(sys.modules) - before_modules}
print("new:", sorted(new & {"tensorflow", "jax", "torch", "matplotlib", "scipy"}))
print("names kept:", names() == before_names)
after = keras.saving.get_custom_objects()
print("entries kept:", all(after[k] is v for k, v in before_custom.items()))
added = set(after) - set(before_custom)
print("entries without a package:", [k for k in added if "keras_inits>" not in k])
changed = []
for name in [*keras_inits.names(), *KERAS_NAMES, "function", "sparse", "eye"]:
    for data in (name, [name], {"kind": name}, {"mode": {"name": [name]}}):
        if name not in before_custom:
            if keras.saving.deserialize_keras_object(data) != data:
                changed.append(data)
print("data changed:", changed)
print("default:", type(keras.layers.Dense(1).kernel_initializer).__module__)
"""


@pytest.fixture(scope="module", params=["numpy", "torch"])
def output(request):
    """What the program prints under a backend."""
    found = processes.output("-c", PROGRAM, backend=request.param)
    lines = (line.partition(": ") for line in found.splitlines())
    return {key: value for key, _, value in lines}


def test_no_backend_and_no_plotting_library_is_loaded(output):
    assert output["new"] == "[]"


def test_no_name_of_keras_changes(output):
    assert output["names kept"] == "True"
    assert output["default"].startswith("keras.src.")


def test_a_word_in_a_config_stays_a_word(output):
    assert output["entries without a package"] == "[]"
    assert output["data changed"] == "[]"


def test_nothing_else_of_keras_changes(output):
    assert int(output["compared"]) > 10_000
    assert output["changed"] == "[]"


def test_what_the_user_named_stays(output):
    assert output["entries kept"] == "True"


LOOKS = """
import sys
import numpy as np
import keras
import keras_inits

layer = keras.layers.Dense(2)
layer.build((None, 3))
before = set(sys.modules)
keras_inits.diagnose(layer, (x for x in [np.ones((4, 3), "float32")]))
after = set(sys.modules) - before
print(sorted({"tensorflow", "torch", "pandas", "grain"} & after))
"""


def test_a_source_of_batches_loads_no_library():
    assert processes.output("-c", LOOKS, backend="numpy") == "[]\n"


PUBLIC = [
    *("Constant", "DeltaOrthogonal", "Dirac", "GlorotNormal", "GlorotUniform"),
    *("HeNormal", "HeUniform", "Identity", "KaimingNormal", "KaimingUniform"),
    *("LecunNormal", "LecunUniform", "Ones", "Orthogonal", "PerGate"),
    *("RandomNormal", "RandomUniform", "STFT", "Sparse", "TruncNormal"),
    *("TruncatedNormal", "VarianceScaling", "XavierNormal", "XavierUniform"),
    *("ZeroRow", "Zeros", "Initializer", "RandomInitializer"),
    *("calculate_gain", "compute_fans", "fingerprint"),
    *("get", "names", "register", "unregister"),
    *("enable", "disable", "enabled", "is_enabled"),
]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_promised_name_is_public(name):
    assert name in keras_inits.__all__
    assert hasattr(keras_inits, name)


def test_all_equals_the_public_names():
    import types

    public = {
        name
        for name, value in vars(keras_inits).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }

    # Parts of the package that are public as modules are listed as well.
    assert sorted(keras_inits.__all__) == sorted(public | {"draws", "recipes"})


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("KaimingUniform", ["a", "mode", "nonlinearity", "seed"]),
        ("KaimingNormal", ["a", "mode", "nonlinearity", "seed"]),
        ("XavierUniform", ["gain", "seed"]),
        ("XavierNormal", ["gain", "seed"]),
        ("Sparse", ["sparsity", "stddev", "axis", "seed"]),
        ("PerGate", ["inner", "gates"]),
        ("ZeroRow", ["inner", "index"]),
        ("Dirac", ["groups", "gain"]),
        ("Orthogonal", ["gain", "seed"]),
        ("DeltaOrthogonal", ["gain", "seed"]),
        ("Identity", ["gain"]),
        ("Constant", ["value"]),
        ("calculate_gain", ["nonlinearity", "param"]),
        ("compute_fans", ["shape"]),
    ],
)
def test_arguments_have_the_promised_names_in_their_order(name, arguments):
    import inspect

    found = list(inspect.signature(getattr(keras_inits, name)).parameters)

    assert found[: len(arguments)] == arguments
