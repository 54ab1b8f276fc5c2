"""Messages of functions, with the options that were typed."""

import pytest

pytest.importorskip("typer")

from bpfast.command.messages import as_typed


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("cv must be at least 2, got 1", "--cv must be at least 2, got 1"),
        ("validation=0.5 and test=0.5 must be", "--validation 0.5 and --test 0.5 must be"),
        ("metric='r2' does not fit 3 classes", "--metric r2 does not fit 3 classes"),
        ("a.csv: sample_weight 'w' is -1", "a.csv: --sample-weight 'w' is -1"),
        ("a.csv: drop: there is no column", "a.csv: --drop: there is no column"),
        (
            "split='time' needs time_column: the column",
            "--split time needs --time-column: the column",
        ),
        (
            "values (missing), or a classification (task)",
            "values (--missing), or a classification (--task)",
        ),
        (
            "'a' is the target and is in time_column: give",
            "'a' is the target and is in --time-column: give",
        ),
        ("other test_data: theirs", "other --test-data: theirs"),
        ("no column is left to predict from; keep one", None),
        ("/data/test=1/class_weight.csv: the test part has 1 row", None),
        ("--test must be 1", None),
    ],
)
def test_arguments_are_told_as_options(message, told):
    assert as_typed(message) == (told or message)
