"""The functions of online steps."""

from itertools import product

from bpfast.kernels.cpu.lanes.online import MOST_UNITS, table_index
from bpfast.kernels.task import Network


def test_each_architecture_has_a_place_of_its_own_in_the_table():
    sizes, either = range(1, MOST_UNITS + 1), (False, True)
    indices = [
        table_index(Network((inputs, hidden, 1), bias, ("relu",), "mse", 0.0), plain)
        for inputs, hidden, bias, plain in product(sizes, sizes, either, either)
    ]
    assert indices == list(range(4 * MOST_UNITS**2))
