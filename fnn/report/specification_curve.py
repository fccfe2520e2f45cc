"""The curve of specifications: every distinct cell's effect, from the least to the greatest, over the settings it has.

Simonsohn, Simmons & Nelson, "Specification curve analysis", Nat. Hum. Behav. 4 (2020). A column is a cell. Names of the
settings are a drawing of their own, which stays where it is when the columns are scrolled.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from fnn.report.document import CellDocument
from fnn.report.marks import NOT_AS_CLAIMED
from fnn.report.markup import Html, element
from fnn.report.svg import SHARES, Scale, scale

# Kinds of verdicts, which differ in colour and in shape; all others say neither.
SUPPORTED, NOT_SO, NEITHER = "supported", "not-so", "neither"
KINDS = {"supported": SUPPORTED, **dict.fromkeys(NOT_AS_CLAIMED, NOT_SO)}

# In pixels: the height of the effects, of a row below, of the columns where there are so many at most.
EFFECTS, ROW, TOP = 132, 15, 14
STEPS = ((30, 14.0), (60, 10.0), (10**9, 7.0))
LETTER, MOST_LETTERS = 6.1, 24


class Row(NamedTuple):
    """A row below the effects: an axis, or one of its values."""

    text: str
    axis: str
    value: str | None


class Columns(NamedTuple):
    """Where things are: so many columns of a width, effects on a scale."""

    number: int
    step: float
    axis: Scale

    def x(self, k: int) -> float:
        """Return the middle of a column."""
        return round((k + 0.5) * self.step, 2)

    def y(self, effect: float) -> float:
        """Return the height of an effect."""
        return round(TOP + EFFECTS * (1 - self.axis.place(effect) / 100), 2)


def kind(verdict: str) -> str:
    """Return of which kind a verdict is."""
    return KINDS.get(verdict, NEITHER)


def specification_curve(
    cells: Sequence[CellDocument], axes: Mapping[str, Iterable[str]], null: float | None, up: bool, label: str
) -> Html:
    """Return the drawing of cells, which are sorted. axes: the values of each, in the order of their rows.

    null: the effect of no difference, None of shares; up: whether effects above the margin are as claimed; label: the
    drawing in words.
    """
    values = [value for cell in cells for value in (cell["low"], cell["high"], cell["margin"])]
    step = next(step for most, step in STEPS if len(cells) <= most)
    columns = Columns(len(cells), step, SHARES if null is None else scale(null, values))
    rows = list(_rows(axes))
    height = TOP + EFFECTS + ROW * (len(rows) + 1)
    return element(
        "div", _names(columns, rows, height, null), _drawing(columns, cells, rows, height, null, up, label),
        class_="curve", tabindex=0, role="group", aria_label="Curve of specifications",
    )  # fmt: skip


def _rows(axes: Mapping[str, Iterable[str]]) -> Iterable[Row]:
    for axis, values in axes.items():
        yield Row(axis.replace("_", " "), axis, None)
        yield from (Row(value, axis, value) for value in values)


def _row_y(place: int) -> float:
    """Return the middle of a row."""
    return TOP + EFFECTS + ROW * (place + 1)


# ---- the names ----


def _names(columns: Columns, rows: Sequence[Row], height: float, null: float | None) -> Html:
    longest = max(len(_cut(row.text)) for row in rows) if rows else 0
    width = round(max(44.0, LETTER * longest + 16))
    ends = [columns.axis.low, columns.axis.high, *([] if null is None else [null])]
    ticks = (
        element("text", f"{end:g}".replace("-", "−"), x="100%", dx=-6, y=columns.y(end) + 4, text_anchor="end")
        for end in ends
    )
    names = (
        element(
            "text", _cut(row.text), x=0 if row.value is None else 10, y=_row_y(k) + 4,
            class_="axis" if row.value is None else None,
        )
        for k, row in enumerate(rows)
    )  # fmt: skip
    return element(
        "svg", *ticks, *names, class_="names", aria_hidden="true", focusable="false", width=width, height=height
    )


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


# ---- the columns ----


def _drawing(
    columns: Columns,
    cells: Sequence[CellDocument],
    rows: Sequence[Row],
    height: float,
    null: float | None,
    up: bool,
    label: str,
) -> Html:
    width = round(columns.number * columns.step)
    parts = [
        _stated(columns, cells, height),
        *_claimed(columns, cells, up),
        None if null is None else _line(0, width, columns.y(null), "null"),
        *(_bars(columns, cells, of_kind) for of_kind in (NEITHER, NOT_SO, SUPPORTED)),
        *(_dot(columns, k, cell) for k, cell in enumerate(cells)),
        *(_line(0, width, _row_y(k) - ROW / 2, "rule") for k, row in enumerate(rows) if row.value is None),
        *(_settings(columns, cells, row, _row_y(k)) for k, row in enumerate(rows) if row.value is not None),
    ]
    # Stretched where paper is too narrow for it.
    box = {"viewBox": f"0 0 {width} {height:g}", "preserveAspectRatio": "none"}
    return element("svg", *parts, class_="cells", role="img", aria_label=label, width=width, height=height, **box)


def _line(left: float, right: float, y: float, class_: str) -> Html:
    return element("line", x1=left, x2=right, y1=y, y2=y, class_=class_)


def _stated(columns: Columns, cells: Sequence[CellDocument], height: float) -> Html | None:
    """Return the mark of the column with the claim's own settings."""
    place = next((k for k, cell in enumerate(cells) if cell["stated"]), None)
    if place is None:
        return None
    return element("rect", x=round(place * columns.step, 2), width=columns.step, y=0, height=height, class_="stated")


def _claimed(columns: Columns, cells: Sequence[CellDocument], up: bool) -> Iterable[Html]:
    """Yield the effects of which the claim speaks, from the margin on: a shaded area with an edge."""
    end = columns.y(columns.axis.high if up else columns.axis.low)
    begin = 0
    for margin, same in groupby(cell["margin"] for cell in cells):
        count = len(list(same))
        left, width, y = round(begin * columns.step, 2), round(count * columns.step, 2), columns.y(margin)
        yield element("rect", x=left, width=width, y=min(y, end), height=round(abs(y - end), 2), class_="band")
        yield _line(left, round(left + width, 2), y, "edge")
        begin += count


def _bars(columns: Columns, cells: Sequence[CellDocument], of_kind: str) -> Html | None:
    path = "".join(
        f"M{columns.x(k):g} {columns.y(cell['low']):g}V{columns.y(cell['high']):g}"
        for k, cell in enumerate(cells)
        if kind(cell["verdict"]) == of_kind
    )
    return element("path", d=path, class_=f"bar {of_kind}") if path else None


def _dot(columns: Columns, k: int, cell: CellDocument) -> Html:
    """Return the mark of an effect: a circle, hollow where nothing is decided, a square where it is not as claimed."""
    x, y, of_kind = columns.x(k), columns.y(cell["effect"]), kind(cell["verdict"])
    if of_kind == NOT_SO:
        return element("rect", x=round(x - 2.5, 2), y=round(y - 2.5, 2), width=5, height=5, class_=f"cell {of_kind}")
    return element("circle", cx=x, cy=y, r=2.8, class_=f"cell {of_kind}")


def _settings(columns: Columns, cells: Sequence[CellDocument], row: Row, y: float) -> Html:
    """Return a dot in each column whose cell has the value: lines of no length with round ends."""
    path = "".join(
        f"M{columns.x(k):g} {y:g}h0" for k, cell in enumerate(cells) if row.value in cell["levels"].get(row.axis, ())
    )
    return element("path", d=path, class_="has", data_axis=row.axis, data_value=row.value)
