"""The picture of a training: how its scales are labeled, for few looks and for many."""

import numpy as np
import pytest

from keras_inits.diagnostics import training


def trained(stddevs, interval=1000):
    """A report of looks at one layer, which has these standard deviations in turn."""
    looks = []
    for place, stddev in enumerate(stddevs):
        layer = training.LayerLook(0, "dense", stddev, None, None, 0, None)
        looks.append(training.Look(interval * place, None, [layer]))
    return training.TrainingReport(
        *("net", "torch", 64, interval, looks, None, None), verdict="healthy"
    )


def texts(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


@pytest.mark.parametrize(
    ("count", "interval", "expected"),
    [
        (1, 1000, ["0"]),
        (10, 1, [str(step) for step in range(10)]),
        (11, 1, ["0", "2", "4", "6", "8", "10"]),
        (20, 1000, [str(step) for step in range(0, 20000, 2000)]),
        (31, 37, ["0", "185", "370", "555", "740", "925", "1110"]),
        (200, 1000, [str(step) for step in range(0, 200000, 20000)]),
        (2000, 1000, [str(step) for step in range(0, 2000000, 200000)]),
    ],
)
def test_steps_are_written_at_even_distances(count, interval, expected):
    axes = trained([1.0] * count, interval).plot().axes[0]

    assert texts(axes.xaxis) == expected
    distances = {*np.diff(axes.get_xticks())}
    assert len(distances) <= 1


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((0.3, 6.0), ["0.5", "1", "2", "5"]),
        ((2e-4, 0.3), ["0.001", "0.01", "0.1"]),
        (
            (1e-30, 1e30),
            [f"1e{power}" for power in (-30, -20, -10)]
            + ["1"]
            + [f"1e{power}" for power in (10, 20, 30)],
        ),
        ((1.2, 1.6), ["1.2", "1.6"]),
        ((1.2, 1.2), ["1.2"]),
        ((1.2, 1.201), ["1.2"]),
    ],
)
def test_a_scale_of_colors_has_round_numbers(ends, expected):
    _, bar = trained(ends).plot().axes

    assert texts(bar.yaxis) == expected
