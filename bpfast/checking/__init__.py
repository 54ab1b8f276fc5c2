"""Whether results are right: gradients beside differences, devices beside the reference."""

from .gradients import check_gradients
from .verification import verify

__all__ = [
    "check_gradients",
    "verify",
]
