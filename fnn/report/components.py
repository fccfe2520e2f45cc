"""The parts that a page is put together from: numbers and verdicts as they are read, tables, commands, figures."""

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fnn.errors import InvalidSetting
from fnn.formats import number, p_value
from fnn.report.chart_file import chart_pieces
from fnn.report.marks import kind, mark
from fnn.report.markup import Child, Html, element

MOST_ROWS = 12


# ---- numbers ----


def chance(p: float) -> str:
    """Return a p-value as it is read, in one line."""
    text = p_value(p)
    return f"p\u00a0<\u00a0{text[1:]}" if text.startswith("<") else f"p\u00a0=\u00a0{text}"


def ends(low: float | None, high: float | None) -> tuple[float, float] | None:
    """Return an interval, None where an end is missing."""
    return None if low is None or high is None else (low, high)


# ---- text ----


def anchor(kind: str, key: str) -> str:
    """Return the id of a part: letters, digits and hyphens stay, any other character becomes its number."""
    return f"{kind}-" + re.sub(r"[^A-Za-z0-9-]", lambda m: f"_{ord(m[0]):x}_", key)


def paragraphs(text: str, class_: str | None = None) -> Iterator[Html]:
    """Yield a paragraph for each block of lines of plain text."""
    yield from (element("p", block, class_=class_) for block in re.split(r"\n\s*\n", text) if block.strip())


def verdict(word: str) -> Html:
    """Return a verdict: its mark and its word."""
    return element("span", mark(word), element("span", word.capitalize()), class_=f"verdict {kind(word)}")


def article(name: str, title: str, word: str | None, *children: Child) -> Html:
    """Return an article under its title and, where it has one, its verdict."""
    first = element("p", verdict(word)) if word else None
    head = element("header", first, element("h3", title, id=f"{name}-head"))
    return element("article", head, *children, id=name, aria_labelledby=f"{name}-head")


def command(text: str) -> Html:
    """Return a command to copy, under its head."""
    return element("div", element("h4", "Reproduce it"), element("pre", element("code", text)), class_="command")


# ---- tables ----


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], class_: str | None = None) -> Html:
    """Return a table; a row's first cell names it. Cells are text, numbers or markup.

    class_: `stacked` puts a row's cells under each other where the page is narrow, `titled` leaves the caption to
    those who do not see the head above it.
    """
    return framed(caption, heads, [element("tbody", *(_row(heads, row) for row in rows))], class_)


def framed(caption: str, heads: Sequence[str], bodies: Iterable[Html], class_: str | None = None) -> Html:
    """Return a table of these bodies; where it is too wide it scrolls in itself."""
    head = element("thead", element("tr", *(element("th", head, scope="col") for head in heads)))
    made = element("table", element("caption", caption), head, *bodies, class_=class_)
    return element("div", made, class_="scroll", tabindex=0, role="group", aria_label=caption)


def folded(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Html:
    """Return the table of a part whose title says what it is; a long one is folded."""
    made = table(caption, heads, rows, class_="titled")
    if len(rows) <= MOST_ROWS:
        return made
    return element("details", element("summary", f"Show the {len(rows)} rows"), made)


def _row(heads: Sequence[str], row: Sequence[Any]) -> Html:
    first, *rest = (cell if isinstance(cell, str) else number(cell) for cell in row)
    cells = (element("td", cell, data_label=head) for head, cell in zip(heads[1:], rest, strict=True))
    return element("tr", element("th", first, scope="row"), *cells)


# ---- figures ----


class Figures:
    """The figures of a page. Each is embedded once, where it is first shown; later it is a link to that place."""

    def __init__(self, figures: dict[str, Any], folder: Path) -> None:
        self.figures, self.folder, self.shown = figures, folder, set[str]()

    def show(self, key: str | None) -> Child:
        """Return the figure, or a link to it where the page has it already; None without a key."""
        if key is None:
            return None
        figure, name = self.figures[key], anchor("figure", key)
        if key in self.shown:
            return element("p", "Figure above: ", element("a", figure["title"], href=f"#{name}"), class_="again")
        self.shown.add(key)
        size = {"width": figure["width"], "height": figure["height"]}
        image = chart(self.folder, figure["file"], figure["alt"]) if figure["file"].endswith(".svg") else element(
            "img", src=embedded(self.folder, figure["file"]), alt=figure["alt"], **size)  # fmt: skip
        caption = element("figcaption", element("b", figure["title"]), " ", figure["caption"])
        return element("figure", image, caption, id=name, class_="picture")


def embedded(folder: Path, file: str) -> str:
    """Return a PNG file of the folder as a data URI. Raises InvalidSetting under `figures` where it is none."""
    try:
        content = (folder / file).read_bytes() if Path(file).name == file else b""
    except OSError as error:
        raise InvalidSetting("figures", file, f"a PNG file in {folder} ({error.strerror})") from error
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise InvalidSetting("figures", file, f"a PNG file in {folder}")
    return "data:image/png;base64," + base64.b64encode(content).decode()


def chart(folder: Path, file: str, label: str) -> Html:
    """Return the panels and keys of a chart's file, which the page sets in rows that fit; label: the chart in words.

    Raises InvalidSetting under `figures` where it is no such file.
    """
    try:
        pieces = chart_pieces((folder / file).read_text(encoding="utf-8") if Path(file).name == file else "")
    except (OSError, ValueError) as error:
        raise InvalidSetting("figures", file, f"a chart, an SVG file of fnn's in {folder}") from error
    panels, keys = ([p for p in pieces if f'class="{kind}"' in p.partition(">")[0]] for kind in ("panel", "key"))
    named = element("div", *keys, class_="keys") if keys else None
    return element("div", *panels, named, class_="chart", role="img", aria_label=label)
