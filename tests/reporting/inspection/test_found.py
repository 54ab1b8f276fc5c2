"""What an inspection found, written and read."""

import json
import math

import pytest
from inspections import inspection

from bpfast.reporting.inspection.found import INSPECTION, Inspection


def test_what_is_written_is_read(tmp_path):
    found = inspection(outputs=("a", "b"))
    found.save(tmp_path)
    assert Inspection.load(tmp_path) == found
    assert not [*tmp_path.glob(".*")]


def test_importance_that_is_not_defined_is_written_and_comes_last(tmp_path):
    found = inspection(columns=3, importance={"a": [0.1, math.nan], "b": [-1.0, -2.0], "c": [3.0]})
    found.save(tmp_path)
    assert json.loads((tmp_path / INSPECTION).read_text())["importance"]["a"] == [0.1, None]
    read = Inspection.load(tmp_path)
    assert math.isnan(read.importance["a"][1])
    assert [*read.means.items()][:2] == [("c", 3.0), ("b", -1.5)]
    assert [*read.means][2] == "a"


def test_a_folder_without_one_has_none(tmp_path):
    assert Inspection.load(tmp_path) is None


@pytest.mark.parametrize("text", ["{", "[]", '{"importance": 3}', '{"importance": {}, "new": 1}'])
def test_a_damaged_file_is_refused_by_name(text, tmp_path):
    (tmp_path / INSPECTION).write_text(text)
    with pytest.raises(ValueError, match=r"inspection\.json cannot be read: "):
        Inspection.load(tmp_path)
