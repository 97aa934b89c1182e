"""Recipes: functions that return rules for `initialize`, each with its source.

```python
keras_inits.initialize(model, keras_inits.recipes.pytorch(), seed=1)
keras_inits.initialize(
    model, [("head/*", "zeros"), *keras_inits.recipes.by_activation()], seed=1
)
```

To add one: a file or a function beside its like, the formula and its equation in
the docstring, a line here, and what CONTRIBUTING.md names.
"""

from keras_inits.model.recipes.activations import by_activation
from keras_inits.model.recipes.keras_defaults import keras
from keras_inits.model.recipes.residual import fixup
from keras_inits.model.recipes.torch_defaults import pytorch
from keras_inits.model.recipes.transformers import deepnorm, gpt2, t_fixup, vit

__all__ = [
    "by_activation",
    "deepnorm",
    "fixup",
    "gpt2",
    "keras",
    "pytorch",
    "t_fixup",
    "vit",
]
