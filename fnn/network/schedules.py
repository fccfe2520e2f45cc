"""Schedules: the learning rate at `epoch`, from 0, of `epochs`.

`h` holds the hyperparameters: a `Config`, or for a stack a record of arrays (S, 1, 1) under the same names. `epoch`
may be an array of epochs, for a plot of the whole run. `power` is `fnn.elementary.power`, or a faster one with the same
bits.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.elementary import Power, cos_sin, log, power

Schedule = Callable[..., Any]
# 1 / ln 2.
_PER_OCTAVE = 1.4426950408889634


def constant(epoch: Any, _epochs: int, h: Any, _power: Power = power) -> Any:
    """Return lr."""
    return h.lr + 0 * epoch


def exponential(epoch: Any, _epochs: int, h: Any, power: Power = power) -> Any:
    """Return lr·γ^⌊e/k⌋, k = `decay_every`: by itself E/50, so that the rate falls 49 times whatever E is."""
    # k = E/50 is rounded, so that e/k may fall just short of a whole number.
    falls = np.floor(epoch / h.decay_every + 1e-9)
    return h.lr * power(h.gamma, falls)


def polynomial(epoch: Any, epochs: int, h: Any, power: Power = power) -> Any:
    """Return lr·(1 − e/E)^power."""
    return h.lr * power(1 - epoch / epochs, h.power)


def warmup_linear(epoch: Any, epochs: int, h: Any, _power: Power = power) -> Any:
    """Return a line from 0 up to the peak, by itself lr, at epoch `warmup`, then a line down to 0 at E."""
    up = epoch / np.maximum(h.warmup, 1)
    down = (epochs - epoch) / (epochs - h.warmup)
    return h.base_lr * np.where(epoch < h.warmup, up, down)


def coslog4(epoch: Any, epochs: int, h: Any, _power: Power = power) -> Any:
    """Return lr·½(1 − cos 2π log₂(1 + 15t)), four waves of growing length, at the middle t of epoch e: (e + ½)/E.

    Holzmüller, Grinsztajn & Steinwart (NeurIPS 2024), appendix A.
    """
    octaves = log(np.asarray(1 + 15 * ((epoch + 0.5) / epochs))) * _PER_OCTAVE
    cos, _ = cos_sin(octaves - np.floor(octaves))
    return h.lr * (0.5 * (1 - cos))


SCHEDULES: dict[str, Schedule] = {
    "constant": constant,
    "exponential": exponential,
    "polynomial": polynomial,
    "warmup-linear": warmup_linear,
    "coslog4": coslog4,
}


def rates(scheduler: str, epochs: NDArray[np.int64], total: int, h: Any) -> NDArray[np.float64]:
    """Return the learning rate at each of these epochs, (E,), of `total`; h: a `Config`, or one number under a name."""
    return np.broadcast_to(SCHEDULES[scheduler](epochs, total, h), epochs.shape)
