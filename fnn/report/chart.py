"""Charts of a page as SVG: panels with axes, lines, bands, steps and marks, and the keys that name them.

Nothing has a colour of its own: classes take those of the style sheet, light or dark. Text is text. A panel and a key
are each an `svg` of so many pixels, so that a page sets them side by side or, on a phone, below each other, and letters
keep their size.
"""

import math
import unicodedata
from collections.abc import Iterable
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.plots.palette import COLORS, RAMP
from fnn.report.markup import Child, Html, element
from fnn.report.svg import Scale
from fnn.stats.curves import subsample

Array = NDArray[Any]

# In pixels: a panel, and the room for its numbers and labels around what is drawn; the height of a key, and what
# stands before its text.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 400, 290, 62, 14, 28, 46
KEY, SAMPLE, LETTER = 22, 30, 7.3
# Points of a line: no eye sees more. A loss so many times the first is of a network that diverges: the axis ends there.
MOST_POINTS, BLOWN_UP = 120, 100.0


class Piece(NamedTuple):
    """A panel or a key: an `svg`, and its size in pixels."""

    svg: Html
    width: float
    height: float


class Axis(NamedTuple):
    """An axis: its ends, its name, whether it is logarithmic, and whether its numbers are shares."""

    scale: Scale
    label: str = ""
    shares: bool = False

    def ticks(self) -> list[tuple[float, str]]:
        """Return the values that have a number, with it."""
        if self.scale.log:
            return [(value, power(value)) for value in _log_ticks(self.scale)]
        step = _step(self.scale.high - self.scale.low)
        first, last = math.ceil(self.scale.low / step - 1e-9), math.floor(self.scale.high / step + 1e-9)
        values = [round(k * step, 12) for k in range(first, last + 1)]
        return [(value, _number(value, shares=self.shares)) for value in values]


def _number(value: float, *, shares: bool) -> str:
    if shares:
        return f"{100 * value:.3g}%".replace("-", "−")
    text = f"{value / 1e6:g} M" if abs(value) >= 1e6 else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return text.replace("-", "−")


def _step(reach: float) -> float:
    """Return the step of 1, 2 or 5 times a power of ten that divides a reach in at most five."""
    power_of_ten = 10.0 ** math.floor(math.log10(reach / 5))
    return next(power_of_ten * m for m in (1, 2, 5, 10) if reach / (power_of_ten * m) <= 5)


def _log_ticks(scale: Scale) -> list[float]:
    low, high = math.log10(scale.low), math.log10(scale.high)
    if high - low < 1.5:
        values = [m * 10.0**k for k in range(math.floor(low), math.ceil(high) + 1) for m in (1, 1.5, 2, 3, 5, 7)]
        return [round(value, 12) for value in values if scale.low <= value <= scale.high]
    every = math.ceil((high - low) / 6)
    return [10.0**k for k in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1) if k % every == 0]


def power(value: float) -> str:
    """Return a value of a logarithmic axis: a power of ten as one, others as they are."""
    exponent = round(math.log10(value))
    if math.isclose(value, 10.0**exponent) and not -3 < exponent < 4:
        return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value:g}"


def loss_axis(values: Iterable[Array], first: float, label: str = "loss") -> Axis:
    """Return the logarithmic axis of losses. first: the loss before training, far above which nothing is shown."""
    shown = np.concatenate([np.asarray(v, float).ravel() for v in values])
    shown = shown[np.isfinite(shown) & (shown > 0)]
    if not len(shown):
        return Axis(Scale(0.1, 1.0, log=True), label)
    low, high = float(shown.min()), float(shown.max())
    if math.isfinite(first) and first > 0:
        high = max(low, min(high, BLOWN_UP * first))
    return Axis(Scale(low / 1.25, high * 1.25, log=True), label)


# ---- panels ----


class Panel(NamedTuple):
    """Two axes, and a size in pixels."""

    x: Axis
    y: Axis
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT

    def place(self, x: Array, y: Array) -> NDArray[np.float64]:
        """Return the places of values in pixels: (N, 2), NaN where they have none."""
        across = _places(self.x.scale, x) * (self.width - self.left - RIGHT) + self.left
        up = (1 - _places(self.y.scale, y)) * (self.height - TOP - BOTTOM) + TOP
        return np.round(np.stack(np.broadcast_arrays(across, up), axis=-1), 1)

    def draw(self, *parts: Child, title: str = "", numbers_left: bool = True) -> Piece:
        """Return the panel with its axes, its grid and what is drawn in it."""
        middle, right, bottom = (self.left + self.width - RIGHT) / 2, self.width - RIGHT, self.height - BOTTOM
        axes = [
            _tick_x(self.place(np.array(v), np.array(self.y.scale.low)), text, self.width) for v, text in self.x.ticks()
        ]
        if numbers_left:
            ticks_y = ((self.place(np.array(self.x.scale.low), np.array(v)), text) for v, text in self.y.ticks())
            axes += [_tick_y(at, text, right) for at, text in ticks_y]
        across = (self.height - BOTTOM + TOP) / 2
        names = [
            element("text", title, x=middle, y=16, text_anchor="middle", class_="title") if title else None,
            element("text", self.x.label, x=middle, y=self.height - 8, text_anchor="middle"),
            element("text", self.y.label, transform=f"translate(14 {across:g}) rotate(-90)", text_anchor="middle"),
        ]
        frame = element("path", d=f"M{self.left:g} {TOP}V{bottom:g}H{right:g}", class_="axis")
        return piece("panel", self.width, self.height, *axes, frame, *parts, *names)


