#!/usr/bin/env bash
# CUDA's kernels against the reference under compute-sanitizer, on a machine with a GPU: memcheck
# finds accesses out of bounds, racecheck threads of a block that get in each other's way.
# Arguments go to pytest, as in: bench/sanitize.sh -k thread
set -euo pipefail
cd "$(dirname "$0")/.."

# without CuPy's pool, which would hide what lies beyond an array inside it
run='
import sys, cupy, pytest
cupy.cuda.set_allocator(None)
sys.exit(pytest.main(["-m", "gpu", "tests/cuda", *sys.argv[1:]]))
'
for tool in memcheck racecheck; do
    echo "== $tool"
    compute-sanitizer --tool "$tool" --error-exitcode 9 "${PYTHON:-.venv/bin/python}" -c "$run" "$@"
done
