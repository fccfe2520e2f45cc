"""What holds of every figure that is printed: nothing cut, no words on words, legends beside the data, bars as high."""

from itertools import combinations

import matplotlib as mpl
from matplotlib.figure import Figure

from fnn.plots.style import STYLE


def laid_out(draw, *content, size=None):
    """Return the figure that `draw` draws, laid out as a file is, after checking the law."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        assert draw(figure, *content) is not False
        figure.draw_without_rendering()
        check(figure)
    return figure


def check(figure):
    """Raise AssertionError where a figure that is laid out breaks the law."""
    words = list(_words(figure))
    legends = [*figure.legends, *(ax.get_legend() for ax in figure.axes if ax.get_legend())]
    for name, box in [*words, *(("legend", legend.get_window_extent()) for legend in legends)]:
        inside = figure.bbox.x0 - 1 <= box.x0 <= box.x1 <= figure.bbox.x1 + 1
        assert inside, f"{name!r} is cut: {box} of {figure.bbox}"
        assert figure.bbox.y0 - 1 <= box.y0 <= box.y1 <= figure.bbox.y1 + 1, f"{name!r} is cut: {box}"
    for (one, a), (other, b) in combinations(words, 2):
        assert not _overlap(a, b), f"{one!r} lies on {other!r}"
    shown = [ax for ax in figure.axes if ax.axison]
    for legend in legends:
        for ax in shown:
            assert not _overlap(legend.get_window_extent(), ax.get_window_extent()), "a legend lies on the data"
    for ax in shown:
        for bar in ax.child_axes:
            assert abs(bar.bbox.height - ax.get_window_extent().height) < 1, "a colour bar is not as high as its axes"


def _words(figure):
    """Yield each upright text beside the data with its box."""
    if figure._suptitle:
        yield figure.get_suptitle(), figure._suptitle.get_window_extent()
    axes = [ax for ax in figure.axes if ax.axison]
    bars = [bar for ax in axes for bar in ax.child_axes]
    for ax in [*axes, *bars]:
        texts = [ax.title, ax.xaxis.label, ax.yaxis.label]
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            texts += [tick.label1 for tick in axis.get_major_ticks() if low - 1e-9 <= tick.get_loc() <= high + 1e-9]
            texts += [tick.label2 for tick in axis.get_major_ticks() if low - 1e-9 <= tick.get_loc() <= high + 1e-9]
        for text in texts:
            if text.get_visible() and text.get_text().strip() and text.get_rotation() in (0, 90):
                yield text.get_text(), text.get_window_extent()
    for legend in figure.legends:
        for text in legend.get_texts():
            yield text.get_text(), text.get_window_extent()


def _overlap(a, b):
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
