"""Entries of a study file beside its claims: findings, tables of predictions, published results."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any, NamedTuple

from fnn.errors import InvalidSetting
from fnn.studies.model import Arm, Figure, Finding, PredictionTable, PublishedResult, Settings
from fnn.studies.parse_arms import read_arms, read_settings
from fnn.studies.toml_source import TomlTable

# How a published time may sum up its runs.
STATISTICS = ("median", "mean", "harmonic_mean")
FINDING_KINDS = ("text", "rows", "labels", "arms", "place")

_FINDING = (
    "id", "title", "text", "kind", "figure", "arms", "columns", "rows", "printed", "value", "factor", "settings",
)  # fmt: skip
_PUBLISHED = (
    "id", "title", "source", "source_id", "what", "open", "successes", "runs", "share", "at_least", *STATISTICS,
    "rounded_to", "range", "settings", "vary",
)  # fmt: skip
# Of published runs; beyond, a run more or less is nothing beside the uncertainty of ours.
MOST_RUNS = 10**6
# Readings of several results of one source, each tried against all of them.
MOST_JOINT_READINGS = 1000


def read_finding(table: TomlTable, figures: Mapping[str, Figure], base: Settings) -> Finding:
    """Return a finding beside the claims, with what its evidence needs."""
    table.refuse_other_keys(_FINDING)
    finding = Finding(
        id=table.line("id"),
        title=table.get("title", str),
        text=table.get("text", str),
        kind=table.choice("kind", FINDING_KINDS, "text"),
        figure=table.choice("figure", figures) if "figure" in table.values else None,
        where=table.where(),
        columns=_columns(table),
        rows=_rows(table),
    )
    if finding.kind in ("arms", "place"):
        finding = finding._replace(arms=read_arms(table, read_settings(table, base)))
        if not finding.arms:
            table.fail("arms", [], "at least one arm, under [[findings.arms]]")
    if finding.kind == "place":
        value, factor = float(table.number("value")), float(table.number("factor", 1.0))
        return finding._replace(value=value, factor=factor)
    if finding.kind == "labels":
        return _with_printed_labels(table, finding, Arm(finding.title, read_settings(table, base)))
    return finding


def _columns(table: TomlTable) -> tuple[str, ...]:
    columns = table.get("columns", list, [])
    wrong = next((column for column in columns if not isinstance(column, str)), None)
    if wrong is not None:
        table.fail("columns", wrong, "text")
    return tuple(columns)


def _rows(table: TomlTable) -> tuple[tuple[Any, ...], ...]:
    """Return the rows; each is a list of as many values as there are columns."""
    rows, columns = table.get("rows", list, []), len(table.get("columns", list, []))
    for row in rows:
        if not isinstance(row, list) or len(row) != columns:
            table.fail("rows", row, f"a list of {columns} values, one for each column")
    return tuple(map(tuple, rows))


def _with_printed_labels(table: TomlTable, finding: Finding, arm: Arm) -> Finding:
    """Return a finding with the labels and predictions that were printed, one pair for each sample of the arm."""
    printed, count = table.get("printed", list), len(arm.trial.samples.y)
    expected = f"[label, prediction] for each of {count} samples"
    if len(printed) != count:
        table.fail("printed", len(printed), expected)
    for pair in printed:
        if not (isinstance(pair, list) and len(pair) == 2 and all(map(_is_finite, pair))):
            table.fail("printed", pair, expected)
    return finding._replace(labelled=arm, printed=tuple(map(tuple, printed)))


def _is_finite(value: object) -> bool:
    # No float holds a greater whole number.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300


def read_prediction_table(table: TomlTable, base: Settings) -> PredictionTable:
    """Return a table of predictions, with the arm that makes them."""
    table.refuse_other_keys(("id", "title", "kind", "settings"))
    table.choice("kind", ("predictions",), "predictions")
    arm = Arm(table.get("title", str), read_settings(table, base))
    with table.locating():
        _ = arm.trial
    return PredictionTable(table.line("id"), arm.label, arm)


# ---- published results ----


def read_published(table: TomlTable, base: Settings) -> PublishedResult:
    """Return a published result with the arms that try it: one for each reading of what its source leaves open."""
    table.refuse_other_keys(_PUBLISHED)
    statistic, time = _published_time(table)
    successes, runs = _published_counts(table, time)
    shares = {name: _published_share(table, name) for name in ("share", "at_least")}
    given = [name for name, value in {"runs": runs, **shares}.items() if value is not None]
    if len(given) > 1:
        table.fail(given[1], table.values[given[1]], f"no {given[1]} beside {given[0]}")
    if not given and time is None:
        names = ", ".join(STATISTICS)
        table.fail("runs", None, f"what was published: successes among runs, share, at_least, or {names}")
    fastest, slowest = _published_range(table, successes, statistic)
    settings, choices = read_settings(table, base), _open_choices(table.table("vary"))
    return PublishedResult(
        id=table.line("id"),
        title=table.get("title", str),
        source=table.get("source", str),
        what=table.get("what", str),
        open=table.get("open", str, ""),
        successes=successes,
        runs=runs,
        **shares,
        statistic=statistic,
        time=time,
        fastest=fastest,
        slowest=slowest,
        rounding=_rounding(table, time),
        arms=tuple(_arm(table, readings, settings) for readings in product(*choices.values())),
        source_id=table.line("source_id") if "source_id" in table.values else None,
        open_choices=tuple((key, tuple(reading.name for reading in each)) for key, each in choices.items()),
    )


def _published_counts(table: TomlTable, time: float | None) -> tuple[int | None, int | None]:
    successes, runs = (table.get(key, int) if key in table.values else None for key in ("successes", "runs"))
    if successes is None and (runs is None or (time is not None and 0 < runs <= MOST_RUNS)):
        return None, runs
    if successes is None or runs is None or not (0 <= successes <= runs and 0 < runs <= MOST_RUNS):
        key = "runs" if successes is None else "successes"
        table.fail(key, table.values[key], f"successes among `runs`, which are at most {MOST_RUNS:,}")
    return successes, runs


def _published_share(table: TomlTable, name: str) -> float | None:
    if name not in table.values:
        return None
    share = table.number(name)
    if not 0.01 <= share <= 1:
        table.fail(name, share, "a share from 0.01 to 1")
    return share


def _published_time(table: TomlTable) -> tuple[str, float | None]:
    """Return how a published number of epochs sums up its runs, and that number."""
    given = [name for name in STATISTICS if name in table.values]
    if not given:
        return "median", None
    if len(given) > 1:
        table.fail(given[1], table.values[given[1]], f"one of {', '.join(STATISTICS)}, not two")
    name = given[0]
    time: float = table.get(name, (int, float))
    # Of a whole number that no float holds only the comparison is possible.
    if not 1 <= time <= 1e300:
        table.fail(name, time, "a finite number of epochs, at least 1")
    return name.replace("_", " "), time


def _rounding(table: TomlTable, time: float | None) -> float:
    """Return half of what a published time is rounded to: by itself a unit of the last place it is written with."""
    if "rounded_to" in table.values:
        unit = table.number("rounded_to")
        if not 0 <= unit <= 1e300:
            table.fail("rounded_to", unit, "a number of epochs of at least 0")
        return unit / 2
    exponent = Decimal(str(time or 0)).as_tuple().exponent
    return 0.5 * 10.0 ** min(int(exponent), 0)


def _published_range(table: TomlTable, successes: int | None, statistic: str) -> tuple[float | None, float | None]:
    """Return the epochs of the fastest and the slowest success, None where they were not published."""
    if "range" not in table.values:
        return None, None
    ends = table.get("range", list)
    of_successes = successes and statistic != "harmonic mean"
    if not (len(ends) == 2 and all(map(_is_finite, ends)) and 1 <= ends[0] <= ends[1] and of_successes):
        table.fail("range", ends, "[fastest, slowest], in epochs, of so many `successes`, and beside no harmonic mean")
    return float(ends[0]), float(ends[1])


def check_joint_readings(tables: Sequence[TomlTable], published: Sequence[PublishedResult]) -> None:
    """Raise InvalidSetting where results of one source do not read the same thing in the same ways."""
    alone = {result.id for result in published if result.source_id is None}
    questions: dict[str, dict[str, tuple[str, ...]]] = {}
    for table, result in zip(tables, published, strict=True):
        if result.source_id is None:
            continue
        if result.source_id in alone:
            table.fail("source_id", result.source_id, "a name that is no id of a result without a source_id")
        of_source = questions.setdefault(result.source_id, {})
        for key, names in result.open_choices:
            if of_source.setdefault(key, names) != names:
                expected = f"the readings that other results of {result.source_id} have: {', '.join(of_source[key])}"
                table.table("vary").fail(key, ", ".join(names), expected)
        count = prod(map(len, of_source.values()))
        if count > MOST_JOINT_READINGS:
            table.fail("vary", count, f"at most {MOST_JOINT_READINGS:,} readings of all that a source leaves open")


class Reading(NamedTuple):
    """One way to read what a source leaves open; table: of these ways."""

    table: TomlTable
    name: str
    settings: Settings


def _open_choices(vary: TomlTable) -> dict[str, list[Reading]]:
    """Return the readings of each thing left open."""
    expected = 'readings by name, such as "weights ±0.5" = { init_scale = 0.5 }'
    choices = {}
    for key, readings in vary.values.items():
        if not (isinstance(readings, dict) and readings):
            vary.fail(key, readings, expected)
        table = vary.table(key)
        for name, settings in readings.items():
            if not isinstance(settings, dict):
                table.fail(name, settings, expected)
        choices[key] = [Reading(table, name, settings) for name, settings in readings.items()]
    return choices


def _arm(table: TomlTable, readings: Sequence[Reading], settings: Settings) -> Arm:
    """Return the arm of one reading of each thing left open; an error has the line of the reading that is wrong."""
    changes = {name: value for reading in readings for name, value in reading.settings.items()}
    arm = Arm(", ".join(reading.name for reading in readings) or "as published", {**settings, **changes})
    try:
        _ = arm.trial
    except InvalidSetting as error:
        named = error.got if error.name == "setting" else error.name
        wrong = next((reading for reading in readings if named in reading.settings), None)
        with wrong.table.locating(wrong.name) if wrong else table.locating("vary" if readings else ""):
            raise
    return arm
