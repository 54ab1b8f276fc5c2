"""The time line: the sentence is true of the table, and the best so far only rises."""

from itertools import pairwise

import numpy as np
from claims import BEYOND, DRAWN, check_beyond, claims, each_table, same
from runs import make_run

from bpfast.reporting import timeline
from bpfast.reporting.reading import read_run


@each_table
def test_when_the_best_came(drawn):
    has_figure, text = timeline.caption(drawn.run())
    timed = [row for row in drawn.rows if np.isfinite(row["ended"])]
    assert has_figure == bool(timed)
    if not timed:
        assert text == "The study has no times."
        return
    time = r"((?:\S+) (?:second|minute|hour)s?)"
    last, best, steps, worst, beyond, _, _, none = claims(
        rf"The last network ended {time} after the first began(?:(?:, the best one after {time})?; "
        rf"(\d+) networks? in turn (?:was|were) the best so far{BEYOND}\.{DRAWN}|"
        r"(; none of them has a score\.))",
        text,
    )
    check_time(last, max(row["ended"] for row in timed))
    scored = [row for row in drawn.scored if np.isfinite(row["ended"])]
    assert bool(none) == (not scored)
    if not scored:
        return
    first = drawn.rows[0]["ended"]
    assert bool(best) == bool(np.isfinite(first))
    if best:
        check_time(best, first)
    records, highest = 0, -np.inf
    for moment in sorted({row["ended"] for row in scored}):  # of equal moments the best counts
        here = max(row["validation_score"] for row in scored if row["ended"] == moment)
        records, highest = records + (here > highest), max(here, highest)
    assert int(steps) == records
    assert ("1 network in turn was" in text) == (records == 1)
    check_beyond(drawn, scored, worst, beyond)


def check_time(text, seconds):
    count, unit = text.split()
    units = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
    assert same(count, seconds / units[unit.removesuffix("s")])
    assert unit.endswith("s") == (count != "1")


def test_the_best_so_far_only_rises(tmp_path):
    run = read_run(make_run(tmp_path, 40))
    times, best = timeline.best_so_far(run)
    assert all(early < late for early, late in pairwise(best))
    assert all(early <= late for early, late in pairwise(times))
    assert best[-1] == run.scores[0]
    assert times[-1] == run.ended[0]
