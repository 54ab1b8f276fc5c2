"""CONTRIBUTING.md's activation, loss and optimiser on CUDA: see ``tests/test_contributing.py``."""

import contributed
import pytest

pytestmark = [pytest.mark.cuda_simulator, pytest.mark.gpu]


@pytest.mark.parametrize("strategy", ["thread", "block", "large batch"])
def test_what_the_page_adds(forced, strategy):
    with forced(strategy), contributed.contributed() as names:
        contributed.check_on("cuda", names)
