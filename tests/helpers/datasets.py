"""Small data sets for tests of what a sweep makes of them."""

import numpy as np

from bpfast.tables.dataset import Dataset
from bpfast.tables.target import Target

rng = np.random.default_rng(0)
X = rng.normal(2.0, 5.0, (90, 3))
CLASSES = rng.permutation(np.repeat([0, 1, 2], (54, 27, 9)))
NUMBERS = X @ (1.0, -2.0, 0.5)


def target_of(y, transform=""):
    """A target of class numbers, of numbers, or of labels in a Boolean array."""
    if y.dtype.kind == "b":
        labels = {f"y{k}": ["no", "yes"] for k in range(y.shape[1])}
        return Target(tuple(labels), "labels", y.astype(float), labels=labels)
    if y.dtype.kind == "f":
        return Target(("",), "numbers", y, transform=transform)
    return Target(("",), "classes", y, [str(k) for k in range(y.max() + 1)])


def array_dataset(inputs, y, transform="", **more):
    """Inputs and a target, all rows of a table."""
    more = {"row_numbers": np.arange(len(y))} | more
    return Dataset("table", inputs, target_of(y, transform), **more)
