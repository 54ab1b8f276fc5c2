"""What people train many small networks with today, each at its best, on the same work.

A peer has several modes; all are measured, and bpfast is held against the fastest. They start from
bpfast's initial weights and take the same batches in the same order, so that they must reach the
same losses. Compiling is not timed, and bringing data to where a peer wants it only in a run's
``from_host``.
"""

from __future__ import annotations

from functools import partial

from ..measure import Runner
from . import jax, sklearn, torch

PEERS = (
    Runner("JAX", "jit(vmap(scan))", partial(jax.build, together="vmap", split=False)),
    Runner("JAX", "jit(vmap(scan)) on each core", partial(jax.build, together="vmap", split=True)),
    Runner("JAX", "jit(map(scan)) on each core", partial(jax.build, together="map", split=True)),
    Runner("PyTorch", "baddbmm", partial(torch.build, compiled=False)),
    Runner("PyTorch", "baddbmm, compiled", partial(torch.build, compiled=True)),
    Runner("scikit-learn", "a loop", sklearn.build, sklearn.few_networks),
)
GPU_PEERS = (
    Runner(
        "JAX", "jit(vmap(scan))", partial(jax.build, together="vmap", split=False, platform="cuda")
    ),
    Runner("PyTorch", "baddbmm, compiled, CUDA graphs", torch.build_with_graphs),
)
