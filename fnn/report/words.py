"""Intervals, names and the levels of a study as they are printed."""

import math
from collections.abc import Sequence

from fnn.formats import counted, number, share, to
from fnn.report.document import ClaimDocument, StudyDocument
from fnn.stats.intervals import Interval

# Effects that are shares begin with these words.
SHARES = ("share of runs", "probability of improvement")
# Of names so many are listed.
MOST_NAMES = 6


def interval(i: Interval) -> str:
    """Return an estimate with its interval, if that is finite: of one run it is not."""
    if not (math.isfinite(i.low) and math.isfinite(i.high)):
        return number(i.estimate)
    return f"{number(i.estimate)} ({to(i.low, i.high)})"


def printable(name: str) -> str:
    """Return a name from a file in one line, without what a terminal would take for a command."""
    return "".join(letter for letter in " ".join(name.split()) if letter.isprintable())


def listed(names: Sequence[str]) -> str:
    """Return the first of the names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(map(printable, names[:MOST_NAMES])) + more


def interval_document(i: Interval) -> dict[str, float | None]:
    """Return an estimate and its interval for a JSON document."""
    return {name: value if math.isfinite(value) else None for name, value in i._asdict().items()}


# ---- of studies ----


def levels(document: StudyDocument) -> list[str]:
    """Return over what a study's claims are tested: draws of the data and seeds, with the data where they differ."""
    count = document["seeds"]["count"]
    if "splits" in document:
        return [" × ".join((counted(len(document["fixed"]), "data set"), *_on_splits(document["splits"], count)))]
    draws = min(document["draws"], count)
    drawn, fixed = (", ".join(document[name]) for name in ("drawn", "fixed"))
    spread = f"{counted(draws, 'draw')} × {counted(count // draws, 'seed')}"
    if drawn and fixed:
        return [f"{spread} where data are drawn ({drawn})", f"{counted(count, 'seed')} where they are fixed ({fixed})"]
    return [spread if drawn else counted(count, "seed")]


def effect_text(name: str, value: float | None) -> str:
    """Return an effect, by its name, in the unit that a claim's sentence has it in: shares in per cent."""
    if value is not None and name == "difference in share":
        return f"{number(100 * value)} points"
    return share(value) if name.startswith(SHARES) else number(value)


def effect_interval(claim: ClaimDocument) -> str:
    """Return from where to where the effect of a claim is."""
    low, high = (effect_text(claim["effect_name"], claim[end]) for end in ("low", "high"))
    return f"{low.removesuffix(' points')} to {high}"


def claim_levels(claim: ClaimDocument) -> str:
    """Return over how many draws of the data, and seeds of each, a claim is tested."""
    seeds = counted(claim["seeds"], "seed")
    if "splits" in claim:
        sets = counted(len(claim["datasets"]), "data set")
        return " × ".join((sets, *_on_splits(claim["splits"], claim["seeds"])))
    return f"{claim['draws']:,} draws of the data × {seeds}" if claim["draws"] > 1 else f"{seeds} on one data set"


def _on_splits(splits: int, seeds: int) -> tuple[str, str]:
    """Return the levels of a study of tables within each of its data sets."""
    return counted(splits, "split"), counted(seeds, "seed")


def fresh(claim: ClaimDocument) -> str | None:
    """Return what a new study would need to decide an undecided claim, None where that is not told.

    Fresh runs: to look again at more and more of them errs more often than once in twenty.
    """
    if not claim["fresh_needed"]:
        return None
    units = "draws of the data" if claim["draws"] > 1 else "seeds"
    return f"a new study would need about {claim['fresh_needed']:,} fresh {units}"
