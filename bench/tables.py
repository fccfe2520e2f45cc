"""What a benchmark says of itself: the lines printed, the CSV, and the JSON document there and back."""

import csv
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple

from fnn.files import replacing

from .accuracy import WORK as ACCURACY
from .accuracy import accuracy_line
from .cluster import DRAWN, drawn_lines, way_line
from .cluster import WORK as CLUSTER
from .layouts import CHOSEN, LEEWAY, cells_of, choices
from .layouts import WORK as LAYOUTS
from .run import Row
from .search import WORK as SEARCH
from .targets import Check, against_pytorch, ahead_from

WIDTH = 100


class Report(NamedTuple):
    """A whole run: the machine, how it was measured (runs, seed, threads, cap, peaks), and its rows."""

    machine: dict[str, Any]
    method: dict[str, Any]
    rows: list[Row]
    checks: list[Check]


def document(report: Report) -> dict[str, Any]:
    """Return the report as plain data."""
    return {
        "machine": report.machine,
        "method": report.method,
        "rows": [asdict(row) for row in report.rows],
        "checks": [check._asdict() for check in report.checks],
    }


def from_document(document: dict[str, Any]) -> Report:
    """Return the report that `document` made plain."""
    rows = [Row(**row) for row in document["rows"]]
    return Report(document["machine"], document["method"], rows, [Check(**check) for check in document["checks"]])


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write a line for each row; quartiles and intervals have a column for each of their numbers."""
    parts = {"interval": ("solved_low", "solved_high"), "seconds": ("seconds_q25", "seconds", "seconds_q75"),
             "accuracy": ("accuracy_q25", "accuracy", "accuracy_q75")}  # fmt: skip
    names = [field.name for field in fields(Row)]
    header = [column for name in names for column in parts.get(name, (name,))]
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        for row in rows:
            values: list[Any] = []
            for name in names:
                value = getattr(row, name)
                values += (value or [None] * len(parts[name])) if name in parts else [value]
            table.writerow(values)


def duration(seconds: float) -> str:
    """Return seconds in three digits and a unit."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 0.9995 or unit == "µs":
            digits = f"{seconds * factor:,.0f}" if seconds * factor >= 999.5 else f"{seconds * factor:#.3g}".rstrip(".")
            return f"{digits} {unit}"
    raise AssertionError


def head_lines(machine: dict[str, Any], method: dict[str, Any]) -> Iterator[str]:
    """Yield what the figures depend on."""
    packages = "; ".join(f"{name} {version}" for name, version in machine["packages"].items())
    about = f"{machine['cpu']}, {method['threads']} threads; Python {machine['python']}; {packages}"
    yield from textwrap.wrap(about, WIDTH, subsequent_indent="  ")
    peaks = ", ".join(f"{value / 1e9:,.0f} GFLOP/s in {dtype}" for dtype, value in method["peaks"].items())
    yield f"FMA peak: {peaks}."
    yield f"Medians of {method['runs']} runs with their quartiles; a first run, which compiles, comes before them."


