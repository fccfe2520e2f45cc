import math

import numpy as np
import pytest

from fnn import rng as streams
from fnn.stats.intervals import wilson
from fnn.stats.prediction_intervals import LearnedInterval, learn_interval, measured_coverage, prediction_interval


def simulated(rng, rows, outputs=1):
    """Return mean, variance and y: (N, O), whose spread grows where networks differ more, with heavy tails."""
    variance = rng.uniform(0, 2, (rows, outputs))
    mean = rng.normal(0, 5, (rows, outputs))
    noise = rng.standard_t(4, (rows, outputs)) * np.sqrt(variance + 0.5) * (1, 30)[:outputs]
    return mean, variance * np.square((1, 30)[:outputs]), mean + noise


def test_an_interval_by_hand():
    """Errors 1 to 19 about 0: residual is their mean square, q the ⌈20·0.95⌉ = 19th of them; 18 are too few."""
    y = np.arange(1.0, 20)[:, None]
    nothing = np.zeros_like(y)
    learned = learn_interval(nothing, nothing, y)
    assert learned.residual == pytest.approx([130])  # 19·20·39/6 / 19
    assert learned.q == pytest.approx(19 / math.sqrt(130))
    low, high = prediction_interval([[3.0]], [[0.0]], learned)
    assert (low[0, 0], high[0, 0]) == pytest.approx((-16, 22))
    assert learn_interval(nothing, nothing, y, 0.5).q == pytest.approx(10 / math.sqrt(130))
    assert learn_interval(nothing, nothing, y, 0.9).q == pytest.approx(18 / math.sqrt(130))
    assert learn_interval(nothing[1:], nothing[1:], y[1:]).q == math.inf


def test_a_row_on_which_networks_differ_more_has_a_wider_interval():
    """y − mean is ±2 where the variance is 4, ±1 where it is 1: all of it is explained, the residual is 0."""
    variance = np.array([4.0, 1] * 20)[:, None]
    y = np.sqrt(variance) * np.repeat([1, -1], 20)[:, None]
    learned = learn_interval(np.zeros_like(y), variance, y)
    assert learned.residual.tolist() == [0]
    assert learned.q == 1
    low, high = prediction_interval(np.zeros((2, 1)), [[9.0], [0.25]], learned)
    assert (high - low).ravel().tolist() == [6, 1]


def test_q_is_the_least_that_leaves_the_share_inside(rng):
    """Brute force: the smallest of the distances that, with a new row among them, has 80% at or below it."""
    mean, variance, y = simulated(rng, 57, 2)
    residual, q = learn_interval(mean, variance, y, 0.8)
    assert residual == pytest.approx(((y - mean) ** 2 - variance).mean(axis=0))
    distances = (np.abs(y - mean) / np.sqrt(variance + residual)).ravel()
    enough = [d for d in distances if (distances <= d).sum() >= 0.8 * (len(distances) + 1)]
    assert q == pytest.approx(min(enough))


def test_rounding_does_not_lift_a_rank_above_a_whole_number():
    """(99 + 1) · 0.55 is a little above 55 in floating-point numbers."""
    assert 100 * 0.55 > 55
    y = np.arange(1.0, 100)[:, None]
    nothing = np.zeros_like(y)
    learned = learn_interval(nothing, nothing, y, 0.55)
    assert learned.q == pytest.approx(55 / np.sqrt((y**2).mean()))


def test_where_networks_differ_more_than_rows_the_residual_is_none():
    y = np.array([1.0, -1] * 20)[:, None]
    learned = learn_interval(np.zeros_like(y), np.full_like(y, 4.0), y)
    assert (learned.residual.tolist(), learned.q) == ([0], 0.5)


def test_what_is_met_exactly_has_intervals_without_width():
    y = np.arange(40.0)[:, None]
    learned = learn_interval(y, np.zeros_like(y), y)
    assert learned.q == 0
    assert learned.residual.tolist() == [0]
    low, high = prediction_interval(y, np.zeros_like(y), learned)
    assert low.tolist() == high.tolist() == y.tolist()


