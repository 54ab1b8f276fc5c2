"""What a rehearsal has in the place of peers and tools."""

import sys

import pytest

from bpfast.bench.gpu import profile, stand_ins, workloads


def test_stand_ins_refuse_what_the_real_ones_refuse(monkeypatch):
    class Doubles(type(workloads.BY_NAME["R2"])):
        def data(self):
            X, y = super().data()
            return X.astype(float), y

    (build,) = {runner.build for runner in stand_ins.PEERS}
    with pytest.raises(TypeError, match="float64 would become another dtype"):
        build(Doubles(**vars(workloads.BY_NAME["R2"])))


@pytest.mark.parametrize(
    "arguments",
    [
        ["ncu", "--metrics", "sm__nonsense.avg"],
        ["ncu", "--clock-control", "off"],
        ["compute-sanitizer", "--tool", "valgrind", "true"],
        ["compute-sanitizer", "--tool", "memcheck", "--error-exitcode", "999", "true"],
    ],
)
def test_tools_refuse_what_the_real_ones_refuse(arguments, monkeypatch, tmp_path):
    if arguments[0] == "ncu":
        option, value = arguments[1:]
        given = profile.options(tmp_path / "log")
        given[given.index(option) + 1] = value
        arguments = ["ncu", *given, "true"]
    monkeypatch.setattr(sys, "argv", ["stand_ins", *arguments])
    with pytest.raises(SystemExit) as stop:
        stand_ins.main()
    assert stop.value.code == 2