def case_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the table of one case: rows of one `what` and precision."""
    first = rows[0]
    if first.work == LAYOUTS:
        yield "the way that training takes has a star"
        yield from map(_cell_line, cells_of(rows))
        return
    if first.work == ACCURACY:
        yield first.what
        yield from map(accuracy_line, rows)
        return
    if first.work == SEARCH:
        yield first.what
        yield from map(_search_line, rows)
        return
    if first.work == CLUSTER:
        yield first.what
        for row in rows:
            yield from drawn_lines(row) if row.what == DRAWN else [way_line(row)]
        return
    single, by_loss = first.work == "chains", first.work in ("chains", "tables", "ensembles", "images")
    if first.dtype:
        about = f"hidden {first.hidden}, {first.samples:,} samples, {first.epochs} epochs, {first.dtype}"
        yield f"{first.what}   ({about})"
        rate = "µs/epoch" if single else "networks/s"
        became = "loss" if by_loss else "solved"
        head = f"  {'':28}{'networks':>8} {'first':>8} {'time':>8} {'quartiles':>12}"
        yield f"{head}{rate:>11}{'fnn is':>7}{'peak':>6}{became:>7}"
    else:
        yield first.what
        became = "solved" if first.solved is not None else ""
        yield f"  {'':37}{'first':>8} {'time':>8} {'quartiles':>12}{'fnn is':>18}{became:>14}"
    for row in rows:
        yield _line(row, single, by_loss)
    notes: dict[str, list[str]] = {}
    for row in rows:
        if row.note and row.seconds:
            notes.setdefault(row.note, []).append(row.title)
    for note, titles in notes.items():
        text = f"{', '.join(titles)}: {note}"
        yield from textwrap.wrap(text, WIDTH, initial_indent="  * ", subsequent_indent="    ")


def _search_line(row: Row) -> str:
    if row.accuracy is None or row.seconds is None:
        return f"  {row.status}: {row.note}"
    low, score, high = (f"{value:.1%}" for value in row.accuracy)
    ahead = "" if row.ratio is None else f" (fnn {_multiple(row.ratio)})"
    return f"  {row.title}: {duration(row.seconds[1])}{ahead}, right in {score} ({low} to {high}) by its best setting"


def _multiple(ratio: float) -> str:
    return f"{ratio:,.0f}x" if ratio > 99.95 else f"{ratio:.1f}x" if ratio > 0.95 else f"{ratio:.2g}x"


def _between(low: float, high: float, middle: float) -> str:
    """Return two durations in the unit that `duration` gives the one between them."""
    factor = {"s": 1.0, "ms": 1e3, "µs": 1e6}[duration(middle).split()[1]]
    return "–".join(f"{v * factor:,.0f}" if v * factor >= 99.5 else f"{v * factor:#.3g}" for v in (low, high))


def _line(row: Row, single: bool, by_loss: bool) -> str:
    mark = "*" if row.note and row.seconds else ""
    title = f"{row.title}{mark}"
    if row.seconds is None:
        return f"  {title:28} {row.status}: {row.note}"[:WIDTH]
    low, middle, high = row.seconds
    spread, first = _between(low, high, middle), duration(row.first or 0.0)
    ratio = _multiple(row.ratio) if row.ratio else ""
    share = f"{row.share:.1%}" if row.share is not None else ""
    solved = f"{row.solved:.1%}" if row.solved is not None else ""
    if row.dtype is None:
        return f"  {title:37}{first:>8} {duration(middle):>8} {spread:>12}{ratio:>18}{solved:>14}"
    rate = row.epoch_us if single else row.per_second
    digits = f"{rate:,.0f}" if rate and rate >= 99.5 else f"{rate:,.1f}"
    solved = f"{row.loss:.2g}" if by_loss and row.loss is not None else solved
    head = f"  {title:28}{row.networks:>8,} {first:>8} {duration(middle):>8} {spread:>12}"
    return f"{head}{digits:>10} {ratio:>7}{share:>6}{solved:>7}"


def _cell_line(rows: Sequence[Row]) -> str:
    """Return the times of the ways to fill the lanes in one cell of the grid."""
    times = [
        f"{row.contender}{'*' * (row.note == CHOSEN)} {duration(row.seconds[1]) if row.seconds else row.status}"
        for row in rows
    ]
    return f"  {f'{rows[0].what}, {rows[0].dtype}':55}" + "".join(f"{text:>21}" for text in times)


def _choice_lines(rows: Sequence[Row]) -> Iterator[str]:
    chosen = choices(rows)
    if not chosen:
        return
    worst = chosen.worst
    text = (
        f"The way training takes is within {LEEWAY:.0%} of the fastest in {chosen.right:.1%} of {chosen.cells} "
        f"cells; over all it takes {chosen.cost - 1:.1%} longer (geometric mean)"
    )
    if worst and worst.ratio:
        text += f", at worst {1 / worst.ratio:.2f} times as long as {worst.title}: {worst.what}, {worst.dtype}"
    yield from textwrap.wrap(f"{text}.", WIDTH, subsequent_indent="  ")


def closing_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what several cases say together."""
    ahead = ahead_from(rows)
    if ahead:
        yield "fnn is ahead of"
    for title, at in ahead.items():
        yield f"  {title:28}" + (f"from {at:,.0f} network{'s' * (at > 1)} on" if at else "in no stack measured")
    ratio = against_pytorch(rows)
    if ratio:
        text = (
            f"SimpleChains' network: fnn is {_multiple(ratio)} PyTorch here; its blog says of SimpleChains.jl 35x, "
            "41 µs an epoch on 18 cores."
        )
        yield from textwrap.wrap(text, WIDTH, subsequent_indent="  ")
    yield from _choice_lines(rows)


def check_lines(checks: Sequence[Check]) -> Iterator[str]:
    """Yield whether each promise is kept."""
    if checks:
        yield "what was promised"
    for check in checks:
        sign = "at least" if check.least else "at most"
        share = ".1%" if check.work in (ACCURACY, CLUSTER) else ".0%"
        bound, measured = (
            f"{v:{share}}" if check.percent else f"{v:,.1f} {check.unit}" if check.unit else _multiple(v)
            for v in (check.bound, check.measured)
        )
        what = f"{check.what}, {check.dtype}, against {check.against}"
        yield f"  {'kept  ' if check.met else 'MISSED'} {what:64} {sign} {bound:>7}: {measured}"
