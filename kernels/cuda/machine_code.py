"""What is kept of a compiled kernel: machine code, and the name by which it is started.

Neither Python's version nor Numba's is part of it. How numba-cuda takes arguments apart has to be
the same where a kernel is compiled and where it is started: :func:`pieces` tells.
"""

from __future__ import annotations

import zlib
from typing import Any

FOLDER = "cuda"  # in the package and in the cache, with a folder for each architecture
# Compute capabilities whose kernels can come with the package.
PACKAGED = ((8, 0), (9, 0), (12, 0))


def target(capability: tuple[int, int]) -> tuple[int, int, str]:
    """What Numba compiles a launch for: from 9.0 on, also with what no other GPU understands."""
    return (*capability, "a" if capability >= (9, 0) else "")


def architecture(capability: tuple[int, int]) -> str:
    """The same as CUDA's tools have it, such as ``sm_90a``."""
    return "sm_{}{}{}".format(*target(capability))


def packaged_for(capability: tuple[int, int]) -> tuple[int, int]:
    """For which GPU that kernels are, of those that come with the package, that can run here.

    Machine code for 8.0 runs on every 8.x.
    """
    return (8, 0) if capability[0] == 8 else capability


def pieces(context: Any, signature: Any) -> list[str]:
    """How arguments are handed over: the types of all pieces, and what an array's are."""
    from llvmlite import ir
    from numba.cuda import types

    array = context.data_model_manager.lookup(types.Array(types.float64, 1, "C"))
    each = context.get_arg_packer(tuple(signature)).argument_types
    own = ["pointer" if isinstance(one, ir.PointerType) else str(one) for one in each]
    return [*array._fields, *own]


def written(entry: str, code: bytes) -> bytes:
    """A kernel as it is kept."""
    return zlib.compress(f"{entry}\n".encode() + code, 9)


def of(kernel: Any) -> bytes | None:
    """A kernel that Numba has compiled, as it is kept; None where it is for a debugger."""
    if kernel.debug:
        return None
    return written(kernel.entry_name, kernel._codelibrary.get_cubin().code)


def kernel(content: bytes, signature: Any) -> Any:
    """The kernel for some types of arguments, loaded; whatever fails may raise anything.

    Numba has no public way: it is made as Numba makes kernels that were pickled.
    """
    from cuda.core import ObjectCode
    from numba.cuda import types, typing
    from numba.cuda.codegen import CUDACodeLibrary
    from numba.cuda.dispatcher import _Kernel

    entry, _, code = zlib.decompress(content).partition(b"\n")
    name = entry.decode()
    library = CUDACodeLibrary(None, name, entry_name=name)
    library._cubin_cache[library._ensure_cc(None)] = ObjectCode.from_cubin(code, name=name)
    library._finalized = True
    made = _Kernel._rebuild(
        cooperative=False,
        name=name,
        signature=typing.signature(types.none, *signature),
        codelibrary=library,
        debug=False,
        lineinfo=False,
        call_helper=None,
        extensions=[],
    )
    made.bind()
    return made
