"""How tests compare sweeps."""

import numpy as np


def same(result, expected):
    """All numbers are the same, to the last bit."""
    assert result.table.keys() == expected.table.keys()
    for name, column in expected.table.items():
        np.testing.assert_array_equal(result.table[name], column, name)
    np.testing.assert_array_equal(result.losses, expected.losses)
    np.testing.assert_array_equal(result.best.parameters, expected.best.parameters)


def on_disk(folder):
    """All that lies in a folder, by its path: contents of files, and None for folders."""
    found = sorted(folder.rglob("*"))
    return {path: None if path.is_dir() else path.read_bytes() for path in found}
