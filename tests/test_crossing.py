"""From how many networks on a GPU pays: where two curves cross, in words and in the picture."""

import json
import math

import numpy as np
import pytest

from bpfast.bench import crossing, plot
from bpfast.bench.crossing import NETWORKS, Curve

SIZES = np.array(NETWORKS)


def curve(cpu, cuda):
    """Of times that are functions of the number of networks."""
    return Curve("2-2-1 tanh", {"cpu": list(cpu(SIZES)), "cuda": list(cuda(SIZES))})


@pytest.mark.parametrize("at", [1.5, 8.0, 300.0, 60_000.0])
def test_the_crossing_is_where_both_take_as_long(at):
    """Times that are powers of the number are straight lines, which cross exactly there."""
    found = curve(lambda n: 1e-3 * n**0.9, lambda n: 1e-3 * at**0.8 * n**0.1).crossing()
    assert found == pytest.approx(at)


def test_the_last_crossing_counts():
    fast = np.where((SIZES == 4) | (SIZES >= 256), 0.5, 2.0)
    found = curve(np.ones_like, lambda _: fast).crossing()
    assert found == pytest.approx(math.sqrt(64 * 256))


def test_a_gpu_that_is_always_faster_pays_from_the_first_network_on():
    always = curve(lambda n: 2.0 * n, lambda n: 1.0 * n)
    assert always.crossing() == 1.0
    assert always.words() == "2-2-1 tanh: the GPU pays from the first network on"


def test_a_gpu_that_is_slower_in_the_end_does_not_pay():
    never = curve(lambda n: 1.0 * n, lambda n: 2.0 * n)
    never.seconds["cpu"] = never.seconds["cpu"][:4]  # longer ones were not asked for
    assert never.crossing() is None
    assert never.words() == "2-2-1 tanh: the GPU does not pay up to 64 networks"


def test_fits_are_timed_until_they_take_too_long(monkeypatch):
    monkeypatch.setattr(crossing, "NETWORKS", (1, 2, 3))
    monkeypatch.setattr(crossing, "RUNS", 1)
    monkeypatch.setattr(crossing, "LONGEST", math.inf)
    monkeypatch.setattr(crossing, "SHAPES", crossing.SHAPES[:1])
    told = []
    (measured,) = crossing.measure(["cpu"], told.append)
    assert told == ["2-2-1 identity, batch 1: more and more networks on cpu"]
    assert len(measured.seconds["cpu"]) == 3
    assert min(measured.seconds["cpu"]) > 0
    monkeypatch.setattr(crossing, "LONGEST", 0.0)
    (measured,) = crossing.measure(["cpu"])
    assert len(measured.seconds["cpu"]) == 1


def test_the_picture_names_the_crossing(tmp_path):
    found = curve(lambda n: 1e-3 * n, lambda n: 8e-3 * np.ones_like(n))
    (kept,) = crossing.to_report([found])
    assert json.loads(json.dumps(kept)) == kept
    figure = plot.Figure()
    axes = figure.subplots()
    plot._crossings(axes, [kept])
    assert [text.get_text() for text in axes.texts] == ["8"]
    (x, y) = axes.texts[0].xy
    assert (x, y) == pytest.approx((8.0, 8e-3))
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert words == ["2-2-1 tanh, cpu", "2-2-1 tanh, cuda"]
    assert "from about 8 networks on" in crossing.lines([found])[0]
