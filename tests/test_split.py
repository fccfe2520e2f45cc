import collections
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fnn import rng as streams
from fnn.data.split import Splitting, make_splits
from fnn.data.stratification import _shares
from fnn.errors import InvalidSetting

GROUPED = Splitting(folds=4, repeats=3, validation=0.25, split_seed=5)


def same(a, b):
    return len(a) == len(b) and all(
        np.array_equal(x, y) for s, t in zip(a, b, strict=True) for x, y in zip(s, t, strict=True)
    )


def class_counts(labels, rows):
    return np.bincount(labels[rows], minlength=labels.max() + 1)


# ---- rows ----


def test_without_anything_there_is_one_split_and_all_rows_are_trained_on():
    (split,) = make_splits(Splitting(), 5)
    assert split.train.tolist() == [0, 1, 2, 3, 4]
    assert split.train.dtype == split.validation.dtype == split.test.dtype == np.int64
    assert not split.validation.size
    assert not split.test.size
    assert split[3:] == (0, 0)


def test_the_rows_held_out_have_the_least_of_numpy_s_random_words():
    splits = make_splits(Splitting(validation=0.3, repeats=3, split_seed=9), 40)
    for repeat, split in enumerate(splits):
        # Three draws a repeat (folds, validation, bootstrap), of 40 words each.
        words = np.random.Philox(key=9 + (streams.SPLIT << 64)).random_raw(9 * 40)[(3 * repeat + 1) * 40 :][:40]
        assert split.validation.tolist() == sorted(np.argsort(words)[:12].tolist())
        assert split.train.tolist() == sorted(np.argsort(words)[12:].tolist())
        assert split.repeat == repeat


def test_splits_are_these_on_every_machine():
    folds = [split.test.tolist() for split in make_splits(Splitting(folds=3, split_seed=1), 9, np.arange(9) % 2)]
    assert folds == [[3, 4, 8], [0, 2, 5], [1, 6, 7]]
    (split,) = make_splits(Splitting(bootstrap=True, split_seed=1), 6)
    assert split.train.tolist() == [2, 2, 3, 4, 5, 5]


labels_of = st.lists(st.integers(0, 4), min_size=4, max_size=120).map(np.array)


@given(labels_of, st.integers(2, 9), st.sampled_from([0.0, 0.1, 0.37]), st.integers(0, 2**63 - 1))
@settings(deadline=None, max_examples=60)
def test_rows_are_dealt_in_proportion_or_refused(labels, folds, validation, seed):
    splitting = Splitting(folds=folds, repeats=2, validation=validation, split_seed=seed)
    counts = np.unique(labels, return_counts=True)[1]
    if counts.min() < folds:
        with pytest.raises(InvalidSetting, match=r"a fold is without a class|the number of rows"):
            make_splits(splitting, len(labels), labels)
        return
    assume(not validation or counts.min() >= 2 * folds)  # else a class may be held out as a whole, which is refused
    rows, splits = len(labels), make_splits(splitting, len(labels), labels)
    assert [split[3:] for split in splits] == [(r, f) for r in range(2) for f in range(folds)]
    for first in (0, folds):
        assert sorted(np.concatenate([s.test for s in splits[first : first + folds]]).tolist()) == list(range(rows))
    for train, held, test, *_ in splits:
        assert sorted(np.concatenate((train, held, test)).tolist()) == list(range(rows))
        assert abs(len(test) - rows / folds) < 1
        assert np.abs(class_counts(labels, test) - class_counts(labels, slice(None)) / folds).max() < 1
        rest = np.concatenate((train, held))
        assert len(held) == (max(round(validation * len(rest)), 1) if validation else 0)
        assert np.abs(class_counts(labels, held) - class_counts(labels, rest) * validation).max() <= 1 + (not held.size)


@given(labels_of, st.floats(0.02, 0.95), st.integers(0, 2**63 - 1))
@settings(deadline=None, max_examples=100)
def test_a_validation_part_has_its_rows_and_every_class_its_share(labels, share, seed):
    try:
        (split,) = make_splits(Splitting(validation=share, split_seed=seed), len(labels), labels)
    except InvalidSetting as refused:
        assert refused.name == "validation"  # noqa: PT017
        assert (np.unique(labels, return_counts=True)[1] * (1 - share)).min() <= 1  # so few may all be held out
        return
    held = max(round(share * len(labels)), 1)
    assert len(split.validation) == held
    expected = class_counts(labels, slice(None)) * held / len(labels)
    assert np.abs(class_counts(labels, split.validation) - expected).max() <= 1


