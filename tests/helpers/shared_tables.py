"""The real tables that tests read: ``shared/tables``, beside the checkout or a folder above it."""

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


def find_folder():
    """The folder of the tables; None where there is none."""
    told = os.environ.get("BPFAST_SHARED")
    places = [Path(told)] if told else [folder / "shared" for folder in CHECKOUT.parents]
    return next((place / "tables" for place in places if (place / "tables").is_dir()), None)


FOLDER = find_folder()
NAMES = [] if FOLDER is None else sorted(path.stem for path in FOLDER.glob("*.csv"))
needs_shared_tables = pytest.mark.skipif(
    FOLDER is None, reason="no folder shared/tables beside the checkout, nor in BPFAST_SHARED"
)


def shared_table(name):
    """The path of a table, such as ``titanic``; the test is skipped where there is none."""
    if FOLDER is None or not (FOLDER / f"{name}.csv").is_file():
        pytest.skip(f"there is no {name}.csv in shared/tables, beside the checkout")
    return FOLDER / f"{name}.csv"
