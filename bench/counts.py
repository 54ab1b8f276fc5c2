"""What the CUDA kernels execute, counted in their code without a GPU.

``python -m bpfast.bench.counts > FILE`` writes the tables; ``--before FILE`` puts the numbers of an
earlier one in front of each. PTX comes from Numba; machine code is counted too where ``nvdisasm``,
from the wheel ``nvidia-cuda-nvdisasm``, is installed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, takewhile
from pathlib import Path
from typing import NamedTuple

import numpy as np

import bpfast as bp
from bpfast.kernels.cuda import block, stand_in
from bpfast.kernels.cuda.stand_in import Launch
from bpfast.kernels.tables import OPTIMIZERS

from . import registers
from .registers import Case

TARGET, ARCHITECTURE = (9, 0), "sm_90a"
BATCH = 64  # which is what a fit takes unless told
# A multiprocessor of sm_90: bytes of shared memory, and of those what CUDA takes for each block.
SHARED, RESERVED, REGISTERS, THREADS, BLOCKS = 228 << 10, 1 << 10, 1 << 16, 2048, 32
CASES = [
    Case("thread", (2, 2, 1), bp.SGD()),
    Case("block", (4, 16, 1), bp.Adam()),
    Case("block", (64, 64, 10), bp.Adam(), "relu", "cross_entropy"),
    Case("block", (64, 64, 10), bp.SGD(), "relu", "cross_entropy"),
    Case("block", (100, 200, 100, 10), bp.Adam(), "relu", "cross_entropy"),
    Case("large batch", (784, 256, 128, 10), bp.SGD(momentum=0.9), "relu", "cross_entropy"),
]
HEAD = """# What the CUDA kernels execute, by count

Counted by `python -m bpfast.bench.counts` for sm_90a, without a GPU, with {versions}.
These are counts of instructions, bytes and blocks: nothing here was timed.
"""


# --- code -----------------------------------------------------------------------------------------


class Instruction(NamedTuple):
    """An instruction: where it may jump to, and whether the next one may follow it."""

    name: str
    target: str
    falls: bool


class Block(NamedTuple):
    """Instructions that are executed one after the other, and the blocks that may follow."""

    instructions: list[Instruction]
    next: list[int]


PTX = re.compile(r"^\s+(@!?%\w+\s+)?([a-z][\w.]*)\s*([^;]*);")
SASS = re.compile(r"^\s+/\*[0-9a-f]{4,}\*/\s+(@!?U?P\w+\s+)?([A-Z][\w.]*)\s*([^;]*);")
LABEL = re.compile(r"^(\$?\.?[\w$]+):")


def flow(code: str) -> list[Block]:
    """The blocks of a kernel's PTX or machine code."""
    pattern = SASS if "/*0000*/" in code else PTX
    blocks: list[list[Instruction]] = [[]]
    labels: dict[str, int] = {}
    for line in code.splitlines():
        label, found = LABEL.match(line), pattern.match(line)
        ends = bool(blocks[-1]) and (not blocks[-1][-1].falls or blocks[-1][-1].target)
        if (label and blocks[-1]) or (found and ends):
            blocks.append([])
        if label:
            labels[label[1]] = len(blocks) - 1
        if found:
            blocks[-1].append(_instruction(*found.groups()))
    return [Block(found, _following(found, k, labels)) for k, found in enumerate(blocks) if found]


def _instruction(predicate: str | None, name: str, operands: str) -> Instruction:
    jumps = name.lower().startswith(("bra", "ret", "exit", "trap"))
    target = re.search(r"[$.]L_\w+", operands) if jumps else None
    name += f" {operands}" if name.startswith("CALL") else ""  # which routine is called
    conditional = bool(predicate) or "," in operands
    return Instruction(name, target[0] if target else "", conditional or not jumps)


def _following(instructions: list[Instruction], k: int, labels: dict[str, int]) -> list[int]:
    last = instructions[-1]
    jump = [labels[last.target]] if last.target else []
    return jump + [k + 1] * last.falls


def loops(blocks: list[Block]) -> list[set[int]]:
    """The loops, as sets of blocks: from each block that dominates one which jumps back to it."""
    ways = [[k for k in one.next if k < len(blocks)] for one in blocks]
    before: list[list[int]] = [[] for _ in blocks]
    for k in _reached(ways, set(), [0]):
        for following in ways[k]:
            before[following].append(k)
    dominators, found = _dominators(before), {}
    for head, entries in enumerate(before):
        backs = [k for k in entries if head in dominators[k]]
        if backs:
            found[head] = _reached(before, {head}, backs)
    return list(found.values())


