"""The words in which a traced function is refused what cannot be done there."""

from keras_inits._errors import raise_bad_argument, raise_error


def raise_old_jax(version):
    """Refuses a JAX that has no 64-bit integers inside a traced function."""
    raise_error(
        "Drawing a large tensor inside a traced function needs jax 0.8 or later, "
        f"found {version}. Run `pip install -U jax`, or call the initializer outside "
        "the function.",
        ImportError,
    )


def raise_traced_state():
    """Refuses a seed generator inside a traced function."""
    raise_bad_argument(
        "seed",
        "be an integer or None inside a traced function",
        "a keras.random.SeedGenerator, whose state cannot move on there",
        "Call the initializer outside the function, or give it an integer.",
    )


def raise_traced_call():
    """Refuses to work on a model inside a traced function."""
    raise_error(
        "A model must be worked on outside of traced functions, got a call inside one, "
        "where weights have no values. Call it before, or between two steps; nothing "
        "was changed."
    )
