#!/usr/bin/env bash
# All that a GPU is to show, in at most eight minutes: bench/gpu.sh OUT [--rehearse]
# From a plain checkout, with the Python that is there. OUT is a folder; see bench/gpu/plan.py.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"

# Numba's compiler and linker should be those of one toolkit. Where nvcc lies says nothing, since it
# can be a script; nvcc itself knows.
if [ -z "${CUDA_HOME:-}" ] && command -v nvcc >/dev/null; then
    top="$(nvcc --dryrun -x cu -c -o /dev/null /dev/null 2>&1 | sed -n 's/^#\$ TOP=//p')" || true
    if [ -d "$top" ]; then
        CUDA_HOME="$(cd "$top" && pwd)"
        export CUDA_HOME
    fi
fi
exec "${PYTHON:-python3}" -m bpfast.bench gpu "$@"