def test_folds_have_the_class_counts_of_scikit_learn_s(rng):
    selection = pytest.importorskip("sklearn.model_selection")
    labels = rng.choice(4, 203, p=[0.5, 0.3, 0.15, 0.05])
    ours = [class_counts(labels, s.test) for s in make_splits(Splitting(folds=5), 203, labels)]
    folds = selection.StratifiedKFold(5, shuffle=True, random_state=1).split(labels, labels)
    theirs = [class_counts(labels, test) for _, test in folds]
    assert np.sort(ours, axis=0).tolist() == np.sort(theirs, axis=0).tolist()


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 40)), min_size=1, max_size=7),
    st.integers(1, 30),
    st.integers(0, 60),
)
def test_units_alike_are_dealt_as_if_one_by_one(parts, square, count):
    """Brute force, of parts of one size: the next unit goes where it costs least, the first of several such places."""
    dealt, quotas = [d for d, _ in parts], [parts[0][1]] * len(parts)
    one_by_one = [0] * len(parts)
    for _ in range(count):
        cost = [2 * d + square + 2 * square * n for d, n in zip(dealt, one_by_one, strict=True)]
        one_by_one[cost.index(min(cost))] += 1
    assert _shares(dealt, square, quotas, count) == one_by_one
    uneven = _shares(dealt, square, [q for _, q in parts], count)
    assert sum(uneven) == count
    assert min(uneven) >= 0


# ---- seeds, repeats ----


def test_a_split_depends_on_its_seed_repeat_and_fold_alone(rng):
    labels = rng.integers(0, 3, 90)
    few = make_splits(GROUPED, 90, labels)
    assert same(few, make_splits(GROUPED, 90, labels))
    assert same(few, make_splits(GROUPED._replace(repeats=5), 90, labels)[:12])
    without = make_splits(GROUPED._replace(validation=0.0), 90, labels)
    assert all(np.array_equal(a.test, b.test) for a, b in zip(few, without, strict=True))
    others = [*few[4:], *make_splits(GROUPED._replace(split_seed=6), 90, labels)]
    assert not any(np.array_equal(few[0].test, split.test) for split in others)
    assert len({tuple(split.validation) for split in few}) == 12


def test_each_seed_has_a_split_of_its_own():
    splits = make_splits(Splitting(validation=0.5, per_seed=True), 30, seeds=64)
    assert len(splits) == 64
    assert len({tuple(split.train) for split in splits}) == 64
    assert [split.repeat for split in splits] == list(range(64))


def test_every_row_is_held_out_as_often_as_another(rng):
    splits = make_splits(Splitting(validation=0.25, repeats=2000), 12, np.repeat([0, 1], [8, 4]))
    times = np.bincount(np.concatenate([split.validation for split in splits]))
    assert np.abs(times / 2000 - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / 2000)


# ---- groups ----


@given(labels_of, st.integers(2, 40), st.integers(2, 5), st.integers(0, 2**63 - 1))
@settings(deadline=None, max_examples=60)
def test_groups_are_never_cut(labels, count, folds, seed):
    groups = (np.arange(len(labels)) ** 2) % count
    sizes = np.bincount(groups)
    sizes = sizes[sizes > 0]
    splitting = Splitting(folds=folds, split_seed=seed)
    if folds > len(sizes):
        with pytest.raises(InvalidSetting, match="the number of groups"):
            make_splits(splitting, len(labels), groups=groups)
        return
    splits = make_splits(splitting, len(labels), groups=groups)
    assert sorted(np.concatenate([split.test for split in splits]).tolist()) == list(range(len(labels)))
    for split in splits:
        assert not set(groups[split.train]) & set(groups[split.test])
    parts = [len(split.test) for split in splits]
    assert min(parts) >= 1
    assert max(parts) - min(parts) <= sizes.max()


