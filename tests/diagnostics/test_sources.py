"""What `fit` takes as data, and layers: one batch is used, and the report says so."""

import keras
import numpy as np
import pytest

import keras_inits
from keras_inits import _backend
from keras_inits.diagnostics import data_scale, diagnose, lsuv
from tests.diagnostics.networks import (
    Residual,
    assert_same_state,
    normal,
    plain,
    product,
    root_mean_square,
    state,
)
from tests.support import SIGMAS, needs_gradients, needs_no_gradients, raises_exactly

X, Y = normal((24, 16)), normal((24, 4), seed=1)
LOOKING = pytest.mark.parametrize("look", [diagnose, lsuv, data_scale])


def weights(model):
    return [np.array(_backend.to_numpy(v)) for v in model.weights]


class Counted(keras.utils.PyDataset):
    """Batches of 8 samples, which are counted as they are asked for."""

    def __init__(self, batches=3):
        super().__init__()
        self.batches = batches
        self.asked = []

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        self.asked.append(index)
        return X[8 * index :][:8], Y[8 * index :][:8]


class Listed:
    """An iterable of batches of one's own."""

    def __iter__(self):
        yield X[:8], Y[:8]
        raise AssertionError("a second batch was asked for")


def tensorflow_data():
    data = pytest.importorskip("tensorflow").data.Dataset
    return data.from_tensor_slices((X, Y)).batch(8)


def torch_data():
    data = pytest.importorskip("torch").utils.data
    torch = pytest.importorskip("torch")
    pairs = data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    return data.DataLoader(pairs, batch_size=8)


SOURCES = {
    "tf.data": (tensorflow_data, "BatchDataset"),
    "torch": (torch_data, "DataLoader"),
    "PyDataset": (Counted, "Counted"),
    "generator": (lambda: (pair for pair in [(X[:8], Y[:8])]), "generator"),
    "iterator": (lambda: iter([(X[:8], Y[:8])]), "list_iterator"),
    "iterable": (Listed, "Listed"),
}


@pytest.mark.parametrize("name", SOURCES)
@LOOKING
def test_a_source_gives_its_first_batch(look, name):
    make, kind = SOURCES[name]
    model, other = plain("relu", outputs=4), plain("relu", outputs=4)
    other.set_weights(weights(model))
    options = {"seed": 3} if look is lsuv else {}

    report, expected = look(model, make(), **options), look(other, X[:8], **options)

    assert (report.source, expected.source) == (kind, None)
    assert report.to_dict()["layers"] == expected.to_dict()["layers"]
    assert f"the first batch of {kind}" in " ".join(str(report).split())
    for one, two in zip(weights(model), weights(other), strict=True):
        np.testing.assert_array_equal(one, two)


@LOOKING
def test_one_batch_is_asked_for(look):
    dataset = Counted()
    batches = iter([X[:8], X[8:16], X[16:]])

    look(plain("relu", outputs=4), dataset)
    look(plain("relu", outputs=4), batches)

    assert dataset.asked == [0]
    np.testing.assert_array_equal(next(batches), X[8:16])


BATCHES = {
    "x": X,
    "one": (X,),
    "pair": (X, Y),
    "list": [X, Y],
    "weighted": (X, Y, np.ones(24)),
}


@needs_gradients
@pytest.mark.parametrize("name", BATCHES)
def test_targets_of_a_batch_are_used_where_there_is_a_loss(name):
    model = plain("relu", outputs=4)
    targets = name not in ("x", "one")

    assert diagnose(model, iter([BATCHES[name]])).loss is None
    model.compile(loss="mse")
    report = diagnose(model, iter([BATCHES[name]]))

    expected = diagnose(model, X, Y).loss if targets else None
    assert report.loss == expected
    other = diagnose(plain("relu", outputs=4), iter([BATCHES[name]]), loss="mse")
    assert (other.loss is not None) == targets


@needs_no_gradients
def test_targets_of_a_batch_are_left_where_there_are_no_gradients():
    model = plain("relu", outputs=4)
    model.compile(loss="mse")

    assert diagnose(model, Counted()).loss is None


def test_a_dict_of_inputs_from_a_source():
    inputs = {"b": keras.Input((16,), name="b"), "a": keras.Input((3,), name="a")}
    joined = keras.layers.Concatenate()([inputs["a"], inputs["b"]])
    model = keras.Model(inputs, keras.layers.Dense(4, name="head")(joined))
    batch = {"a": normal((24, 3)), "b": X}

    report = diagnose(model, iter([(batch, Y)]))

    assert report.samples == 24
    assert report.to_dict()["layers"] == diagnose(model, batch).to_dict()["layers"]


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool", "float16", ">f4", "g"])
@LOOKING
def test_every_real_dtype_is_taken_as_its_values(look, dtype):
    x = np.abs(np.round(4 * X)).astype(dtype)
    for model in (plain("relu", outputs=4), Residual()):
        model(keras.ops.zeros((1, 16)))
        before = weights(model)
        options = {"seed": 3} if look is lsuv else {}
        found = look(model, x, **options).to_dict()["layers"]
        model.set_weights(before)

        expected = look(model, x.astype("float32"), **options).to_dict()["layers"]
        assert found == expected


