"""What tests type at the command, and what request words come to."""

from unittest.mock import patch

SMALL = ["--networks", "6", "--epochs", "2", "--hidden", "3,2x2", "--device", "reference"]


def asked_by(*words):
    """The request and the options that ``bpfast sweep`` takes from words; nothing is trained."""
    from bpfast.command import sweeping  # which needs the extra "cli"
    from bpfast.command.app import app

    asked = []
    with patch.object(sweeping, "run_request", lambda *what: asked.append(what)):
        app(["sweep", *map(str, words)], standalone_mode=False)
    ((request, options, *_),) = asked
    return request, options
