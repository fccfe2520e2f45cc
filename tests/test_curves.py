"""What figures show of runs, against counts and quantiles made one by one."""

import numpy as np
import pytest

import fnn
from fnn.stats.curves import answer_share, cumulative_share, curve_quantiles, predictions, solved_by_epoch, subsample


@pytest.mark.parametrize(("count", "most"), [(1, 5), (5, 5), (6, 5), (7, 3), (501, 250), (501, 200)])
def test_a_subsample_is_even_and_has_both_ends(count, most):
    points = subsample(count, most)
    assert points[0] == 0
    assert points[-1] == count - 1
    assert len(points) <= most + 1
    assert len(set(np.diff(points)[:-1])) <= 1
    assert count > most or len(points) == count


def test_quantiles_of_curves_are_those_of_the_points_kept(rng):
    curves = rng.random((40, 7))
    points, levels = curve_quantiles(curves, (0.05, 0.5), 3)
    assert points.tolist() == [0, 3, 6]
    assert levels == pytest.approx(np.array([np.quantile(curves[:, p], [0.05, 0.5]) for p in points]).T)


def test_cumulative_shares_are_counts_over_all_runs():
    values = np.array([3.0, 1.0, np.inf, 1.0, np.nan, 2.0, -np.inf, 0.0])
    at, share = cumulative_share(values)
    assert at.tolist() == [0, 1, 2, 3]
    # In 8 runs 1, 3, 4, 5 of the finite are no greater.
    assert share.tolist() == [1 / 8, 3 / 8, 4 / 8, 5 / 8]
    assert [a.tolist() for a in cumulative_share([np.inf, np.nan])] == [[], []]


def test_solved_shares_run_from_nothing_to_the_budget():
    epochs, share = solved_by_epoch([5, -1, 3, 5, 0], 10)
    assert epochs.tolist() == [0, 0, 3, 5, 10]
    assert share.tolist() == [0, 0.2, 0.4, 0.8, 0.8]
    epochs, share = solved_by_epoch([-1, -1], 10)
    assert (epochs.tolist(), share.tolist()) == ([0, 10], [0, 0])


@pytest.mark.parametrize("most", [None, 1, 33, 1000])
def test_answers_are_counted_over_networks_one_by_one(xor, rng, most):
    config, *samples = xor
    results = fnn.train(config, *samples, seeds=range(70), curve_every=0)
    x = rng.random((50, 2))
    outputs = [fnn.predict(results.layers[0], results.network(k), x)[:, 0] for k in range(70)][:most]
    np.testing.assert_allclose(np.concatenate(list(predictions(results, x, most))), outputs, rtol=1e-12)
    assert answer_share(results, x, most) == pytest.approx(np.mean(np.array(outputs) > 0.5, axis=0))
