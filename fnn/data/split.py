"""Splits: which rows of a table a network learns from, which it is validated on, and which it is tested on.

What is dealt out whole is a group of rows, or a row where there are no groups. A split depends on the split seed, its
repeat and its fold: more repeats leave those there are as they are, and a validation part leaves the folds. Nothing is
computed but with whole numbers and quotients of two of them, so a split is the same on every machine.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn import checks
from fnn.data.stratification import deal
from fnn.errors import InvalidSetting
from fnn.rng import SPLIT, multiply, philox

Rows = NDArray[np.int64]


class Split(NamedTuple):
    """Row numbers of the parts, each in ascending order; under bootstrap, train repeats rows. Parts may be empty."""

    train: Rows
    validation: Rows
    test: Rows
    repeat: int = 0
    fold: int = 0


class Splitting(NamedTuple):
    """How rows are split. `validation` is a share: of all rows, or of those outside the fold that is tested on."""

    validation: float = 0.0
    folds: int | None = None
    repeats: int = 1
    bootstrap: bool = False
    split_seed: int = 0
    per_seed: bool = False


_CHECKS: dict[str, checks.Check] = {
    "validation": checks.number(0, 1, open_high=True),
    "folds": checks.optional(checks.whole(2)),
    "repeats": checks.whole(1),
    "bootstrap": checks.boolean,
    "split_seed": checks.seed_number,
    "per_seed": checks.boolean,
}


def check_splitting(splitting: Splitting) -> Splitting:
    """Return how rows are split, checked. Raises InvalidSetting for a value out of range, or of no use to another."""
    s = Splitting(*(_CHECKS[name](name, value) for name, value in zip(splitting._fields, splitting, strict=True)))
    if s.per_seed and (s.folds or s.repeats > 1):
        raise InvalidSetting("per_seed", True, "one split for each seed, or folds and repeats that all seeds share")
    if (s.repeats > 1 or s.per_seed) and not (s.folds or s.validation or s.bootstrap):
        name, got = ("per_seed", True) if s.per_seed else ("repeats", s.repeats)
        raise InvalidSetting(name, got, "folds, a validation part or a bootstrap: without one, all splits are alike")
    return s


def make_splits(
    splitting: Splitting,
    rows: int,
    classes: Any = None,
    groups: Any = None,
    seeds: int = 1,
    class_names: Sequence[str] = (),
) -> list[Split]:
    """Return the splits of a table's rows, repeat by repeat, fold by fold; with per_seed one for each of the seeds.

    classes, groups: (rows,) whole numbers, or None. Every part has its share of each class, to within one row where
    there are no groups; a group is in one part. class_names: what errors call the classes, in ascending order.
    bootstrap: what is trained on is drawn, with repeats, from what would be trained on otherwise: as many rows of each
    class, or as many groups. Without a validation part, what is never drawn becomes it (out of bag); Breiman,
    "Out-of-bag estimation" (1996). It may be without a class, as a validation part may where a class has few rows.

    Raises InvalidSetting as `check_splitting` does, and where rows or groups are too few: a fold, or what is left to
    train on, would be without a class, or a part without a row.
    """
    s, table = check_splitting(splitting), _table(checks.whole(1)("rows", rows), classes, groups, class_names)
    count = checks.whole(1)("seeds", seeds) if s.per_seed else s.repeats
    checks.fits("repeats", count, count * (s.folds or 1) * rows * 8)
    if s.folds:
        _folds_possible(table, s.folds)
    return [split for repeat in range(count) for split in _repeat(s, table, repeat)]


def split_count(splitting: Splitting) -> int:
    """Return how many splits all seeds share; 1 where each seed has one of its own."""
    return splitting.repeats * (splitting.folds or 1)


# ---- what is dealt out ----


class _Table(NamedTuple):
    """Rows in units that are dealt out whole. A unit's profile is how many rows of each class, and in all, it has.

    unit, label: (N,), of each row. profile: (U,), of each unit, its place in profiles: (V, C + 1).
    """

    unit: Rows
    label: Rows
    profile: Rows
    profiles: Rows
    grouped: bool
    class_names: Sequence[str]

    def counts(self, rows: Rows) -> Rows:
        """Return how many of the rows each class has. → (C,)"""
        return np.bincount(self.label[rows], minlength=self.profiles.shape[1] - 1)


def _table(rows: int, classes: Any, groups: Any, class_names: Sequence[str]) -> _Table:
    values, label = _codes("classes", np.zeros(rows, np.int64) if classes is None else classes, rows)
    names = class_names or [str(value) for value in values]
    count = len(values)
    if groups is None:
        checks.fits("classes", count, 8 * count * count)
        profiles = np.concatenate((np.eye(count, dtype=np.int64), np.ones((count, 1), np.int64)), axis=1)
        return _Table(np.arange(rows), label, label, profiles, False, names)
    each, unit = _codes("groups", groups, rows)
    checks.fits("groups", len(each), 8 * len(each) * (count + 1))
    table = np.bincount(unit * count + label, minlength=len(each) * count).reshape(-1, count)
    profiles, profile = np.unique(np.column_stack((table, table.sum(axis=1))), axis=0, return_inverse=True)
    return _Table(unit, label, profile.reshape(-1), profiles, True, names)


def _codes(name: str, got: Any, rows: int) -> tuple[NDArray[Any], Rows]:
    """Return the values there are, ascending, and the place among them of each row's."""
    values = np.asarray(got)
    if values.shape != (rows,) or values.dtype.kind not in "biu":
        raise InvalidSetting(name, got, f"a whole number for each of the {rows:,} rows")
    each, codes = np.unique(values, return_inverse=True)
    return each, codes.reshape(-1).astype(np.int64)


