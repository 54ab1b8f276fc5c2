"""Every CUDA kernel compiles for several kinds of GPU, without one, and fits into its registers.

``python -m bpfast.bench registers`` has every kernel on every kind, which takes minutes.
"""

import pytest

import bpfast as bp
from bpfast.bench import counts, registers
from bpfast.bench.registers import Case
from bpfast.kernels import cuda
from bpfast.kernels.cuda import block, compile, device, stand_in
from bpfast.kernels.cuda.block import shared_memory
from bpfast.kernels.cuda.fingerprint import fingerprint

if device.simulated():
    pytest.skip("the simulator compiles nothing", allow_module_level=True)
pytest.importorskip("numba_cuda")

# Numba's hint at launches that are too small to fill a GPU, which none of these is to do.
pytestmark = pytest.mark.filterwarnings("ignore:Grid size")

MOST_SPILLED = 256  # bytes: blocks trade them for two on a multiprocessor
# Kernels whose functions are those of a training's: one kind of GPU is enough for them.
PARTS_OF_A_TRAINING = ("gradient_block", "predict_block", "add_gradients", "predictions")
CASES = {
    "thread": Case("thread", (2, 4, 3), bp.Adam(), "gelu", "cross_entropy"),
    "block": Case("block", (64, 64, 10), bp.Adam(), "relu", "cross_entropy"),
    "large batch": Case(
        "large batch", (64, 256, 256, 1), bp.Adam(l1=0.1), "relu", "binary_cross_entropy"
    ),
}

# Each takes seconds: every strategy on two kinds of GPU, every kind has two strategies. What kinds
# have in common comes from Numba once.
FITS = {
    "thread": ((8, 0), (12, 0)),
    "block": (counts.TARGET, (12, 0)),
    "large batch": ((8, 0), counts.TARGET),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FITS)
def test_kernels_fit(name):
    """And no loop divides 64-bit numbers, and a block's tiles read shared memory alone."""
    for target in FITS[name]:
        launches = registers.launches(CASES[name], target)
        assert launches
        for launch in launches:
            if launch.name() in PARTS_OF_A_TRAINING and target != counts.TARGET:
                continue
            check_fits(launch, target, MOST_SPILLED if name == "block" else 0)


def check_fits(launch, target, spilled):
    """A thread of it spills no more bytes than these."""
    code = registers.ptx(launch, target)
    assert counts.count(code).divisions == 0, launch.name()
    if launch.name() in ("train_block", "gradient_block", "predict_block"):
        for instruction in tile_loops(code):
            assert not instruction.name.startswith(elsewhere(target))
    took = registers.usage(launch, code, target)
    assert took.registers * launch.threads <= 1 << 16, launch.name()
    assert took.spilled <= spilled, launch.name()
    assert took.local <= spilled, launch.name()
    assert took.shared <= stand_in.TARGETS[target], launch.name()


@pytest.mark.parametrize("name", CASES)
def test_every_kernel_can_be_kept(name):
    for launch in registers.launches(CASES[name], (9, 0)):
        assert isinstance(launch.kernel._cache, compile.DiskCache), launch.name()
        assert fingerprint(launch.kernel)


def test_what_does_not_fit_is_seen():
    """The check can fail: a thread has too few registers for a network that it is refused."""
    case = Case("thread", (4, 10, 1), bp.Adam())
    (launch,) = [
        launch for launch in registers.launches(case, (9, 0)) if launch.name() == "train_thread"
    ]
    assert registers.usage(launch, registers.ptx(launch, (9, 0)), (9, 0)).local > 0
    with stand_in.gpu((9, 0)):
        assert "registers" in cuda.refusal("thread", bp.MLP(case.layers).network, "adam", "float32")


# --- what the code holds --------------------------------------------------------------------------

LOOPS = """
.visible .entry kernel(
	.param .u64 kernel_param_0
)
{
	.reg .pred 	%p<3>;
	div.s64 	%rd1, %rd2, %rd3;
	@%p1 bra 	$L__BB0_4;
$L__BB0_1:
	ld.global.u64 	%rd4, [%rd5];
$L__BB0_2:
	ld.shared.f32 	%f1, [%rd6];
	fma.rn.f32 	%f2, %f1, %f1, %f2;
	fma.rn.f32 	%f3, %f1, %f1, %f3;
	@%p2 bra 	$L__BB0_2;
	rem.u64 	%rd7, %rd4, %rd3;
	@%p1 bra 	$L__BB0_1;
	bra.uni 	$L__BB0_4;
$L__BB0_4:
	st.global.u64 	[%rd5], %rd1;
	ret;
}
"""


def test_loops_are_found():
    """One loop in another: a division outside of them is not counted, one between them is."""
    counted = counts.count(LOOPS)
    assert counted.instructions == 12
    assert counted.by_depth == [5, 3, 4]
    assert counted.divisions == 1
    assert counted.memory == {"global": 1, "shared": 1, "local": 0}
    assert (counted.products, counted.per_product, counted.bytes_per_product) == (2, 2.0, 2.0)


def elsewhere(target):
    """Loads and stores that tiles do without; from 12.0 on, NVVM keeps sums in local memory."""
    return ("ld.global",) if target >= (12, 0) else ("ld.global", "ld.local", "st.local")


def tile_loops(code):
    """Instructions of the loops over tiles, which are around those with the most products."""
    blocks = counts.flow(code)
    loops = counts.loops(blocks)
    for loop in counts.hottest(blocks, loops):
        around = min((other for other in loops if loop < other), key=len)
        yield from counts.inside(blocks, around)


def test_two_blocks_share_a_multiprocessor():
    """With chunks that are not too short; their threads' registers were asked for."""
    with stand_in.gpu(counts.TARGET):
        planned = block.plan(bp.MLP((64, 64, 10)).network, 2, "float32", counts.BATCH)
    taken = planned.shared_memory + shared_memory.STATIC_BYTES + counts.RESERVED
    assert 2 * taken <= counts.SHARED
    assert planned.layout.rows == 32
    assert planned.moments_shared
