"""Objects: the same wherever they are compiled, and whole in themselves."""

import hashlib
import os
import struct
import subprocess
import sys

import llvmlite.binding as llvm
import numpy as np
import pytest
from compiled import levels_here
from loops import Loops

from bpfast.kernels import cpu
from bpfast.kernels.cache import came_compiled, kept
from bpfast.kernels.cpu import build, library
from bpfast.kernels.cpu.loops import made
from bpfast.kernels.cpu.objects import OF_LEVELS, instructions, object_codes
from bpfast.kernels.cpu.processor import host, levels, making_for
from bpfast.kernels.specialise import global_names
from bpfast.kernels.tables import ACTIVATIONS, INVERSE_LINKS, LOSSES, OPTIMIZERS

FROM_C = {"memset", "memcpy", "memmove", "bzero", "sched_yield"}
CHEAP = "permutation.write_orders.float64", "loops.step_one_state.sgd_momentum.float32"


def codes_of(name, levels):
    return object_codes(*build.built_in()[name], levels)


def code_there(entry, dtype):
    """An object as another process has compiled it."""
    library.ensure([(entry, dtype)])
    file = entry.file(dtype, host())
    return came_compiled(file) or kept(file)


def test_the_same_bytes_whatever_was_compiled_before_and_whatever_numba_is_told():
    expected = [code_there(*build.built_in()[name]) for name in CHEAP]
    code = (
        "import sys, hashlib\n"
        "from bpfast.kernels.cpu import build, objects, processor\n"
        "for name in sys.argv[1:]:\n"
        "    entry = build.built_in()[name]\n"
        "    for _ in range(2):\n"
        "        (code,) = objects.object_codes(*entry, [processor.host()])\n"
        "        print(hashlib.sha256(code).hexdigest())\n"
    )
    told = {"CPU_NAME": "generic", "CPU_FEATURES": "", "OPT": "0", "LOOP_VECTORIZE": "0"}
    env = os.environ | {f"NUMBA_{name}": value for name, value in told.items()}
    command = [sys.executable, "-c", code, *reversed(CHEAP)]
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    digests = [hashlib.sha256(one).hexdigest() for one in reversed(expected) for _ in range(2)]
    assert done.stdout.split() == digests


def test_quotients_are_estimated_for_levels_with_wide_loops_and_no_others():
    """A wheel's objects are made for one level after the other, in one process."""
    entry, dtype = build.built_in()["loops.step_two_states.adam.float32"]
    for level in levels():
        with making_for(level):
            function = made(entry.function, entry.made_with, dtype)
            code = instructions(function, entry.signature, dtype, entry.symbol(dtype))
        assert ("arcp" in str(llvm.parse_bitcode(code))) == level.wide_loops, level.name


def symbols(code):
    """An ELF object's symbols: name, whether it is global, whether it is there."""
    sections = {s.name(): s.data() for s in llvm.ObjectFileRef.from_data(code).sections()}
    table, names = sections[b".symtab"], sections[b".strtab"]
    for start, info, _, section, _, _ in struct.iter_unpack("<IBBHQQ", table):
        name = names[start : names.index(b"\0", start)].decode()
        if name and info & 15 not in (3, 4):  # a section, a file
            yield name, info >> 4 == 1, section != 0


@pytest.mark.skipif(sys.platform != "linux", reason="objects have another format")
def test_an_object_has_one_symbol_and_needs_nothing_but_cs_own():
    for entry, dtype in dict.fromkeys(cpu.entries("float32")):
        found = list(symbols(code_there(entry, dtype)))
        assert [name for name, _, there in found if there] == [entry.symbol(dtype)]
        assert {name for name, _, there in found if not there} <= FROM_C
        assert all(is_global for _, is_global, _ in found)


def test_an_object_tells_nothing_of_where_and_by_what_it_was_made():
    """Numba keeps what exceptions would say, with the paths of the code that raises them."""
    for entry, dtype in dict.fromkeys(cpu.entries("float32")):
        code = code_there(entry, dtype)
        for word in (b"Error", b"kernels/", b".py", b"numba", b"pickle", b"_ZN"):
            assert word not in code, (entry.name, word)


def test_only_what_is_made_for_a_level_looks_at_it():
    """All else is Numba's work once for all levels; :func:`simd.estimated_ratio` does."""
    functions = [
        function
        for row in (*ACTIVATIONS.values(), *LOSSES.values(), *INVERSE_LINKS.values())
        for function in (row.value, getattr(row, "slope", None))
        if function
    ] + [rule.coefficients for rule in OPTIMIZERS.values()]
    assert not [function for function in functions if "ratio" in called(function)]
    updates = [rule.update for rule in OPTIMIZERS.values()]
    assert [update for update in updates if "ratio" in called(update)]
    templates = {entry.function for entry, _ in cpu.entries("float32") if entry.made_with}
    assert {name for name in templates if name.startswith(OF_LEVELS)} == {
        "step_stateless", "step_one_state", "step_two_states",
    }  # fmt: skip


def called(function):
    """Names of all that a function calls, and what that calls."""
    names = global_names(function.__code__)
    inner = (function.__globals__.get(name) for name in names)
    plain = (one for one in inner if hasattr(one, "__code__") and one is not function)
    return names.union(*map(called, plain))


@pytest.mark.parametrize(
    "name", ["loops.activate.elu.float32", "loops.step_two_states.adam.float64"]
)
def test_levels_with_fma_give_the_same_bits(name):
    levels = [level for level in levels_here() if "fma" in level.needs]
    if len(levels) < 2:
        pytest.skip("this processor has but one level with FMA")
    entry, dtype = build.built_in()[name]
    rng, loops, results = np.random.default_rng(0), Loops(dtype), []
    arrays = [rng.normal(size=1000) ** 2 for _ in range(4)]
    arrays.append(np.repeat(rng.random((6, 1)), 128, axis=1))
    for code in codes_of(name, levels):
        address = library.load(code, entry.symbol(dtype))
        results.append(np.concatenate([a.ravel() for a in loops(address, arrays, 1000, 1)]))
    assert not np.array_equal(results[0], np.concatenate([a.ravel() for a in arrays]))
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)
