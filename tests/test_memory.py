"""How much memory results take: what is counted before training is what they take after it."""

import dataclasses

import numpy as np
import pytest

import fnn
from fnn.data.samples import Part
from fnn.errors import InvalidSetting
from fnn.machine import memory
from fnn.training.memory import curve_length, most_seeds, network_bytes
from fnn.training.train import train_parts

SHARED = "curve_epochs"  # of all networks


def part(held_out, samples=9):
    rows = samples + held_out
    return Part(np.ones((rows, 3)), np.eye(2)[np.arange(rows) % 2], np.ones(rows), np.ones(samples), samples, "sides")


def bytes_of(results):
    """Return the bytes of all arrays of results but those that networks share."""
    values = {field.name: getattr(results, field.name) for field in dataclasses.fields(results)}
    arrays = [v for name, v in values.items() if isinstance(v, np.ndarray) and name != SHARED]
    return sum(array.nbytes for array in (*arrays, *results.flat))


@pytest.mark.parametrize("held_out", [0, 5])
@pytest.mark.parametrize("settings", [{}, {"dtype": "float32", "hidden": "7"}, {"input_scale": "learned"}])
@pytest.mark.parametrize("every", [0, 1, 4])
def test_what_is_counted_is_what_results_take(settings, held_out, every):
    config = fnn.Config(epochs=10, **settings)
    results = train_parts([config], [part(held_out)] * 2, seeds=range(3), backend="numpy", curve_every=every)
    counted = network_bytes(config, 3, 2, curve_length(10, every), held_out > 0) * len(results)
    assert len(results) == 6
    assert counted == bytes_of(results) + 7 * len(results)  # whether a rule is met is a byte, and counted as 8


@pytest.mark.skipif(memory() is None, reason="the system does not say how much memory it has")
@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("parts", [1, 6])
def test_as_many_seeds_as_fit_the_memory(parts, held_out):
    configs, points = [fnn.Config(epochs=300), fnn.Config(epochs=300, input_scale="learned")], 301
    a_seed = parts * sum(network_bytes(config, 3, 2, points, held_out) for config in configs)
    most = most_seeds(configs, 3, 2, 1, parts=parts, held_out=held_out)
    assert most * a_seed + 8 * points <= memory() < (most + 1) * a_seed + 8 * points


@pytest.mark.skipif(memory() is None, reason="the system does not say how much memory it has")
def test_parts_and_what_is_held_out_count_against_the_seeds():
    config = fnn.Config(epochs=300)
    for parts, held_out in ((1, 0), (4, 0), (4, 5)):
        most = most_seeds([config], 3, 2, 1, parts=parts, held_out=held_out > 0)
        with pytest.raises(InvalidSetting, match=f"expected at most {most:,}, which fit the memory"):
            train_parts([config], [part(held_out)] * parts, seeds=range(most + 1), backend="numpy")
    with pytest.raises(InvalidSetting, match="epochs: got 1000000000; expected what fits the memory"):
        train_parts([fnn.Config(epochs=10**9)], [part(5)] * 8, seeds=[1], backend="numpy")
