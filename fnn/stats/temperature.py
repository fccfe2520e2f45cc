"""Temperature: one number that makes probabilities more or less certain, learnt from rows that were held out.

Probabilities p become proportional to p^(1/T), as when logits are divided by T: above 1 they are less certain, below 1
more; which class is the most probable stays. Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural networks",
ICML 2017. What is learnt is the mode of a posterior whose prior is normal in log T, about 0, so that few rows, all of
which may have been answered rightly, do not make T as small as it gets.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# Standard deviation of log T before there are rows; log T is not looked for beyond so far from 0.
PRIOR, FARTHEST = 0.5, 3.0
# No probability is nearer to 0 than the resolution of float32, in which most networks answer.
LEAST = float(np.finfo(np.float32).eps)


def temper(task: str, p: ArrayLike, temperature: float) -> Array:
    """Return probabilities at a temperature. p: (..., O), of the classes of `multiclass`, else each of a yes.

    At 1 they are as they were; numbers of a regression always are.
    """
    values = np.asarray(p, np.float64)
    if temperature == 1 or task == "regression":
        return values
    z = _logits(task, values) / temperature
    if task != "multiclass":
        return np.asarray(1 / (1 + np.exp(-z)))
    shares = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


def learn_temperature(task: str, p: ArrayLike, y: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Return the temperature at which probabilities p (N, O) of labels y (N, O) have the least log loss and prior.

    weight: (N,), how often each row counts. It is 1 where nothing is to be learnt: of numbers, of no rows, and where
    a probability is no number.
    """
    from scipy.optimize import minimize_scalar  # which takes long to import

    values, labels = np.asarray(p, np.float64), np.asarray(y, np.float64)
    counts = np.ones(len(values)) if weight is None else np.asarray(weight, np.float64)
    if task == "regression" or not counts.any() or not np.isfinite(values).all():
        return 1.0
    z = _logits(task, values)

    def loss(log_temperature: float) -> float:
        scaled = z / np.exp(log_temperature)
        if task == "multiclass":
            top = scaled.max(axis=1)
            of_row = np.log(np.exp(scaled - top[:, None]).sum(axis=1)) + top - (labels * scaled).sum(axis=1)
        else:
            of_row = (np.logaddexp(0, scaled) - labels * scaled).mean(axis=1)
        return float((counts * of_row).sum() + (log_temperature / PRIOR) ** 2 / 2)

    found = minimize_scalar(loss, bounds=(-FARTHEST, FARTHEST), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x))


def _logits(task: str, p: Array) -> Array:
    """Return log p of classes, up to a constant, or log p / (1 − p) of each yes."""
    if task == "multiclass":
        return np.asarray(np.log(np.maximum(p, LEAST)))
    yes = np.clip(p, LEAST, 1 - LEAST)
    return np.asarray(np.log(yes) - np.log1p(-yes))
