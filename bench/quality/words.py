"""What a run says of itself, line by line."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from fnn.bench.tables import WIDTH, check_lines, duration
from fnn.bench.targets import Check

from .contenders import TITLES
from .summary import OURS, Overall, Score

# What the lines of a set, and of all sets, begin with; and where their columns end.
_OF_SET = ("", "repeats", "error", "fnn's is", "log loss", "Brier", "ECE", "learns in")
_SET_WIDTHS = (-22, 8, 9, 11, 9, 7, 7, 10)
_OVER_SETS = ("", "sets", "repeats", "error", "log loss", "Brier", "ECE", "in 95%", "learns")
_OVER_WIDTHS = (-22, 5, 8, 22, 9, 7, 7, 7, 7)
_NOTE = (
    "Error, log loss and Brier score: how far the ensemble's is below (−) or above (+) theirs, geometric means over "
    "sets, of errors with the interval of 95% for sets such as these. ECE: calibration error, the mean over sets. "
    "In 95%: share of numbers inside intervals of 95%. Learns: times as long as the ensemble."
)
_MARKS = "* certain at 95% on this table, which allows for the overlap of the splits."


def head_lines(machine: dict[str, Any], method: dict[str, Any]) -> Iterator[str]:
    """Yield what the figures depend on."""
    packages = "; ".join(f"{name} {version}" for name, version in machine["packages"].items())
    about = f"{machine['cpu']}, {method['threads']} threads; Python {machine['python']}; {packages}"
    for text in (about, *method["absent"], *method["failed"]):
        yield from textwrap.wrap(text, WIDTH, subsequent_indent="  ")


def lines(
    sets: Sequence[dict[str, Any]], scores: Sequence[Score], overall: Sequence[Overall], kept: Sequence[Check]
) -> Iterator[str]:
    """Yield all of it: set by set, over all sets, and what was promised."""
    for of in sets:
        yield from set_lines(of, [score for score in scores if score.of == of["name"]])
    if overall:
        yield from overall_lines(overall)
    yield from check_lines(kept)


def set_lines(of: dict[str, Any], scores: Sequence[Score]) -> Iterator[str]:
    """Yield a set and what each scores on it, and how far the ensemble's error is below or above that."""
    if not scores:
        return
    columns = f"{of['numbers']} numbers and {of['categories']} categories"
    kind = f"{of['classes']} classes" if of["classes"] else "a number"
    yield f"{of['name']}   ({of['source']}: {of['rows']:,} rows; {kind} of {columns})"
    yield _cells(_OF_SET, _SET_WIDTHS)
    for its in scores:
        numbers = its.log_loss is None
        probabilities = [optional(value, ".3f") for value in (its.log_loss, its.brier, its.calibration_error)]
        seconds = duration(its.fit) if its.fit else ""
        yield _cells(
            (TITLES[its.who], its.repeats, error(its.error, numbers), against(its), *probabilities, seconds),
            _SET_WIDTHS,
        )


def overall_lines(overall: Sequence[Overall]) -> Iterator[str]:
    """Yield what all sets say together."""
    yield f"over all sets   {_MARKS}"
    yield _cells(_OVER_SETS, _OVER_WIDTHS)
    for its in overall:
        yield _cells((TITLES[its.who], its.sets, repeats(its), *over_cells(its)), _OVER_WIDTHS)
    yield from textwrap.wrap(_NOTE, WIDTH - 2, initial_indent="  ", subsequent_indent="  ")


def _cells(cells: Sequence[Any], widths: Sequence[int]) -> str:
    text = "".join(
        f"{cell!s:{'<' if width < 0 else '>'}{abs(width)}}" for cell, width in zip(cells, widths, strict=True)
    )
    return f"  {text}".rstrip()


def over_cells(its: Overall) -> list[str]:
    """Return how far the ensemble's error, log loss and Brier score are below or above, and the rest."""
    same = its.who == OURS
    ratios = (percent(its.error, True), percent(its.log_loss), percent(its.brier))
    return [
        *("" if same else ratio for ratio in ratios),
        optional(its.calibration_error, ".3f"),
        optional(its.coverage, ".1%"),
        "" if same or its.speed is None else f"{its.speed:.2g}x" if its.speed < 99.5 else f"{its.speed:,.0f}x",
    ]


def repeats(its: Overall) -> str:
    """Return how often folds were repeated, from the fewest of a table to the most."""
    return "–".join(map(str, dict.fromkeys(its.repeats)))


def percent(ratio: Sequence[float] | None, interval: bool = False) -> str:
    """Return how far a ratio is below (−) or above (+) 1, in per cent, maybe with its interval; nothing for none."""
    if not ratio:
        return ""
    ends = [re.sub(r"^.0%", "0%", f"{value - 1:+.0%}").replace("-", "−") for value in ratio]
    return f"{ends[0]} ({ends[1]} to {ends[2]})" if interval else ends[0]


def error(value: float | None, numbers: bool) -> str:
    """Return an error in per cent, of numbers in four digits."""
    return optional(value, ",.0f" if numbers and (value or 0) >= 1000 else ".4g" if numbers else ".1%")


def against(its: Score) -> str:
    """Return how far the ensemble's error is below or above this one, with a star where that is certain."""
    if its.who == OURS or not its.against:
        return ""
    certain = its.difference and (its.difference[1] > 0 or its.difference[2] < 0)
    return percent([its.against]) + ("*" if certain else " ")


def optional(value: float | None, how: str) -> str:
    """Return a number, nothing for none."""
    return "" if value is None else f"{value:{how}}"
