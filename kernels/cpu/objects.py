"""Object code of functions: Numba makes LLVM's instructions of them, and LLVM a level's.

Numba optimises each function by itself, and once more wherever it is called. Here what it makes is
put together first, and optimised once. An object has one symbol, by a plain C interface
(:mod:`structs`), so that neither Numba nor Python need be there, or be of some version, to run it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import cfunc, from_dtype, types
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from .compile import OPTIONS, internal
from .entry import Entry
from .processor import Level, making_for
from .simd import contiguous
from .structs import Kind, Numbers, Signature, Struct

WORD, BYTES = ir.IntType(64), ir.IntType(8).as_pointer()
OF_LEVELS = "multiply", "step_"  # how functions begin that look at the level they are made for
FIELDS = 0, 2  # data and dimensions in NumPy's structure of an array, in words


def object_codes(entry: Entry, dtype: str, levels: Sequence[Level]) -> list[bytes]:
    """The object code of an entry, for networks of a dtype, for each of some levels."""

    def code() -> bytes:
        return instructions(_source(entry, dtype), entry.signature, dtype, entry.symbol(dtype))

    if not entry.function.startswith(OF_LEVELS):
        alike = code()
        return [object_code(alike, level) for level in levels]
    codes = []
    for level in levels:
        with making_for(level):
            codes.append(object_code(code(), level))
    return codes


def compiled_here(entry: Entry, dtype: str) -> Any:
    """An entry as Numba compiles it for this process, with what users' functions may do there.

    These may call others that users call from Python as well, allocate, print and raise: all of it
    is made as Numba makes it, and shared with whatever else it compiles.
    """
    kinds = [_numba_type(kind, dtype) for kind in entry.signature.kinds]
    options = {key: value for key, value in OPTIONS.items() if key != "nogil"}
    return cfunc(types.void(*kinds), **options)(_source(entry, dtype))


def _source(entry: Entry, dtype: str) -> Callable:
    """An entry's function, not yet compiled."""
    module = importlib.import_module(f".{entry.module}", __package__)
    if hasattr(module, "made"):
        return module.made(entry.function, entry.made_with, dtype)
    return getattr(module, entry.function)


# --- what Numba makes -----------------------------------------------------------------------------


def instructions(function: Callable, signature: Signature, dtype: str, symbol: str) -> bytes:
    """LLVM's instructions of a function and all that it calls, as bitcode, not yet optimised.

    They call it ``symbol``, and nothing else by a name: Numba's names count what it made before.
    """
    context = cpu_target.target_context
    with _unoptimised(context) as codegen:
        dispatcher: Any = internal(function)
        dispatcher.compile(tuple(_numba_type(kind, dtype) for kind in signature.kinds))
        (compiled,) = dispatcher.overloads.values()
        library = codegen.create_library(symbol)
        library.add_ir_module(_entry(context, library, compiled, signature, symbol))
        library.add_linking_library(compiled.library)
        library.finalize()
        module = library._final_module
        for part in (*module.functions, *module.global_variables):
            if not part.is_declaration and part.name != symbol:
                part.linkage, part.name = "private", ""
        return module.as_bitcode()


def _numba_type(kind: Kind, dtype: str) -> types.Type:
    """The type of an argument as Numba has it."""
    if isinstance(kind, Struct):
        return types.NamedTuple([_numba_type(part, dtype) for part in kind.parts], kind.kind)
    if isinstance(kind, Numbers):
        return types.Array(from_dtype(kind.of(dtype)), kind.ndim, "C")
    if kind.endswith("*"):
        return types.CPointer(from_dtype(Numbers(kind[:-1], 0).of(dtype)))
    return types.float64 if kind == "float64" else types.int64


def _entry(context, library, compiled, signature: Signature, symbol: str) -> ir.Module:
    """A module with the function that C calls, which calls what was compiled."""
    module = library.create_ir_module(symbol)
    kinds, numba_types = signature.kinds, compiled.signature.args
    arguments = [
        context.get_value_type(kind_type) if _plain(kind) else BYTES
        for kind, kind_type in zip(kinds, numba_types, strict=True)
    ]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), symbol)
    builder = ir.IRBuilder(function.append_basic_block())
    values = [
        argument if _plain(kind) else _value(context, builder, kind, kind_type, argument)
        for kind, kind_type, argument in zip(kinds, numba_types, function.args, strict=True)
    ]
    called = context.declare_function(module, compiled.fndesc)
    context.call_conv.call_function(builder, called, types.none, numba_types, values)
    builder.ret_void()
    return module


