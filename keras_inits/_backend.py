"""The one file that knows which backend runs.

Everything else speaks NumPy's vocabulary or that of `keras.ops`. What must be
asked of a backend by name is asked here, in small functions, each tested under
every backend.
"""

import contextlib
import functools
import importlib
import random

import keras
import numpy as np

from keras_inits import _errors, _refusals
from keras_inits.engine import turns
from keras_inits.engine.graph import GraphOps
from keras_inits.engine.host import ALIGNMENT, HostOps

LARGEST_CONSTANT = 1 << 14  # elements of a host array that a program may hold
# Methods by which a symbolic tensor is asked for values before it is asked to compute.
CONVERSIONS = ("__jax_array__",)
LARGE = 1 << 12  # elements from which a copy is worth sparing


def name():
    """Name of the backend that Keras runs on, such as tensorflow, jax or torch."""
    return keras.backend.backend()


def stored_dtype(dtype):
    """The dtype that a tensor asked for in `dtype` really has."""
    if name() == "jax" and dtype.endswith(("64", "128")):
        return str(importlib.import_module("jax").dtypes.canonicalize_dtype(dtype))
    return dtype


class _EagerOps(HostOps):
    """Formulas in NumPy, their result handed over to the backend."""

    def from_tensor(self, tensor, dtype):
        """The backend's tensor as an array of the formulas."""
        return self.cast(to_numpy(tensor), dtype)

    def to_tensor(self, array, dtype):
        """`array`, which nobody else holds, as the backend's tensor."""
        if name() == "jax":
            # As `keras.ops.convert_to_tensor` in the end, in two thirds of its time.
            return importlib.import_module("jax").device_put(array)
        # Some backends take the memory as it lies; a scalar stays one.
        array = np.asarray(array, order="C")
        if dtype == "bfloat16" or array.size < LARGE:
            return keras.ops.convert_to_tensor(array, dtype=dtype)
        # Where Keras would copy it, it changes hands as it is.
        if name() == "torch":
            tensor = importlib.import_module("torch").from_numpy(array)
            return keras.ops.convert_to_tensor(tensor, dtype=dtype)
        # TensorFlow's kernels abort on memory that is not aligned.
        aligned = array.dtype.kind == "f" and array.ctypes.data % ALIGNMENT == 0
        if name() == "tensorflow" and aligned and not is_tracing():
            dlpack = importlib.import_module("tensorflow").experimental.dlpack
            return dlpack.from_dlpack(array.__dlpack__())
        return keras.ops.convert_to_tensor(array, dtype=dtype)


def wide():
    """Context in which the backend computes with 64-bit numbers."""
    if name() != "jax":
        return contextlib.nullcontext()
    jax = importlib.import_module("jax")
    if not hasattr(jax, "enable_x64"):
        _refusals.raise_old_jax(jax.__version__)
    return jax.enable_x64(True)


_EAGER = _EagerOps()
_GRAPH = GraphOps(wide)


def _jax_trace_state_is_clean():
    # Private, for want of a public question; the public way, to make an array and
    # look whether it is a tracer, costs more than a small draw.
    core = importlib.import_module("jax._src.core")
    if hasattr(core, "trace_state_clean"):
        return core.trace_state_clean()
    jax = importlib.import_module("jax")
    return not isinstance(jax.numpy.zeros(()), jax.core.Tracer)


def is_tracing():
    """Whether what is computed now becomes part of a traced function."""
    if name() == "jax":
        return not _jax_trace_state_is_clean()
    if name() == "tensorflow":
        return not importlib.import_module("tensorflow").executing_eagerly()
    return False


def only_infers_shapes():
    """Whether Keras wants shapes alone now and throws the values away."""
    scope = keras.SymbolicScope()
    with scope:
        return getattr(scope, "original_scope", None) is not None


def called_as_it_is(function):
    """`function`, which `torch.compile` and AutoGraph call and do not rewrite."""
    if name() == "torch":
        return importlib.import_module("torch").compiler.disable(function)
    if name() == "tensorflow":
        autograph = importlib.import_module("tensorflow").autograph
        return autograph.experimental.do_not_convert(function)
    return function


def outside_traces(function):
    """`function`, a public one, which refuses to run inside a traced function.

    What it does to a model would be done once, while the function is traced, with
    tensors that have no values. Errors get its name.
    """

    @_errors.named(function.__name__)
    @functools.wraps(function)
    def refusing(*args, **kwargs):
        if is_tracing() or only_infers_shapes():
            _refusals.raise_traced_call()
        return function(*args, **kwargs)

    return called_as_it_is(refusing)


def formula_ops(size):
    """What runs the formula of a tensor of `size` elements now.

    A small tensor is drawn on the host under a trace too, where it becomes a
    constant of the program; with `size` None, none is.
    """
    if (size is None or size > LARGEST_CONSTANT) and is_tracing():
        return _GRAPH
    return _EAGER


@contextlib.contextmanager
def seeded(seed):
    """Context in which draws without a seed follow `seed`, whoever makes them.

    Python's `random`, NumPy's global state, and those of Keras and its backend are
    put back afterwards.
    """
    python, numpy = random.getstate(), np.random.get_state()
    with _keras_seeded(), _frameworks_seeded(seed):
        random.seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