def piece(kind: str, width: float, height: float, *parts: Child) -> Piece:
    """Return an `svg` of that class and size."""
    # What it shows is said of the whole.
    box = {"viewBox": f"0 0 {width:g} {height:g}", "aria-hidden": "true"}
    return Piece(element("svg", *parts, class_=kind, width=f"{width:g}", height=f"{height:g}", **box), width, height)


def _places(scale: Scale, values: Array) -> NDArray[np.float64]:
    """Return where values lie between the ends, at most there: 0 to 1, NaN for what the scale has not."""
    v = np.asarray(values, float)
    low, high = scale.low, scale.high
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale.log:
            low, high, v = math.log(low), math.log(high), np.where(v > 0, np.log(v), np.nan)
        at = (v - low) / (high - low)
    return np.where(np.isfinite(v), np.clip(at, 0, 1), np.nan)


def _tick_x(at: Array, text: str, width: float) -> Html:
    x, y = at
    middle = min(x, width - text_width(text) / 2)  # the last one is not cut
    label = element("text", text, x=f"{middle:g}", y=f"{y + 17:g}", text_anchor="middle")
    return element("g", element("path", d=f"M{x:g} {TOP}V{y:g}", class_="grid"), label)


def _tick_y(at: Array, text: str, right: float) -> Html:
    x, y = at
    label = element("text", text, x=f"{x - 6:g}", y=f"{y + 4:g}", text_anchor="end")
    return element("g", element("path", d=f"M{x:g} {y:g}H{right:g}", class_="grid"), label)


# ---- what is drawn in them ----


def line(panel: Panel, x: Array, y: Array, look: str) -> Html:
    """Return a line; where it has no value it is broken. look: its classes."""
    some = subsample(len(x), MOST_POINTS)
    return element("path", d=_path(panel.place(x[some], y[some])), class_=f"line {look}")


def band(panel: Panel, x: Array, low: Array, high: Array, look: str) -> Html:
    """Return the area between two lines."""
    some = subsample(len(x), MOST_POINTS)
    up, down = panel.place(x[some], high[some]), panel.place(x[some], low[some])
    there = np.isfinite(np.concatenate([up, down], axis=1)).all(axis=1).tolist()
    parts = [list(run) for kept, run in groupby(range(len(some)), key=there.__getitem__) if kept]
    d = "".join(f"{_path(np.concatenate([up[run], down[run[::-1]]]))}Z" for run in parts)
    return element("path", d=d, class_=f"band {look}")


def steps(panel: Panel, x: Array, y: Array, look: str) -> Html:
    """Return a line that stays level up to the next value."""
    at = panel.place(x, y)
    at = at[np.isfinite(at).all(axis=1)]
    pixels = np.round(at[:, 0])
    # Of values on the same pixel the last is seen.
    seen = [k for k in range(len(at)) if k in (0, len(at) - 1) or pixels[k] != pixels[k + 1]]
    (left, low), *later = at[seen].tolist() or [(0.0, 0.0)]
    d = f"M{left:g} {low:g}" + "".join(f"H{px:g}V{py:g}" for px, py in later) if seen else ""
    return element("path", d=d, class_=f"line {look}")


def _path(at: Array) -> str:
    parts = (list(run) for kept, run in groupby(at.tolist(), key=lambda p: all(map(math.isfinite, p))) if kept)
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in run) for run in parts)


def rule(panel: Panel, x: float, look: str = "rule") -> Html:
    """Return a line across the panel at a value of x."""
    at = panel.place(np.array(x), np.array(panel.y.scale.low))
    return element("path", d=f"M{at[0]:g} {TOP}V{at[1]:g}", class_=look)


# ---- keys ----


def key(sample: Child, text: str) -> Piece:
    """Return the name of a line or a mark, with a sample of it: drawn around (13, 11), at most 24 wide."""
    name = element("text", text, x=SAMPLE, y=KEY - 7)
    return piece("key", SAMPLE + text_width(text) + 8, KEY, sample, name)


def line_key(look: str, text: str) -> Piece:
    """Return the name of a line."""
    return key(element("path", d="M1 11H25", class_=f"line {look}"), text)


def text_width(text: str) -> float:
    """Return how wide a text is at most, in pixels."""
    return math.ceil(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text) * LETTER)


def looks(count: int, *, ordered: bool) -> list[str]:
    """Return the classes of so many lines: colours and dashes, of arms that have an order those of a ramp."""
    if ordered:
        return [f"o{round(k * (len(RAMP) - 1) / max(count - 1, 1))} d{k // len(RAMP) % 4}" for k in range(count)]
    return [f"s{k % len(COLORS)} d{(k + k // len(COLORS)) % len(COLORS)}" for k in range(count)]
