"""Problems: a table, what is to be learnt of it and from which of its columns, and the parts its splits make of it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.checks import one_of
from fnn.data.columns import Table
from fnn.data.encoding import Encoder, complete_rows, encode, learn_encoder
from fnn.data.reading import Form, read_table
from fnn.data.samples import Part
from fnn.data.scaling import Scaling, learn_scaling, scale
from fnn.data.split import Split
from fnn.data.targets import Target, read_target, resolve_columns
from fnn.ensembles.presets import CLASS_WEIGHTS, Preparation
from fnn.errors import InvalidSetting

# How the answers of a task are scored while training, a name of `network.scores.SCORES`.
SCORED = {"binary": "sides", "multiclass": "largest", "multilabel": "sides", "regression": "squares"}


class Roles(NamedTuple):
    """Which columns are what, by name or place; task: None to infer it. missing, unknown, constant: as in
    `data.encoding`.
    """

    target: Any
    task: str | None = None
    ignore: Any = ()
    weight: str | None = None
    groups: str | None = None
    missing: str = "error"
    unknown: str = "none"
    constant: str = "drop"


def default_roles(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what is meant where it is not said: pixels of images stay, though all images have one value there."""
    return {} if settings.get("image") is None else {"constant": "keep"}


class Problem(NamedTuple):
    """N rows of a table. x: (N, I) float64, encoded but not scaled; weight: (N,) how often each counts, None for once.

    groups: (N,) whole numbers, rows with the same belong together, None for no groups. passed_over: the columns that
    are neither inputs nor targets. columns: how many the table has; missing: how many values each input lacks, where it
    lacks any; rows_dropped: rows that were left out for that. inferred: whether the task was.
    """

    source: str
    target: Target
    encoder: Encoder
    x: NDArray[np.float64]
    weight: NDArray[np.float64] | None
    groups: NDArray[np.int64] | None
    passed_over: tuple[str, ...]
    digest: str
    columns: int
    missing: dict[str, int]
    rows_dropped: int
    inferred: bool

    @property
    def rows(self) -> int:
        """N, the number of rows."""
        return len(self.x)

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """The class of each row, (N,), by which parts are stratified; None for numbers and several labels."""
        if self.target.task == "multiclass":
            labels: NDArray[np.int64] = self.target.y.argmax(axis=1)
            return labels
        return self.target.y[:, 0].astype(np.int64) if self.target.task == "binary" else None


class Prepared(NamedTuple):
    """What the networks of one split are given, and how it was prepared: of inputs (I,), of targets (O,)."""

    part: Part
    scaling: Scaling
    y_center: NDArray[np.float64]
    y_scale: NDArray[np.float64]


def read_problem(source: Any, roles: Roles, form: Form = Form()) -> Problem:  # noqa: B008, which is a tuple
    """Read a table: a path, a frame, a mapping of arrays. Raises InvalidSetting for whatever cannot be learnt from."""
    table = read_table(source, form)
    targets = resolve_columns(table, roles.target)
    others = {name: _column("weight" if k == 0 else "groups", table, name) for k, name in enumerate(roles[3:5]) if name}
    ignored = resolve_columns(table, roles.ignore, "ignore") if roles.ignore else ()
    passed_over = tuple(dict.fromkeys((*others.values(), *ignored)))
    _apart(targets, passed_over)
    inputs = table.drop((*targets, *passed_over))
    if not inputs.columns:
        raise InvalidSetting("target", roles.target, "a table with columns beside the target")
    encoder = learn_encoder(inputs, missing=roles.missing, unknown=roles.unknown, constant=roles.constant)
    rows = table.rows
    missing = {column.name: int(column.missing.sum()) for column in inputs.columns if column.missing.any()}
    if roles.missing == "drop":
        kept = np.flatnonzero(complete_rows(inputs, encoder))
        table, inputs = table.take(kept), inputs.take(kept)
    return Problem(
        source=table.source,
        target=read_target(table, targets, roles.task),
        encoder=encoder,
        x=encode(encoder, inputs),
        weight=_weights(table, others.get(roles.weight)) if roles.weight else None,
        groups=_groups(table, others.get(roles.groups)) if roles.groups else None,
        passed_over=passed_over,
        digest=table.digest,
        columns=len(table.columns),
        missing=missing,
        rows_dropped=rows - table.rows,
        inferred=roles.task is None,
    )


