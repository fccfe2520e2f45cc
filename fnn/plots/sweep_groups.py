"""What the figures of a store tell apart, and how: groups of runs by colour and by panel, and their names."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from fnn.formats import setting
from fnn.plots.labels import plural
from fnn.plots.palette import COLORS, LINES, MARKERS, is_ordered
from fnn.plots.style import line_colors
from fnn.sweeps.query import Runs
from fnn.sweeps.schema import SETTINGS, Connection
from fnn.sweeps.summaries import GroupSummary, ordered

# The settings that data are told apart by, from the name on.
DATA = ("data", "points", "noise", "data_seed", "data_digest")
# Settings that titles name where all runs share them; of numbers that are ordered so many have a colour, of
# data so many their name.
SHARED = ("hidden", "activation", "optimizer", "lr", "epochs")
MOST_ORDERED, MOST_DATA = 32, 5


class FigureData(NamedTuple):
    """What the figures draw: summaries of groups of runs; `hue` is the setting shown by colour, None if none is."""

    connection: Connection
    runs: Runs
    summaries: list[GroupSummary]
    hue: str | None

    @property
    def hue_values(self) -> list[Any]:
        """The values shown by colour."""
        return ordered([s.group.settings[self.hue] for s in self.summaries]) if self.hue else [None]

    @property
    def data_names(self) -> dict[tuple[Any, ...], str]:
        """The shortest name that tells each of the data apart from the others."""
        return data_names([self.data_of(s) for s in self.summaries])

    def data_of(self, s: GroupSummary) -> tuple[Any, ...]:
        """Return what tells a group's data apart, None for what is not among its settings."""
        return tuple(s.group.settings.get(name) for name in DATA)

    def panels(self, without: Sequence[str] = ()) -> dict[str, list[GroupSummary]]:
        """Return the summaries of each panel under its title: alike in all but the hue, or in all but `without`."""
        apart = [*DATA, *(without or ([self.hue] if self.hue else []))]
        names, by_data = self.data_names, self.hue not in DATA
        panels: dict[str, list[GroupSummary]] = {}
        for s in self.summaries:
            parts = [setting_text(name, v) for name, v in s.group.settings.items() if name not in apart]
            data = names[self.data_of(s)] if by_data or without else ""
            panels.setdefault(", ".join(filter(None, [data, *parts])), []).append(s)
        return panels

    def line_style(self, s: GroupSummary) -> tuple[str, Any, str, str]:
        """Return colour, line, marker and name of a group."""
        if not self.hue:
            return COLORS[0], LINES[0], MARKERS[0], s.group.label
        if self.hue in DATA:
            texts = list(dict.fromkeys(self.data_names.values()))
            k, name = texts.index(self.data_names[self.data_of(s)]), self.data_names[self.data_of(s)]
            count, in_order = len(texts), False
        else:
            values = self.hue_values
            k, name = values.index(s.group.settings[self.hue]), setting_text(self.hue, s.group.settings[self.hue])
            count, in_order = len(values), is_ordered(values)
        line = "-" if in_order else LINES[k % len(LINES)]
        return line_colors(count, ordered=in_order)[k], line, MARKERS[k % len(MARKERS)], name

    @property
    def about(self) -> str:
        """The data, the number of runs, of each group and in all, and the settings that all runs share, in lines."""
        counts = sorted({s.runs for s in self.summaries})
        each = f"{counts[0]:,} to {counts[-1]:,} runs" if len(counts) > 1 else plural(counts[0], "run")
        total = sum(s.runs for s in self.summaries)
        runs = each if len(self.summaries) == 1 else f"{each} an arm, {total:,} in all"
        alike = {name: values[0] for name, values in self.runs.settings.items() if len(set(values)) == 1}
        shown = [setting_text(name, alike[name]) for name in SHARED if name in alike]
        data = list(dict.fromkeys(self.runs.settings.get("data", ())))
        names = ", ".join(map(str, data[:MOST_DATA])) + (" …" if len(data) > MOST_DATA else "")
        return f"{f'{names}: ' if names else ''}{runs}\n{', '.join(shown)}"


def setting_text(name: str, value: Any) -> str:
    """Return a setting with its value, in words."""
    return f"{name.replace('_', '-')} {setting(value)}"


def data_names(keys: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], str]:
    """Return for each of the data, told apart by `DATA`, the shortest words that do so; none for the only one."""
    distinct = list(dict.fromkeys(keys))
    if len(distinct) == 1:
        return {distinct[0]: ""}
    names: dict[tuple[Any, ...], str] = {}
    for key in distinct:
        alike = [other for other in distinct if other[0] == key[0]]
        parts = [str(key[0])] if key[0] is not None else []
        for place in range(1, len(DATA) - 1):
            if len({other[place] for other in alike}) > 1:
                parts.append(setting_text(DATA[place], key[place]))
        name = ", ".join(parts)
        names[key] = name if name not in names.values() else f"{name} ({len(names) + 1})"
    return names


def hue(settings: dict[str, list[Any]]) -> str | None:
    """Choose the setting shown by colour: one of few names, of those the one with most; else numbers that ascend."""
    values = {name: ordered(found) for name, found in settings.items() if name not in DATA[1:]}
    fitting = [
        name for name, found in values.items() if 1 < len(found) <= (MOST_ORDERED if is_ordered(found) else len(COLORS))
    ]
    return max(fitting, key=lambda name: (SETTINGS[name] == "TEXT" and name != "hidden", len(values[name])),
               default=None)  # fmt: skip
