"""Docstrings that list what tables have."""

import bpfast as bp
from bpfast.kernels.tables import ACTIVATIONS
from bpfast.training.docstring import docstring
from bpfast.training.network import loss_names


def test_lists_take_the_place_of_their_names():
    @docstring(fruit=["apple", "pear"])
    class Tree:
        """Bears {fruit}, or {nothing}."""

    assert Tree.__doc__ == "Bears apple, pear, or {nothing}."


def test_classes_list_what_the_tables_have():
    assert f"{', '.join(ACTIVATIONS)},\n" in bp.MLP.__doc__
    assert f"{', '.join(loss_names())},\n" in bp.MLP.__doc__
    assert "a rectifier (relu, leaky_relu, elu, silu, gelu)." in bp.Population.__doc__
