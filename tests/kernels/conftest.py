"""What tests of the CPU's kernels share."""

from contextlib import contextmanager
from unittest.mock import patch

import pytest

import bpfast as bp
from bpfast.kernels import cpu


@pytest.fixture(scope="session")
def forced():
    """A context in which device "cpu" is one strategy and so many threads, whatever is best."""
    choose = bp.dispatch.choose

    @contextmanager
    def force(strategy, threads=2):
        def chosen(mlp, n, batch_size, device, *of_the_optimizer):
            if device == "cpu":
                return bp.dispatch.Plan(strategy, device, "a test")
            return choose(mlp, n, batch_size, device, *of_the_optimizer)

        with (
            patch.object(bp.dispatch, "choose", chosen),
            patch.object(cpu, "thread_count", lambda: threads),
        ):
            yield

    return force