def test_a_large_group_is_evened_out_by_small_ones():
    groups = np.concatenate((np.zeros(60, int), np.arange(1, 61)))
    assert {len(split.test) for split in make_splits(Splitting(folds=2, repeats=9), 120, groups=groups)} == {60}
    (split,) = make_splits(Splitting(validation=0.25), 120, groups=groups)
    assert len(split.validation) == 30
    assert 0 not in groups[split.validation]


def test_groups_are_dealt_about_as_evenly_as_scikit_learn_deals_them(rng):
    selection = pytest.importorskip("sklearn.model_selection")
    labels, groups = rng.choice(3, 2000, p=[0.6, 0.3, 0.1]), rng.integers(0, 150, 2000)
    expected = class_counts(labels, slice(None)) / 5

    def apart(tests):
        return max(np.abs(class_counts(labels, test) - expected).max() for test in tests)

    ours = [split.test for split in make_splits(Splitting(folds=5), 2000, labels, groups)]
    folds = selection.StratifiedGroupKFold(5, shuffle=True, random_state=1).split(labels, labels, groups)
    assert apart(ours) <= max(apart([test for _, test in folds]), 10)
    assert apart(ours) < expected.min() / 3


def test_validation_parts_and_bootstraps_keep_groups_together_too(rng):
    labels, groups = rng.integers(0, 2, 300), rng.integers(100, 130, 300)
    splits = make_splits(GROUPED._replace(bootstrap=True), 300, labels, groups)
    assert len({tuple(split.test) for split in splits}) == 12  # repeats deal groups in other ways
    for train, held, test, *_ in splits:
        inside = [set(groups[rows]) for rows in (train, held, test)]
        assert not inside[0] & inside[1]
        assert not inside[0] & inside[2]
        assert not inside[1] & inside[2]
        assert 0.1 < len(held) / (300 - len(test)) < 0.4
        times = np.bincount(train, minlength=300)
        for group in inside[0]:
            assert len(set(times[groups == group])) == 1


# ---- bootstrap ----


def test_a_bootstrap_draws_as_many_rows_of_each_class_and_keeps_the_rest_out_of_the_bag(rng):
    labels = rng.choice(3, 200, p=[0.7, 0.2, 0.1])
    for split in make_splits(Splitting(bootstrap=True, folds=4), 200, labels):
        rest = np.setdiff1d(np.arange(200), split.test)
        assert len(split.train) == len(rest)
        assert class_counts(labels, split.train).tolist() == class_counts(labels, rest).tolist()
        assert np.union1d(split.train, split.validation).tolist() == rest.tolist()
        assert not np.intersect1d(split.train, split.validation).size


def test_a_bootstrap_leaves_a_validation_part_as_it_is():
    plain = make_splits(Splitting(validation=0.2, repeats=4), 50)
    drawn = make_splits(Splitting(validation=0.2, repeats=4, bootstrap=True), 50)
    for a, b in zip(plain, drawn, strict=True):
        assert np.array_equal(a.validation, b.validation)
        assert set(b.train) < set(a.train)


def test_a_row_is_drawn_as_often_as_chance_has_it():
    times = collections.Counter()
    for split in make_splits(Splitting(bootstrap=True, repeats=2000), 10):
        times.update(np.bincount(split.train, minlength=10).tolist())
    shares = np.array([times[n] for n in range(4)]) / 20_000
    binomial = [0.9**10, 0.9**9, 45 * 0.9**8 / 100, 120 * 0.9**7 / 1000]  # of ten draws, each of a row in ten
    assert np.abs(shares - binomial).max() < 0.012


