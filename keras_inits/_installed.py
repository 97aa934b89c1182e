"""Which of Keras' backends are installed here, without importing any, or Keras.

Keras has more backends than are named here, and from 3.16 on loads those that other
packages bring: whatever has a module of its name counts.
"""

import importlib.util

BACKENDS = ("tensorflow", "jax", "torch", "numpy")  # those that are looked for
# What a backend imports; one that is not listed is a module of its own name.
MODULES = {
    "numpy": ("jax", "scipy"),  # Keras' NumPy backend imports both
}


def missing(backend: str) -> str | None:
    """The first module that Keras would miss on `backend`, or None."""
    if _found(f"keras_{backend}"):  # the package of a plugin
        return None
    modules = MODULES.get(backend, (backend,))
    return next((module for module in modules if not _found(module)), None)


def _found(module: str) -> bool:
    return module.isidentifier() and importlib.util.find_spec(module) is not None
