"""Tables in plain text."""

from bpfast.checking.text_table import text_table


def test_columns_are_as_wide_as_their_widest_cell():
    rows = [("name", "error", ""), ("a long name", "1e-9", "ok"), ("b", "0.001", "FAILED")]
    assert text_table(rows) == [
        "name         error",
        "-----------  -----  ------",
        "a long name  1e-9   ok",
        "b            0.001  FAILED",
    ]
