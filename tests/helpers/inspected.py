"""Runs of nothing but an inspection, for tests of what is said about it."""

import numpy as np

from bpfast.reporting.run import Run


def run_of(found, outputs=None, **manifest):
    """A run of as many classes, or of numbers where there are none."""
    count = (2 if len(found.outputs) == 1 else len(found.outputs)) if outputs is None else outputs
    said = {"metric": found.metric, "classes": [f"class {k}" for k in range(count)]} | manifest
    nothing = np.empty(0)
    return Run(said, {"network": nothing}, nothing, nothing, nothing, {}, "", None, found)


def check_rows(found, text, count):
    """Which rows were looked at, and that those that were trained on are called so."""
    whole = f"all {count}" if count == found.out_of else f"{count} of the {found.out_of:,}"
    part = {"": "", "train": " that networks learned from (no others were kept)"}
    assert text == f"{whole} rows{part.get(found.part, f' of the {found.part} part')}"
