"""From how many networks on a GPU pays."""

import itertools
import json
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
from small_jobs import PNG, TINY

from bpfast.bench import command, crossing
from bpfast.bench.measure import Run, Runner
from bpfast.bench.measure import bpfast as bpfast_on


@pytest.mark.parametrize(
    ("cpu", "cuda", "pays_from", "words"),
    [
        ([1.0, 4.0, 16.0], [2.0, 2.0, 2.0], 2.0, "pays from about 2 networks on"),
        ([1.0, 4.0], [2.0, 2.0, 2.0], 2.0, "from about 2 networks"),  # the CPU took too long
        ([3.0, 3.0, 3.0], [2.0, 2.0, 2.0], 1.0, "pays from the first network on"),
        ([3.0, 1.0, 4.0], [2.0, 2.0, 2.0], 8.0, "from about 8 networks"),  # not the first
        ([1.0, 1.0, 1.0], [2.0, 2.0, 2.0], None, "up to 16 networks the GPU does not pay"),
    ],
)
def test_a_crossing_is_where_times_are_equal(cpu, cuda, pays_from, words):
    found = crossing.Crossing("4-16-1", [1, 4, 16], cpu, cuda)
    assert found.pays_from == (pays_from and pytest.approx(pays_from))
    assert words in str(found)


@pytest.fixture
def both_devices(monkeypatch):
    """The CPU stands in for a GPU, on tiny kinds of networks."""
    for module in (command, crossing):
        monkeypatch.setattr(module, "bpfast", lambda device: replace(bpfast_on("cpu"), mode=device))
    monkeypatch.setattr(command, "devices", lambda: dict.fromkeys(("cpu", "cuda"), "usable: here"))
    monkeypatch.setattr(crossing, "KINDS", TINY.workloads)
    monkeypatch.setattr(crossing, "SIZES", (1, 3))


def test_a_gpu_beside_the_cpu_has_a_crossing(both_devices, bench, tmp_path):
    path, picture = tmp_path / "report.json", tmp_path / "plot.png"
    arguments = ["--device", "cpu,cuda", "--workload", "W3", "--turns", 1, "--plot", picture]
    code, out, err = bench(*arguments, "--output", path)
    assert code == 0, err
    (found,) = json.loads(path.read_text())["crossings"]
    assert found["networks"] == [1, 3]
    assert len(found["cpu"]) == len(found["cuda"]) == 2
    assert found["words"] in out
    assert picture.read_bytes().startswith(PNG)


def test_a_gpu_is_asked_for_no_more_networks_than_the_cpu(monkeypatch):
    """What the CPU took too long for has nothing to be held against."""
    asked, clock = [], itertools.count()

    def build(workload, device):
        asked.append((device, workload.networks))
        steps = 5 if device == "cpu" and workload.networks > 3 else 1
        return Run(lambda: [next(clock) for _ in range(steps)])

    monkeypatch.setattr(crossing, "LONG", 3.0)
    monkeypatch.setattr(crossing, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(
        crossing, "bpfast", lambda device: Runner("bpfast", device, partial(build, device=device))
    )
    found = crossing.measure(TINY.workloads[0], (1, 4, 16, 64), lambda words: None)
    assert asked == [("cpu", 1), ("cpu", 4), ("cuda", 1), ("cuda", 4)]
    assert found.networks == [1, 4, 16, 64]


def test_a_device_that_takes_too_long_is_asked_for_no_more(monkeypatch):
    monkeypatch.setattr(crossing, "LONG", 0.0)
    monkeypatch.setattr(crossing, "bpfast", lambda device: bpfast_on("cpu"))
    found = crossing.measure(TINY.workloads[0], (1, 2), lambda words: None)
    assert len(found.cpu) == len(found.cuda) == 1
