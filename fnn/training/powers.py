"""The powers of a schedule, many of them: the bits of `fnn.elementary.power`, compiled."""

import numpy as np
from numpy.typing import ArrayLike

from fnn import elementary
from fnn.elementary import Array, Power
from fnn.kernel.elementary import exp_product_into

# Powers from which on they are computed compiled: NumPy takes a millisecond for so many.
_MANY = 2**16


def power_for(count: int) -> Power:
    """Return what computes so many powers soonest."""
    return compiled_power if count >= _MANY else elementary.power


def compiled_power(x: ArrayLike, p: ArrayLike) -> Array:
    """Return `elementary.power` where x and p broadcast to (B, E, L); the logarithms are of x as it comes."""
    high, low = elementary.log_parts(np.asarray(x, np.float64))
    p = np.asarray(p, np.float64)
    values: Array = np.empty(np.broadcast_shapes(high.shape, p.shape))
    exp_product_into(values, *(_rows(a, values.shape[-1]) for a in (high, low, p)))
    return values


def _rows(a: Array, L: int) -> Array:
    """Return an array (E, 1), (B, 1, L) … that broadcasts to (B, E, L) with all its axes, the last one at length."""
    a = np.array(a, ndmin=3, copy=None)
    return np.ascontiguousarray(np.broadcast_to(a, (*a.shape[:2], L)))