# ---- refusals ----


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"validation": 1.0}, "validation", "at least 0 and below 1"),
        ({"validation": -0.1}, "validation", "at least 0 and below 1"),
        ({"validation": float("nan")}, "validation", "at least 0 and below 1"),
        ({"validation": 0.96}, "validation", "leaves some to train on"),
        ({"folds": 1}, "folds", "a whole number of at least 2"),
        ({"folds": 2.0}, "folds", "a whole number of at least 2"),
        ({"folds": 13}, "folds", "at most 12: the number of rows is 12"),
        ({"folds": 5, "repeats": 0}, "repeats", "at least 1"),
        ({"repeats": 2}, "repeats", "all splits are alike"),
        ({"per_seed": True}, "per_seed", "all splits are alike"),
        ({"per_seed": True, "folds": 2}, "per_seed", "one split for each seed, or folds"),
        ({"per_seed": True, "bootstrap": True, "repeats": 2}, "per_seed", "one split for each seed, or folds"),
        ({"bootstrap": 1}, "bootstrap", "true or false"),
        ({"split_seed": -1}, "split_seed", "at least 0"),
        ({"bootstrap": True, "repeats": 2**30}, "repeats", "what fits the memory"),
    ],
)
def test_what_is_no_splitting_is_refused(changes, name, words):
    with pytest.raises(InvalidSetting, match=words) as refused:
        make_splits(Splitting(**changes), 12)
    assert refused.value.name == name


@pytest.mark.parametrize(
    ("changes", "labels", "groups", "words"),
    [
        (
            {"folds": 4},
            [0] * 9 + [1] * 3,
            None,
            "folds: got 4; expected at most 3, or a fold is without a class: class red has 3 rows",
        ),
        ({"folds": 2}, [0] * 11 + [1], None, "expected no folds, or a fold is without a class: class red has 1 row"),
        (
            {"folds": 3},
            [0] * 8 + [1] * 4,
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 9],
            "at most 2, or a fold is without a class: class red has 4 rows in 2 groups",
        ),
        (
            {"folds": 2},  # the large group holds half of the rows, and no red one: red is in the others, together
            [0] * 10 + [1] * 2,
            [7] * 6 + [8] * 4 + [8, 8],
            "no folds, or a fold is without a class: class red has 2 rows in 1 group",
        ),
        (
            {"validation": 0.7},
            [0] * 11 + [1],
            None,
            "validation: got 0.7; expected less, or none of a class is left to train on: class red has 1 row",
        ),
        (
            {"validation": 0.1},
            [0, 1] * 6,
            [1] * 6 + [2] * 6,
            "a share that groups come near to: the smallest of 2 has 6 of 12 rows",
        ),
        ({"validation": 0.2}, [0, 1] * 6, [1] * 12, "the smallest of 1 has 12 of 12 rows"),
        ({"folds": 2}, [0, 1] * 6, [5] * 12, "folds: got 2; expected no folds: the number of groups is 1"),
        (
            {"folds": 3},  # three groups have a red row each, and the fourth is larger than two of them
            [0] * 9 + [1] * 3,
            [4, 0, 0, 1, 0, 4, 4, 2, 0, 0, 1, 2],
            "fewer, or another split seed, or a fold is without a class: class red has 3 rows in 3 groups",
        ),
        ({}, [0.0] * 12, None, "a whole number for each of the 12 rows"),
        ({}, [0] * 11, None, "a whole number for each of the 12 rows"),
        ({}, [0] * 12, [[0]] * 12, "a whole number for each of the 12 rows"),
    ],
)
def test_what_would_leave_a_part_without_a_class_or_a_row_is_refused(changes, labels, groups, words):
    with pytest.raises(InvalidSetting) as refused:
        make_splits(Splitting(**changes), 12, labels, groups, class_names=("blue", "red"))
    assert words in str(refused.value)


def test_a_class_is_called_by_its_number_where_it_has_no_name():
    with pytest.raises(InvalidSetting, match="class 7 has 2 rows"):
        make_splits(Splitting(folds=3), 12, [4] * 10 + [7] * 2)


def test_no_row_is_no_table():
    with pytest.raises(InvalidSetting, match="rows: got 0"):
        make_splits(Splitting(), 0)


# ---- cost ----


@pytest.mark.slow
@pytest.mark.parametrize("groups", [None, 3000, 20_000])
def test_fifty_splits_of_forty_thousand_rows_are_made_in_seconds(rng, groups):
    """Measured: 0.5 s without groups, 1.6 s with 3,000 of them that all differ."""
    labels = rng.integers(0, 12, 40_000)
    of_row = None if groups is None else rng.integers(0, groups, 40_000)
    begin = time.perf_counter()
    splits = make_splits(Splitting(folds=5, repeats=10, validation=0.2, bootstrap=True), 40_000, labels, of_row)
    assert time.perf_counter() - begin < 15
    assert len(splits) == 50
