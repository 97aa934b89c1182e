"""What problems and columns of a report mean, for readers of its page.

The bounds from which on something is a problem stand in `verdicts`.
"""

PROBLEMS = {
    "vanishing": (
        "The signal is far smaller here than the data, and stays so up to the last "
        "hidden layer. What comes after sees nearly the same for every input, and its "
        "gradients are as small. The weights are too small for the activation, or a "
        "normalization is missing."
    ),
    "exploding": (
        "The signal is far larger here than the data, and stays so up to the last "
        "hidden layer. Activations saturate or numbers overflow, and small steps "
        "change the output by much. The weights are too large for the activation."
    ),
    "overflow": (
        "Some values are NaN or infinite. No loss and no gradient can be computed from "
        "them."
    ),
    "dead": (
        "Most units put out the same value for every sample of the batch, so that they "
        "hand on nothing and get no gradient. Large negative biases before ReLU, or "
        "weights of zero, do this."
    ),
    "saturated": (
        "Most values lie where the activation is flat, so that almost no gradient "
        "passes back. The weights or the data are too large for it."
    ),
    "correlated": (
        "The units answer to the inputs nearly alike, so that the layer has the use of "
        "only a few. Weights that are equal or far from centered do this, and so do "
        "very deep networks of activations with a positive mean."
    ),
    "input-independent": (
        "The units differ from each other by constants, and hardly by what comes in: "
        "the network can barely tell one input from another."
    ),
    "gradient vanishes": (
        "The gradient is far smaller here than at the last hidden layer. These layers "
        "hardly learn while the later ones do."
    ),
    "gradient explodes": (
        "The gradient is far larger here than at the last hidden layer. A learning "
        "rate that suits the later layers is too large for these."
    ),
    "gradient not finite": (
        "Some of the gradient is NaN or infinite, although the signal is not: the "
        "slope of something behind this layer has no value, as that of a square root "
        "at 0, or it overflows. The first step would ruin the weights."
    ),
    "no gradient": (
        "No gradient arrives at all, so that nothing before this point learns. A layer "
        "after it is dead or saturated, or cuts the gradient off."
    ),
}

COLUMNS = {
    "#": "Index of the layer in the order of the data.",
    "layer": "Name of the layer, with the models and blocks around it.",
    "shape": "Shape of its output, without the batch axis.",
    "mean": "Mean of its output over the batch and all units.",
    "stddev": "Standard deviation of its output over the batch and all units.",
    "theory": (
        "What the standard deviation is by theory, given what went into the layer; "
        "empty where there is no theory of it."
    ),
    "zero": "Share of values that are exactly 0.",
    "flat": "Share of values on a flat part of the activation.",
    "dead": "Share of units with the same value on the whole batch.",
    "|r|": "Mean absolute correlation between two units.",
    "rank": "Effective rank of the units' correlations, of the largest it could be.",
    "grad out": "Standard deviation of the loss's gradient at its output.",
    "grad kernel": "Standard deviation of the loss's gradient at its first kernel.",
    "update": (
        "Standard deviation of one step of plain gradient descent over that of the "
        "first kernel; about 0.001 is usual in a network that learns."
    ),
    "assumption that fails": (
        "Where the measured standard deviation is further from theory than chance "
        "explains: what theory assumes and does not hold here. Data and training cause "
        "that too, so by itself it is no fault."
    ),
    "verdict": "What is wrong with the layer's signal, or ok.",
}