def _column(what: str, table: Table, name: str) -> str:
    names = resolve_columns(table, name, what)
    if len(names) != 1:
        raise InvalidSetting(what, name, "one column")
    return names[0]


def _apart(targets: Sequence[str], others: Sequence[str]) -> None:
    for name in targets:
        if name in others:
            raise InvalidSetting("target", name, "a column that is not passed over, a weight or a group")


def _weights(table: Table, name: str | None) -> NDArray[np.float64]:
    column = table.column(str(name))
    words = "a column of numbers of at least 0, none missing, not all 0"
    if column.kind != "number" or np.isnan(column.values).any():
        raise InvalidSetting("weight", name, words)
    if (column.values < 0).any() or not column.values.any():
        raise InvalidSetting("weight", float(column.values.min()), words)
    return np.asarray(column.values, np.float64)


def _groups(table: Table, name: str | None) -> NDArray[np.int64]:
    values = table.column(str(name)).values
    missing = np.isnan(values) if values.dtype.kind == "f" else values < 0
    if missing.any():
        raise InvalidSetting("groups", name, f"a group for every row; {int(missing.sum()):,} have none")
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


# ---- parts ----


def prepare(problem: Problem, split: Split, preparation: Preparation, dtype: str) -> Prepared:
    """Return what the networks of a split are given: its rows, prepared by what its training rows say.

    Behind them are the rows to validate on, or where there are none those to test on, so that their curves are kept.
    """
    train, held_out = split.train, split.validation if len(split.validation) else split.test
    weight = np.ones(problem.rows) if problem.weight is None else problem.weight
    counts = weight.astype(dtype) > 0
    if not counts[train].any() or (held_out.size and not counts[held_out].any()):
        raise InvalidSetting("weight", 0.0, "weights above 0 in every part of every split")
    both = np.concatenate((train, held_out))
    scaling = learn_scaling(
        problem.x, preparation.scaling, preparation.smooth_clip, None if problem.weight is None else weight[train],
        rows=train,
    )  # fmt: skip
    center, spread = _target_scale(problem.target, train, weight[train])
    part = Part(
        scale(scaling, problem.x, dtype, both), ((problem.target.y[both] - center) / spread).astype(dtype),
        weight[both].astype(dtype),
        (weight[train] * _class_factors(problem, train, weight[train], preparation)).astype(dtype),
        len(train), SCORED[problem.target.task],
    )  # fmt: skip
    return Prepared(part, scaling, center, spread)


def _target_scale(
    target: Target, train: NDArray[np.int64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of numbers, (O,) each; 0 and 1 of labels, and 1 of numbers all alike."""
    outputs = target.y.shape[1]
    if target.task != "regression":
        return np.zeros(outputs), np.ones(outputs)
    y, share = target.y[train], weight[:, None] / weight.sum()
    center = (share * y).sum(axis=0)
    spread = np.sqrt((share * (y - center) ** 2).sum(axis=0))
    counted = y[weight > 0]
    alike = (counted == counted[0]).all(axis=0)  # whose mean may differ from them in its last bit
    return np.where(alike, counted[0], center), np.where(alike | (spread == 0), 1.0, spread)


def _class_factors(
    problem: Problem, train: NDArray[np.int64], weight: NDArray[np.float64], preparation: Preparation
) -> NDArray[np.float64]:
    """Return the factor on each row's weight that lets all classes weigh alike: all rows' over C times its class's."""
    if not CLASS_WEIGHTS[one_of("class_weight", preparation.class_weight, CLASS_WEIGHTS)]:
        return np.ones(len(train))
    labels = problem.labels
    if labels is None:
        raise InvalidSetting("class_weight", preparation.class_weight, f"none for {problem.target.task}: no classes")
    sums = np.bincount(labels[train], weight, minlength=len(problem.target.classes))
    factors: NDArray[np.float64] = weight.sum() / (np.count_nonzero(sums) * np.where(sums > 0, sums, 1.0))
    return factors[labels[train]]
