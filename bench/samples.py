"""Samples that the benchmark draws: what SimpleChains.jl learns, and tables like those that people have."""

import numpy as np
from numpy.typing import NDArray

from fnn.data.synthetic import Data

Array = NDArray[np.float64]


def matrix_exponentials(samples: int = 10_000, seed: int = 0) -> Data:
    """Return symmetric positive 2×2 matrices A = GᵀG/16, G standard normal, and their exponentials, both (N, 4).

    The data of SimpleChains.jl's small example: matrices drawn at random (there from a Wishart distribution), and
    what `exp` makes of them.
    """
    g = np.random.default_rng(seed).standard_normal((samples, 2, 2))
    a = np.swapaxes(g, 1, 2) @ g / 16
    values, vectors = np.linalg.eigh(a)
    y = (vectors * np.exp(values)[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    return Data(a.reshape(samples, 4), y.reshape(samples, 4))


def table_like(samples: int, inputs: int = 20, classes: int = 2, seed: int = 0) -> Data:
    """Return standard normal inputs (N, I) and a class that only some of them tell, and not for certain.

    z = 2(x₀x₁ + sin 2x₂ + max(x₃, 0) − x₄/2). Of two classes the label (N, 1) is 1 with probability sigmoid(z): no
    network should be right always. Of C it is one-hot (N, C), the class by which of C equal shares z falls into when
    logistic noise is added to it.
    """
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((samples, inputs))
    z = 2 * (x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + np.maximum(x[:, 3], 0) - x[:, 4] / 2)
    if classes == 2:
        return Data(x, (rng.random(samples) < 1 / (1 + np.exp(-z))).astype(np.float64)[:, None])
    noisy = z + rng.logistic(size=samples)
    edges = np.quantile(noisy, np.arange(1, classes) / classes)
    return Data(x, np.eye(classes)[np.searchsorted(edges, noisy)])


def images_like(samples: int, side: int, classes: int = 10, seed: int = 0) -> Data:
    """Return images (N, side²) of one of ten drawn at random, with noise on it, and which it is, one-hot (N, 10)."""
    rng = np.random.default_rng(seed)
    drawn, which = rng.standard_normal((classes, side * side)), rng.integers(0, classes, samples)
    return Data(drawn[which] + 2 * rng.standard_normal((samples, side * side)), np.eye(classes)[which])


def folds_of(rows: Array, folds: int) -> Array:
    """Return for each fold the rows outside it, in order: (P, N − N/P, …). rows: (N, …), N a multiple of folds."""
    place = np.arange(len(rows)) % folds
    return np.stack([rows[place != fold] for fold in range(folds)])


def adult_like_columns(samples: int, seed: int = 0) -> dict[str, list[str]]:
    """Return a table as people have it, as text: 6 numbers, 8 categories of 44 words in all, an answer of two words.

    Encoded it has 50 columns.
    """
    rng = np.random.default_rng(seed)
    columns = {f"number {k}": [f"{value:.6g}" for value in rng.lognormal(3, 1, samples)] for k in range(6)}
    for k, words in enumerate((2, 3, 4, 5, 6, 7, 8, 9)):
        columns[f"category {k}"] = [f"word {word}" for word in rng.integers(0, words, samples)]
    columns["answer"] = ["more" if value else "less" for value in rng.random(samples) < 0.25]
    return columns


def number_columns(data: Data) -> dict[str, list[str]]:
    """Return samples as the text of a table: x1, x2, … to six digits, and the class as `answer`."""
    x, y = data
    classes = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0].astype(int)
    columns = {f"x{k + 1}": [f"{value:.6g}" for value in column] for k, column in enumerate(x.T)}
    return columns | {"answer": [f"class {label}" for label in classes]}
