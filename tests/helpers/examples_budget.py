"""How many examples hypothesis draws: a few in CI, always the same, or many new ones by hand."""

import math
import os

from hypothesis import HealthCheck, settings

EXAMPLES = os.environ.get("BPFAST_EXAMPLES")
SHARE = 0.6  # of the examples that a test names: all tests together are to take five minutes


def drawn(examples, **options):
    """A share of so many examples, always the same; or as many new ones as BPFAST_EXAMPLES says."""
    return settings(
        max_examples=int(EXAMPLES or math.ceil(SHARE * examples)),
        derandomize=not EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **options,
    )
