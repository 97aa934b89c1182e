"""Which of Keras' backends are installed here, without importing any, or Keras."""

import importlib.util

BACKENDS = ("tensorflow", "jax", "torch", "numpy")
# What a backend imports; one that is not listed is a module of its own name.
MODULES = {
    "numpy": ("jax", "scipy"),  # Keras' NumPy backend imports both
}


def missing(backend):
    """The first module that Keras would miss on `backend`, or None."""
    for module in MODULES.get(backend, (backend,)):
        if importlib.util.find_spec(module) is None:
            return module
    return None


def installed(backend):
    """Whether Keras could run on `backend` here."""
    return missing(backend) is None