def _folds_possible(table: _Table, folds: int) -> None:
    """Refuse more folds than there are units, and than there are units with rows of each class."""
    units, classes = len(table.profile), table.profiles.shape[1] - 1
    if folds > units:
        kind = "groups" if table.grouped else "rows"
        raise InvalidSetting("folds", folds, f"{_at_most(units)}: the number of {kind} is {units:,}")
    pairs = np.unique(table.unit * classes + table.label)
    each = np.bincount(pairs % classes, minlength=classes)
    if each.min() < folds:
        expected = f"{_at_most(int(each.min()))}, or a fold is without a class"
        raise _without_class(table, "folds", folds, int(each.argmin()), expected)


def _at_most(folds: int) -> str:
    return f"at most {folds:,}" if folds > 1 else "no folds"


def _without_class(table: _Table, name: str, got: object, label: int, expected: str) -> InvalidSetting:
    rows = table.label == label
    count, groups = int(rows.sum()), len(np.unique(table.unit[rows]))
    number = f"{count:,} row{'s' * (count > 1)}" + table.grouped * f" in {groups:,} group{'s' * (groups > 1)}"
    return InvalidSetting(name, got, f"{expected}: class {table.class_names[label]} has {number}")


# ---- one repeat ----


def _repeat(s: Splitting, table: _Table, repeat: int) -> list[Split]:
    """Return the splits of one repeat, one for each fold."""
    everything, folds = np.arange(len(table.profile)), s.folds or 1
    first = repeat * (1 + 2 * folds)
    parts = deal(table.profile, table.profiles, everything, _words(s, table, first), [1] * folds)
    return [_split(s, table, parts == fold, repeat, fold, first + 1 + 2 * fold) for fold in range(folds)]


def _split(s: Splitting, table: _Table, dealt: NDArray[np.bool_], repeat: int, fold: int, draw: int) -> Split:
    """Return one split. dealt: (U,), the units of this fold, all of them where there are no folds."""
    test = dealt if s.folds else np.zeros_like(dealt)
    weight = (~test).astype(np.int64)  # how often a unit is trained on
    held_out = np.zeros_like(test)
    if s.validation:
        held_out = _hold_out(s, table, np.flatnonzero(~test), _words(s, table, draw))
        weight[held_out] = 0
    train = np.flatnonzero(weight[table.unit])
    _complete(s, table, train, np.flatnonzero(test[table.unit]))
    if s.bootstrap:
        drawn = _bootstrap(table, np.flatnonzero(weight), _words(s, table, draw + 1))
        held_out = held_out if s.validation else (weight > 0) & (drawn == 0)
        train = np.repeat(np.arange(len(table.unit)), drawn[table.unit])
    return Split(train, np.flatnonzero(held_out[table.unit]), np.flatnonzero(test[table.unit]), repeat, fold)


def _words(s: Splitting, table: _Table, draw: int) -> NDArray[np.uint64]:
    """Return a random word for each unit, others for each draw of the split seed."""
    units = len(table.profile)
    blocks = -(-units // 4)
    return philox(np.array([s.split_seed], np.uint64), blocks, SPLIT, skip=draw * blocks)[0, :units]


def _hold_out(s: Splitting, table: _Table, units: Rows, words: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which units (U,) are held out of those given."""
    sizes = table.profiles[table.profile[units], -1]
    rows = int(sizes.sum())
    held = max(round(s.validation * rows), 1)
    if held >= rows:
        raise InvalidSetting("validation", s.validation, f"a share of {rows:,} rows that leaves some to train on")
    out: NDArray[np.bool_] = deal(table.profile, table.profiles, units, words, [held, rows - held]) == 0
    if not out.any() or out[units].all():
        near = f"that groups come near to: the smallest of {len(units):,} has {sizes.min():,} of {rows:,} rows"
        raise InvalidSetting("validation", s.validation, f"a share {near}")
    return out


def _complete(s: Splitting, table: _Table, train: Rows, test: Rows) -> None:
    """Refuse a part to test on, or to train on, without a class."""
    name, got = ("folds", s.folds) if s.folds and not s.validation else ("validation", s.validation)
    if test.size and not (counts := table.counts(test)).all():
        raise _without_class(
            table, "folds", s.folds, int(counts.argmin()), "fewer, or another split seed, or a fold is without a class"
        )
    if not (counts := table.counts(train)).all():
        expected = f"{'fewer' if name == 'folds' else 'less'}, or none of a class is left to train on"
        raise _without_class(table, name, got, int(counts.argmin()), expected)


def _bootstrap(table: _Table, units: Rows, words: NDArray[np.uint64]) -> Rows:
    """Return how often each unit (U,) is drawn from those given: rows from among those of their class, groups from all.

    Groups: Davison & Hinkley, "Bootstrap methods and their application" (1997), section 3.8.
    """
    stratum = np.zeros_like(units) if table.grouped else table.profile[units]
    order = np.argsort(stratum, kind="stable")
    _, first, place, count = np.unique(stratum[order], return_index=True, return_inverse=True, return_counts=True)
    among: Any = count[place].astype(np.uint64)
    chosen, _ = multiply(among, words[units])
    drawn = units[order][first[place] + chosen.astype(np.int64)]
    return np.bincount(drawn, minlength=len(table.profile))
