"""Numbers and their aims."""

from bpfast.bench.sweeps import found
from bpfast.bench.sweeps.found import Found, seconds_of


def test_an_aim_is_a_bound_on_one_side():
    assert Found("speed", 3.0, "x", 3, more_is_better=True).met
    assert not Found("speed", 2.9, "x", 3, more_is_better=True).met
    assert Found("time", 0.4, "ms", 0.4, more_is_better=False).met
    slow = Found("time", 1.5, "ms", 0.4, more_is_better=False, words="with all checks")
    assert slow.cells() == ["time", "1.5 ms", "at most 0.4", "MISSED", "with all checks"]


def test_calls_are_made_in_turn_and_the_first_does_not_count(monkeypatch):
    said = []
    clock = iter(range(100))
    monkeypatch.setattr(found, "LONG", 0.0)
    monkeypatch.setattr(found.time, "perf_counter", lambda: next(clock))
    seconds = seconds_of(lambda: said.append("a"), lambda: (said.append("b"), next(clock)))
    assert said == list("abababab")
    assert seconds == [1, 2]