def _dominators(before: list[list[int]]) -> list[set[int]]:
    """For each block those that every way to it goes through."""
    everything = set(range(len(before)))
    dominators = [{0}] + [everything] * (len(before) - 1)
    changed = True
    while changed:
        changed = False
        for k, ways in enumerate(before[1:], 1):
            new = {k} | everything.intersection(*(dominators[way] for way in ways))
            changed |= new != dominators[k]
            dominators[k] = new
    return dominators


def _reached(ways: list[list[int]], known: set[int], waiting: list[int]) -> set[int]:
    """What is known, and all that ways lead to from what waits."""
    while waiting:
        k = waiting.pop()
        if k not in known:
            known.add(k)
            waiting.extend(ways[k])
    return known


# --- counts ---------------------------------------------------------------------------------------

MEMORIES = {
    "global": r"(ld|st)\.global|(LDG|STG|RED)\b",
    "shared": r"(ld|st)\.(volatile\.)?shared|(LDS|STS)\b",
    "local": r"(ld|st)\.local|(LDL|STL)\b",
}
FMA = re.compile(r"fma\.|[FD]FMA\b")
DIVISION = re.compile(r"(div|rem)\.[su]64|CALL.*_(div|rem)_[su]64")
WIDTHS = {".f64": 8, ".u64": 8, ".b64": 8, ".s64": 8, ".64": 8, ".128": 16, ".u8": 1, ".U8": 1}


class Counts(NamedTuple):
    """Of a kernel's code: instructions, and those in loops; what a product's loop takes."""

    instructions: int
    by_depth: list[int]  # outside of loops, in one, in two and so on
    divisions: int
    memory: dict[str, int]
    products: int
    per_product: float
    bytes_per_product: float


def count(code: str) -> Counts:
    """Count a kernel's PTX or machine code."""
    blocks = flow(code)
    found = loops(blocks)
    depths: Counter[int] = Counter()
    for k, one in enumerate(blocks):
        depths[sum(k in loop for loop in found)] += len(one.instructions)
    looped = inside(blocks, set().union(*found))
    hot = [i for loop in hottest(blocks, found) for i in inside(blocks, loop)]
    products = _number(FMA, hot)
    read = sum(_bytes(i) for i in hot if re.match(r"ld\..*shared|LDS\b", i.name))
    return Counts(
        instructions=depths.total(),
        by_depth=[depths[depth] for depth in range(max(depths) + 1)],
        divisions=_number(DIVISION, looped),
        memory={name: _number(re.compile(kind), looped) for name, kind in MEMORIES.items()},
        products=_number(FMA, looped),
        per_product=len(hot) / products if products else 0.0,
        bytes_per_product=read / products if products else 0.0,
    )


def hottest(blocks: list[Block], found: list[set[int]]) -> list[set[int]]:
    """The innermost loops that hold the most products."""
    innermost = [loop for loop in found if not any(other < loop for other in found)]
    products = [_number(FMA, inside(blocks, loop)) for loop in innermost]
    most = max(products, default=0)
    return [loop for loop, held in zip(innermost, products, strict=True) if held == most]


def inside(blocks: list[Block], loop: set[int]) -> list[Instruction]:
    """The instructions of a loop."""
    return [instruction for k in sorted(loop) for instruction in blocks[k].instructions]


def _number(kind: re.Pattern, instructions: list[Instruction]) -> int:
    return sum(bool(kind.match(instruction.name)) for instruction in instructions)


def _bytes(instruction: Instruction) -> int:
    return next((size for end, size in WIDTHS.items() if end in instruction.name), 4)


# --- compiled kernels -----------------------------------------------------------------------------


def codes(ptx: str) -> Iterator[tuple[str, str]]:
    """A kernel's PTX and, where it can be read, its machine code."""
    yield "PTX", ptx
    disassembler = shutil.which("nvdisasm", path=f"{registers.ptxas().parent}:{os.environ['PATH']}")
    if disassembler:
        with tempfile.TemporaryDirectory() as folder:
            source, binary = Path(folder, "kernel.ptx"), Path(folder, "kernel")
            source.write_text(ptx)
            arch = f"-arch={ARCHITECTURE}"
            subprocess.run([registers.ptxas(), arch, "-o", binary, source], check=True)
            command = [disassembler, "-c", str(binary)]
            said = subprocess.run(command, check=True, capture_output=True, text=True)
            yield "machine", said.stdout