def test_an_infinite_factor_gives_infinite_intervals():
    low, high = prediction_interval([[1.0]], [[0.0]], LearnedInterval(np.zeros(1), math.inf))
    assert (low[0, 0], high[0, 0]) == (-math.inf, math.inf)


def test_coverage_is_measured_on_rows_that_were_not_learnt_from(rng):
    mean, variance, y = simulated(rng, 2000)
    coverage = measured_coverage(mean, variance, y)
    assert coverage.low <= 0.95 <= coverage.high
    assert coverage == measured_coverage(mean, variance, y)
    assert measured_coverage(mean[:37], variance[:37], y[:37]) is None
    assert measured_coverage(mean[:38], variance[:38], y[:38]) is not None
    assert measured_coverage(mean[:1], variance[:1], y[:1]) is None
    ordered = np.argsort(np.abs(y - mean)[:, 0])  # halves of a sorted table would be far from alike
    assert 0.93 < measured_coverage(mean[ordered], variance[ordered], y[ordered]).estimate < 0.97


@pytest.mark.parametrize("outputs", [1, 2])
def test_each_half_is_measured_by_what_the_other_says(rng, outputs):
    """By the words of NumPy's own generator; of several outputs the mean share, as uncertain as so many rows are."""
    rows = 61
    arrays = simulated(rng, rows, outputs)
    words = np.random.Philox(key=np.array([0, streams.SPLIT], np.uint64)).random_raw(64)[:rows]
    halves = np.split(np.argsort(words), [rows // 2])
    inside = 0
    for learn, measure in (halves, halves[::-1]):
        learned = learn_interval(*(a[learn] for a in arrays), 0.8)
        low, high = prediction_interval(*(a[measure] for a in arrays[:2]), learned)
        inside += ((low <= arrays[2][measure]) & (arrays[2][measure] <= high)).sum()
    share = inside / (rows * outputs)
    assert measured_coverage(*arrays, 0.8) == pytest.approx((share, *wilson(round(inside / outputs), rows)))
    assert 0.6 < share < 0.95


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((2, 1)), np.zeros((3, 2))])
def test_other_shapes_are_refused(bad):
    good = np.zeros((3, 1))
    for arguments in ((bad, good, good), (good, bad, good), (good, good, bad)):
        with pytest.raises(ValueError, match="expected N × O of each"):
            learn_interval(*arguments)


@pytest.mark.parametrize(("place", "value"), [(0, np.nan), (1, -1.0), (1, np.inf), (2, np.inf)])
def test_what_is_not_finite_is_refused(place, value):
    arguments = [np.ones((3, 1)) for _ in range(3)]
    arguments[place][1] = value
    with pytest.raises(ValueError, match="expected finite numbers"):
        learn_interval(*arguments)


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "outputs"), [(40, 1), (200, 1), (200, 2)])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_new_rows_are_covered_as_often_as_it_says(rng, rows, outputs, confidence):
    shares, measured = [], []
    for _ in range(500):
        mean, variance, y = simulated(rng, rows + 200, outputs)
        learned = learn_interval(mean[:rows], variance[:rows], y[:rows], confidence)
        low, high = prediction_interval(mean[rows:], variance[rows:], learned)
        shares.append(((low <= y[rows:]) & (y[rows:] <= high)).mean())
        measured.append(measured_coverage(mean[:rows], variance[:rows], y[:rows], confidence).estimate)
    # Split conformal covers from `confidence` to 1/(rows + 1) above it; four standard errors of 500 tables beside.
    slack = 4 * np.std(shares) / np.sqrt(500)
    assert confidence - slack - 0.005 < np.mean(shares) < confidence + 1 / (rows + 1) + slack
    assert abs(np.mean(measured) - np.mean(shares)) < slack + 2 / rows  # halves have fewer rows, and cover more
