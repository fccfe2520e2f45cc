import math

import numpy as np
import pytest
import scipy.stats

from fnn.data.split import Splitting, make_splits
from fnn.stats.comparisons import holm
from fnn.stats.importance import importance_interval
from fnn.stats.resampled import compare_with_best, corrected_interval

# ---- the mean over splits ----


@pytest.mark.parametrize("runs", [2, 5, 50])
@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_without_overlap_it_is_scipy_s_interval_of_a_mean(rng, runs, confidence):
    values = rng.normal(3, 2, runs)
    theirs = scipy.stats.ttest_1samp(values, 0).confidence_interval(confidence)
    ours = corrected_interval(values, 100, 0, confidence)
    assert ours == pytest.approx((values.mean(), theirs.low, theirs.high))


def test_an_interval_by_hand():
    """Four folds: mean 3, s² = (4 + 0 + 0 + 4)/3; (1/4 + 1/3)·8/3 = 14/9, and t of 3 degrees is 3.182446."""
    half = 3.182446305284263 * math.sqrt(14 / 9)
    assert corrected_interval([1, 3, 3, 5], train_rows=75, test_rows=25) == pytest.approx((3, 3 - half, 3 + half))


def test_one_split_or_what_is_not_finite_leaves_everything_possible():
    assert corrected_interval([2.0], 80, 20) == (2, -math.inf, math.inf)
    assert corrected_interval([2.0, math.inf], 80, 20) == (math.inf, -math.inf, math.inf)
    undefined = corrected_interval([2.0, math.nan, 1.0], 80, 20)
    assert math.isnan(undefined.estimate)
    assert undefined[1:] == (-math.inf, math.inf)
    assert corrected_interval([0.1] * 7, 80, 20) == pytest.approx((0.1, 0.1, 0.1), abs=1e-15)


@pytest.mark.parametrize(
    ("values", "train", "test"), [([], 80, 20), ([[1.0]], 80, 20), ([1.0, 2], 0, 20), ([1.0, 2], 80, -1)]
)
def test_what_is_no_score_over_splits_is_refused(values, train, test):
    with pytest.raises(ValueError, match="expected"):
        corrected_interval(values, train, test)


# ---- settings against the best ----


def corrected_p(difference, factor):
    """Return p as written in the paper."""
    t = difference.mean() / math.sqrt(factor * difference.var(ddof=1))
    return 2 * scipy.stats.t.sf(abs(t), len(difference) - 1)


def test_every_setting_is_compared_with_the_best(rng):
    scores = rng.normal(size=20) + rng.normal(0, 0.3, (5, 20)) + np.array([0.2, 0.0, 3.0, 0.05, 0.7])[:, None]
    ours = compare_with_best(scores, 80, 20, lower_is_better=True)
    best = int(scores.mean(axis=1).argmin())
    assert ours.best == best
    factor = 1 / 20 + 20 / 80
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    adjusted = holm([corrected_p(scores[i] - scores[j], factor) for i, j in pairs])
    for setting in range(5):
        interval = corrected_interval(scores[setting], 80, 20)
        assert ours.means[setting] == interval
        if setting == best:
            assert ours.differences[setting] == (0, 0, 0, 1)
            assert ours.p_adjusted[setting] == 1
            continue
        difference = scores[setting] - scores[best]
        assert ours.differences[setting][:3] == pytest.approx(corrected_interval(difference, 80, 20))
        assert ours.differences[setting].p == pytest.approx(corrected_p(difference, factor))
        pair = pairs.index((min(setting, best), max(setting, best)))
        assert ours.p_adjusted[setting] == pytest.approx(adjusted[pair])
    assert ours.worse.tolist() == (ours.p_adjusted < 0.05).tolist()
    assert ours.worse[2]
    assert not ours.worse[best]


def test_higher_may_be_better(rng):
    scores = rng.normal(size=(4, 10))
    low, high = compare_with_best(-scores, 9, 1, True), compare_with_best(scores, 9, 1, False)
    assert low.best == high.best == int(scores.mean(axis=1).argmax())
    assert low.p_adjusted.tolist() == high.p_adjusted.tolist()
    assert [d.effect for d in low.differences] == [-d.effect for d in high.differences]