def _plain(kind: Kind) -> bool:
    """Whether an argument is a number or a pointer."""
    return isinstance(kind, str)


def _value(context, builder, kind: Kind, kind_type: types.Type, pointer):
    """A tuple of a block, or the array whose structure begins at a pointer."""
    if isinstance(kind, Numbers):
        return _array(context, builder, kind_type, pointer)
    assert isinstance(kind, Struct)
    words = builder.bitcast(pointer, WORD.as_pointer())
    value, _ = _tuple(context, builder, kind, kind_type, words, 0)
    return value


def _tuple(context, builder, kind: Struct, kind_type, words, position: int) -> tuple[Any, int]:
    """The tuple whose words begin at a position of a block, and where they end."""
    values = []
    for part, part_type in zip(kind.parts, kind_type.types, strict=True):
        if isinstance(part, Struct):
            value, position = _tuple(context, builder, part, part_type, words, position)
        else:
            value = builder.load(builder.gep(words, [WORD(position)]))
            position += 1
            if isinstance(part, Numbers):
                value = _array(context, builder, part_type, builder.inttoptr(value, BYTES))
            elif part == "float64":
                value = builder.bitcast(value, ir.DoubleType())
        values.append(value)
    return context.make_tuple(builder, kind_type, values), position


def _array(context, builder, array_type: types.Array, pointer):
    """Numba's form of the array that NumPy's structure tells of."""
    fields = builder.bitcast(pointer, WORD.as_pointer())
    data, shape = (builder.load(builder.gep(fields, [WORD(position)])) for position in FIELDS)
    first = builder.inttoptr(shape, WORD.as_pointer())
    sizes = [builder.load(builder.gep(first, [WORD(axis)])) for axis in range(array_type.ndim)]
    number = context.get_data_type(array_type.dtype)
    data = builder.inttoptr(data, number.as_pointer())
    return contiguous(context, builder, array_type, data, sizes)


class _Library(JITCodeLibrary):
    """What Numba puts together of a function, left as it is, and not made ready to be run."""

    def add_ir_module(self, ir_module) -> None:
        """Add instructions, without what an exception would say: nobody asks, and it has paths."""
        for name, part in ir_module.globals.items():
            if name.startswith(".const.picklebuf"):
                part.initializer = ir.Constant(part.initializer.type, None)
        super().add_ir_module(ir_module)

    def _optimize_functions(self, ll_module) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_specific(self) -> None:
        pass

    def get_pointer_to_function(self, name: str) -> int:
        return 0


class _Codegen(JITCPUCodegen):
    """As Numba's own, which makes such libraries."""

    _library_class = _Library

    def _add_module(self, module) -> None:
        pass

    def set_env(self, env_name: str, env: Any) -> None:
        pass


@contextmanager
def _unoptimised(context) -> Iterator[_Codegen]:
    """Let Numba optimise nothing meanwhile; its other users wait."""
    with global_compiler_lock:
        before, context._internal_codegen = context._internal_codegen, _Codegen("bpfast")
        try:
            yield context._internal_codegen
        finally:
            context._internal_codegen = before


# --- what LLVM makes of it ------------------------------------------------------------------------


def object_code(code: bytes, level: Level) -> bytes:
    """Optimise LLVM's instructions, and make machine code for a level of processors of them."""
    module = llvm.parse_bitcode(code)
    target = llvm.Target.from_triple(module.triple).create_target_machine(
        cpu=level.cpu, features=level.features, opt=3, reloc="static", codemodel="large"
    )
    options = llvm.create_pipeline_tuning_options(3)
    options.loop_vectorization = True
    options.slp_vectorization = False
    builder = llvm.create_pass_builder(target, options)
    builder.getModulePassManager().run(module, builder)
    return target.emit_object(module)
