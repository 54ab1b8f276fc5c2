"""Tables of results as sweeps may have them, drawn for tests of what is said about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bpfast.reporting.run import Run
from bpfast.sweeps.result import SweepResult

SCORES = (  # of a table: ties, near ties, and all kinds
    (0.5,),
    (0.91234, 0.91236),
    (0.5, 0.5, 0.91234, 0.91236, 1.0, 0.0, -0.5, -3.0, -1e30),
)
LOSSES = (
    (-0.5,),
    (-0.0,),
    (-0.91234, -0.91236),
    (-0.5, -0.5, -0.91234, -0.91236, -12.3456, -0.0, -1e-7, -54321.9, -1e30),
)
# Metrics, also as older folders call them, what people call them, and what stands beside them.
METRICS = {
    "accuracy": ("accuracy", None),
    "R²": ("R²", None),
    "neg_log_loss": ("log loss", "accuracy"),
    "neg_root_mean_squared_error": ("RMSE", "r2"),
    "roc_auc": ("ROC AUC", "accuracy"),
}
NUMBERS = ("R²", "neg_root_mean_squared_error")  # metrics of numbers
RATES = (1e-3, 0.01, 0.0100001, 0.3, 2.0)
CURVES = ("rising", "falling", "flat", "zero", "to zero", "leaping", "random", "infinite")


@dataclass(frozen=True)
class Results:
    """A sweep's results by row, which are told as a report's run and as a sweep's result.

    Attributes
    ----------
    rows : what became of each network, best first: its ``fate`` is "whole", "diverged", "let go"
        or "on the way", ``curve`` has a loss for each of its epochs
    folds : of a cross-validation, or 0
    """

    rows: list[dict[str, Any]]
    epochs: int
    folds: int
    tested: bool
    halving: str | None
    interrupted: bool
    metric: str
    groups: str | None
    asked: int
    importance: dict[str, float] = field(default_factory=dict)
    ended_by_time: bool = False

    @property
    def cut_short(self) -> bool:
        """Whether networks may still have been on their way at the end."""
        return self.interrupted or self.ended_by_time

    @property
    def label(self) -> str:
        """What people call the metric."""
        return METRICS[self.metric][0]

    @property
    def beside(self) -> str | None:
        """The name of the metric that stands beside it."""
        return METRICS[self.metric][1]

    @property
    def is_loss(self) -> bool:
        """Whether scores are losses with a minus before them."""
        return self.metric.startswith("neg_")

    def with_fate(self, *fates: str) -> list[dict[str, Any]]:
        """The rows of networks that ended so."""
        return [row for row in self.rows if row["fate"] in fates]

    @property
    def scored(self) -> list[dict[str, Any]]:
        """The rows of networks that have a score."""
        rows = self.with_fate("whole", "let go", "on the way")
        return [row for row in rows if np.isfinite(row["validation_score"])]

    def losses(self) -> np.ndarray:
        """(networks, epochs), NaN where a network did not get so far."""
        losses = np.full((len(self.rows), self.epochs), np.nan)
        for own, row in zip(losses, self.rows, strict=True):
            own[: len(row["curve"])] = row["curve"]
        return losses

    def table(self) -> dict[str, np.ndarray]:
        """The columns."""
        names = ["network", "hidden", "depth", "optimizer", "learning_rate", "momentum"]
        names += ["validation_score", *(["validation_std"] if self.folds else [])]
        parts = ["validation", *(["test"] if self.tested else [])]
        names += [f"{part}_{self.beside}" for part in parts if self.beside]
        names += [*(["test_score"] if self.tested else []), "loss", "epochs"]
        table = {name: np.array([row[name] for row in self.rows]) for name in names}
        table["diverged"] = np.array([row["fate"] == "diverged" for row in self.rows])
        split = {f"split{k}_validation_score": table["validation_score"] for k in range(self.folds)}
        return table | split

    def run(self) -> Run:
        """As a report reads them."""
        halving = self.halving and {
            "kind": self.halving,
            "epochs": self.epochs,
            "factor": 3,
            "least_epochs": 1,
        }
        manifest = {
            "bpfast": "0.1.0",
            "data": "houses",
            "rows": len(self.rows),
            "inputs": len(self.rows),
            "classes": [] if self.metric in NUMBERS else ["cheap", "dear"],
            "metric": self.metric,
            "networks": self.asked,
            "epochs": self.epochs,
            "seed": 0,
            "sampler": "random",
            "device": "cpu",
            "space": {"learning_rate": "1e-3:2:log"},
            "started": "2026-03-01T22:00:00+00:00",
            "seconds": 8.0,
            "sample_updates": 4000,
            "interrupted": self.interrupted,
            "ended_by_time": self.ended_by_time,
            "time": 8.5 if self.ended_by_time else None,
            "study_name": "bpfast",
            "storage": None,
            "groups": self.groups,
            "settings": {"halving": halving},
        }
        losses = self.losses()
        losses[~np.isfinite(losses)] = np.nan
        started, ended = (np.array([row[name] for row in self.rows]) for name in ("began", "ended"))
        return Run(manifest, self.table(), losses, started, ended, self.importance, "unknown")

    def result(self) -> SweepResult:
        """As the terminal prints them."""
        return SweepResult(
            table=self.table(),
            losses=self.losses(),
            best=None,
            scaler=None,
            target_scaler=None,
            classes=[],
            metric=self.metric,
            seconds=8.0,
            sample_updates=4000,
            interrupted=self.interrupted,
            folds=max(self.folds, 1),
            ended_by_time=self.ended_by_time,
        )


@st.composite
def results(draw) -> Results:
    """Few networks or many, of all fates; the rest of each is drawn from a seed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count, epochs = draw(st.integers(1, 14)), draw(st.sampled_from((1, 2, 3, 9, 60)))
    folds, tested, cut = draw(st.sampled_from((0, 3))), draw(st.booleans()), ""
    fates, halving = ["whole", draw(st.sampled_from(("whole", "diverged")))], None
    if epochs > 1:
        halving = draw(st.sampled_from((None, "successive", "hyperband")))
        cut = draw(st.sampled_from(("", "", "interrupted", "by time")))
        fates += ["let go"] * (halving is not None) + ["on the way"] * bool(cut)
    fates = draw(st.sampled_from([fates, fates, fates, ["diverged"]]))
    metric = draw(st.sampled_from([*METRICS]))
    scores = draw(st.sampled_from(LOSSES if metric.startswith("neg_") else SCORES))
    rows = [_row(rng, str(rng.choice(fates)), epochs, folds, scores) for _ in range(count)]
    for row, number in zip(rows, rng.permutation(count).tolist(), strict=True):
        row["network"] = number
    rows.sort(key=lambda row: (-row["validation_score"], row["network"]))
    if folds:  # the first alone is trained anew
        for row in rows[1:]:
            row |= dict.fromkeys(("test_score", "test_accuracy", "test_r2"), np.nan)
    if not cut and draw(st.sampled_from((False, False, True))):  # the study has no times
        for row in rows:
            row["began"] = row["ended"] = np.nan
    shares = draw(st.sampled_from(({}, {"depth": 1.0}, {"hidden": 0.9971, "depth": 0.0029})))
    return Results(
        rows,
        epochs,
        folds,
        tested,
        halving,
        cut == "interrupted",
        metric=metric,
        groups="street" if folds and draw(st.booleans()) else None,
        asked=count + (draw(st.integers(0, 5)) if cut == "interrupted" else 0),
        importance=shares,
        ended_by_time=cut == "by time",
    )


