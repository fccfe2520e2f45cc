"""The nuisance of a study file: axes of settings that claims should not depend on, and their levels."""

from typing import Any

from fnn.checks import one_of
from fnn.formats import setting
from fnn.studies.model import Level, Settings, trial
from fnn.studies.toml_source import TomlTable
from fnn.sweeps import grid

# A level that changes nothing; the learning rate that is best for each arm; the axis of how a claim is measured.
STATED, BEST, MEASURE = "as stated", "best", "measure"


def read_nuisance(table: TomlTable, base: Settings) -> dict[str, tuple[Level, ...]]:
    """Return the levels of each axis: values of a setting, or tables of settings that go together under a name."""
    axes = {name: _levels(table, name, base) for name in table.values}
    axis_of: dict[str, str] = {}
    for axis, levels in axes.items():
        for name in (name for level in levels for name in level.settings):
            if axis_of.setdefault(name, axis) != axis:
                table.fail(axis, name, f"settings that no other axis varies, as {axis_of[name]} does")
    return axes


def _levels(table: TomlTable, name: str, base: Settings) -> tuple[Level, ...]:
    values = table.values[name] if isinstance(table.values[name], list) else [table.values[name]]
    if not values:
        table.fail(name, values, "at least one value")
    if any(isinstance(value, dict) for value in values):
        return _named_levels(table, name, values, base)
    with table.locating(name):
        one_of("setting", name, grid.NAMES)
        for value in values:
            if (name, value) != ("lr", BEST):
                trial({"data": "linear", **base, name: value})
    levels = tuple(Level(setting(value), {name: value}) for value in values)
    return (Level(STATED, {}), *levels) if name == "lr" else levels


def _named_levels(table: TomlTable, name: str, values: list[Any], base: Settings) -> tuple[Level, ...]:
    """Return levels that are tables of settings, each with a label; without one it is made of the settings."""
    if name in (*grid.NAMES, MEASURE):
        table.fail(name, values, "values of a setting; tables of several stand under a name that is no setting's")
    if len(values) < 2:
        table.fail(name, values, "at least two tables of settings; {} is as stated")
    levels: list[Level] = []
    for k, value in enumerate(values):
        if not isinstance(value, dict):
            table.fail(name, value, "tables of settings only")
        entry = table._replace(path=(*table.path, name, k), values=value)
        settings = {key: v for key, v in value.items() if key != "label"}
        with entry.locating():
            trial({"data": "linear", **base, **settings})
        words = ", ".join(f"{key} {setting(v)}" for key, v in settings.items())
        label = entry.line("label") if "label" in value else words or STATED
        if label in (level.label for level in levels):
            entry.fail("label", label, "a label of its own")
        levels.append(Level(label, settings))
    return tuple(levels)
