"""``python -m bpfast.bench.answers.study FOLDER --output FILE``: what the default space is from.

FOLDER holds the tables that :mod:`.study_tables` wrote. Experiments train networks of a wide space
on some of them, by hand; then real sweeps compare the default with others on all. What is in the
file already is not trained again. Without a folder nothing is trained: the file is told.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from ... import MLP, AdamW, Population, fit
from ...files import write_text
from ...sweeps.metrics import metric
from ...tables.target import in_units
from ..environment import hardware, versions
from ..measure import now
from .fit import version
from .runners import RUNNERS
from .study_data import Facts, Parts, expansion_of, parts_of, rival_loss
from .study_experiments import EXPERIMENTS, TUNED_ON, Network
from .study_found import Trained, encodings_found, wide_found
from .study_sweeps import SPACES, Rows, compare
from .study_told import told

ROWS = 3000
NETWORKS = (64, 128)  # of real sweeps
SHARED = ("encoding", "hidden", "activation", "batch_size", "epochs")  # by those trained together
FOUND = {"encodings": encodings_found, "wide": wide_found}
ONLY = {"wide": TUNED_ON}
RIVALS = ("HistGB", "CatBoost")  # the second where it is installed


class Kept:
    """The file of what was found.

    Parameters
    ----------
    path : of a JSON file, which may be there already

    Attributes
    ----------
    all : by "tables", names of experiments, "sweeps" and "rivals"
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.all: dict[str, Any] = {}
        if path.is_file():
            self.all = json.loads(path.read_text(encoding="utf-8"))

    def part(self, name: str, empty: Any) -> Any:
        """What was found under a name; for the first time, nothing."""
        return self.all.setdefault(name, empty)

    def write(self) -> None:
        """Write all with a line for each table and each sweep, numbers to four digits."""
        of_rivals = {package for name in RIVALS for package in RUNNERS[name].packages}
        found = {name: own for name in of_rivals if (own := version(name))}
        known = self.all.get("versions", {}) | versions() | found  # runs before had others, too
        self.all |= {"date": now(), "machine": hardware(), "versions": known}
        write_text(self.path, lined(rounded(self.all)) + "\n")


def rounded(found: Any) -> Any:
    """The same with every number to four digits."""
    if isinstance(found, dict):
        return {name: rounded(own) for name, own in found.items()}
    if isinstance(found, list):
        return [rounded(own) for own in found]
    return float(f"{found:.4g}") if isinstance(found, float) else found


def lined(found: Any, depth: int = 2) -> str:
    """JSON with a line for each item down to a depth."""
    if depth == 0 or not found or not isinstance(found, dict | list):
        return json.dumps(found, allow_nan=False)
    if isinstance(found, list):
        ends, items = "[]", [lined(own, depth - 1) for own in found]
    else:
        ends, items = "{}", [f"{json.dumps(k)}: {lined(v, depth - 1)}" for k, v in found.items()]
    return ends[0] + "\n" + ",\n".join(items) + "\n" + ends[1]


def trained(parts: Parts, networks: list[Network], seed: int) -> Trained:
    """Train networks, those alike together."""
    groups = defaultdict(list)
    for number, own in enumerate(networks):
        groups[tuple(own[name] for name in SHARED)].append(number)
    found: dict[int, tuple[np.ndarray, ...]] = {}
    for numbers in groups.values():
        results = _train_group(parts, [networks[k] for k in numbers], seed)
        found |= zip(numbers, zip(*results, strict=True), strict=True)
    usable = [k for k in sorted(found) if all(np.isfinite(own).all() for own in found[k][:2])]
    of_validation, of_test, curves = zip(*(found[k] for k in usable), strict=True)
    longest = max(map(len, curves))
    padded = [np.pad(own, (0, longest - len(own)), constant_values=np.nan) for own in curves]
    return Trained(
        [networks[k] for k in usable],
        (np.array(of_validation), np.array(of_test)),
        (parts.validation.target, parts.test.target),
        np.array(padded),
        metric(None, parts.kind, parts.outputs),
        parts.kind,
        rival_loss("HistGB", *parts.raw),
    )


