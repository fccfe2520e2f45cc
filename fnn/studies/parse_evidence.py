"""Entries of a study file beside its claims: arms and their settings, findings, tables, published results."""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from fnn.errors import InvalidSetting
from fnn.studies.model import Arm, Figure, Table, trial
from fnn.studies.toml_source import At

# How a published time may sum up its runs.
TIMES = ("median", "mean", "harmonic_mean")
FINDING_KINDS = ("text", "rows", "labels", "arms", "place")

_FINDING = (
    "id", "title", "text", "kind", "figure", "arms", "columns", "rows", "printed", "value", "factor", "settings",
)  # fmt: skip
_OUTSIDE = (
    "id", "title", "source", "what", "open", "successes", "runs", "at_least", *TIMES, "settings", "vary",
)  # fmt: skip


def arms(at: At, settings: Table) -> tuple[Arm, ...]:
    """Return the arms listed in a table as tables; those of a figure, of a finding."""
    found = tuple(arm(entry, settings) for entry in at.each("arms"))
    labels = [one.label for one in found]
    for k, (entry, label) in enumerate(zip(at.each("arms"), labels, strict=True)):
        if label in labels[:k]:
            entry.fail("label", label, "a label of its own")
    return found


def arm(at: At, settings: Table) -> Arm:
    """Return the arm of a table: its label, and settings over those given."""
    label = at.get("label", str)
    own = {key: value for key, value in at.table.items() if key != "label"}
    found = Arm(label, {**settings, **own})
    with at.checking():
        _ = found.trial
    return found


def settings_of(at: At, base: Table) -> dict[str, Any]:
    """Return the `settings` of a table over those of the base."""
    settings = {**base, **at.inside("settings").table}
    with at.inside("settings").checking():
        trial({"data": "linear", **settings})
    return settings


def finding(at: At, figures: Mapping[str, Figure], base: Table) -> dict[str, Any]:
    """Return something found beside the claims, with what its evidence needs."""
    at.known(_FINDING)
    kind = at.choice("kind", FINDING_KINDS, "text")
    found = {key: at.get(key, str) for key in ("id", "title", "text")} | {"kind": kind, "at": at.where()}
    found["figure"] = at.choice("figure", figures) if "figure" in at.table else None
    found["columns"], found["rows"] = at.get("columns", list, []), at.get("rows", list, [])
    if kind in ("arms", "place"):
        found["arms"] = arms(at, settings_of(at, base))
        if not found["arms"]:
            at.fail("arms", [], "at least one arm, under [[findings.arms]]")
    if kind == "labels":
        found["arm"] = Arm(at.get("title", str), settings_of(at, base))
        found["printed"] = at.get("printed", list)
    if kind == "place":
        found["value"] = float(at.get("value", (int, float)))
        found["factor"] = float(at.get("factor", (int, float), 1.0))
    return found


def predictions(at: At, base: Table) -> dict[str, Any]:
    """Return a table of predictions, with the arm that makes them."""
    at.known(("id", "title", "kind", "settings"))
    at.choice("kind", ("predictions",), "predictions")
    title = at.get("title", str)
    return {"id": at.get("id", str), "title": title, "arm": Arm(title, settings_of(at, base))}


def published(at: At, base: Table) -> dict[str, Any]:
    """Return a published result with the arms that try it: one for each reading of what its source leaves open."""
    at.known(_OUTSIDE)
    found: dict[str, Any] = {key: at.get(key, str) for key in ("id", "title", "source", "what")}
    found["open"] = at.get("open", str, "")
    for key in ("successes", "runs"):
        found[key] = at.get(key, int) if key in at.table else None
    successes, runs = found["successes"], found["runs"]
    if (successes is None) != (runs is None) or (runs is not None and not (0 <= successes <= runs and runs)):
        at.fail("successes", successes, "a number of successes among `runs`")
    found["at_least"] = at.get("at_least", (int, float)) if "at_least" in at.table else None
    if found["at_least"] is not None and not 0 < found["at_least"] <= 1:
        at.fail("at_least", found["at_least"], "a share above 0 and at most 1")
    told = [name for name in TIMES if name in at.table]
    if len(told) > 1:
        at.fail(told[1], at.table[told[1]], f"one of {', '.join(TIMES)}, not two")
    found["statistic"] = told[0].replace("_", " ") if told else "median"
    found["time"] = at.get(told[0], (int, float)) if told else None
    if found["time"] is not None and not 1 <= found["time"] < math.inf:
        at.fail(told[0], found["time"], "a finite number of epochs, at least 1")
    if found["runs"] is None and found["at_least"] is None and found["time"] is None:
        at.fail("runs", None, f"what was published: successes among runs, at_least, or {', '.join(TIMES)}")
    settings = settings_of(at, base)
    found["arms"] = [_tried(at, readings, settings) for readings in product(*_axes(at.inside("vary")))]
    return found


class Reading(NamedTuple):
    """One way to read what a source leaves open; at: the table of these ways."""

    at: At
    name: str
    settings: Table


def _axes(vary: At) -> list[list[Reading]]:
    """Return the readings of each thing left open."""
    expected = 'readings by name, such as "weights ±0.5" = { init_scale = 0.5 }'
    axes = []
    for key, readings in vary.table.items():
        if not (isinstance(readings, dict) and readings):
            vary.fail(key, readings, expected)
        at = vary.inside(key)
        for name, settings in readings.items():
            if not isinstance(settings, dict):
                at.fail(name, settings, expected)
        axes.append([Reading(at, name, settings) for name, settings in readings.items()])
    return axes


def _tried(at: At, readings: Sequence[Reading], settings: Table) -> Arm:
    """Return the arm of one reading of each thing left open, with the line of the reading in what is wrong with it."""
    own = {name: value for reading in readings for name, value in reading.settings.items()}
    arm = Arm(", ".join(reading.name for reading in readings) or "as published", {**settings, **own})
    try:
        _ = arm.trial
    except InvalidSetting as error:
        said = error.got if error.name == "setting" else error.name
        where = next(((r.at, r.name) for r in readings if said in r.settings), (at, "vary" if readings else ""))
        with where[0].checking(where[1]):
            raise
    return arm
