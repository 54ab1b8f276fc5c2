"""Arguments as C has them: numbers, structures of arrays, blocks of tuples."""

import ctypes
import struct
from functools import partial
from typing import NamedTuple, get_type_hints

import numpy as np
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from bpfast.kernels import cpu
from bpfast.kernels.cpu.structs import Numbers, Signature, Struct, address, kind_of


class Inner(NamedTuple):
    """A tuple within another."""

    count: int
    numbers: np.ndarray


class Outer(NamedTuple):
    """A tuple of all that there may be in one."""

    share: float
    inner: Inner
    flags: np.ndarray
    last: int


INNER = Struct(Inner, count="int64", numbers="real[:,:]")
OUTER = Struct(Outer, share="float64", inner=INNER, flags="bool[:]", last="int64")


class ArrayInC(ctypes.Structure):
    """NumPy's own part of an array's structure, as its headers declare it."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("ndim", ctypes.c_int),
        ("dimensions", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
    )


def check_array(place, array):
    """What lies at an address is an array's own structure."""
    found = ArrayInC.from_address(place)
    assert found.data == array.ctypes.data
    assert found.ndim == array.ndim
    assert tuple(found.dimensions[: array.ndim]) == array.shape
    assert tuple(found.strides[: array.ndim]) == array.strides


@drawn(50)
@given(
    array=st.sampled_from(["f4", "f8", "i8", "u4", "?"]).flatmap(
        lambda dtype: arrays(dtype, array_shapes(min_side=0, max_dims=4), fill=st.nothing())
    )
)
def test_an_arrays_address_is_that_of_numpys_fields(array):
    check_array(address(array, array.dtype, array.ndim), array)
    array.flags.writeable = False
    check_array(address(array, array.dtype, array.ndim), array)


def outer(dtype="float32"):
    numbers = np.arange(6, dtype=dtype).reshape(2, 3)
    return Outer(0.25, Inner(-7, numbers), np.array([True, False]), np.int64(2**62))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_block_is_eight_bytes_for_each_part_of_all_tuples(dtype):
    value = outer(dtype)
    share, count, numbers, flags, last = struct.unpack("=dqqqq", OUTER.block(value, dtype))
    assert (share, count, last) == (0.25, -7, 2**62)
    check_array(numbers, value.inner.numbers)
    check_array(flags, value.flags)


def test_c_reads_what_python_hands_over():
    """A function in C's place that looks at all its arguments."""
    signature = Signature("int64", "float64", "int32[:]", OUTER)
    value, array, seen = outer("float64"), np.arange(3, dtype=np.int32), []

    @ctypes.CFUNCTYPE(
        None, ctypes.c_int64, ctypes.c_double, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int64)
    )
    def look(number, share, place, block):
        check_array(place, array)
        check_array(block[2], value.inner.numbers)
        seen.extend([number, share, block[1], block[4]])

    call = signature.function_type(ctypes.cast(look, ctypes.c_void_p).value)
    call(*signature.values((-3, 0.5, array, value), "float64"))
    assert seen == [-3, 0.5, -7, 2**62]


def test_blocks_may_be_remembered():
    numbers = Struct(Inner, remembered=2, count="int64", numbers="int64[:]")
    values = [Inner(k, np.arange(k)) for k in range(4)]
    first = numbers.block(values[0], "float32")
    assert numbers.block(values[0], "float32") is first
    assert numbers.block(Inner(*values[0]), "float32") == first  # as long, but another tuple
    for value in values:
        count, place = struct.unpack("=qq", numbers.block(value, "float32"))
        assert count == value.count
        check_array(place, value.numbers)
    assert len(numbers._blocks) == 2


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((2, 3), np.float64), "not one of float64"),
        (np.zeros(6, np.float32), "2 dimensions, not one of float32 with shape \\(6,\\)"),
        (np.zeros((2, 3, 1), np.float32), "with 2 dimensions"),
        (np.zeros((2, 6), np.float32)[:, ::2], "contiguous"),
        (np.zeros((3, 2), np.float32).T, "strides \\(4, 8\\)"),
        (np.zeros((2, 3), ">f4"), "contiguous array of float32"),
    ],
)
def test_any_other_array_is_refused(array, words):
    value = outer()
    value = value._replace(inner=value.inner._replace(numbers=array))
    for hand_over in (
        partial(address, array, np.dtype("float32"), 2),
        partial(OUTER.block, value, "float32"),
        partial(Signature("real[:,:]").values, [array], "float32"),
    ):
        with pytest.raises(TypeError, match=words):
            hand_over()


def test_other_arguments_are_refused():
    with pytest.raises(ValueError, match="zip"):
        Signature("int64", "int64").values([1], "float32")
    with pytest.raises(struct.error):
        OUTER.block(outer()._replace(last=0.5), "float32")
    call = ctypes.CFUNCTYPE(None, ctypes.c_int64)(print)
    with pytest.raises(ctypes.ArgumentError):
        call(*Signature("int64").values([0.5], "float32"))


@pytest.mark.parametrize("parts", [{"count": "int64"}, {"numbers": "real[:]", "count": "int64"}])
def test_fields_are_those_of_the_tuple_in_its_order(parts):
    with pytest.raises(TypeError, match=r"Inner has the fields \('count', 'numbers'\)"):
        Struct(Inner, **parts)


def test_what_texts_stand_for():
    assert kind_of("int64") == "int64"
    assert kind_of("real*") == "real*"
    assert kind_of(INNER) is INNER
    real = kind_of("real[:,:,:]")
    assert real == Numbers("real", 3)
    assert real.of("float32") == np.float32
    assert kind_of("uint64[:]").of("float32") == np.uint64


def test_declarations_say_what_tuples_hold():
    """Arrays where these are declared, and numbers where numbers are."""
    entries = [entry for entry, _ in cpu.entries("float32")]
    found, looked_at = [kind for entry in entries for kind in entry.signature.kinds], set()
    while found:
        declared = found.pop()
        if not isinstance(declared, Struct) or declared.kind in looked_at:
            continue
        looked_at.add(declared.kind)
        hints = get_type_hints(declared.kind)
        for (field, hint), part in zip(hints.items(), declared.parts, strict=True):
            if isinstance(part, Struct):
                assert part.kind is hint, (declared.kind, field)
            elif isinstance(part, Numbers):
                assert hint not in (int, float), (declared.kind, field)
            else:
                assert part == {int: "int64", float: "float64"}[hint], (declared.kind, field)
        found += declared.parts
    assert {kind.__name__ for kind in looked_at} >= {"Arguments", "Net", "Workspace", "Online"}
