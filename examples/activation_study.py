"""Which weights suit which activation, seen in five layers of 100 units.

The classical study: N(0, 1), N(0, 0.01), Xavier and He, each under sigmoid, tanh
and ReLU, on handwritten digits. Nothing is trained. Writes a picture of all
histograms and prints a table of what the numbers say.

    python examples/activation_study.py [--out PATH] [--theme light|dark]
        [--activations tanh]

It needs scikit-learn for the digits and matplotlib for the picture.
"""

import argparse

import keras
import rich.console
import rich.table
from sklearn.datasets import load_digits

import keras_inits
from keras_inits.diagnostics import diagnose, histograms, plots

ACTIVATIONS = ("sigmoid", "tanh", "relu")
STARTS = {
    "N(0, 1)": keras_inits.RandomNormal(0.0, 1.0),
    "N(0, 0.01)": keras_inits.RandomNormal(0.0, 0.01),
    "Xavier": keras_inits.XavierNormal(),
    "He": keras_inits.KaimingNormal(),
}
LAYERS, UNITS, SAMPLES = 5, 100, 512


def digits():
    """The images with mean 0 and standard deviation 1, and their classes."""
    images, classes = load_digits(return_X_y=True)
    images = (images - images.mean()) / images.std()
    return images[:SAMPLES].astype("float32"), classes[:SAMPLES]


def network(activation, start):
    """Five hidden layers, each with weights of its own, and ten outputs."""
    layers = [keras.Input((64,))]
    for place in range(LAYERS + 1):
        config = {**start.get_config(), "seed": place}
        hidden = place < LAYERS
        layers.append(
            keras.layers.Dense(
                UNITS if hidden else 10,
                activation=activation if hidden else "softmax",
                kernel_initializer=type(start).from_config(config),
                name=f"layer_{place + 1}" if hidden else "answer",
            )
        )
    return keras.Sequential(layers, name=activation)


def conclusion(report):
    """What the last hidden layer and the way back say, in a few words."""
    found = {problem for layer in report.layers[:LAYERS] for problem in layer.problems}
    words = {
        "exploding": "values grow without bound",
        "saturated": "values pile up on the flat parts",
        "vanishing": "values shrink to a point",
        "correlated": "units highly correlated",
        "input-independent": "the input hardly gets through",
        "dead": "units die",
        "no gradient": "no gradient arrives",
        "gradient vanishes": "the gradient is lost on its way back",
        "gradient explodes": "the gradient grows on its way back",
    }
    said = [text for name, text in words.items() if name in found]
    return ", ".join(said[:2]) or "healthy"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="activation_study", help="name of the picture")
    parser.add_argument("--theme", choices=tuple(plots.THEMES), default="light")
    parser.add_argument(
        "--activations", nargs="+", choices=ACTIVATIONS, default=ACTIVATIONS
    )
    arguments = parser.parse_args()

    x, y = digits()
    reports = {
        (activation, name): diagnose(
            network(activation, start), x, y, "sparse_categorical_crossentropy"
        )
        for activation in arguments.activations
        for name, start in STARTS.items()
    }

    table = rich.table.Table(
        title="the last hidden layer; of its gradient, what the first still gets"
    )
    for name in ("activation", "weights", "stddev", "flat", "gradient kept"):
        table.add_column(name, no_wrap=True)
    table.add_column("conclusion")
    for (activation, name), report in reports.items():
        last = report[LAYERS - 1]
        kept = "none"
        if last.gradient_stddev:
            kept = f"{report[0].gradient_stddev / last.gradient_stddev:.2g}"
        cells = [f"{last.signal.stddev:.2g}", f"{last.signal.saturated:.0%}", kept]
        table.add_row(activation, name, *cells, conclusion(report))
    rich.console.Console().print(table)

    files = [str(f) for f in draw(reports, arguments.out, arguments.theme)]
    print("wrote", " and ".join(files))


def draw(reports, path, theme):
    """A row of histograms for each network; returns the files."""
    import matplotlib.patches

    colors, files = plots.prepare(path, theme)
    figure = plots.canvas(2.0 + 1.6 * LAYERS, 0.6 + 1.05 * len(reports), colors)
    grid = figure.subplots(len(reports), LAYERS)
    for place, ((activation, name), report) in enumerate(reports.items()):
        row = grid[place]
        mark = "! " if conclusion(report) != "healthy" else ""
        label = f"{mark}{activation}, {name}"
        row[0].set_ylabel(label, rotation=0, ha="right", va="center", color=colors.ink)
        troubled = histograms.with_problems(report)
        for axes, layer in zip(row, report.layers, strict=False):
            histograms.histogram(axes, layer, colors, layer.index in troubled)
            title = ", ".join(histograms.spread(layer))
            if place == 0:
                title = f"layer {layer.index + 1}\n{title}"
            axes.set_title(title, fontsize=8, loc="left", pad=2, color=colors.ink)
    meanings = {
        "healthy layer": colors.healthy,
        "layer whose output has a problem": colors.troubled,
    }
    figure.legend(
        handles=[
            matplotlib.patches.Patch(color=color, label=text)
            for text, color in meanings.items()
        ],
        title="±: standard deviation; % 0: share of zeros; !: network with a problem",
        loc="outside lower center",
        ncols=len(meanings),
        frameon=False,
        labelcolor=colors.ink,
    ).get_title().set_color(colors.ink)
    plots.save(figure, files)
    return files


if __name__ == "__main__":
    main()
