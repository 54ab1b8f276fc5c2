"""What members say, in blocks of rows; what they are given, side by side."""

import numpy as np
import pytest
from ensembles import ensemble, said_alone
from mixed_tables import TARGETS, new_rows
from numpy.testing import assert_array_equal

from bpfast.tables import member_predictions
from bpfast.tables.input_info import InputInfo
from bpfast.tables.member_predictions import encode_side_by_side, said_by_members


@pytest.mark.parametrize("kind", TARGETS)
def test_blocks_are_of_rows_after_others(kind, monkeypatch):
    found, rows = ensemble(kind, members=6), new_rows()
    monkeypatch.setattr(member_predictions, "BLOCK_BYTES", 1 << 13)
    blocks = [*said_by_members(found.groups, rows, found.transform, "auto")]
    assert len(blocks) > 2
    assert len({len(block[0]) for block in blocks[:-1]}) == 1
    assert_array_equal(np.concatenate(blocks, axis=1), said_alone(found, rows))


def test_each_encoding_is_applied_once(monkeypatch):
    found, scaled, calls = ensemble(members=12, folds=3), InputInfo.scaled, []

    def counted(inputs, *given):
        calls.append(id(inputs.encoding))
        return scaled(inputs, *given)

    assert len(found.inputs) > 3
    monkeypatch.setattr(InputInfo, "scaled", counted)
    found.predict(new_rows())
    found.encode(new_rows())
    assert len({*calls}) == 3
    assert len(calls) == 6


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_inputs_lie_side_by_side(dtype):
    found, rows = ensemble(members=8, folds=3, dtype=dtype), new_rows()
    encoded = encode_side_by_side(found.groups, rows)
    assert encoded.dtype == dtype
    expected = [inputs.encode(rows, np.dtype(dtype)) for inputs in found.inputs]
    assert_array_equal(encoded, np.concatenate(expected, axis=1))


def test_a_table_needs_rows():
    found = ensemble()
    with pytest.raises(ValueError, match="X has no rows"):
        found.predict(new_rows().head(0))


@pytest.mark.parametrize("given", ["lazy", "to_dicts", "to_pandas"])
def test_tables_of_other_kinds_go_in(given):
    if given == "to_pandas":
        pytest.importorskip("pyarrow")
    found, rows = ensemble(folds=3), new_rows()
    assert_array_equal(found.outputs(getattr(rows, given)()), found.outputs(rows))