@pytest.mark.parametrize("kind", ["bfloat16", "requires_grad"])
def test_tensors_of_torch_are_taken_on_every_backend(kind):
    torch = pytest.importorskip("torch")
    x = torch.from_numpy(np.round(4 * X))
    x = x.bfloat16() if kind == "bfloat16" else x.requires_grad_()
    model = plain("relu")

    found = diagnose(model, x).to_dict()["layers"]

    assert found == diagnose(model, np.round(4 * X)).to_dict()["layers"]


def test_tensors_of_ml_dtypes():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = np.round(4 * X)
    model = plain("relu")

    found = diagnose(model, x.astype(ml_dtypes.bfloat16)).to_dict()["layers"]

    assert found == diagnose(model, x).to_dict()["layers"]


@LOOKING
def test_a_layer_is_looked_at_as_a_model_is(look):
    dense = keras.layers.Dense(4, name="dense")
    dense.build((None, 16))
    block = keras.Sequential([keras.Input((16,)), dense], name="block")
    before = state(block)
    options = {"seed": 3} if look is lsuv else {}

    found = look(dense, X, **options).to_dict()["layers"]

    after = state(block)
    if look is diagnose:
        assert_same_state(before, after)
        assert [row["name"] for row in found] == ["dense"]
        assert found == look(block, X).to_dict()["layers"]
    else:
        assert [row["weight"] for row in found] == ["kernel"]
        if "dense/kernel" in after:
            kernel = after["dense/kernel"].astype("float64")
            size, off = product(X.astype("float64"), np.zeros(X.shape), kernel)
            tolerance = 2 * SIGMAS * root_mean_square(off) * size.std()
            assert abs(size.var() - 1.0) < 0.1 + tolerance  # its own, and rounding
    assert dense.built


def test_a_layer_with_layers_inside():
    layer = keras.layers.Bidirectional(keras.layers.LSTM(4), name="both")
    layer.build((None, 5, 3))

    report = diagnose(layer, normal((6, 5, 3)))

    assert [row.kind for row in report.layers][-1] == "Bidirectional"


def test_a_model_whose_parts_were_built_one_by_one():
    """As models that are trained by `train_step` alone often are."""
    model = Residual()
    model.first.build((None, 16))
    model.second.build((None, 32))
    model.head.build((None, 32))
    assert not model.built

    report = diagnose(model, X)

    assert report.layers[0].name == "first"
    assert not model.built


def test_a_model_without_a_call():
    class Trained(keras.Model):
        def __init__(self):
            super().__init__(name="trained")
            self.part = keras.layers.Dense(4)
            self.part.build((None, 16))

    with raises_exactly(
        "diagnose: Argument `model` must have a `call`, got 'trained' of the class "
        "Trained, which has none. Look at its parts one by one."
    ):
        diagnose(Trained(), X)


@LOOKING
def test_a_source_without_a_batch(look):
    with raises_exactly(
        f"{look.__name__}: Argument `x` must hold at least one batch, got Counted with "
        "none."
    ):
        look(plain("relu"), Counted(batches=0))


class Endless:
    """Has indices without an end, and is neither an array nor an iterable."""

    def __init__(self):
        self.asked = 0

    def __len__(self):
        return 3

    def __getitem__(self, index):
        self.asked += 1
        if self.asked > 1000:
            raise IndexError
        return X

    def __repr__(self):
        return "Endless()"


@LOOKING
def test_indices_are_no_source_and_no_array(look):
    x = Endless()
    with raises_exactly(
        f"{look.__name__}: Argument `x` must be an array with a batch axis, got "
        "Endless()."
    ):
        look(plain("relu"), x)
    with pytest.raises(ValueError, match="Endless"):
        keras_inits.Constant(x)
    assert not x.asked


def test_batches_of_too_many_parts():
    with raises_exactly(
        "diagnose: Argument `x` must give batches x, (x, y) or (x, y, sample_weight), "
        "got list_iterator with batches of 4 parts. Give several inputs as a dict or "
        "as a tuple in the tuple's first place."
    ):
        diagnose(plain("relu"), iter([(X, X, X, X)]))


def test_targets_besides_a_source():
    with raises_exactly(
        "diagnose: Argument `y` must be left out, as Counted brings the targets, got "
        "<class 'numpy.ndarray'>."
    ):
        diagnose(plain("relu"), Counted(), Y)


@LOOKING
@pytest.mark.parametrize(
    ("x", "dtype"),
    [
        (X + 1j, "complex128"),
        (np.array([["a"]]), "<U1"),
        (np.zeros((2, 16), "M8[D]"), "datetime64[D]"),
    ],
)
def test_what_is_no_real_number(look, x, dtype):
    dtype = x.dtype if dtype.startswith("complex") else dtype
    with raises_exactly(
        f"{look.__name__}: Argument `x` must hold real numbers, got an array of dtype "
        f"{dtype}."
    ):
        look(plain("relu"), x)


@LOOKING
@pytest.mark.parametrize("value", [-(2**31) - 1, 2**31, 2**63])
def test_an_integer_that_not_every_backend_holds(look, value):
    x = np.full((4, 16), value)
    with raises_exactly(
        f"{look.__name__}: Argument `x` must hold integers of 32 bits, got {value}. "
        "Convert measurements to floats."
    ):
        look(plain("relu"), x)


def test_the_ends_of_32_bits_are_taken():
    x = np.array([[-(2**31), 2**31 - 1] * 8] * 4)

    assert diagnose(plain("relu"), x).samples == 4
