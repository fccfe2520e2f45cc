"""Weights kept on the way are those of training that ended there, and keeping them changes no bit of it."""

import numpy as np
import pytest

import fnn
from fnn.config import DTYPES
from fnn.data.samples import part_from_arrays
from fnn.network import functions
from fnn.network.scores import score_of
from fnn.training.snapshots import Snapshots, spans
from fnn.training.train import train_parts

EPOCHS = np.array([0, 1, 5, 12])
# Each way to fill the lanes, and what may end a network early or move it otherwise.
CASES = {
    "networks": ({}, 21),
    "units": ({"hidden": "64x64", "lr": 0.01}, 21),
    "shared units": ({"hidden": "64x64", "lr": 0.01}, 3000),
    "samples": ({"reduction": "mean"}, 1500),
    "batches": ({"batch_size": 5, "order": "shuffled", "dropout": 0.2}, 40),
    "stops": ({"stop_loss": 0.2}, 40),
    "diverges": ({"lr": 1e30, "optimizer": "sgd", "output": "identity", "activation": "relu"}, 40),
}


def snapshots(config, x, y, seeds, epochs, **options):
    """Return results and the weights after these epochs, (S, F, K)."""
    K = functions.weights(config.layers(x.shape[1], y.shape[1]))
    kept = Snapshots(epochs, np.full((len(seeds), len(epochs), K), 7, DTYPES[config.dtype]))
    part = part_from_arrays(x, y, None, None, config.loss, score_of)
    return train_parts([config], [part], seeds=seeds, snapshots=kept, **options), kept.flat


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("case", CASES)
def test_weights_on_the_way_are_those_of_training_that_ends_there(case, backend):
    settings, points = CASES[case]
    if backend == "numpy" and points > 1000:
        points = 50
    x, y = fnn.data.linear(points)
    seeds = range(3)
    config = fnn.Config(scheduler="constant", epochs=12, dtype="float32", **settings)
    results, flat = snapshots(config, x, y, seeds, EPOCHS, backend=backend, threads=4)
    plain = fnn.train(config, x, y, seeds=seeds, backend=backend, threads=2)
    for name in ("loss", "score", "stopped", "diverged", "epochs_to_solve", "loss_curve"):
        assert np.array_equal(getattr(results, name), getattr(plain, name), equal_nan=True)
    assert np.array_equal(results.flat[0], plain.flat[0], equal_nan=True)
    assert np.array_equal(flat[:, -1], plain.flat[0], equal_nan=True)
    assert (flat[:, 0] != flat[:, 1]).any()
    drawn = functions.init(results.layers[0], seeds, dtype="float32")
    assert np.allclose(flat[:, 0], functions.flatten(drawn))
    for place, epochs in ((1, 1), (2, 5)):
        ended = fnn.train(
            fnn.Config(scheduler="constant", epochs=epochs, dtype="float32", **settings),
            x, y, seeds=seeds, backend=backend,
        )  # fmt: skip
        assert np.array_equal(flat[:, place], ended.flat[0], equal_nan=True)


def test_a_schedule_goes_on_as_ever_over_the_cuts():
    x, y = fnn.data.xor()
    for scheduler in ("exponential", "polynomial", "coslog4"):
        config = fnn.Config(scheduler=scheduler, epochs=120)
        _, flat = snapshots(config, x, y, range(70), np.arange(0, 121, 3), threads=2)
        assert np.array_equal(flat[:, -1], fnn.train(config, x, y, seeds=range(70)).flat[0])


def test_epochs_are_cut_at_segments_and_before_what_is_kept():
    kept = Snapshots(np.array([0, 3, 9]), np.zeros((1, 3, 1)))
    assert list(spans(9, 4, kept)) == [(0, 3), (3, 4), (4, 8), (8, 9), (9, 10)]
    assert list(spans(9, 4, None)) == [(0, 4), (4, 8), (8, 10)]
