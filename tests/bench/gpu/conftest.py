"""Runs stages."""

import pytest
from gpu_stages import read

from bpfast.bench.gpu.stages import Run


@pytest.fixture
def go(tmp_path):
    """Runs stages; whether they went well, and what the summary says of each."""

    def run(*stages, seconds=60.0):
        well = Run(tmp_path, seconds, {}, lambda words: None).go(stages)
        return well, {entry["name"]: entry for entry in read(tmp_path / "summary.json")["stages"]}

    return run
