"""A network's signal and its gradients at points inside it, which `diagnostics` shows.

`keras.ops` offers neither. To add a backend: two functions, and a row in `_BY_BACKEND`.
"""

import contextlib
import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np

from keras_inits._backend.questions import name
from keras_inits._backend.tensors import to_numpy
from keras_inits._types import Host, Tensor

Show = Callable[[Host], None]
Tensors = list[Tensor]
LossOf = Callable[[Tensors, list[tuple[keras.Variable, Tensor]] | None], Tensor]
Loss = tuple[Tensor, Tensors]


def tap(tensor: Tensor, on_value: Show, on_gradient: Show | None = None) -> Tensor:
    """The same tensor, its values and their gradient shown in passing.

    The values are handed over at once and the gradient during the backward
    pass, so neither is kept for it. Inside a trace (a scan, a vectorized map)
    there is no value to show, and nothing is handed over.

    Args:
        tensor: A floating-point tensor of the backend.
        on_value: Called with the values as a NumPy array.
        on_gradient: Called with the gradient as a NumPy array in the backward
            pass of `differentiate`. `None` outside of it.

    Returns:
        A tensor equal to `tensor`, to be used in its place.
    """
    if differentiates():
        return _BY_BACKEND[name()][0](tensor, on_value, on_gradient)
    on_value(to_numpy(tensor))
    return tensor


def _tap_tensorflow(tensor: Tensor, on_value: Show, on_gradient: Show | None) -> Tensor:
    import tensorflow as tf

    if tf.is_symbolic_tensor(tensor):
        return tensor
    on_value(tensor.numpy())
    if on_gradient is None:
        return tf.identity(tensor)

    def identity(values: Tensor) -> Any:
        def backward(gradient: Tensor) -> Tensor:
            gradient = tf.convert_to_tensor(gradient)
            if not tf.is_symbolic_tensor(gradient):
                on_gradient(gradient.numpy())
            return gradient

        return tf.identity(values), backward

    return tf.custom_gradient(identity)(tensor)


def _tap_jax(tensor: Tensor, on_value: Show, on_gradient: Show | None) -> Tensor:
    import jax

    def show(to: Show | None, values: Tensor) -> None:
        if to and not isinstance(values, jax.core.Tracer):
            to(np.asarray(values))

    def identity(values: Tensor) -> Tensor:
        show(on_value, values)
        return values

    def forward(values: Tensor) -> tuple[Tensor, None]:
        # Under differentiation the argument of the rule is the value itself.
        show(on_value, values)
        return values, None

    def backward(_: None, gradient: Tensor) -> tuple[Tensor]:
        show(on_gradient, gradient)
        return (gradient,)

    tapped = jax.custom_vjp(identity)
    tapped.defvjp(forward, backward)
    return tapped(tensor)


def _tap_torch(tensor: Tensor, on_value: Show, on_gradient: Show | None) -> Tensor:
    try:
        on_value(to_numpy(tensor))
    except RuntimeError:  # A tensor inside torch.vmap has no values to show.
        return tensor
    view = tensor.view_as(tensor)
    if on_gradient and view.requires_grad:
        view.register_hook(lambda gradient: on_gradient(to_numpy(gradient)))
    return view


def differentiate(
    loss_of: LossOf, inputs: Tensors, variables: list[keras.Variable]
) -> tuple[float, list[Host]]:
    """Run `loss_of` forward and backward once.

    Args:
        loss_of: Takes the list of inputs and a state mapping for
            `keras.StatelessScope`, returns a scalar tensor.
        inputs: List of tensors. Floating-point ones are differentiated too, so
            that the gradient reaches every tap between them and the loss.
        variables: List of Keras variables.

    Returns:
        The loss as a float, and a list with one NumPy array for each variable,
        zeros where the loss does not depend on it.
    """
    loss, gradients = _BY_BACKEND[name()][1](loss_of, inputs, variables)
    return float(to_numpy(loss)), [
        np.zeros(variable.shape, "float32") if gradient is None else to_numpy(gradient)
        for variable, gradient in zip(variables, gradients, strict=True)
    ]


def _differentiate_tensorflow(
    loss_of: LossOf, inputs: Tensors, variables: list[keras.Variable]
) -> Loss:
    import tensorflow as tf

    floating = [tensor for tensor in inputs if tensor.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(floating)
        loss = loss_of(inputs, None)
    values = [variable.value for variable in variables]
    gradients = tape.gradient(loss, values + floating)[: len(values)]
    return loss, [g if g is None else tf.convert_to_tensor(g) for g in gradients]


def _differentiate_jax(
    loss_of: LossOf, inputs: Tensors, variables: list[keras.Variable]
) -> Loss:
    import jax

    def of_values(values: Tensors, inputs: Tensors) -> Tensor:
        return loss_of(inputs, list(zip(variables, values, strict=True)))

    values = [variable.value for variable in variables]
    loss, pull = jax.vjp(of_values, values, inputs)
    return loss, pull(np.ones((), loss.dtype))[0]


def _differentiate_torch(
    loss_of: LossOf, inputs: Tensors, variables: list[keras.Variable]
) -> Loss:
    import torch

    inputs = [
        tensor.detach().requires_grad_() if tensor.is_floating_point() else tensor
        for tensor in inputs
    ]
    with torch.enable_grad():
        loss = loss_of(inputs, None)
    values = [variable.value for variable in variables]
    sources = [value for value in values + inputs if value.requires_grad]
    if not loss.requires_grad:
        return loss, [None] * len(values)
    # Not loss.backward(), which would leave gradients in the user's weights.
    gradients = torch.autograd.grad(loss, sources, allow_unused=True)
    found = {id(s): g for s, g in zip(sources, gradients, strict=True)}
    return loss, [found.get(id(value)) for value in values]


_BY_BACKEND = {
    "tensorflow": (_tap_tensorflow, _differentiate_tensorflow),
    "jax": (_tap_jax, _differentiate_jax),
    "torch": (_tap_torch, _differentiate_torch),
}
DIFFERENTIATES = tuple(_BY_BACKEND)


def differentiates() -> bool:
    """Whether `differentiate` runs on this backend."""
    return name() in DIFFERENTIATES


def without_gradients() -> AbstractContextManager[Any]:
    """Context in which no backend records operations for a backward pass."""
    if name() == "torch":
        return importlib.import_module("torch").no_grad()
    return contextlib.nullcontext()
