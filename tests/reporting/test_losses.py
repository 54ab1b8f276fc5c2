"""Training losses: the sentences are true of the table, whatever is in it."""

from collections import Counter
from statistics import quantiles

import numpy as np
import pytest
from claims import N, claims, each_table, same, value

from bpfast.reporting import losses


@each_table
def test_how_the_winners_loss_went(drawn):
    has_figure, text = losses.caption_best(drawn.run())
    first = drawn.rows[0]
    curve = {k: loss for k, loss in enumerate(first["curve"].tolist(), 1) if np.isfinite(loss)}
    assert has_figure == bool(curve)
    if not curve:
        assert text == "The first network has no finite loss, so there is no curve of it."
        return
    whose, folds, was, went = claims(
        r"(The best network's|The first network's|The first network diverged: until then its) "
        r"training loss(?:, a mean over (\d) folds,)? (?:was (.*)|went (.*))\.",
        text,
    )
    kind = "The first network diverged: until then its"
    if first["fate"] != "diverged":
        kind = "The best network's" if drawn.scored else "The first network's"
    assert whose == kind
    assert (folds or "0") == str(drawn.folds)
    if len(curve) == 1:
        told, epoch = claims(rf"{N} in epoch {N}", was)
        assert same(told, curve[value(epoch)])
        return
    a, begun, b, ended, trend = claims(rf"from {N} in epoch {N} to {N} in epoch {N}; (.*)", went)
    assert (value(begun), value(ended)) == (min(curve), max(curve))
    assert same(a, curve[min(curve)])
    assert same(b, curve[max(curve)])
    check_trend(curve, first["fate"] == "diverged", trend)


def check_trend(curve, diverged, text):
    """What the curve did since an epoch, and what is advised."""
    since, way, much, advice = claims(
        rf"since epoch {N} it (stood still|rose|fell)(?: (by [^:]+|from [^:]+))?(?:: (.*))?", text
    )
    before, last = curve[value(since)], curve[max(curve)]
    assert value(since) < max(curve)
    assert way == ("stood still" if last == before else "rose" if last > before else "fell")
    share = abs(last - before) / before if before else np.inf
    if way == "stood still":
        assert (much, advice) == (None, None)
        return
    if much.startswith("by less than 1%"):
        assert share < 0.005
    elif much.startswith("by more than 99%"):
        assert 0.995 <= share < 1
    elif much.startswith("by"):
        assert 100 * share == pytest.approx(value(much[3:-1]), abs=0.501)
    else:
        low, high = claims(rf"from {N} to {N}", much)
        assert same(low, before)
        assert same(high, last)
    rises, falls = "a smaller learning rate may help", "more epochs may help"
    expected = rises if way == "rose" else falls if share >= 0.05 else f"{falls} little"
    assert advice == (None if diverged else expected)


@each_table
def test_where_losses_end(drawn):
    has_figure, text = losses.caption_quantiles(drawn.run())
    curves = [(row, dict(enumerate(row["curve"].tolist(), 1))) for row in drawn.rows]
    last = max((k for _, c in curves for k, loss in c.items() if np.isfinite(loss)), default=None)
    assert has_figure == (last is not None and len(drawn.rows) > 1)
    if not has_figure:
        one = "There is one network, and its curve is above."
        assert text == (one if last else "No network has a finite loss, so there are no curves.")
        return
    epoch, count, one, middle, low, high, others = claims(
        rf"In epoch {N}, (?:the training losses of the {N} networks|the one network) that came so "
        rf"far (?:has a training loss of {N}|have a median of {N}, and quartiles of {N} and {N})"
        r"(?:; the others: (.*))?\.",
        text,
    )
    there = [c[last] for _, c in curves if np.isfinite(c.get(last, np.inf))]
    missing = [row for row, c in curves if not np.isfinite(c.get(last, np.inf))]
    assert value(epoch) == last
    if len(there) == 1:
        assert same(one, there[0])
    else:
        assert value(count) == len(there)
        expected = quantiles(there, n=4, method="inclusive")
        for said, number in zip((low, middle, high), expected, strict=True):
            assert same(said, number)
    fates = {"diverged": "diverged", "let go": "let go", "on the way": "on the way"}
    fates["whole"] = "without a finite loss"
    expected = Counter(fates[row["fate"]] for row in missing)
    found = dict(reversed(part.split(" ", 1)) for part in (others or "").split(", ") if part)
    # one that was let go may lack a finite loss too: what it is said to lack it for is its fate
    assert {fate: value(told) for fate, told in found.items()} == expected
