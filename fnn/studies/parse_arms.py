"""Arms of a study file, and the settings that tables share."""

from typing import Any

from fnn.studies.model import Arm, Settings, trial
from fnn.studies.toml_source import TomlTable


def read_arms(table: TomlTable, settings: Settings) -> tuple[Arm, ...]:
    """Return the arms listed in a table as tables; those of a figure, of a finding."""
    entries = table.tables("arms")
    arms = tuple(read_arm(entry, settings) for entry in entries)
    labels = [arm.label for arm in arms]
    for k, (entry, label) in enumerate(zip(entries, labels, strict=True)):
        if label in labels[:k]:
            entry.fail("label", label, "a label of its own")
    return arms


def read_arm(table: TomlTable, settings: Settings) -> Arm:
    """Return the arm of a table: its label, and settings over those given."""
    label = table.line("label")
    arm = Arm(label, {**settings, **{key: value for key, value in table.values.items() if key != "label"}})
    with table.locating():
        _ = arm.trial
    return arm


def read_settings(table: TomlTable, base: Settings) -> dict[str, Any]:
    """Return the `settings` of a table over those of the base."""
    settings = {**base, **table.table("settings").values}
    with table.table("settings").locating():
        trial({"data": "linear", **settings})
    return settings
