"""Functions of tests, compiled as kernels are: what only compiled functions call, they may call."""

from functools import cache, wraps

from bpfast.kernels.cpu import library, processor
from bpfast.kernels.cpu.objects import instructions, object_code
from bpfast.kernels.cpu.structs import Signature

SYMBOL = "bpfast.test"


def compiled(*kinds):
    """Compile a function when it is first called, for arguments of some kinds; see `structs`.

    It returns nothing: results go to arrays. Called with a ``dtype``, it is for networks of that,
    and otherwise for those of float64.
    """

    def decorate(function):
        call = cache(lambda dtype: called(function, Signature(*kinds), dtype, processor.host()))

        @wraps(function)
        def run(*given, dtype="float64"):
            call(dtype)(*given)

        return run

    return decorate


def called(function, signature, dtype, level):
    """A function compiled for a level, as Python calls it."""
    with processor.making_for(level):
        code = object_code(instructions(function, signature, dtype, SYMBOL), level)
    in_c = signature.function_type(library.load(code, SYMBOL))
    return lambda *given: in_c(*signature.values(given, dtype))


def levels_here():
    """The levels whose objects this processor runs."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    return [level for level in processor.levels() if all(map(features.get, level.needs))]
