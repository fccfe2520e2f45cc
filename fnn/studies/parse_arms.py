"""Arms of a study file, and the settings that tables share."""

from collections.abc import Callable
from typing import Any

from fnn.studies.model import Arm, Settings, trial
from fnn.studies.toml_source import TomlTable

# Raises InvalidSetting for settings that no arm can have.
CheckSettings = Callable[[Settings], object]


def check_trial(settings: Settings) -> object:
    """Check the settings of an arm of drawn data; where none are named yet, any."""
    return trial({"data": "linear", **settings})


def read_arms(table: TomlTable, settings: Settings, check: CheckSettings = check_trial) -> tuple[Arm, ...]:
    """Return the arms listed in a table as tables; those of a figure, of a finding."""
    entries = table.tables("arms")
    arms = tuple(read_arm(entry, settings, check) for entry in entries)
    labels = [arm.label for arm in arms]
    for k, (entry, label) in enumerate(zip(entries, labels, strict=True)):
        if label in labels[:k]:
            entry.fail("label", label, "a label of its own")
    return arms


def read_arm(table: TomlTable, settings: Settings, check: CheckSettings = check_trial) -> Arm:
    """Return the arm of a table: its label, and settings over those given."""
    label = table.line("label")
    arm = Arm(label, {**settings, **{key: value for key, value in table.values.items() if key != "label"}})
    with table.locating():
        if check is check_trial:
            _ = arm.trial  # which names its data
        else:
            check(arm.settings)
    return arm


def read_settings(table: TomlTable, base: Settings, check: CheckSettings = check_trial) -> dict[str, Any]:
    """Return the `settings` of a table over those of the base."""
    settings = {**base, **table.table("settings").values}
    with table.table("settings").locating():
        check(settings)
    return settings
