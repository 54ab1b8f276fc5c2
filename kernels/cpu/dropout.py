"""Masks of dropout, drawn where they are needed from the same numbers as the reference's.

A mask of ``LANES`` units lies among a workspace's numbers: what kept units are multiplied with, one
for each, and then three rows of uint32: words, upper halves of keys, and the least draws that keep.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .. import counter
from ..specialise import Specialiser, specialise
from .compile import inline, internal
from .processor import LANES
from .scalars import own_row
from .simd import I64, load, pointer_to, splat, store
from .workspace import MASK

_drawn = Specialiser("float64", internal)
dropout_key, advance = _drawn(counter.dropout_key), _drawn(counter.advance)
upper_half, least_kept = _drawn(counter.upper_half), _drawn(counter.least_kept)


@inline
def set_mask(numbers, mask, lane, dropout, i, step, layer, position):
    """Let a mask's lane draw for network i's hidden layer in a step, from a position on."""
    key, p = dropout.keys[own_row(dropout.keys, i)], dropout.p[own_row(dropout.p, i), layer]
    key = dropout_key(key, step, layer)
    own = numbers[mask : mask + MASK]
    own[lane] = 1.0 / (1.0 - p)
    draws = own[LANES:].view(np.uint32)
    draws[lane] = np.uint32(key) + advance(position)
    draws[LANES + lane] = upper_half(key)
    draws[2 * LANES + lane] = least_kept(p)


@intrinsic
def apply_mask(typing, numbers, value, slope, count, stride, mask, ahead, step):
    """Multiply vectors from ``numbers[value]`` and ``[slope]`` on with the mask at ``[mask]``.

    There are ``count`` of each, ``stride`` numbers apart. The first one's words are ``ahead`` of
    those that the mask was set with, and each has ``step`` more than the one before.
    """

    def generate(context, builder, signature, arguments):
        array, value, slope, count, stride, mask, ahead, step = arguments
        vector = ir.VectorType(context.get_data_type(numbers.dtype), LANES)
        words = ir.VectorType(ir.IntType(32), LANES)

        def at(offset):
            return pointer_to(context, builder, numbers, array, offset)

        scale = load(builder, at(mask), vector)
        rows = builder.bitcast(builder.gep(at(mask), [I64(LANES)]), words.as_pointer())
        word, upper, least = (
            load(builder, builder.gep(rows, [I64(row)]), words) for row in range(3)
        )
        with cgutils.for_range(builder, count) as loop:
            further = builder.add(ahead, builder.mul(builder.trunc(loop.index, step.type), step))
            own = Words(builder, builder.add(word, splat(builder, further, words)))
            kept = builder.icmp_unsigned(">=", _draw(own, Words(builder, upper)).vector, least)
            factor = builder.select(kept, scale, ir.Constant(vector, None))
            offset = builder.mul(loop.index, stride)
            for each in (at(builder.add(value, offset)), at(builder.add(slope, offset))):
                store(builder, builder.fmul(load(builder, each, vector), factor), each)
        return context.get_dummy_value()

    i, word = types.int64, types.uint32
    return types.void(numbers, i, i, i, i, i, word, word), generate


class Words:
    """A vector of uint32, with which :func:`counter.draw` makes instructions for all lanes."""

    def __init__(self, builder, vector) -> None:
        self._builder, self.vector = builder, vector

    def _made(self, instruction, other) -> Words:
        if not isinstance(other, Words):
            other = Words(self._builder, ir.Constant(self.vector.type, [int(other)] * LANES))
        return Words(self._builder, instruction(self.vector, other.vector))

    def __xor__(self, other) -> Words:
        return self._made(self._builder.xor, other)

    def __rshift__(self, other) -> Words:
        return self._made(self._builder.lshr, other)

    def __mul__(self, other) -> Words:
        return self._made(self._builder.mul, other)


_draw = specialise(counter.draw, "float64", {"U32": lambda words: words})
