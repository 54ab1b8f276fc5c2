"""Levels of processors, and which of them a processor has."""

import platform
from itertools import pairwise

import llvmlite.binding as llvm
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

from bpfast.kernels.cpu import processor
from bpfast.kernels.cpu.processor import LEVELS, V2, V3, V4, best, host, made_for, making_for

X86 = LEVELS["x86_64"]
FEATURES = sorted(set.union(*(set(level.needs) for level in X86)) | {"avx512vnni", "amx-tile"})


def rank(features):
    """How good the best level is; 0 is the best."""
    level = best(dict.fromkeys(features, True), X86)
    return X86.index(level) if level else len(X86)


@pytest.mark.parametrize(
    ("features", "name"),
    [
        (V4 | {"avx512vbmi2"}, "x86-64-v4-vbmi2"),
        (V4, "x86-64-v4"),
        (V4 - {"avx512vl"}, "x86-64-v3"),
        (V3, "x86-64-v3"),
        (V3 - {"fma"}, "x86-64-v2"),
        (V2, "x86-64-v2"),
    ],
)
def test_each_level_is_for_the_processors_that_have_it(features, name):
    assert X86[rank(features)].name == name


@drawn(200)
@given(st.sets(st.sampled_from(FEATURES)), st.sets(st.sampled_from(FEATURES)))
def test_more_features_never_make_a_worse_level(some, more):
    assert rank(some | more) <= rank(some)
    if rank(some) < len(X86):
        assert X86[rank(some)].needs <= some


def test_the_best_come_first():
    for better, worse in pairwise(X86):
        assert better.needs > worse.needs
        assert better.tile_sums >= worse.tile_sums


def test_a_feature_that_is_known_and_not_there_does_not_count():
    features = dict.fromkeys(V4, True) | {"fma": False}
    assert best(features, X86).name == "x86-64-v2"
    assert best({}, X86) is None


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ("x86_64", X86),
        ("AMD64", X86),
        ("arm64", LEVELS["aarch64"]),
        ("aarch64", LEVELS["aarch64"]),
        ("riscv64", ()),
    ],
)
def test_levels_by_the_names_that_systems_give_machines(monkeypatch, machine, expected):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert processor.levels() == expected


def test_llvm_knows_all_levels():
    """It only warns of a name or a feature that it does not know."""
    for level in processor.levels():
        target = llvm.Target.from_default_triple()
        machine = target.create_target_machine(cpu=level.cpu, features=level.features)
        assembly = "define <16 x float> @f(<16 x float> %a) {\n ret <16 x float> %a }"
        assert machine.emit_assembly(llvm.parse_assembly(assembly))
        assert level.needs <= set(llvm.get_host_cpu_features()) | {"neon"}


def test_this_processor():
    level = host()
    assert made_for() is level
    assert level.name == best(llvm.get_host_cpu_features(), (level,)).name
    for other in X86:
        with making_for(other):
            assert made_for() is other
            with making_for(X86[0]):
                assert made_for() is X86[0]
            assert made_for() is other
    assert made_for() is level


def test_an_unknown_processor_has_a_level_of_its_own(monkeypatch):
    names = set()
    for features in ({"v": True, "zbb": True}, {"v": True, "zbb": False}):
        flags = llvm.targets.FeatureMap(features)
        monkeypatch.setattr(llvm, "get_host_cpu_features", lambda flags=flags: flags)
        monkeypatch.setattr(llvm, "get_host_cpu_name", lambda: "spacemit-x60")
        monkeypatch.setattr(platform, "machine", lambda: "riscv64")
        level = host.__wrapped__()
        assert (level.cpu, level.features) == ("spacemit-x60", flags.flatten())
        assert level.name.startswith("spacemit-x60-")
        names.add(level.name)
    assert len(names) == 2  # their objects are kept apart
