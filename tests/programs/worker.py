"""What one backend computes for the comparisons.

    python -m tests.programs.worker

Reads the name of a task and a directory from each line of its input, and answers
each with one line of JSON. So a backend is imported once for all tasks.
"""

import gc
import hashlib
import itertools
import json
import pathlib
import sys
import time

import keras
import numpy as np

import keras_inits
from keras_inits.engine.host import numpy_dtype
from tests import cases
from tests.support import as_numpy, dtype_of

BACKEND = keras.backend.backend()
DTYPES = ("float16", "bfloat16", "float32", "float64")
MODEL_SEED = 2026


def digest(tensor, dtype):
    """SHA-256 of the values' bytes in the dtype that was asked for."""
    assert dtype_of(tensor) == dtype, (dtype_of(tensor), dtype)
    values = np.ascontiguousarray(as_numpy(tensor).astype(numpy_dtype(dtype)))
    return hashlib.sha256(values.view(np.uint8).data if values.ndim else values)


def bits(_):
    """Digest of every label, dtype and shape that goes together."""
    found = {}
    for dtype in DTYPES:
        if BACKEND == "jax":
            import jax

            jax.config.update("jax_enable_x64", dtype == "float64")
        for label in cases.LABELS:
            shapes = [shape for shape in cases.SHAPES if cases.takes(label, shape)]
            if label in cases.CASES:
                shapes.append(cases.large_shape(label))
            for shape in shapes:
                tensor = cases.build(label)(shape, dtype)
                assert tuple(tensor.shape) == shape
                found[f"{label} {shape} {dtype}"] = digest(tensor, dtype).hexdigest()
    if BACKEND == "jax":
        jax.config.update("jax_enable_x64", False)
    for label in ("RandomNormal", "Orthogonal"):
        config = {**cases.config_of(label), "seed": keras.random.SeedGenerator(3)}
        initializer = getattr(keras_inits, label)(**config)
        for call in range(3):
            key = f"{label} seed generator, call {call}"
            found[key] = digest(initializer((5, 7), "float32"), "float32").hexdigest()
    return found


def lstm():
    """Two layers of LSTM on sequences of integers."""
    return keras.Sequential(
        [
            keras.Input((12,), dtype="int32"),
            keras.layers.Embedding(50, 16),
            keras.layers.LSTM(24, return_sequences=True),
            keras.layers.LSTM(24),
            keras.layers.Dense(5),
        ]
    )


def transformer():
    """Two blocks of attention and a feed-forward network on integers."""
    tokens = keras.Input((12,), dtype="int32")
    unit = keras.initializers.RandomNormal(stddev=1.0)
    x = keras.layers.Embedding(50, 16, unit)(tokens)
    for _ in range(2):
        y = keras.layers.LayerNormalization()(x)
        y = keras.layers.MultiHeadAttention(2, 8)(y, y)
        x = keras.layers.Add()([x, y])
        y = keras.layers.LayerNormalization()(x)
        y = keras.layers.Dense(32, activation="gelu")(y)
        x = keras.layers.Add()([x, keras.layers.Dense(16)(y)])
    x = keras.layers.GlobalAveragePooling1D()(x)
    return keras.Model(tokens, keras.layers.Dense(5)(x))


def convolutional():
    """A small network on images."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            keras.layers.DepthwiseConv2D(3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(5),
        ]
    )


def narrow():
    """A network whose weights are bfloat16."""
    return keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(7, dtype="bfloat16"),
            keras.layers.Dense(8, kernel_initializer="orthogonal", dtype="bfloat16"),
        ]
    )


MODELS = {
    "ResNet50": lambda: keras.applications.ResNet50(weights=None),
    "EfficientNetB0": lambda: keras.applications.EfficientNetB0(weights=None),
    "lstm": lstm,
    "transformer": transformer,
    "convolutional": convolutional,
    "narrow": narrow,
}
TRAINED = ("lstm", "transformer", "convolutional")


def built(name, seed=MODEL_SEED):
    """The model under `enable` and `set_random_seed`."""
    with keras_inits.enabled():
        keras.utils.set_random_seed(seed)
        return MODELS[name]()


def first_loss(name):
    """Loss of the first training step, before it moves a weight."""
    model = built(name)
    rng = np.random.RandomState(0)
    if name == "convolutional":
        x = rng.standard_normal((16, 8, 8, 3)).astype("float32")
    else:
        x = rng.randint(0, 50, (16, 12)).astype("int32")
    y = rng.randint(0, 5, (16,)).astype("int32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if BACKEND == "numpy":  # It cannot train, but says what the loss would be.
        return float(as_numpy(loss(y, model(x))))
    # Compiling the step is not what is tested.
    model.compile("sgd", loss, run_eagerly=BACKEND != "jax", jit_compile=False)
    return float(model.train_on_batch(x, y))


def models(_):
    """Fingerprint, addresses and build time of each model, and the first losses."""
    from keras_inits.model.addresses import addresses

    found = {"addresses": {}, "fingerprints": {}, "losses": {}, "seconds": {}}
    for name in MODELS:
        start = time.perf_counter()
        model = built(name)
        found["seconds"][name] = time.perf_counter() - start
        found["addresses"][name] = [address for address, _, _ in addresses(model)]
        found["fingerprints"][name] = keras_inits.fingerprint(model)
        del model
        keras.backend.clear_session()
        gc.collect()
    for name in TRAINED:
        found["losses"][name] = first_loss(name)
    found["other seed"] = keras_inits.fingerprint(built("lstm", seed=1))
    return found


def structures(_):
    """Addresses and owners in models where neither is plain, and in hub backbones."""
    from tests.model.address_cases import described, every_structure

    with keras_inits.enabled():
        return {name: described(make()) for name, make in every_structure().items()}


def saved():
    """A model whose layers have initializers of every kind, not yet trained."""
    keras.utils.set_random_seed(MODEL_SEED)
    x = keras.Input((6, 8))
    y = keras.layers.Conv1D(8, 3, padding="same", kernel_initializer="dirac")(x)
    y = keras.layers.Conv1D(8, 2, kernel_initializer="delta_orthogonal")(y)
    y = keras.layers.LSTM(
        4,
        kernel_initializer=keras_inits.PerGate(keras_inits.HeNormal()),
        recurrent_initializer=keras_inits.PerGate(keras_inits.Orthogonal(seed=2)),
    )(y)
    generator = keras.random.SeedGenerator(5)
    for initializer in (
        keras_inits.Sparse(0.5, seed=generator),
        keras_inits.KaimingUniform(a=5**0.5, nonlinearity="leaky_relu", seed=2**70),
        keras_inits.TruncatedNormal(minval=-0.1, maxval=None, seed=-1),
        keras_inits.Constant(np.linspace(0.0, 1.0, 6).tolist()),
        keras_inits.VarianceScaling(2.0, "fan_geo_avg", "uniform", batch_axes=[]),
    ):
        y = keras.layers.Dense(6, kernel_initializer=initializer)(y)
    return keras.Model(x, y, name="saved")


def described(model):
    """Fingerprint, initializers' configs and outputs of a loaded model."""
    configs = [
        {key: value for key, value in layer.get_config().items() if "initial" in key}
        for layer in model.layers
    ]
    x = np.random.RandomState(0).standard_normal((3, 6, 8)).astype("float32")
    return {
        "fingerprint": keras_inits.fingerprint(model),
        "configs": json.loads(json.dumps(configs, allow_nan=False)),
        "outputs": as_numpy(model(x)).astype("float64").tolist(),
    }


