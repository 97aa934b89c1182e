"""What users write, for a type checker: `test_types` has it checked, nobody runs it."""

from __future__ import annotations

import re
from typing import Any, assert_type

import keras
import numpy as np

import keras_inits
from keras_inits import draws, recipes


class Spikes(keras_inits.RandomInitializer):
    def __init__(self, share: float = 0.1, seed: int | None = None) -> None:
        super().__init__(seed=seed)
        self.share = share

    def compute(
        self, ops: Any, key: tuple[int, int], shape: tuple[int, ...], dtype: str
    ) -> Any:
        assert_type(draws.substream(key, "coins"), tuple[int, int])
        coins = draws.uniform(ops, key, shape, low=0, high=1.0, dtype=dtype)
        values = draws.normal(ops, key, shape, stddev=0.5, dtype=dtype)
        truncated = draws.truncated_normal(ops, key, shape, lower=None, dtype=dtype)
        draws.permutations(ops, key, 2, 3)
        return ops.where(coins < self.share, values, truncated)


def of_keras(shape: tuple[int, ...], dtype: str | None = None) -> Any:
    return keras.ops.zeros(shape, dtype)


def by_keyword(shape: tuple[int, ...], *, dtype: Any) -> Any:
    return keras.ops.zeros(shape, dtype)


def of_weight(layer: keras.layers.Layer, variable: keras.Variable) -> str | None:
    return "zeros" if variable.name == "bias" else None


def chooses(layer: keras.layers.Layer, variable: keras.Variable) -> bool:
    return bool(layer.trainable)


def initializers() -> None:
    initializer = keras_inits.HeNormal(seed=np.int64(3))
    initializer(5)
    initializer([2, 3], dtype="float32")
    initializer((3, 4), np.float16)
    initializer(np.zeros((3, 4)).shape, dtype=np.dtype("float32"))
    initializer((3, 4), dtype=keras.KerasTensor((1,)).dtype)
    keras_inits.Constant(np.float32(1.5))
    keras_inits.Constant([[1, 2]])
    keras_inits.Constant(np.ones(3))
    keras_inits.DeltaOrthogonal(2)
    keras_inits.Dirac(groups=np.int32(2))
    keras_inits.Identity()
    keras_inits.KaimingUniform(nonlinearity=keras.activations.relu)
    keras_inits.Orthogonal(1, keras.random.SeedGenerator(1))
    keras_inits.PerGate("orthogonal", gates=4)
    keras_inits.PerGate({"class_name": "HeNormal", "config": {}})
    keras_inits.RandomNormal(0, np.float32(0.1), seed=None)
    keras_inits.STFT("real", np.ones(3), None)
    keras_inits.TruncatedNormal(lower=None, maxval=1)
    keras_inits.VarianceScaling(2, "fan_out", input_axes=[0], output_axes=(1,))
    keras_inits.XavierNormal(keras_inits.calculate_gain("tanh"))
    keras_inits.ZeroRow(keras_inits.HeNormal, 0)
    assert_type(initializer.get_config(), dict[str, Any])
    assert_type(keras_inits.HeNormal.from_config({}), keras_inits.HeNormal)
    assert_type(keras_inits.calculate_gain("leaky_relu", 0.2), float)
    assert_type(keras_inits.compute_fans((3, 4)), tuple[int, int])
    assert_type(keras_inits.compute_fans(7, batch_axes=0), tuple[int, int])


def names() -> None:
    @keras_inits.register("spiky")
    class Spiky(Spikes): ...

    @keras_inits.register
    class Plain(Spikes): ...

    assert_type(Spiky(seed=1), Spiky)
    assert_type(Plain(seed=1), Plain)
    assert_type(keras_inits.register(of_keras)((3,), None), Any)
    keras_inits.unregister(Spiky)
    assert_type(keras_inits.names(), list[str])
    keras_inits.get("he_normal")((3, 4), dtype="float32")
    keras_inits.enable()
    keras_inits.disable()
    assert_type(keras_inits.is_enabled(), bool)
    with keras_inits.enabled():
        pass


def models(model: keras.Model) -> None:
    report = keras_inits.initialize(
        model,
        {
            keras.layers.Embedding: keras_inits.ZeroRow("normal"),
            "head/*": "zeros",
            re.compile("x"): of_keras,
            chooses: of_weight,
            "a": np.ones(3),
            "b": None,
            "c": keras.Variable(1.0),
            keras.layers.Dense: {"kernel": "he_normal", "bias": 0},
        },
        seed=7,
        dry_run=True,
        strict=False,
    )
    assert_type(report.drawn[0].fan_in, float)
    assert_type(report["dense/kernel"].stddev, float | None)
    texts = {"kernel": "he_normal", "bias": "zeros"}
    assert_type(keras_inits.initialize(model, texts)["kernel"].address, str)
    rules = [("head/*", "zeros"), *recipes.by_activation(), *recipes.deepnorm(2)]
    rules += [*recipes.fixup(), *recipes.gpt2(np.int64(12)), *recipes.keras()]
    rules += [*recipes.pytorch(), *recipes.t_fixup(2, 2), *recipes.vit(head="head")]
    keras_inits.reinitialize(model, 1, rules=rules, frozen=True, optimizer=True)
    keras_inits.reinitialize(model, rules={"kernel": by_keyword})
    assert_type(keras_inits.detach(model, strict=False).kept[0].before, str)
    assert_type(keras_inits.fingerprint(model), str)
    assert_type(keras_inits.fingerprint([np.ones(3), model.weights[0]]), str)
    fans = keras_inits.fans_of(model.layers[0], model.weights[0])
    assert_type(fans, tuple[float, float])


def diagnostics(model: keras.Model, x: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    report = keras_inits.diagnose(model, x, x, "mse", learning_rate=np.float32(0.1))
    assert_type(report.to_json(), str)
    keras_inits.diagnose(model, [x, x])
    keras_inits.diagnose(model, ((x, x) for _ in range(3)))
    scaled = keras_inits.lsuv(model, {"a": x}, seed=1, max_tries=3)
    assert_type(scaled.layers[0].scale, float)
    assert_type(keras_inits.data_scale(model, x, "mean_square").converged, bool)
    keras_inits.compare(
        lambda: model,
        x,
        x,
        {"He": "he_normal", "LSUV": lambda net, seed: keras_inits.lsuv(net, x)},
        epochs=2,
        seeds=[1],
    )
    runs = keras_inits.compare(
        lambda: model, x, x, ["zeros", keras_inits.HeNormal], epochs=2, seeds=(1, 2)
    )
    assert_type(runs.of("zeros")[0].losses, list[float])
