"""What figures of images draw, made up."""

import numpy as np
from conftest import read_only

from fnn.plots.channels import FeatureMaps, Kernels, LayerMaps
from fnn.plots.hardest import Misclassified
from fnn.stats.channels import compare_windows
from fnn.stats.hardest import Answered

ABOUT = (
    "digits.csv: target; 64 networks; 359 rows of validation\npreset image: hidden conv16:3-pool2-64, relu, 40 epochs"
)


def kernels(S, channels_, size=(3, 3), C=1):
    rng = np.random.default_rng(S)
    trained, initial = rng.normal(size=(2, S, channels_, *size, C))
    loss = rng.random(S)
    windows = compare_windows(trained, loss, initial if S > 1 else None, 5, 16 if S > 1 else 64)
    read_only(windows.weights)
    seeds = (312551116 + windows.networks).tolist()
    return Kernels(ABOUT, "conv16:3", channels_, windows, seeds, loss[windows.networks].tolist(), S, "validation loss")


def maps_of(N, image, shapes, lowest=0.0, names=None):
    rng = np.random.default_rng(N)
    layers = []
    for k, (H, W, K) in enumerate(shapes):
        windows = rng.normal(size=(K, 1 if image[0] == 1 else 3, 3)) if k == 0 and image[2] == 1 else None
        drawn = rng.uniform(lowest, 3, (N, H, W, K))
        layers.append(LayerMaps(f"conv{2 * K}:3", *read_only(drawn), list(range(0, 2 * K, 2)), 2 * K, windows))
    return FeatureMaps(ABOUT, *read_only(rng.random((N, *image))), names or [f"class {k}" for k in range(N)], layers)


def hard(n, C, S, classes=None, image=(8, 8, 1)):
    rng = np.random.default_rng(n)
    answered = [Answered(k, k % C, rng.dirichlet(np.ones(C), S)) for k in range(n)]
    names = [f"row {1000 + k:,}" for k in range(n)]
    return Misclassified(ABOUT, rng.random((n, *image)), answered, names, classes or [str(k) for k in range(C)], 7, 359,
                         "validation rows")  # fmt: skip
