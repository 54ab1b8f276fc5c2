"""How many examples hypothesis draws: a few in CI, always the same, or many new ones by hand.

What a test does not say itself is the same for all of them, on a machine however busy.
"""

import math
import os

from hypothesis import HealthCheck, settings

EXAMPLES = os.environ.get("BPFAST_EXAMPLES")
SAME = {"derandomize": not EXAMPLES, "deadline": None}
SHARE = 0.6  # of the examples that a test names: all tests together are to take five minutes


def drawn(examples, **options):
    """A share of so many examples, always the same; or as many new ones as BPFAST_EXAMPLES says."""
    return settings(
        max_examples=int(EXAMPLES or math.ceil(SHARE * examples)),
        suppress_health_check=list(HealthCheck),
        **SAME,
        **options,
    )


settings.register_profile("bpfast", **SAME, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bpfast")
