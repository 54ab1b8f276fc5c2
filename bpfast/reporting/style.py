"""Colours, sizes and matplotlib's settings for the figures of a report.

Figures are drawn in the colours of the light theme. On a page, these colours of an SVG are replaced
by names, so that the same drawing is shown in either theme.
"""

from __future__ import annotations

from typing import Any

# name: (light, dark). Each colour is here once, since an SVG's colours are known by their values.
COLOURS = {
    "paper": ("#ffffff", "#171b21"),
    "ink": ("#1b2430", "#e7eaef"),
    "muted": ("#5a6675", "#9ba7b6"),
    "grid": ("#dde3ea", "#2e3641"),
    "best": ("#c22f4c", "#ff7d92"),
    "many": ("#2a6bc3", "#72aaf6"),
    "third": ("#b85c00", "#f0a04b"),
    "fourth": ("#1d7f4f", "#5fcf97"),
    "fifth": ("#7d45b8", "#c79bf5"),
    "sixth": ("#0d7a8a", "#4fc7d6"),
    "seventh": ("#7a6a1f", "#d3c26a"),
}
SERIES = ("many", "third", "fourth", "fifth", "sixth", "seventh")  # of things of one sort
LIGHT = {name: light for name, (light, _) in COLOURS.items()}

WIDE, NARROW = 880, 350  # width of a figure for a wide and for a narrow page, in pixels
# Marks of one sort in a figure, by its width: more would hide each other and swell the file.
MARKS = {WIDE: 1500, NARROW: 500}

STYLE: dict[Any, Any] = {
    "font.size": 12,
    "text.color": LIGHT["ink"],
    "axes.edgecolor": LIGHT["muted"],
    "axes.labelcolor": LIGHT["ink"],
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": LIGHT["grid"],
    "figure.facecolor": LIGHT["paper"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "xtick.labelcolor": LIGHT["ink"],
    "ytick.labelcolor": LIGHT["ink"],
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text, in the page's own font
    "svg.hashsalt": "bpfast",  # the same figure has the same bytes
}
