"""Names, counts and titles that fit a figure, whatever the table calls its columns and classes."""

import dataclasses
import re
from collections.abc import Sequence
from itertools import takewhile
from textwrap import fill, wrap

from matplotlib.figure import Figure, SubFigure

from fnn.config import Config
from fnn.formats import setting
from fnn.plots.style import literal

# What a title names of every run; of other settings those that are not the defaults.
NAMED = ("hidden", "activation", "output", "optimizer", "lr", "scheduler", "epochs", "seed")


def shorten(names: Sequence[str], most: int) -> list[str]:
    """Return names of at most so many characters for a figure: of longer ones the middle is left out.

    Names that would be alike then (they begin and end with the same words) go without the words that begin all.
    """
    words = [" ".join(name.split()) for name in names]
    long = [name for name in words if len(name) > most]
    short = {name: _cut(name, most, (most - 1) // 2) for name in long}
    if len(set(short.values())) < len(short):
        same = takewhile(lambda letters: letters[0] == letters[1], zip(min(long), max(long), strict=False))
        begin = len(re.sub(r"[^\W_]*$", "", "".join(letter for letter, _ in same)))
        short = {name: _cut(f"…{name[begin:]}", most, 0) for name in long}
    return [literal(short.get(name, name)) for name in words]


def _cut(name: str, most: int, end: int) -> str:
    """Return the name, or its begin and its last `end` characters: `most` characters in all."""
    if len(name) <= most:
        return name
    return f"{name[: most - 1 - end].rstrip()}…{name[len(name) - end :].lstrip()}"


def add_title(figure: Figure | SubFigure, title: str, about: str, beside: float = 0.0) -> None:
    """Say above the figure what is shown, and under that of which data and networks, in lines that fit its width.

    beside: inches that something beside the axes takes.
    """
    width = int((figure.bbox.width / figure.dpi - beside) * 12.6)
    lines = [_wrap(literal(line), width) for line in (*title.splitlines(), *about.splitlines()) if line]
    figure.suptitle("\n".join(lines), fontsize=10.5)


def _wrap(text: str, width: int) -> str:
    """Return the text in lines of at most that width, and as even ones as so many allow."""
    count = len(wrap(text, width))
    return fill(text, next((w for w in range(len(text) // max(count, 1), width) if len(wrap(text, w)) <= count), width))


def settings_line(config: Config, *, others: bool = True) -> str:
    """Return the settings of a run in a line: what every run is asked for, and others that differ from the defaults."""
    default, outputs = Config(), f" and {config.output}" if config.output != config.activation else ""
    hidden = setting(config.hidden)
    said = [f"hidden {hidden}, {config.activation}{outputs}", f"{config.optimizer} with lr {config.lr:g}"]
    said += [config.scheduler] if config.scheduler != "constant" else []
    for field in dataclasses.fields(config) if others else ():
        value = getattr(config, field.name)
        if field.name not in NAMED and value != getattr(default, field.name):
            said.append(f"{field.name.replace('_', '-')} {value:g}" if isinstance(value, float) else
                        f"{field.name.replace('_', '-')} {setting(value)}")  # fmt: skip
    return ", ".join([*said, plural(config.epochs, "epoch")])


def plural(count: int, noun: str) -> str:
    """Return a number of things in words."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def compact(count: float) -> str:
    """Return a count in at most six characters."""
    return f"{count:,.0f}" if count < 10_000 else f"{count / 1000:,.0f}k"
