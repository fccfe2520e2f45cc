"""Small drawings for a page: intervals on a scale, bars of counts.

Horizontal places are percentages, so a drawing is as wide as its column and its letters keep their size. Colours are
the style sheet's, by class. Whoever uses a drawing says in words what it shows.
"""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fnn.report.markup import Html, element, fragment

REACHES = (1.0, 2.0, 5.0)
RATIOS = (1.25, 1.5, 2.0, 5.0)

# Hatches of the bars, once a page: a url(#…) may name them from any drawing.
PATTERNS = Html(
    '<svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="refuted" width="5" height="5"/><rect class="gap" width="1.8" height="5"/></pattern>'
    "</defs></svg>"
)


class Scale(NamedTuple):
    """An axis from `low` to `high`, logarithmic or not."""

    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """Return where a value lies, in per cent of the axis, at most its ends."""
        low, high, v = map(math.log, (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        return min(100.0, max(0.0, round(100 * (v - low) / (high - low), 2)))


def scale(null: float, values: Iterable[float]) -> Scale:
    """Return the axis for an effect: a probability's from 0 to 1, a ratio's in logarithms, else even about the null.

    null: the effect of no difference: 0.5 for a probability, 1 for a ratio, 0 for a difference.
    """
    shown = [*values, null]
    if null == 0.5 and min(shown) >= 0 and max(shown) <= 1:
        return Scale(0.0, 1.0)
    if null == 1 and min(shown) > 0:
        reach = _ratio(max(max(v, 1 / v) for v in shown))
        return Scale(1 / reach, reach, log=True)
    reach = _nice(max(abs(v - null) for v in shown))
    return Scale(null - reach, null + reach)


def decades(values: Iterable[float]) -> Scale:
    """Return the logarithmic axis of whole decades that holds these values, all above 0."""
    shown = list(values)
    low = 10.0 ** math.floor(math.log10(min(shown)) + 1e-12)
    return Scale(low, max(10.0 ** math.ceil(math.log10(max(shown)) - 1e-12), 10 * low), log=True)


def _nice(reach: float) -> float:
    """Return the first of 0.1, 0.2, 0.5, 1, 2, … that reaches so far."""
    power = max(-1, math.floor(math.log10(reach))) if reach else -1
    return next(m * 10.0**p for p in (power, power + 1) for m in REACHES if m * 10.0**p >= reach * (1 - 1e-12))


def _ratio(reach: float) -> float:
    """Return the first of 1.25, 1.5, 2, 5, 10, 100, … that reaches so far."""
    small = [r for r in RATIOS if r >= reach]
    return small[0] if small else float(10.0 ** max(1, math.ceil(math.log10(reach) - 1e-12)))


SHARES = Scale(0.0, 1.0)
SHARE_TICKS = ((0.0, "0%"), (0.5, "50%"), (1.0, "100%"))


def interval(
    axis: Scale,
    middle: float | None,
    ends: tuple[float, float] | None,
    label: str,
    band: tuple[float, float] | None = None,
    null: float | None = None,
    ticks: Iterable[tuple[float, str]] = (),
    words: Iterable[tuple[float, str, str]] = (),
    kind: str = "",
    spots: Iterable[float] = (),
) -> Html:
    """Return a drawing of an estimate and its interval on an axis.

    label: the drawing in words. band: a stretch to shade. null: a value to rule a line at. ticks: values with what is
    written under them. words: values, what is written above them, and which end of it stands there. kind: a class, for
    colour. spots: more estimates, which have no interval.
    """
    top = 16 if words else 2
    below = top + 20
    parts = [
        _band(axis, band, top),
        element("line", x1="0%", x2="100%", y1=below, y2=below, class_="axis"),
        _rule(axis.place(null), top, below, "null") if null is not None else None,
        *(element("circle", cx=_p(axis.place(v)), cy=top + 10, r=4, class_="spot") for v in spots),
        _bar(axis, ends, top + 10),
        element("circle", cx=_p(axis.place(middle)), cy=top + 10, r=4.5, class_="dot") if middle is not None else None,
        *(_tick(axis.place(value), text, below) for value, text in ticks),
        *(_word(axis.place(value), text, end) for value, text, end in words),
    ]
    height = below + (16 if ticks else 2)
    return element(
        "svg", *parts, class_=f"interval {kind}".strip(), role="img", aria_label=label, width="100%", height=height
    )


def _p(place: float) -> str:
    return f"{place:g}%"


def _band(axis: Scale, band: tuple[float, float] | None, top: int) -> Html | None:
    if band is None:
        return None
    left, right = (axis.place(v) for v in band)
    shade = element("rect", x=_p(left), width=_p(round(right - left, 2)), y=top, height=20, class_="band")
    edges = (_rule(x, top, top + 20, "edge") for x in (left, right) if 0 < x < 100)
    return fragment(shade, *edges)


def _rule(place: float, top: int, below: int, kind: str) -> Html:
    return element("line", x1=_p(place), x2=_p(place), y1=top, y2=below, class_=kind)


def _bar(axis: Scale, ends: tuple[float, float] | None, y: int) -> Html | None:
    if ends is None:
        return None
    left, right = (axis.place(v) for v in ends)
    return fragment(
        element("line", x1=_p(left), x2=_p(right), y1=y, y2=y, class_="bar"),
        *(element("line", x1=_p(x), x2=_p(x), y1=y - 5, y2=y + 5, class_="cap") for x in (left, right)),
    )


def _tick(place: float, text: str, below: int) -> Html:
    line = element("line", x1=_p(place), x2=_p(place), y1=below, y2=below + 3, class_="axis")
    return fragment(line, element("text", text, x=_p(place), y=below + 14, text_anchor="middle"))


def _word(place: float, text: str, end: str) -> Html:
    return element("text", text, x=_p(place), y=11, text_anchor=end)


def bar(counts: Mapping[str, float]) -> Html:
    """Return a bar with a stretch for each count, its name the class. The numbers stand beside it: it is silent."""
    total, left, parts = sum(counts.values()) or 1, 0.0, []
    for name, count in counts.items():
        width = 100 * count / total
        parts.append(element("rect", x=_p(round(left, 2)), width=_p(round(width, 2)), height=14, class_=name))
        left += width
    parts.append(element("rect", width="100%", height=14, class_="frame"))
    return element("svg", *parts, class_="counts", aria_hidden="true", focusable="false", width="100%", height=14)


def swatch(name: str) -> Html:
    """Return a small square as a stretch of that class is drawn in a bar, to stand before its number."""
    square = fragment(*(element("rect", width=10, height=10, class_=kind) for kind in (name, "frame")))
    return element("svg", square, class_="counts swatch", aria_hidden="true", focusable="false", width=10, height=10)
