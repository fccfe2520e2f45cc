"""Numbers, intervals and names as they are printed, in one format."""

import math
from collections.abc import Sequence

from fnn.stats.intervals import Interval

# Of names so many are listed.
MOST_NAMES = 6


def number(value: float) -> str:
    """Return a number with three digits, and all of those before the point."""
    if 999.5 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:#.3g}".removesuffix(".")


def interval(i: Interval) -> str:
    """Return an estimate with its interval, if that is finite: of one run it is not."""
    if not (math.isfinite(i.low) and math.isfinite(i.high)):
        return number(i.estimate)
    return f"{number(i.estimate)} ({number(i.low)} to {number(i.high)})"


def printable(name: str) -> str:
    """Return a name from a file in one line, without what a terminal would take for a command."""
    return "".join(letter for letter in " ".join(name.split()) if letter.isprintable())


def counted(count: int, noun: str) -> str:
    """Return how many there are of a thing."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """Return the first of the names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(map(printable, names[:MOST_NAMES])) + more


def interval_document(i: Interval) -> dict[str, float | None]:
    """Return an estimate and its interval for a JSON document."""
    return {name: value if math.isfinite(value) else None for name, value in i._asdict().items()}
