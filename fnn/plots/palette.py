"""Colours, lines and marks of figures, as names only: what draws with Matplotlib and what draws pages share them.

Blue is 0 and orange is 1 everywhere (Okabe & Ito's colours, told apart by all kinds of colour vision).
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

ZERO, ONE, INK = "#0072B2", "#D55E00", "#333333"

# What tells named arms apart.
COLORS = (ZERO, ONE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (7, 2, 1, 2)))
MARKERS = "osD^vPX*"
# What tells arms apart that have an order, from the least on: it darkens, in print too.
RAMP = ("#E3B505", "#8FB935", "#3FA66B", "#1F8A83", "#2B6C8C", "#38508B", "#432F77", "#3A0D4F")

# The same on dark paper.
DARK_COLORS = ("#4FA8E0", "#F28C3C", "#2CC99A", "#E39AC4", "#F0B93A", "#9AD7FA", "#FFFFFF", "#C9A655")
DARK_RAMP = ("#8C7AE0", "#6C95DB", "#4FB3CC", "#46C7A0", "#7FD66C", "#BFE04D", "#F0E04A", "#FFF6BF")


def is_ordered(values: Sequence[Any]) -> bool:
    """Return whether three or more distinct values are numbers, be it in the same words, that ascend."""
    if any(isinstance(value, str) for value in values):
        parts = [re.fullmatch(r"(\D*?)(-?\d[\d.,]*(?:e[-+]?\d+)?)(\D*)", str(value)) for value in values]
        if not all(parts) or len({(part[1], part[3]) for part in parts if part}) > 1:
            return False
        numbers = [float(part[2].replace(",", "").rstrip(".")) for part in parts if part]
    else:
        numbers = [float("-inf") if value is None else float(value) for value in values]
    return len(numbers) > 2 and all(a < b for a, b in pairwise(numbers))
