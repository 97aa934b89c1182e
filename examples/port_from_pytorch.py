"""One network in PyTorch and in Keras, started alike by `recipes.pytorch()`.

A network ported from PyTorch trains differently when its weights start elsewhere.
The script builds both, prints the stddev and the bound of every parameter side
by side, and the loss of each on the same random batch, before training and after
a few steps of plain gradient descent, next to those of Keras' own start.

    KERAS_BACKEND=torch python examples/port_from_pytorch.py
"""

import argparse

import keras
import numpy as np
import rich.console
import rich.table
import torch

from keras_inits.model import initialize, recipes

CLASSES, STEPS, RATE = 10, 10, 0.05


def torch_network():
    """The original."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 32, 3, padding=1),
        torch.nn.BatchNorm2d(32),
        torch.nn.ReLU(),
        torch.nn.Conv2d(32, 64, 3, stride=2),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(64 * 7 * 7, 128),
        torch.nn.ReLU(),
        torch.nn.Linear(128, CLASSES),
    )


def keras_network():
    """The port."""
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.Conv2D(32, 3, padding="same", name="0"),
            keras.layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name="1"),
            keras.layers.ReLU(),
            keras.layers.Conv2D(64, 3, strides=2, name="3"),
            keras.layers.ReLU(),
            keras.layers.Flatten(),
            keras.layers.Dense(128, name="6"),
            keras.layers.ReLU(),
            keras.layers.Dense(CLASSES, name="8"),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(RATE), loss)
    return model


def torch_losses(network, images, labels):
    """Loss of each step on the same batch."""
    images = torch.from_numpy(np.moveaxis(images, -1, 1).copy())
    labels = torch.from_numpy(labels).long()
    optimizer = torch.optim.SGD(network.parameters(), RATE)
    losses = []
    for _ in range(STEPS):
        loss = torch.nn.functional.cross_entropy(network(images), labels)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def keras_losses(model, images, labels):
    """Loss of each step on the same batch."""
    return [float(model.train_on_batch(images, labels)) for _ in range(STEPS)]


def compare(network, model):
    """A table of the distributions of the parameters."""
    names = {"weight": ("kernel", "gamma"), "bias": ("bias", "beta")}
    ours = {
        f"{layer.name}/{variable.name}": keras.ops.convert_to_numpy(variable.value)
        for layer in model.layers
        for variable in layer.trainable_variables
    }
    table = rich.table.Table(title="parameters: stddev and largest magnitude")
    for column in ("torch", "shape", "stddev", "largest", "Keras", "shape"):
        table.add_column(column)
    for column in ("stddev", "largest"):
        table.add_column(column)
    for name, parameter in network.named_parameters():
        index, kind = name.split(".")
        (key,) = [f"{index}/{k}" for k in names[kind] if f"{index}/{k}" in ours]
        row = []
        for label, array in ((name, parameter.detach().numpy()), (key, ours[key])):
            shape = "x".join(map(str, array.shape))
            row += [label, shape, f"{np.std(array):.4f}", f"{np.abs(array).max():.4f}"]
        table.add_row(*row)
    return table


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args(arguments).seed
    torch.manual_seed(seed)
    keras.utils.set_random_seed(seed)
    random = np.random.default_rng(seed)
    images = random.standard_normal((128, 16, 16, 3), dtype="float32")
    labels = random.integers(0, CLASSES, 128).astype("int32")

    network, model = torch_network(), keras_network()
    own = keras_losses(model, images, labels)
    model = keras_network()
    initialize(model, recipes.pytorch(), seed=seed)
    console = rich.console.Console(width=110)
    console.print(compare(network, model))
    ported = keras_losses(model, images, labels)
    original = torch_losses(network, images, labels)
    losses = rich.table.Table(title="loss on the same batch, step by step")
    for column in ("start", *map(str, range(STEPS))):
        losses.add_column(column)
    for name, found in (
        ("torch", original),
        ("Keras with recipes.pytorch()", ported),
        ("Keras as it starts itself", own),
    ):
        losses.add_row(name, *(f"{loss:.3f}" for loss in found))
    console.print(losses)


if __name__ == "__main__":
    main()
