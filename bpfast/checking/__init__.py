"""Whether results are right: gradients against differences, devices against the reference."""

from .gradients import check_gradients
from .verification import verify

__all__ = [
    "check_gradients",
    "verify",
]
