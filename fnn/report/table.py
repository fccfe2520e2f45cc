"""What is printed of an ensemble trained on a table: the data, the task, the settings, the splits, and the scores.

A `TableReport` has numbers and names alone; here they become lines, the rows of one table, and a JSON document.
"""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, NamedTuple

from fnn.formats import counted, number, setting, share, shares_to, to
from fnn.report.words import interval, interval_document, listed, printable
from fnn.stats.intervals import Interval, Spread

# Labels of lines are so wide, and lines.
LABEL, WIDTH = 18, 100
# With fewer held-out rows, chance moves an accuracy of 90% by more than eight points either way.
FEW_ROWS = 50


class TableData(NamedTuple):
    """The table that was read: its rows, the inputs made of its columns, and what became of the others.

    categories: how many a one-hot column has. dropped: why a column is left out. missing: how many numbers a column
    lacked; policy: what was done about it; rows_dropped: rows left out because of it.
    """

    source: str
    rows: int
    columns: int
    inputs: int
    categories: Mapping[str, int] = {}
    dropped: Mapping[str, str] = {}
    missing: Mapping[str, int] = {}
    policy: str = "error"
    rows_dropped: int = 0


class Task(NamedTuple):
    """What is predicted. reason: how the task is known."""

    targets: Sequence[str]
    name: str
    reason: str
    classes: Sequence[str] = ()


class Parts(NamedTuple):
    """How rows are split: how many splits, in words too, and the rows of each part of a split, on average.

    answering: where each network has a split of its own, how many of them a row that is held out is answered by, on
    average.
    """

    splits: int
    description: str
    training: int
    validation: int = 0
    test: int = 0
    answering: float | None = None


class ScoreRow(NamedTuple):
    """A score on a part: the networks' mean and the ensemble's score, with their 95% intervals.

    between_seeds, between_splits: standard deviations; None where there is one seed, or one split.
    """

    part: str
    score: str
    networks: Interval
    ensemble: Interval | None = None
    between_seeds: float | None = None
    between_splits: float | None = None


class TableReport(NamedTuple):
    """All that is said of an ensemble trained on a table.

    preset: its name; settings: what it is made of. seeds: of each split. kept: the epochs whose weights are kept, None
    where these are the last. coverage: the share of held-out rows in their 95% intervals, None where there are none.
    temperature: of the ensemble's probabilities.
    """

    data: TableData
    task: Task
    preset: str
    settings: Mapping[str, Any]
    parts: Parts
    seeds: int
    epochs: int
    scores: Sequence[ScoreRow]
    kept: Spread | None = None
    coverage: Interval | None = None
    diverged: int = 0
    temperature: float = 1.0


# ---- before training ----


def data_lines(report: TableReport) -> Iterator[str]:
    """Yield what was read, what is predicted, how, and on which rows."""
    yield from source_lines(report.data, report.task, report.preset, report.settings)
    parts = report.parts
    held_out = [f"{rows:,} to {verb}" for rows, verb in ((parts.validation, "validate"), (parts.test, "test")) if rows]
    yield _line("splits", f"{parts.description}: " + ", ".join([f"{parts.training:,} rows to learn from", *held_out]))
    each = f" ({counted(report.seeds, 'seed')} for each of {parts.splits} splits)" if parts.splits > 1 else ""
    if parts.answering:
        answering = number(parts.answering)
        each = f", each with rows of its own to validate; a row held out is answered by {answering} of them"
    yield _line("networks", f"{report.seeds * parts.splits:,}{each}")


