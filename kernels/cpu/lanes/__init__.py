"""Tiny networks side by side: each number of a network is a lane of one or more vectors.

Every product is of vectors; what belongs to no network alone, the inputs, is broadcast. Networks of
a group share their samples. A lane never looks at another, so a network's bits do not depend on its
neighbours, nor on how many there are. The tiniest networks share more than one vector: a call of
their products takes longer than the products of a single one.
"""

from .launch import gradients, train
from .layout import MOST_LANES

__all__ = ["MOST_LANES", "gradients", "train"]