def _row(
    rng: np.random.Generator, fate: str, epochs: int, folds: int, scores: tuple[float, ...]
) -> dict[str, Any]:
    reached = {"whole": epochs, "diverged": int(rng.integers(0, epochs + 1))}
    had = reached.get(fate) if fate in reached else int(rng.integers(1, epochs))
    curve = _curve(rng, str(rng.choice(CURVES)), had)
    optimizer, lost = str(rng.choice(["sgd", "adam"])), fate == "diverged"
    score = -np.inf if lost or rng.random() < 0.05 else float(rng.choice(scores))
    tests = [*scores, -np.inf]
    began = float(rng.choice([0.0, 0.0, 1.5]))
    return {
        "fate": fate,
        "hidden": str(rng.choice(["8", "16", "none"])),
        "depth": int(rng.integers(0, 3)),
        "optimizer": optimizer,
        "learning_rate": float(rng.choice(RATES)),
        "momentum": float(rng.choice([0.0, 0.9, 0.95])) if optimizer == "sgd" else np.nan,
        "validation_score": score,
        "validation_std": float(rng.random()) if folds and np.isfinite(score) else np.nan,
        "validation_accuracy": -np.inf if lost else float(rng.choice([0.25, 0.75])),
        "validation_r2": -np.inf if lost else float(rng.choice([0.25, np.nan])),
        "test_score": -np.inf if lost else float(rng.choice(tests)),
        "test_accuracy": -np.inf if lost else float(rng.choice([0.25, 0.75])),
        "test_r2": -np.inf if lost else float(rng.choice([0.25, np.nan])),
        "loss": curve[-1] if len(curve) else np.nan,
        "epochs": had,
        "curve": curve,
        "began": began,
        "ended": np.nan if fate == "on the way" else began + float(rng.choice([0.0, 1.0, 7e3])),
    }


def _curve(rng: np.random.Generator, kind: str, epochs: int) -> np.ndarray:
    """(epochs,) losses."""
    steps = np.arange(epochs)
    if kind == "random":
        return 10.0 ** rng.uniform(-3, 3, epochs)
    curve = {
        "rising": 0.783 * 1.06**steps,
        "falling": 2.3 * 0.97**steps,
        "flat": np.full(epochs, 0.5),
        "zero": np.zeros(epochs),
        "to zero": np.maximum(0.0, 1.0 - steps),
        "leaping": np.where(steps < epochs - 1, 1e-3, 1e300),
        "infinite": np.where(steps < epochs // 2, 1.0, np.inf),
    }
    return curve[kind]