def _train_group(parts: Parts, networks: list[Network], seed: int) -> tuple[np.ndarray, ...]:
    """Their predictions of the validation rows and of the test rows, and validation losses."""
    shared = networks[0]
    expansion = expansion_of(shared["encoding"], parts.train.X, parts.bounded)
    X, X_validation, X_test = (
        own.expanded(expansion).X for own in (parts.train, parts.validation, parts.test)
    )
    hidden = [int(width) for width in shared["hidden"].split("x")]
    loss = "cross_entropy" if parts.kind == "classes" else "mse"
    mlp = MLP((X.shape[1], *hidden, parts.outputs), shared["activation"], loss)

    def column(name: str) -> np.ndarray:
        return np.array([own[name] for own in networks])

    population = Population.drawn(mlp, column("seed"), seed, "auto")
    optimizer = {name: column(name) for name in ("learning_rate", "weight_decay", "schedule")}
    history = fit(
        population,
        X,
        parts.train.y,
        AdamW(**optimizer),
        epochs=shared["epochs"],
        batch_size=shared["batch_size"],
        seed=seed,
        validation=(X_validation, parts.validation.y),
        patience=column("patience"),
        dropout=column("dropout"),
        progress=False,
    )
    predicted = [
        in_units(population.predict(own), parts.target_scaler, "") for own in (X_validation, X_test)
    ]
    assert history.validation_loss is not None  # validation rows were given
    return (*predicted, history.validation_loss)


def experiment(name: str, facts: Facts, folder: Path, rows: int = ROWS) -> dict[str, Any]:
    """Train an experiment's networks on a table, and find what they say."""
    parts = parts_of(facts, folder, rows)
    random = np.random.default_rng(zlib.crc32(facts["name"].encode()))
    networks = trained(parts, EXPERIMENTS[name](random), 0)
    return FOUND[name](networks) | {"reference": networks.reference}


def run(given: argparse.Namespace, kept: Kept) -> None:
    """Do all that was asked for and is not in the file."""
    tables = json.loads((given.folder / "tables.json").read_text(encoding="utf-8"))
    kept.all["tables"] = tables
    tables = [facts for facts in tables if not given.tables or facts["name"] in given.tables]
    for name in EXPERIMENTS:
        for facts in tables if name in given.experiments else ():
            found, table = kept.part(name, {}), facts["name"]
            if table in ONLY.get(name, [table]) and table not in found:
                found[table] = experiment(name, facts, given.folder)
                kept.write()
                _say(f"{name}: {table}")
    if "sweeps" in given.experiments:
        for networks in given.networks:
            for facts in tables:
                _sweep(Rows.of(facts, given.folder), given.spaces, networks, kept)


def _sweep(rows: Rows, names: list[str], networks: int, kept: Kept) -> None:
    """Sweep a table by all spaces that are not in the file, and fit its rivals."""
    sweeps, losses = kept.part("sweeps", []), kept.part("rivals", {})
    table = rows.facts["name"]
    there = {(own["table"], own["space"], own["networks"]) for own in sweeps}
    wanted = [name for name in names if (table, name, networks) not in there]
    for found in compare(rows, wanted, networks):
        sweeps.append(found)
        kept.write()
        _say(f"{table}, {networks} networks, {found['space']}: {found['loss']:.4g}")
    for name in RIVALS:
        if name not in losses.setdefault(table, {}) and all(map(version, RUNNERS[name].packages)):
            losses[table][name] = rival_loss(name, *rows.raw)
            kept.write()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    """Study, keep it, and tell what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="of the tables")
    parser.add_argument("--output", type=Path, required=True, help="a JSON file")
    names = [*EXPERIMENTS, "sweeps"]
    parser.add_argument("--experiments", nargs="+", choices=names, default=names)
    parser.add_argument("--tables", nargs="+", help="names, by default those that are meant")
    parser.add_argument("--networks", nargs="+", type=int, default=NETWORKS, help="of real sweeps")
    parser.add_argument("--spaces", nargs="+", choices=SPACES, default=SPACES, help="likewise")
    given = parser.parse_args()
    kept = Kept(given.output)
    if given.folder is not None:
        run(given, kept)
    print(told(kept.all))


if __name__ == "__main__":
    main()
