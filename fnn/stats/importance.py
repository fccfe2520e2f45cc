"""Importance of a column: how much worse networks score where its values are shuffled among the rows.

Breiman, "Random forests", Mach. Learn. 45 (2001), section 10. Of columns that say the same, each may have little.
"""

import numpy as np
from numpy.typing import ArrayLike

from fnn.stats.intervals import Interval
from fnn.stats.resampled import corrected_interval


def importance_interval(drops: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the mean importance of a column, with its interval over networks, by Student's t.

    drops: (S, R), how much worse each network scores in each repetition of the shuffling. Networks are the runs: their
    repetitions are averaged. It says what other seeds would give with these rows, not with others. Of one network the
    interval is −∞ to ∞. Raises ValueError for other shapes, and without a drop.
    """
    values = np.asarray(drops, np.float64)
    if values.ndim != 2 or not values.size:
        raise ValueError(f"drops: got shape {values.shape}; expected networks × repetitions, at least one of each")
    return corrected_interval(values.mean(axis=1), train_rows=1, test_rows=0, confidence=confidence)
