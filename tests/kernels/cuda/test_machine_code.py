"""Kernels as machine code: what is kept, and what is made of it."""

from types import SimpleNamespace

import pytest

from bpfast.kernels.cuda import compile, device, machine_code, stand_in

if device.simulated():
    pytest.skip("the simulator compiles nothing", allow_module_level=True)
pytest.importorskip("numba_cuda")


def test_each_gpu_has_its_kernels():
    names = {c: machine_code.architecture(c) for c in ((7, 5), (8, 0), (8, 6), (9, 0), (12, 1))}
    assert [*names.values()] == ["sm_75", "sm_80", "sm_86", "sm_90a", "sm_121a"]


@pytest.mark.parametrize(
    ("here", "packaged"), [((7, 5), (7, 5)), ((8, 9), (8, 0)), ((9, 0), (9, 0)), ((12, 1), (12, 1))]
)
def test_machine_code_runs_on_its_own_kind_or_on_later_ones_of_8(here, packaged):
    assert machine_code.packaged_for(here) == packaged


def test_a_kernel_is_what_numba_would_have_made():
    from numba.cuda import types

    signature = types.float32, types.Array(types.float64, 2, "C")
    with stand_in.gpu((9, 0)):
        made = machine_code.kernel(machine_code.written("entry", b"a cubin\n"), signature)
        library = made._codelibrary
        assert (made.entry_name, library._entry_name) == ("entry", "entry")
        assert made.argument_types == signature
        assert library.get_cubin().code == b"a cubin\n"
        assert isinstance(library.get_cufunc(), stand_in.Unloaded)
        assert machine_code.of(made) == machine_code.written("entry", b"a cubin\n")


def test_what_is_for_a_debugger_is_not_kept():
    assert machine_code.of(SimpleNamespace(debug=True)) is None


def test_arguments_that_are_taken_apart_in_another_way_are_told():
    from numba.cuda import types

    context = compile.kernel(lambda x: None, 32, 1).targetctx

    def pieces(*given):
        return machine_code.pieces(context, given)

    assert pieces(types.float32)[-1:] == ["float"]
    assert pieces(types.UniTuple(types.int64, 2))[-2:] == ["i64", "i64"]
    array = pieces(types.Array(types.float32, 1, "C"))
    names, each = array[:7], array[7:]
    assert names == ["meminfo", "parent", "nitems", "itemsize", "data", "shape", "strides"]
    assert each == ["pointer", "pointer", "i64", "i64", "pointer", "i64", "i64"]
