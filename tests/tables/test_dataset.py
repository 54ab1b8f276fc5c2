"""What a data set is."""

import numpy as np

from bpfast.tables.dataset import Dataset


def test_features_are_named_after_columns_and_categories():
    columns = {"area": [], "colour": ["blue", "red"]}
    data = Dataset("houses", np.ones((2, 3)), np.arange(2.0), columns)
    assert data.features == ["area", "colour=blue", "colour=red"]
    assert (data.classes, data.groups) == ([], None)
