"""Parallel coordinates: axes mark values where they lie, and the sentence is true of the table."""

import re
from collections import Counter

import numpy as np
import pytest
from claims import N, check_no_score, check_whom, claims, each_table, same
from runs import make_run

from bpfast.reporting import learning_rate, parallel
from bpfast.reporting.parallel import Scale
from bpfast.reporting.reading import read_run
from bpfast.reporting.run import Run


@each_table
def test_what_the_best_have_in_common(drawn):
    run = drawn.run()
    has_figure, text = parallel.caption(run)
    columns = ("hidden", "depth", "optimizer", "learning_rate", "momentum")
    values = {name: {row[name] for row in drawn.rows if row[name] == row[name]} for name in columns}
    varied = [name for name in columns if len(values[name]) > 1]
    assert has_figure == bool(drawn.scored and varied)
    if not has_figure:
        if drawn.scored:
            assert text == "No hyperparameter differs between networks."
        else:
            check_no_score(drawn, text)
        return
    whom, common, narrow = claims(
        r"(The best \d*\s?networks?): (.*?)\.( Narrow pages have room for these alone\.)?", text
    )
    assert bool(narrow) == (len(varied) > 3)
    top = check_whom(drawn, whom)
    told = [part.split(" is ", 1) for part in common.split("; ")]
    important = sorted(varied, key=lambda name: -drawn.importance.get(name, 0))
    assert [name for name, _ in told] == important[:3]
    for name, said in told:
        check_common(said, [row[name] for row in top], name in ("learning_rate", "momentum"))


def check_common(text, values, is_number):
    there = [v for v in values if v == v]
    if is_number:
        if not there:
            assert text == "in none"
            return
        span, inside, of = claims(
            rf"((?:from|around)?\s?{N[1:-1]}(?: to {N[1:-1]})?)(?: for (?:all|(\d) of the (\d)"
            r"(?: that have it)?))?",
            text,
        )
        low, high = (re.findall(N, span) * 2)[:2]
        # so few have no middle half: all of them are told
        assert same(low, min(there))
        assert same(high, max(there))
        assert (inside is None) == (len(there) == len(values))
        assert inside is None or int(inside) == int(of) == len(there)
        return
    counts = Counter(map(str, values))
    if len(counts) == 1:
        assert text == next(iter(counts)) + (" for all" if len(values) > 1 else "")
        return
    names, share, each = claims(r"most often (.*) \((\d+)%( each)?\)", text)
    most = max(counts.values())
    assert set(re.split(", | and ", names)) == {n for n in counts if counts[n] == most}
    assert 100 * most / len(values) == pytest.approx(int(share), abs=0.5)
    assert bool(each) == (list(counts.values()).count(most) > 1)


def test_a_note_says_what_is_thinned_out(tmp_path):
    run = read_run(make_run(tmp_path, 40, diverged=0))
    assert "are drawn" not in parallel.caption(run).sentence
    many = Run(**_repeated(run, 20))
    assert "At most 500 of the 800 networks" in parallel.caption(many).sentence
    assert "are drawn" not in learning_rate.caption(many).sentence


def _repeated(run, times):
    said = {name: getattr(run, name) for name in Run.__dataclass_fields__}
    said["table"] = {name: np.repeat(values, times) for name, values in run.table.items()}
    for name in ("losses", "started", "ended"):
        said[name] = np.repeat(said[name], times, axis=0)
    return said


def test_parallel_axes_mark_values_where_they_lie():
    numbers = Scale(np.array([1e-4, 1e-2, np.nan, 1e-3]), "l2")
    missing = Scale.MISSING
    np.testing.assert_allclose(numbers.heights, [0.0, 1.0, missing, 0.5])
    assert [words for _, words in numbers.ticks] == ["0.0001", "0.001", "0.01", "none"]
    np.testing.assert_allclose([height for height, _ in numbers.ticks], [0.0, 0.5, 1.0, missing])
    names = Scale(np.array(["sgd", "", "adam"]), "optimizer")
    assert names.heights.tolist() == [1.0, missing, 0.0]
    assert names.ticks[-1] == (missing, "none")
    nobody = Scale(np.array([np.nan, np.nan]), "momentum")
    assert (nobody.heights.tolist(), nobody.ticks) == ([missing, missing], [(missing, "none")])
