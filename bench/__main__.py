"""``python -m bpfast.bench NAME ...``: one of the measurements that are modules of their own."""

from __future__ import annotations

import importlib
import sys

NAMES = (
    "cluster",
    "counts",
    "estimators",
    "first_result",
    "guard",
    "large_table",
    "readme_table",
    "registers",
    "samplers",
    "scaling",
)
FOLDERS = ("answers", "gpu", "options", "sweeps")
MEASUREMENTS = {name: f"{name}.command" for name in FOLDERS} | {name: name for name in NAMES}


def main() -> None:
    """Hand over to the measurement that is named."""
    chosen = sys.argv[1] if len(sys.argv) > 1 else ""
    if chosen not in MEASUREMENTS:
        raise SystemExit(f"usage: python -m bpfast.bench {{{','.join(MEASUREMENTS)}}} ...")
    del sys.argv[1]
    sys.exit(importlib.import_module(f".{MEASUREMENTS[chosen]}", __package__).main())


if __name__ == "__main__":
    main()