def resident(launch: Launch, ptx: str) -> tuple[registers.Usage, int]:
    """What a kernel takes, and how many of its blocks a multiprocessor has room for."""
    took = registers.usage(launch, ptx, TARGET)
    a_thread = -(-took.registers // 8) * 8
    return took, min(
        SHARED // (took.shared + RESERVED),
        REGISTERS // (a_thread * launch.threads),
        THREADS // launch.threads,
        BLOCKS,
    )


# --- tables ---------------------------------------------------------------------------------------

CODE = (
    "Case", "Kernel", "Code", "Instructions", "outside loops, in 1, in 2, ...", "64-bit divisions",
    "Global", "Shared", "Local", "FMAs", "Instructions a product", "Shared bytes a product",
    "Registers", "Spilled", "Shared a block", "Blocks",
)  # fmt: skip
STEP = (
    "Case", "Rows of a chunk", "Chunks", "Gradient", "Moments", "FMAs a step", "Bytes a step",
)  # fmt: skip


def code_rows() -> Iterator[list]:
    """What kernels' code holds; a kernel that is started as before comes once."""
    seen = set()
    for case in CASES:
        for launch in registers.launches(case, TARGET):
            if (launch.kernel, launch.shared_memory) in seen:
                continue
            seen.add((launch.kernel, launch.shared_memory))
            ptx = registers.ptx(launch, TARGET)
            took, blocks = resident(launch, ptx)
            for kind, code in codes(ptx):
                counts = count(code)
                yield [
                    case.name(), launch.name(), kind,
                    counts.instructions, " ".join(map(str, counts.by_depth)), counts.divisions,
                    *counts.memory.values(), counts.products,
                    f"{counts.per_product:.2f}", f"{counts.bytes_per_product:.2f}",
                    took.registers, took.spilled, took.shared, blocks,
                ]  # fmt: skip


def step_rows() -> Iterator[list]:
    """What a block does in a step, by formula."""
    for case in CASES:
        if case.strategy == "block":
            rule = OPTIMIZERS[case.optimizer.resolve(1, 1).rule]
            network = bp.MLP(case.layers, case.activation, case.loss).network
            with stand_in.gpu(TARGET):
                planned = block.plan(network, rule.states, case.dtype, BATCH)
            places = ["shared" if there else "global" for there in planned[1:3]]
            chunks = -(-BATCH // planned.layout.rows)
            numbers = _outside(network, rule.states, chunks, *planned[1:3])
            products = [BATCH * d_in * d_out for d_in, d_out in pairwise(network.layers)]
            yield [
                case.name(), planned.layout.rows, chunks, *places,
                3 * sum(products) - products[0], numbers * np.dtype(case.dtype).itemsize,
            ]  # fmt: skip


def _outside(network, states: int, chunks: int, gradient_shared: bool, moments_shared: bool) -> int:
    """Numbers that a step reads and writes outside of shared memory.

    They are inputs, targets and weights of samples; moments, once read and written; a gradient,
    which each chunk reads but the first, and writes, and the update reads, and writes old
    parameters to.
    """
    samples = BATCH * (network.layers[0] + 2)
    moments = 0 if moments_shared else 2 * states * network.n_parameters
    return samples + moments + (0 if gradient_shared else (2 * chunks + 1) * network.n_parameters)


def line(cells: list) -> str:
    """A row in Markdown."""
    return "| " + " | ".join(map(str, cells)) + " |"


def beside(cells: list, before: dict[tuple, list[str]]) -> list:
    """A row's numbers behind those of the same row before, where they differ."""
    new = list(map(str, cells))
    old = before.get(name(new), new)
    return [now if now == was else f"{was} → {now}" for was, now in zip(old, new, strict=True)]


def rows_of(text: str) -> dict[tuple, list[str]]:
    """Rows of tables in Markdown, by their names."""
    rows = [row.strip("| ").split(" | ") for row in text.splitlines() if row.startswith("| ")]
    return {name(row): row for row in rows}


def name(row: list[str]) -> tuple[str, ...]:
    """The words that a row begins with."""
    return tuple(takewhile(lambda cell: not cell[0].isdigit(), row))


def main() -> None:
    """Print the tables."""
    warnings.simplefilter("ignore")  # Numba's, on launches too small to fill a GPU
    parser = argparse.ArgumentParser(prog="python -m bpfast.bench.counts")
    parser.add_argument("--before", type=Path, help="an earlier table, whose numbers come first")
    path = parser.parse_args().before
    before = rows_of(path.read_text()) if path else {}
    print(HEAD.format(versions=registers.versions()))
    for names, rows in ((CODE, code_rows()), (STEP, step_rows())):
        print(line(list(names)), line(["---"] * len(names)), sep="\n")
        for cells in rows:
            print(line(beside(cells, before)), flush=True)
        print()


if __name__ == "__main__":
    main()
