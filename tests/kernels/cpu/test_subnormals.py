"""Kernels take subnormal numbers for zeros, and leave the caller's arithmetic as it was."""

import re

import llvmlite.binding
import numpy as np
import pytest
from llvmlite import ir
from numba import njit

import bpfast as bp
from bpfast.kernels.cpu import lanes, large_batch, subnormals, tiles
from bpfast.kernels.cpu.arguments import arguments
from bpfast.kernels.cpu.whole_batch import whole_batch
from bpfast.kernels.task import Network, Samples

TINY = {"float32": np.float32(1.2e-38), "float64": np.float64(2.3e-308)}


@njit
def halves(numbers, results):
    """Half of each number, and each number as it is added to zero: flushed, and then not."""
    mode = subnormals.flush_subnormals()
    for k in range(numbers.size):
        results[0, k] = numbers[k] * numbers.dtype.type(0.5)
        results[1, k] = results[0, k]
    subnormals.restore_mode(mode)
    for k in range(numbers.size):
        results[2, k] = numbers[k] * numbers.dtype.type(0.5)


@pytest.mark.parametrize("dtype", TINY)
def test_only_between_the_two_calls(dtype):
    numbers = np.repeat(TINY[dtype], 37)
    results = np.full((3, 37), np.nan, dtype)
    halves(numbers, results)
    assert not results[:2].any()
    assert (results[2] > 0).all()


def test_subnormal_operands_are_zero():
    @njit
    def scaled(numbers, factor):
        mode = subnormals.flush_subnormals()
        for k in range(numbers.size):
            numbers[k] *= factor
        subnormals.restore_mode(mode)

    numbers = np.full(19, 1e-40, np.float32)
    scaled(numbers, np.float32(1e20))
    assert not numbers.any()


@pytest.mark.parametrize(("strategy", "samples"), [(lanes, 3), (tiles, 3), (large_batch, 3)])
@pytest.mark.parametrize("dtype", TINY)
def test_every_kernel_flushes(strategy, samples, dtype):
    """A gradient that would be subnormal is 0, a weight that decays below all others ends there."""
    network = Network((2, 3, 1), False, ("identity",), "half_squared_error", 0.0)
    tiny = TINY[dtype] * 2
    parameters = np.full((5, network.n_parameters), tiny)
    inputs, targets = np.full((samples, 2), 0.1, dtype), np.ones((samples, 1), dtype)
    task = whole_batch(network, parameters, Samples(inputs, targets, np.ones(samples, dtype)))
    gradients = strategy.gradients(task, arguments(task, np.arange(5)), 2)
    assert not gradients[:, :6].any()
    assert tiny * dtype_of(dtype)(0.1) > 0  # NumPy's own arithmetic is as it was


def dtype_of(dtype):
    return np.dtype(dtype).type


@pytest.mark.parametrize(
    ("layers", "samples", "n"), [((2, 3, 1), 4, 3), ((2, 600, 1), 4, 3), ((2, 600, 1), 600, 1)]
)
def test_decayed_weights_end_at_zero(layers, samples, n):
    """Weights that nothing but a penalty moves pass through 1e-38, and are not kept there."""
    population = bp.Population(bp.MLP(layers, loss="mse", bias=False), n)
    X, y = np.zeros((samples, 2)), np.zeros((samples, 1))
    penalised = bp.SGD(learning_rate=0.5, l2=1.0)  # each step halves them
    bp.fit(population, X, y, penalised, epochs=145, batch_size=samples, device="cpu")
    assert not population.parameters.any()
    assert population.predict(X, device="cpu").shape == (n, samples, 1)
    assert np.float32(1e-30) * np.float32(1e-10) > 0


@pytest.mark.parametrize(
    ("triple", "counts"),
    [
        ("x86_64-unknown-linux-gnu", {"stmxcsr": 1, "ldmxcsr": 2}),
        ("aarch64-unknown-linux-gnu", {"mrs": 1, "msr": 2}),
        ("riscv64-unknown-linux-gnu", {"fcsr": 0}),
    ],
)
def test_each_architecture_has_its_register(triple, counts):
    """Compiled for others than this machine: the register is read once and written twice."""
    llvmlite.binding.initialize_all_targets()
    llvmlite.binding.initialize_all_asmprinters()
    try:
        target = llvmlite.binding.Target.from_triple(triple)
    except RuntimeError:
        pytest.skip(f"LLVM was built without {triple}")
    module = ir.Module()
    module.triple = triple
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), []), "guarded")
    builder = ir.IRBuilder(function.append_basic_block())
    subnormals.emit_mode(builder, subnormals.emit_flush(builder))
    builder.ret_void()
    parsed = llvmlite.binding.parse_assembly(str(module))
    assembly = target.create_target_machine().emit_assembly(parsed).lower()
    assert [len(re.findall(rf"\b{name}\b", assembly)) for name in counts] == [*counts.values()]
