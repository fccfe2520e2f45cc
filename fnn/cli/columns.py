"""Tables on a terminal: folded between words where they are too wide, then stacked; no word or number is ever cut."""

import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from fnn.cli.encoding import echo, plain

Row = Sequence[str]

_GAP = 2
# What is not parted, and a blank that stands in it meanwhile.
_SHORT_BRACKET, _STAYS = re.compile(r"\([^()]{1,28}\)"), "\u00a0"
# A cell of text is folded into no more lines than this, nor into less than so many letters a line.
_MOST_LINES, _LEAST = 8, 16


def print_table(columns: Row, rows: Sequence[Row]) -> None:
    """Print a table: as wide as it needs to be, on a terminal no wider than that."""
    encoding = getattr(sys.stdout, "encoding", None)
    heads, *body = [
        [_held_together(plain(" ".join(cell.split()), encoding)) for cell in row] for row in (columns, *rows)
    ]
    width = _terminal_width()
    widths = _fitting(heads, body, width) if width else _natural(heads, body)
    lines = _table(heads, body, widths, ruled=width is not None) if widths else _stacked(heads, body, width or 0)
    echo("\n".join(lines).replace(_STAYS, " "))


def print_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Print what is true of each network, a row each, and an empty line."""
    from fnn.report.runs import row_words

    if rows:
        print_table([name.replace("_", " ") for name in rows[0]], row_words(rows))
        echo("")


def _terminal_width() -> int | None:
    """Return the columns of the terminal that is printed on, None where there is none."""
    if not sys.stdout.isatty():
        return None
    from rich.console import Console

    return Console().width


def _natural(heads: Row, rows: Sequence[Row]) -> list[int]:
    """Return the width of each column in which nothing is folded."""
    return [max(map(_cells, column)) for column in zip(heads, *rows, strict=True)]


def _fitting(heads: Row, rows: Sequence[Row], width: int) -> list[int] | None:
    """Return widths of columns that fit, the widest columns folded first; None where words would be cut.

    Heads fold before cells do.
    """
    room = width - _GAP * (len(heads) - 1)
    columns = list(zip(heads, *rows, strict=True))
    least = [max(_longest_word(cell) for cell in column) for column in columns]
    bodies = [max([_longest_word(column[0]), *map(_cells, column[1:])]) for column in columns]
    for wanted, floor in ((_natural(heads, rows), bodies), (bodies, least)):
        widths = list(wanted)
        while sum(widths) > room:
            place = max(range(len(widths)), key=lambda k: (widths[k] > floor[k], widths[k]))
            if widths[place] <= floor[place]:
                break
            widths[place] -= 1
        if sum(widths) <= room:
            readable = all(
                len(_folded(cell, w)) <= _MOST_LINES and (w >= _LEAST or _cells(cell) <= 3 * w)
                for row in rows
                for cell, w in zip(row, widths, strict=True)
            )
            return widths if readable else None
    return None


def _table(heads: Row, rows: Sequence[Row], widths: Sequence[int], *, ruled: bool) -> Iterator[str]:
    head = list(_lines(heads, widths))
    yield from map(_bold, head) if ruled else head
    if ruled:
        yield plain("─", getattr(sys.stdout, "encoding", None)) * (sum(widths) + _GAP * (len(widths) - 1))
    for row in rows:
        yield from _lines(row, widths)


def _lines(row: Row, widths: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a row, in which cells are folded to their widths."""
    cells = [_folded(cell, width) for cell, width in zip(row, widths, strict=True)]
    for k in range(max(map(len, cells))):
        parts = (_padded(cell[k] if k < len(cell) else "", w) for cell, w in zip(cells, widths, strict=True))
        yield (" " * _GAP).join(parts).rstrip()


def _stacked(heads: Row, rows: Sequence[Row], width: int) -> Iterator[str]:
    """Yield the rows one under the other, each cell beside its head: as narrow as a terminal may be."""
    label = min(max(map(_cells, heads)), max(width // 3, 8))
    for place, row in enumerate(rows):
        if place:
            yield ""
        for head, cell in zip(heads, row, strict=True):
            if cell:
                yield from _lines([head, cell], [label, max(_cells(cell), 1) if width <= 0 else _beside(label, width)])


def _beside(label: int, width: int) -> int:
    return max(width - label - _GAP, 1)


def _folded(cell: str, width: int) -> list[str]:
    """Return a cell in lines, parted between words; a word that is longer than a line is a line of its own."""
    if _longest_word(cell) > width:
        cell = cell.replace(_STAYS, " ")
    lines, used = [""], 0
    for word in cell.split(" "):
        cells = _cells(word)
        if lines[-1] and used + 1 + cells > width:
            lines.append("")
        used = used + 1 + cells if lines[-1] else cells
        lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines


def _longest_word(cell: str) -> int:
    return max(map(_cells, cell.split(" ")))


def _held_together(cell: str) -> str:
    """Return a cell in which a short bracket, such as an interval, is not parted at the end of a line."""
    return _SHORT_BRACKET.sub(lambda match: match[0].replace(" ", _STAYS), " ".join(cell.split()))


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _cells(text))


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m"


def _cells(text: str) -> int:
    """Return how many columns of a terminal a text takes: of Chinese, Japanese and Korean two a letter."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
