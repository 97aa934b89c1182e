"""The words in which a traced function is refused what cannot be done there."""


def old_jax(version):
    """Refuses a JAX that has no 64-bit integers inside a traced function."""
    raise ImportError(
        "Drawing a large tensor inside a traced function needs jax 0.8 or later, "
        f"found {version}. Run `pip install -U jax`, or call the initializer outside "
        "the function."
    )


def traced_state(owner):
    """Refuses a seed generator inside a traced function."""
    raise ValueError(
        f"{owner}: Argument `seed` must be an integer or None inside a traced "
        "function, got a keras.random.SeedGenerator, whose state cannot move on "
        "there. Call the initializer outside the function, or give it an integer."
    )


def traced_call(owner):
    """Refuses to work on a model inside a traced function."""
    raise ValueError(
        f"{owner}: A model must be worked on outside of traced functions, got a call "
        "inside one, where weights have no values. Call it before, or between two "
        "steps; nothing was changed."
    )
