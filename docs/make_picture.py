"""Draw README's picture: every network of one sweep over digits, by its learning rate.

Run ``python docs/make_picture.py`` with the extras ``sklearn`` and ``plot``.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

import bpfast as bp

NETWORKS = 2048
COLOURS = {"8": "#9aa5b1", "16": "#5b8fd6", "32": "#8a5bd6", "64": "#d6455b"}


def main() -> None:
    """Sweep, draw, write the PNG beside this file."""
    digits = load_digits()
    space = {"learning_rate": "1e-5:1:log", "hidden": list(COLOURS)}
    bp.warmup(("float32",))
    result = bp.sweep(digits.data, digits.target, space, networks=NETWORKS)
    figure, axes = plt.subplots(figsize=(8, 3.6), dpi=150)
    for width, colour in COLOURS.items():
        of_width = result.table["hidden"] == width
        axes.scatter(
            result.table["learning_rate"][of_width],
            result.table["test_accuracy"][of_width],
            s=6,
            alpha=0.6,
            linewidths=0,
            color=colour,
            label=f"{width} hidden units",
        )
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("learning rate (Adam)")
    axes.set_ylabel("test accuracy")
    axes.set_title(
        f"{NETWORKS:,} networks on digits, 30 epochs each, in one call of {result.seconds:.1f} s",
        loc="left",
        fontsize=11,
    )
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, markerscale=3, loc="lower center", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(Path(__file__).parent / "digits.png")


if __name__ == "__main__":
    main()