def test_a_setting_that_failed_is_worse_and_changes_nothing_for_the_others(rng):
    scores = rng.normal(size=(4, 10))
    plain = compare_with_best(scores, 9, 1, True)
    failed = np.vstack((scores, scores[0], scores[1]))
    failed[4, 3], failed[5, 0] = np.nan, np.inf
    ours = compare_with_best(failed, 9, 1, True)
    assert ours.best == plain.best
    assert ours.p_adjusted[:4] == pytest.approx(plain.p_adjusted)
    assert ours.worse.tolist() == [*plain.worse.tolist(), True, True]
    assert ours.differences[5] == (math.inf, -math.inf, math.inf, 1)
    assert not compare_with_best(failed[4:], 9, 1, False).worse.any()


def test_settings_alike_and_settings_apart_by_the_same_in_every_split():
    scores = np.array([[1.0, 2, 3], [1, 2, 3], [1.5, 2.5, 3.5]])
    ours = compare_with_best(scores, 2, 1, True)
    assert ours.differences[1] == (0, 0, 0, 1)
    assert ours.differences[2] == (0.5, 0.5, 0.5, 0)
    assert ours.worse.tolist() == [False, False, True]
    single = compare_with_best([[1.0], [2.0]], 2, 1, True)
    assert single.differences[1] == (1, -math.inf, math.inf, 1)
    assert not single.worse.any()
    assert compare_with_best([[1.0, 2]], 2, 1, True).worse.tolist() == [False]


@pytest.mark.parametrize("scores", [[], [[]], [1.0, 2.0]])
def test_what_is_no_table_of_scores_is_refused(scores):
    with pytest.raises(ValueError, match="expected settings × splits"):
        compare_with_best(scores, 2, 1, True)


# ---- what the correction is for ----


def fold_errors(x, y, splits):
    """Return the squared error on each test part of the line through the training part, for each feature. → (A, R)"""
    errors = np.empty((x.shape[1], len(splits)))
    for k, split in enumerate(splits):
        a, b = x[split.train], y[split.train]
        slope = ((a - a.mean(axis=0)) * (b - b.mean())[:, None]).sum(axis=0) / ((a - a.mean(axis=0)) ** 2).sum(axis=0)
        predicted = b.mean() + slope * (x[split.test] - a.mean(axis=0))
        errors[:, k] = ((predicted - y[split.test][:, None]) ** 2).mean(axis=0)
    return errors


@pytest.mark.slow
def test_overlapping_folds_raise_false_alarms_unless_corrected(rng):
    """Two features that say as much of y: neither is better, over all tables there can be.

    Of 600 tables of 60 rows, in 10 times 5 folds: the usual t-test calls one better in 60%, the corrected one in 4%.
    """
    splitting, tables = Splitting(folds=5, repeats=10), 600
    naive, corrected = 0, 0
    for table in range(tables):
        y = rng.normal(size=60)
        x = y[:, None] + rng.normal(size=(60, 2))
        errors = fold_errors(x, y, make_splits(splitting._replace(split_seed=table), 60))
        difference = errors[0] - errors[1]
        naive += corrected_interval(difference, 48, 0).low > 0 or corrected_interval(difference, 48, 0).high < 0
        corrected += compare_with_best(errors, 48, 12, True).worse.any()
    assert naive / tables > 0.4
    assert corrected / tables < 0.08


@pytest.mark.slow
def test_among_many_settings_alike_none_is_called_worse_than_the_best(rng):
    """Twenty alike, 10 splits: of 1,000 studies 3% call one worse than the best; Holm over the 19 others would 20%."""
    studies, wrong, too_few = 1000, 0, 0
    for _ in range(studies):
        ours = compare_with_best(rng.normal(size=(20, 10)), 1, 0, True)
        wrong += ours.worse.any()
        too_few += (holm([d.p for k, d in enumerate(ours.differences) if k != ours.best]) < 0.05).any()
    assert wrong / studies < 0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)
    assert too_few / studies > 0.15


# ---- importance ----


def test_importance_is_the_mean_over_networks(rng):
    drops = rng.normal(0.3, 0.1, (16, 5))
    theirs = scipy.stats.ttest_1samp(drops.mean(axis=1), 0).confidence_interval(0.9)
    assert importance_interval(drops, 0.9) == pytest.approx((drops.mean(), theirs.low, theirs.high))
    assert importance_interval(drops[:1]) == (pytest.approx(drops[0].mean()), -math.inf, math.inf)
    for bad in (np.zeros(3), np.zeros((0, 2)), np.zeros((2, 0))):
        with pytest.raises(ValueError, match="expected networks × repetitions"):
            importance_interval(bad)
