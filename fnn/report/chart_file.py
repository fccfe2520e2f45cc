"""A chart as a file of its own, and its pieces on a page: the same panels and keys, set anew by the page."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from textwrap import wrap

from fnn.files import replacing
from fnn.plots.palette import COLORS, DARK_COLORS, DARK_RAMP, RAMP
from fnn.report.chart import LETTER, Piece, text_width
from fnn.report.markup import Html, element

SPACE = "http://www.w3.org/2000/svg"
# What a chart is made of; a file with anything else is not shown.
TAGS = {"svg", "g", "path", "text", "circle", "rect", "line", "style"}
ATTRIBUTES = {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "d", "class", "width", "height", "viewBox",
              "transform", "text-anchor", "role", "aria-label", "aria-hidden"}  # fmt: skip


def chart_style() -> Html:
    """Return the style sheet of charts, for a page and for a file of its own."""
    light, dark = _colors(COLORS, RAMP), _colors(DARK_COLORS, DARK_RAMP)
    rules = "".join(f".chart .{c}{k}{{color:var(--{c}{k})}}" for c in "so" for k in range(len(COLORS)))
    themes = f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}@media print{{:root{{{light}}}}}"
    sheet = files("fnn.report").joinpath("chart.css").read_text(encoding="utf-8")
    return Html(f"{themes}\n{rules}\n{sheet}")


def _colors(named: Sequence[str], ramp: Sequence[str]) -> str:
    return "".join(f"--{c}{k}:{color};" for c, of in zip("so", (named, ramp), strict=True)
                   for k, color in enumerate(of))  # fmt: skip


def save_chart(
    path: Path, title: Sequence[str], panels: Sequence[Piece], keys: Sequence[Piece], label: str
) -> tuple[int, int]:
    """Write panels, at most two in a row, under a title and above their keys; return width and height in pixels.

    label: the chart in words.
    """
    letters = int(min(len(panels), 2) * panels[0].width / LETTER)
    lines = [part for text in title for part in wrap(text, letters)]
    width = 20 + max([min(len(panels), 2) * panels[0].width, *(text_width(text) for text in lines)])
    heads = [element("text", text, x=f"{width / 2:g}", y=24 + 20 * k, text_anchor="middle", class_="title")
             for k, text in enumerate(lines)]  # fmt: skip
    top = 20.0 * len(lines) + 16
    parts = []
    for pieces in (panels, keys):
        placed, top = _flow(pieces, width - 20, top)
        parts += [element("g", piece.svg, transform=f"translate({x + 10:g} {y:g})")
                  for piece, (x, y) in zip(pieces, placed, strict=True)]  # fmt: skip
    height = math.ceil(top + 10)
    paper = element("rect", width="100%", height="100%", class_="paper")
    root = {"xmlns": SPACE, "viewBox": f"0 0 {width:g} {height}"}
    drawn = element("svg", element("style", chart_style()), paper, *heads, *parts, class_="chart file", role="img",
                    aria_label=label, width=f"{width:g}", height=height, **root)  # fmt: skip
    with replacing(path) as part:
        part.write_text(f"{drawn}\n", encoding="utf-8")
    return math.ceil(width), height


def _flow(pieces: Sequence[Piece], width: float, top: float) -> tuple[list[tuple[float, float]], float]:
    """Return where pieces go, in rows of at most that width, each row in the middle; and where they end."""
    rows: list[list[Piece]] = []
    for piece in pieces:
        if not rows or sum(p.width for p in rows[-1]) + piece.width > width:
            rows.append([])
        rows[-1].append(piece)
    placed = []
    for row in rows:
        x = max(0.0, (width - sum(p.width for p in row)) / 2)
        for piece in row:
            placed.append((x, top))
            x += piece.width
        top += max(p.height for p in row)
    return placed, top


def chart_pieces(text: str) -> list[Html]:
    """Return panels and keys of a chart's file. Raises ValueError where it is no such file, or has more in it."""
    if "<!" in text:  # entities and such
        raise ValueError("not a chart")
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise ValueError("not a chart") from error
    if root.tag != f"{{{SPACE}}}svg":
        raise ValueError("not a chart")
    return list(_pieces(root))


def _pieces(root: ET.Element) -> Iterator[Html]:
    for svg in root.iter(f"{{{SPACE}}}svg"):
        if svg.get("class") in ("panel", "key"):
            for part in svg.iter():
                part.tag = part.tag.removeprefix(f"{{{SPACE}}}")
                if part.tag not in TAGS or part.tag == "style" or set(part.keys()) - ATTRIBUTES:
                    raise ValueError("not a chart")
                part.tail = None
            yield Html(ET.tostring(svg, encoding="unicode"))
