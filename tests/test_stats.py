import numpy as np
import pytest
import scipy.stats

from fnn import stats


@pytest.mark.parametrize(("successes", "runs"), [(0, 1), (1, 1), (0, 50), (50, 50), (889, 1000), (1, 7)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_wilson_is_scipys(successes, runs, confidence):
    theirs = scipy.stats.binomtest(successes, runs).proportion_ci(confidence, method="wilson")
    assert stats.wilson(successes, runs, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize(("successes", "runs"), [(1, 0), (0, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_proportion(successes, runs):
    with pytest.raises(ValueError, match="expected 0 <= successes <= runs"):
        stats.wilson(successes, runs)


def test_quantiles_count_nan_as_the_worst():
    assert stats.quantiles([1, 2, 3, 4], [0.5, 0.25]).tolist() == [2.5, 1.75]
    assert stats.quantiles([3, np.nan, 1, 2, np.inf], [0, 0.5, 1]).tolist() == [1, 3, np.inf]


def test_spread():
    assert stats.spread([5, 1, 2, 3, 4]) == (3, 2, 4, 1, 5)
    assert stats.spread([]) is None
