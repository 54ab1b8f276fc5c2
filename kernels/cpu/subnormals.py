"""Subnormal numbers are zero while kernels run, as in XLA and TensorFlow.

Penalties and momentum let weights decay to numbers below the smallest normal one (1e-38 in float32,
2e-308 in float64), for which a processor's multiplier calls microcode: tens of times slower. A
thread's control register has them taken, and made, as zeros.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .simd import I64

# Bits of the registers: results and operands in x86's MXCSR, both at once in Arm's FPCR.
MXCSR_BITS, FPCR_BIT = 0x8040, 1 << 24
I32, BYTE_POINTER = ir.IntType(32), ir.IntType(8).as_pointer()


@intrinsic
def flush_subnormals(typing):
    """Let this thread take subnormal numbers for zeros; returns the mode that it was in."""
    return types.int64(), lambda context, builder, signature, arguments: emit_flush(builder)


@intrinsic
def restore_mode(typing, mode):
    """Put this thread back into the mode that :func:`flush_subnormals` returned."""

    def generate(context, builder, signature, arguments):
        emit_mode(builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate


def emit_flush(builder):
    """Instructions that set the flags; the control register as it was, 0 where none is known."""
    if _is_arm(builder):
        before = builder.call(_intrinsic(builder, "llvm.aarch64.get.fpcr", I64), [])
        emit_mode(builder, builder.or_(before, I64(FPCR_BIT)))
        return before
    if not _is_x86(builder):
        return I64(0)
    slot = cgutils.alloca_once(builder, I32)
    store = _intrinsic(builder, "llvm.x86.sse.stmxcsr", ir.VoidType(), BYTE_POINTER)
    builder.call(store, [builder.bitcast(slot, BYTE_POINTER)])
    before = builder.zext(builder.load(slot), I64)
    emit_mode(builder, builder.or_(before, I64(MXCSR_BITS)))
    return before


def emit_mode(builder, mode) -> None:
    """Instructions that write the control register."""
    if _is_arm(builder):
        builder.call(_intrinsic(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), I64), [mode])
    elif _is_x86(builder):
        slot = cgutils.alloca_once(builder, I32)
        builder.store(builder.trunc(mode, I32), slot)
        load = _intrinsic(builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), BYTE_POINTER)
        builder.call(load, [builder.bitcast(slot, BYTE_POINTER)])


def _is_x86(builder) -> bool:
    return builder.module.triple.startswith("x86_64")


def _is_arm(builder) -> bool:
    return builder.module.triple.startswith(("aarch64", "arm64"))


def _intrinsic(builder, name: str, result, *arguments):
    function_type = ir.FunctionType(result, arguments)
    return cgutils.get_or_insert_function(builder.module, function_type, name)