@contextlib.contextmanager
def _keras_seeded():
    """Keras' global seed generator is made anew within, from Python's `random`."""
    # Private: Keras offers to set its state, and not to look at it.
    try:
        state = importlib.import_module("keras.src.backend.common.global_state")
        name = "global_seed_generator"
        before = state.get_global_attribute(name)
        state.set_global_attribute(name, None)
    except (ImportError, AttributeError):  # then what it draws moves it on
        yield
        return
    try:
        yield
    finally:
        state.set_global_attribute(name, before)


@contextlib.contextmanager
def _frameworks_seeded(seed):
    """The backend's own global state is `seed` within."""
    if name() == "torch":
        torch = importlib.import_module("torch")
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
        return
    if name() != "tensorflow":  # JAX has none
        yield
        return
    tensorflow = importlib.import_module("tensorflow")
    # Private: TensorFlow has no public way to put its seed back.
    context = importlib.import_module("tensorflow.python.eager.context").context()
    before = {key: getattr(context, key, None) for key in ("_seed", "_rng")}
    tensorflow.random.set_seed(seed)
    try:
        yield
    finally:
        vars(context).update(before)


def next_state(generator):
    """A seed generator's two words; its state moves on by one.

    Draws that share the generator, in threads and within one another, get words of
    their own.
    """

    def next_words():
        words = to_numpy(generator.next())
        return tuple(int(word) & 0xFFFFFFFF for word in np.ravel(words))

    return turns.take(generator, next_words)


# Looking at a network's signal: `diagnostics` needs the gradient at points
# inside a network, which `keras.ops` does not offer.

DIFFERENTIATES = ("tensorflow", "jax", "torch")


def to_numpy(tensor):
    """The tensor's values as a NumPy array, shared with it where that can be.

    `keras.ops.convert_to_numpy` warns on NumPy 2 and copies on the way.
    """
    if isinstance(tensor, keras.Variable):
        tensor = tensor.value
    if hasattr(tensor, "detach"):  # PyTorch's, which data may be on any backend
        tensor = tensor.detach()
        if hasattr(tensor, "full_tensor"):  # in parts, on devices of several processes
            tensor = tensor.full_tensor()
        tensor = tensor.cpu()
        if "bfloat16" in str(tensor.dtype):
            tensor = tensor.float()
    return tensor.numpy() if hasattr(tensor, "numpy") else np.asarray(tensor)


def tap(tensor, on_value, on_gradient=None):
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
    tapped = {"tensorflow": _tap_tensorflow, "jax": _tap_jax, "torch": _tap_torch}
    if name() in tapped:
        return tapped[name()](tensor, on_value, on_gradient)
    on_value(to_numpy(tensor))
    return tensor


def _tap_tensorflow(tensor, on_value, on_gradient):
    import tensorflow as tf

    if tf.is_symbolic_tensor(tensor):
        return tensor
    on_value(tensor.numpy())

    @tf.custom_gradient
    def identity(values):
        def backward(gradient):
            gradient = tf.convert_to_tensor(gradient)
            if not tf.is_symbolic_tensor(gradient):
                on_gradient(gradient.numpy())
            return gradient

        return tf.identity(values), backward

    return identity(tensor) if on_gradient else tf.identity(tensor)


def _tap_jax(tensor, on_value, on_gradient):
    import jax

    def show(to, values):
        if to and not isinstance(values, jax.core.Tracer):
            to(np.asarray(values))

    @jax.custom_vjp
    def identity(values):
        show(on_value, values)
        return values

    def forward(values):
        # Under differentiation the argument of the rule is the value itself.
        show(on_value, values)
        return values, None

    def backward(_, gradient):
        show(on_gradient, gradient)
        return (gradient,)

    identity.defvjp(forward, backward)
    return identity(tensor)


def _tap_torch(tensor, on_value, on_gradient):
    try:
        on_value(to_numpy(tensor))
    except RuntimeError:  # A tensor inside torch.vmap has no values to show.
        return tensor
    view = tensor.view_as(tensor)
    if on_gradient and view.requires_grad:
        view.register_hook(lambda gradient: on_gradient(to_numpy(gradient)))
    return view


def differentiate(loss_of, inputs, variables):
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
    run = {
        "tensorflow": _differentiate_tensorflow,
        "jax": _differentiate_jax,
        "torch": _differentiate_torch,
    }[name()]
    loss, gradients = run(loss_of, inputs, variables)
    return float(to_numpy(loss)), [
        np.zeros(variable.shape, "float32") if gradient is None else to_numpy(gradient)
        for variable, gradient in zip(variables, gradients, strict=True)
    ]


def _differentiate_tensorflow(loss_of, inputs, variables):
    import tensorflow as tf

    floating = [tensor for tensor in inputs if tensor.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(floating)
        loss = loss_of(inputs, None)
    values = [variable.value for variable in variables]
    gradients = tape.gradient(loss, values + floating)[: len(values)]
    return loss, [g if g is None else tf.convert_to_tensor(g) for g in gradients]


def _differentiate_jax(loss_of, inputs, variables):
    import jax

    def of_values(values, inputs):
        return loss_of(inputs, list(zip(variables, values, strict=True)))

    values = [variable.value for variable in variables]
    loss, pull = jax.vjp(of_values, values, inputs)
    return loss, pull(np.ones((), loss.dtype))[0]


def _differentiate_torch(loss_of, inputs, variables):
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


def without_gradients():
    """Context in which no backend records operations for a backward pass."""
    if name() == "torch":
        return importlib.import_module("torch").no_grad()
    return contextlib.nullcontext()