def save(directory):
    """Writes a `.keras` file of this backend."""
    model = saved()
    model.save(pathlib.Path(directory) / f"{BACKEND}.keras")
    return described(model)


def load(directory):
    """Reads every backend's `.keras` file."""
    files = sorted(pathlib.Path(directory).glob("*.keras"))
    return {file.stem: described(keras.saving.load_model(file)) for file in files}


def styles(directory):
    """Models in the manner of tutorials, see there.

    Keras' NumPy backend infers an embedding's shape with indices that may be any.
    """
    if BACKEND == "numpy":
        return None
    from tests.model import styles

    return styles.answer(directory)


def third_parties(_):
    """Other people's layers, see there; BayesFlow has no NumPy backend."""
    if BACKEND == "numpy":
        return None
    from tests.model import third_parties

    return third_parties.answer()


def texts_of(model):
    """The addresses of a model's weights, with the weights' shapes."""
    from keras_inits.model.addresses import addresses

    return [(address, tuple(v.shape)) for address, _, v in addresses(model)]


def refused(_):
    """How every call of `tests.refusals` ends."""
    from tests import refusals

    return refusals.outcomes()


def hub(directory):
    """Fingerprints of keras_hub's backbones: built, made anew, and by a recipe.

    The weights of each are overwritten by the next, so the last two do not depend on
    the first. One backbone is held at a time. On PyTorch, which is the quickest, a
    fourth are the pairs of addresses in which a saved and loaded copy differs, which
    Keras makes by `from_config`. Its values are not compared: keras_hub computes some
    of them from others.
    """
    from keras_inits import initialize, recipes, reinitialize
    from tests.hub.backbones import BACKBONES, BACKENDS, NOT_LOADED, build

    file = pathlib.Path(directory) / "backbone.keras"
    found: dict = {}
    if BACKEND not in BACKENDS:
        return found
    for place, name in enumerate(BACKBONES):
        with keras_inits.enabled():
            keras.utils.set_random_seed(MODEL_SEED)
            model = build(name)
        built_as = keras_inits.fingerprint(model)
        reinitialize(model, seed=MODEL_SEED)
        made_anew = keras_inits.fingerprint(model)
        initialize(model, recipes.pytorch(), seed=MODEL_SEED)
        found[name] = [built_as, made_anew, keras_inits.fingerprint(model)]
        if BACKEND == "torch" and name not in NOT_LOADED:
            model.save(file)
            copy = keras.saving.load_model(file)
            pairs = itertools.zip_longest(texts_of(model), texts_of(copy))
            found[name].append([pair for pair in pairs if pair[0] != pair[1]])
            del copy
        del model
        keras.backend.clear_session()
        if place % 10 == 0:  # it walks through all of keras_hub's objects
            gc.collect()
    return found


TASKS = {
    task.__name__: task
    for task in (
        *(bits, models, structures, save, load, styles, third_parties),
        *(refused, hub),
    )
}


def main():
    """Answers tasks until the input ends."""
    for line in sys.stdin:
        name, _, directory = line.strip().partition(" ")
        start = time.perf_counter()
        answer = {"answer": TASKS[name](directory)}
        answer["seconds"] = time.perf_counter() - start
        print(f"answer: {json.dumps(answer)}", flush=True)


if __name__ == "__main__":
    main()
