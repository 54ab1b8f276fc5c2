"""How many examples hypothesis draws: a few in CI, always the same, or many new ones by hand."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = os.environ.get("BPFAST_EXAMPLES")


def drawn(examples, **options):
    """So many examples, always the same; or as many new ones as BPFAST_EXAMPLES asks for."""
    return settings(
        max_examples=int(EXAMPLES or examples),
        derandomize=not EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **options,
    )