def source_lines(d: TableData, task: Task, preset: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was read, what is predicted, and by which settings."""
    yield _line("data", f"{printable(d.source)}: {counted(d.rows, 'row')}, {counted(d.columns, 'column')}")
    yield from _column_lines(d)
    classes = f" of {len(task.classes)} classes ({listed(task.classes)})" if task.classes else ""
    yield _line("target", f"{listed(task.targets)}: {task.name}{classes}, {task.reason}")
    yield from _preset_lines(preset, settings)


def _column_lines(d: TableData) -> Iterator[str]:
    kinds = f"{counted(d.inputs, 'input')}"
    if d.categories:
        encoded = listed([f"{name} ({count})" for name, count in d.categories.items()])
        kinds += f", one for each category of {encoded}"
    yield _line("", kinds)
    if d.dropped:
        yield _line("", f"left out: {listed([f'{name} ({why})' for name, why in d.dropped.items()])}")
    if d.missing:
        missing = listed([f"{name} ({count:,})" for name, count in d.missing.items()])
        rows = f", {counted(d.rows_dropped, 'row')} left out" if d.rows_dropped else ""
        yield _line("", f"missing numbers: {missing}; --missing {d.policy}{rows}")


def _preset_lines(preset: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield a preset and all its settings."""
    text = ", ".join(f"{name.replace('_', '-')} {setting(value)}" for name, value in settings.items())
    lines = wrap(f"{printable(preset)}: {text}", WIDTH - LABEL, break_on_hyphens=False)
    for place, line in enumerate(lines):
        yield _line("" if place else "preset", line)


# ---- after training ----


def score_columns(report: TableReport) -> list[str]:
    """Return the heads of the rows of scores; what intervals are over is said there."""
    over = f"{report.parts.splits} splits" if report.parts.splits > 1 else "seeds"
    spreads = [name for name, shown in zip(("sd seeds", "sd splits"), _spreads(report), strict=True) if shown]
    return ["part", "score", f"networks (95% over {over})", "ensemble", *spreads]


def score_rows(report: TableReport) -> list[list[str]]:
    """Return a row of words for each score on each part."""
    rows = []
    for s in report.scores:
        spreads = [
            "–" if value is None else number(value)
            for value, shown in zip((s.between_seeds, s.between_splits), _spreads(report), strict=True)
            if shown
        ]
        rows.append([s.part, s.score, interval(s.networks), interval(s.ensemble) if s.ensemble else "–", *spreads])
    return rows


def _spreads(report: TableReport) -> tuple[bool, bool]:
    """Whether any score has a standard deviation between seeds, and between splits."""
    seeds, splits = zip(*((s.between_seeds, s.between_splits) for s in report.scores), strict=True)
    return any(value is not None for value in seeds), any(value is not None for value in splits)


def result_lines(report: TableReport) -> Iterator[str]:
    """Yield what became of training, beside its scores, and what to beware of."""
    if report.kept:
        k = report.kept
        yield _line("epochs kept", f"median {number(k.median)}, range {to(k.min, k.max)} of {number(report.epochs)}")
    if report.coverage:
        low, high = report.coverage.low, report.coverage.high
        held = f"{share(report.coverage.estimate)} of the rows held out are in theirs, of 95%"
        yield _line("intervals", f"{held} (95% interval {shares_to(low, high)})")
    if report.temperature != 1:
        which = "less" if report.temperature > 1 else "more"
        yield _line("temperature", f"{number(report.temperature)}: probabilities {which} certain than networks' mean")
    if report.diverged:
        yield _line("diverged", f"{report.diverged:,} of {report.seeds * report.parts.splits:,}, left out")
    for warning in warnings(report):
        yield _line("note", warning)


def warnings(report: TableReport) -> Iterator[str]:
    """Yield what to beware of when the scores are read."""
    parts = report.parts
    held_out = min((parts.test or parts.validation) * parts.splits, report.data.rows)
    if not held_out:
        yield "no rows are held out: scores are of rows that were learnt from, and say nothing of new ones"
        return
    if report.kept and not parts.test:
        yield "validation rows chose the epochs kept: scores on them are slightly optimistic; --folds tests on others"
    if held_out < FEW_ROWS:
        yield f"{counted(held_out, 'row')} held out: chance moves these scores far"
    if parts.splits == 1 and report.seeds > 1:
        yield "one split: intervals over seeds leave out what other rows would change; --repeats shows it"
    if report.coverage and report.coverage.high < 0.95:
        yield "intervals are too narrow for the rows held out"


# ---- the JSON document ----


def document(report: TableReport) -> dict[str, Any]:
    """Return the JSON document of an ensemble trained on a table. A number that is not finite is null."""
    return {
        **{name: getattr(report, name) for name in ("seeds", "epochs", "diverged")},
        **source_document(report.data, report.task, report.preset, report.settings),
        "splits": report.parts._asdict(),
        "scores": [_score_document(s) for s in report.scores],
        "kept": report.kept and report.kept._asdict(),
        "coverage": report.coverage and interval_document(report.coverage),
        "temperature": report.temperature,
        "warnings": list(warnings(report)),
    }


def source_document(d: TableData, task: Task, preset: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was read, what is predicted, and by which settings, for a JSON document."""
    return {
        "preset": preset,
        "data": d._asdict() | {name: dict(getattr(d, name)) for name in _MAPPINGS},
        "task": {name: list(v) if name in _SEQUENCES else v for name, v in task._asdict().items()},
        "settings": {name: list(v) if isinstance(v, tuple) else v for name, v in settings.items()},
    }


_MAPPINGS, _SEQUENCES = ("categories", "dropped", "missing"), ("targets", "classes")


def _score_document(s: ScoreRow) -> dict[str, Any]:
    return s._asdict() | {
        "networks": interval_document(s.networks),
        "ensemble": s.ensemble and interval_document(s.ensemble),
    }


# ---- pieces of lines ----


def _line(label: str, text: str) -> str:
    return f"{label:<{LABEL}}{text}"
