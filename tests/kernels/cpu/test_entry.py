"""Names of entries: of their files and of what is in them."""

from pathlib import PurePosixPath

from bpfast.kernels import cpu
from bpfast.kernels.cpu.entry import Entry
from bpfast.kernels.cpu.processor import LEVELS
from bpfast.kernels.cpu.structs import Signature


def test_names():
    level, signature = LEVELS["x86_64"][2], Signature("int64")
    plain = Entry("lanes.kernels", "train", signature)
    assert plain.name == "lanes.kernels.train"
    assert plain.symbol("float32") == "bpfast.lanes.kernels.train.float32"
    made = Entry("loops", "activate", signature, "tanh")
    assert made.file("float64", level) == "x86-64-v3/loops.activate.tanh.float64.o"


def test_each_function_has_a_file_and_a_symbol_of_its_own():
    wanted = {one for dtype in ("float32", "float64") for one in cpu.entries(dtype)}
    levels = LEVELS["x86_64"]
    files = {entry.file(dtype, level) for entry, dtype in wanted for level in levels}
    assert len(files) == len(wanted) * len(levels)
    assert len({entry.symbol(dtype) for entry, dtype in wanted}) == len(wanted)
    assert {PurePosixPath(file).parent.name for file in files} == {level.name for level in levels}
