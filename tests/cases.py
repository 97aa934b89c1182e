"""The initializers under test, as configs, with shapes they take.

`CASES` has one row for each class, and `VARIANTS` has rows for the branches that
a class's first row does not reach; a label begins with the class's name. A test
that claims something of every initializer goes through `LABELS`.
"""

import math

# Shapes of rank 0 to 5, with zero-size and odd ones.
SHAPES = [
    (),
    (1,),
    (7,),
    (8,),
    (0,),
    (3, 5),
    (64, 64),
    (0, 4),
    (129, 257),
    (3, 7, 9),
    (8, 1, 5),
    (3, 3, 5, 8),
    (2, 2, 0, 4),
    (2, 3, 4, 5, 6),
    (1, 2, 3, 4, 8),
]
LARGE = (2048, 2048)  # 4 million elements; see `large_shape`

CASES = {
    "Zeros": {},
    "Ones": {},
    "Constant": {"value": 0.3},
    "Identity": {"gain": 1.5},
    "Dirac": {"groups": 1, "gain": 0.7},
    "STFT": {},
    "RandomUniform": {"minval": -0.3, "maxval": 0.7},
    "RandomNormal": {"mean": 0.1, "stddev": 0.2},
    "TruncatedNormal": {"mean": 0.5, "stddev": 0.2, "lower": -1.0, "upper": 2.5},
    "TruncNormal": {"std": 0.5, "a": -1.0, "b": 0.75},
    "VarianceScaling": {"scale": 1.7, "mode": "fan_geo_avg"},
    "GlorotUniform": {},
    "GlorotNormal": {},
    "HeUniform": {},
    "HeNormal": {},
    "LecunUniform": {},
    "LecunNormal": {},
    "XavierUniform": {"gain": 1.3},
    "XavierNormal": {"gain": 1.3},
    "KaimingUniform": {"a": math.sqrt(5.0)},
    "KaimingNormal": {"mode": "fan_out", "nonlinearity": "gelu"},
    "Orthogonal": {"gain": 0.9},
    "DeltaOrthogonal": {},
    "Sparse": {"sparsity": 0.3, "stddev": 0.05},
    "PerGate": {"inner": "glorot_uniform", "gates": 4},
    "ZeroRow": {"inner": "random_normal", "index": 0},
}
VARIANTS = {
    "Constant array": {"value": [0.1, 0.2, 0.3, 0.4, 0.5]},
    "Dirac groups": {"groups": 2},
    "STFT imaginary": {"side": "imag", "window": "hamming", "scaling": "spectrum"},
    "RandomUniform far from zero": {"minval": 1000.0, "maxval": 1010.0},
    "TruncatedNormal one-sided": {"lower": 1.5, "upper": None},
    "TruncatedNormal absolute": {"minval": -0.02, "maxval": 0.07},
    "VarianceScaling uniform": {"mode": "fan_out", "distribution": "uniform"},
    "VarianceScaling axes": {"input_axes": [-1], "output_axes": [0]},
    "VarianceScaling stacked": {
        "distribution": "untruncated_normal",
        "batch_axes": [0],
    },
    "KaimingNormal of a callable's name": {"nonlinearity": "silu"},
    "Sparse per input": {"sparsity": 0.6, "axis": 0},
    "PerGate orthogonal": {"inner": "orthogonal", "gates": 4},
    "ZeroRow last": {"inner": "truncated_normal", "index": -1},
}
LABELS = (*CASES, *VARIANTS)
SEEDLESS = ("Zeros", "Ones", "Constant", "Identity", "Dirac", "STFT")
LOWEST_RANK_2 = ("Orthogonal", "Sparse", "Xavier", "Kaiming")


def class_name(label):
    """Name of the class that a label's row is for."""
    return label.split()[0]


def config_of(label):
    """The label's config, a new dict."""
    return dict(CASES.get(label) or VARIANTS.get(label) or {})


def build(label, seed=7):
    """An instance of the case's initializer; every draw has the seed."""
    import keras_inits

    config = config_of(label)
    if "inner" in config:
        inner = {"class_name": config["inner"], "config": {"seed": seed}}
        config["inner"] = keras_inits.get(inner)
    elif class_name(label) not in SEEDLESS:
        config["seed"] = seed
    return getattr(keras_inits, class_name(label))(**config)


def takes(label, shape):
    """Whether the case's formula has a meaning for the shape."""
    name, config, rank = class_name(label), config_of(label), len(shape)
    if name == "Constant" and "value" in config:
        value = config["value"]
        return not isinstance(value, list) or shape[-1:] == (len(value),)
    if name == "Identity":
        return rank == 2
    if name in ("Dirac", "DeltaOrthogonal"):
        if rank not in (3, 4, 5):
            return False
        fits = name == "Dirac" or shape[-2] <= shape[-1]
        return fits and shape[-1] % config.get("groups", 1) == 0
    if name == "STFT":
        return rank == 3 and shape[1] == 1
    if name == "PerGate":
        lowest = 2 if config["inner"] == "orthogonal" else 1
        return rank >= lowest and shape[-1] % 4 == 0
    if name == "ZeroRow":
        return rank >= 1 and shape[0] > 0
    if "input_axes" in config:
        return rank >= 2
    if "batch_axes" in config:
        return rank >= 1
    return rank >= 2 or not name.startswith(LOWEST_RANK_2)


def large_shape(label):
    """A shape of four million elements that the case takes."""
    name = class_name(label)
    if name == "Dirac":
        return (2, 2, 1024, 1024)
    # Tall, for the cost of a factor grows with the square of its shorter side.
    if name == "Orthogonal":
        return (65_536, 64)
    if name == "DeltaOrthogonal":
        return (8, 8, 64, 1024)
    if name == "STFT":
        return (2048, 1, 2048)
    return (838_861, 5) if label == "Constant array" else LARGE
