import numpy as np
import pytest

from fnn.errors import InvalidSetting
from fnn.stats.calibration import expected_calibration_error, reliability
from fnn.stats.intervals import wilson


def brute_force(confidence, right, bins):
    """Return counts, mean confidence, share right, and the expected calibration error, answer by answer."""
    edges = [k / bins for k in range(bins + 1)]
    rows = [[] for _ in range(bins)]
    for c, r in zip(confidence, right, strict=True):
        place = next(k for k in range(bins) if c <= edges[k + 1] or k == bins - 1)
        rows[place].append((c, r))
    error = sum(abs(sum(r - c for c, r in row)) for row in rows) / len(confidence)
    means = [(sum(c for c, _ in row) / len(row), sum(r for _, r in row) / len(row)) if row else None for row in rows]
    return [len(row) for row in rows], means, error


def check(p, y, confidence, right, event, bins=10):
    ours = reliability(p, y, bins, event)
    counts, means, error = brute_force(confidence, right, bins)
    assert ours.counts.tolist() == counts
    for k, pair in enumerate(means):
        if pair is None:
            assert np.isnan([ours.confidence[k], ours.right[k], ours.low[k], ours.high[k]]).all()
        else:
            assert (ours.confidence[k], ours.right[k]) == pytest.approx(pair)
            assert (ours.low[k], ours.high[k]) == wilson(round(pair[1] * counts[k]), counts[k])
    assert expected_calibration_error(ours) == pytest.approx(error)


def test_bins_of_classes_are_those_of_a_loop(rng):
    p = rng.dirichlet([0.4] * 5, 700)
    y = np.eye(5)[rng.integers(0, 5, 700)]
    right = [int(a.argmax() == b.argmax()) for a, b in zip(p, y, strict=True)]
    check(p, y, p.max(axis=1), right, "top-label")
    check(p, y, p.max(axis=1), right, "top-label", bins=15)


def test_bins_of_two_classes_are_those_of_a_loop(rng):
    p = rng.random((500, 1))
    p[:40] = np.repeat([0.0, 0.5, 0.2, 1.0], 10)[:, None]
    y = (rng.random((500, 1)) < p**2).astype(float)
    right = [int((a > 0.5) == (b > 0.5)) for a, b in zip(p[:, 0], y[:, 0], strict=True)]
    check(p, y, np.maximum(p, 1 - p)[:, 0], right, "top-label")
    check(p, y, p[:, 0], y[:, 0], "positive")
    check(np.hstack((p, p**2)), np.hstack((y, y)), np.hstack((p, p**2)).ravel(), np.hstack((y, y)).ravel(), "positive")


def test_bins_by_hand():
    """0.8 and 0.9 with one of two right, 0.95 right: |0.5 − 0.85|·2/3 + |1 − 0.95|/3."""
    p, y = np.array([[0.2], [0.9], [0.95]]), np.array([[0.0], [0.0], [1.0]])
    ours = reliability(p, y)
    assert ours.counts[7:].tolist() == [1, 1, 1]  # a bin has its upper edge
    assert ours.edges[[0, 10]].tolist() == [0, 1]
    ours = reliability(p, y, bins=1)
    assert expected_calibration_error(ours) == pytest.approx(abs(2 / 3 - (0.8 + 0.9 + 0.95) / 3))


def test_scikit_learn_s_curve_is_the_same(rng):
    sklearn = pytest.importorskip("sklearn.calibration")
    p = rng.random((400, 1))
    y = (rng.random((400, 1)) < p).astype(float)
    right, confidence = sklearn.calibration_curve(y[:, 0], p[:, 0], n_bins=7)
    ours = reliability(p, y, 7, "positive")
    assert ours.right == pytest.approx(right)
    assert ours.confidence == pytest.approx(confidence)


def test_bins_of_the_same_count(rng):
    p = rng.random((1000, 1)) ** 3
    y = (rng.random((1000, 1)) < p).astype(float)
    ours = reliability(p, y, event="positive", cut="count")
    assert ours.counts.tolist() == [100] * 10
    assert (np.diff(ours.edges) > 0).all()
    assert ours.confidence == pytest.approx(np.sort(p[:, 0]).reshape(10, 100).mean(axis=1))
    order = rng.permutation(1000)
    shuffled = reliability(p[order], y[order], event="positive", cut="count")
    assert shuffled.right == pytest.approx(ours.right)


def test_confidences_alike_are_in_one_bin():
    p = np.array([1.0] * 90 + [0.7] * 5 + [0.6] * 5)[:, None]
    ours = reliability(p, np.ones_like(p), event="positive", cut="count")
    assert ours.counts.tolist() == [10, 90]
    same = reliability(np.ones((5, 1)), np.ones((5, 1)), cut="count")
    assert same.counts.tolist() == [5]
    assert expected_calibration_error(same) == 0


def test_what_is_calibrated_has_a_small_error(rng):
    p = rng.dirichlet([1.0] * 3, 50_000)
    y = np.eye(3)[(rng.random((50_000, 1)) > p.cumsum(axis=1)).sum(axis=1).clip(max=2)]
    ours = reliability(p, y)
    there = ours.counts > 50
    assert expected_calibration_error(ours) < 0.01
    assert ((ours.low <= ours.confidence) & (ours.confidence <= ours.high))[there].sum() >= there.sum() - 2
    sharper = p**2 / (p**2).sum(axis=1, keepdims=True)
    assert expected_calibration_error(reliability(sharper, y)) > 0.05


@pytest.mark.parametrize(
    ("p", "y"), [(np.zeros(3), np.zeros(3)), (np.zeros((3, 1)), np.zeros((2, 1))), (np.zeros((0, 1)), np.zeros((0, 1)))]
)
def test_other_shapes_are_refused(p, y):
    with pytest.raises(ValueError, match="expected N × O probabilities"):
        reliability(p, y)


def test_what_is_no_probability_or_no_way_to_bin_is_refused():
    for bad in (np.nan, -0.1, 1.1):
        with pytest.raises(ValueError, match="expected N × O probabilities"):
            reliability([[0.5], [bad]], np.zeros((2, 1)))
    good = np.full((2, 1), 0.5)
    with pytest.raises(ValueError, match="bins: got 0"):
        reliability(good, good, bins=0)
    with pytest.raises(InvalidSetting, match="event"):
        reliability(good, good, event="bottom")
    with pytest.raises(InvalidSetting, match="cut"):
        reliability(good, good, cut="depth")
