"""The colours of figures can be read in either theme."""

import numpy as np
import pytest

from bpfast.reporting.style import COLOURS

RATIO_OF_TEXT, RATIO_OF_MARKS = 4.5, 3.0  # WCAG's least contrasts


@pytest.mark.parametrize("theme", [0, 1])
def test_colours_have_contrast(theme):
    paper = _luminance(COLOURS["paper"][theme])
    for name, colours in COLOURS.items():
        high, low = sorted((_luminance(colours[theme]), paper), reverse=True)
        ratio = (high + 0.05) / (low + 0.05)
        if name in ("ink", "muted"):
            assert ratio >= RATIO_OF_TEXT, name
        elif name not in ("paper", "grid"):
            assert ratio >= RATIO_OF_MARKS, name
    assert len({colour for pair in COLOURS.values() for colour in pair}) == 2 * len(COLOURS)


def _luminance(colour):
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)
