"""Dropout: which units of which sample are left out, whatever trains beside, and what that changes."""

import numpy as np
import pytest
from drawn_parts import same_results
from ways import WAYS, train_by

import fnn
from fnn import rng as draws
from fnn.data.samples import Part


def words_of(seed, count, skip):
    """Return random words of a seed's stream as NumPy's own generator has them."""
    bits = np.random.Philox(key=np.array([seed, draws.DROPOUT], np.uint64))
    return bits.advance(skip // 4).random_raw(count)


@pytest.mark.parametrize(("units", "chance"), [(1, 0.5), (5, 0.3), (16, 0.1), (17, 0.3), (40, 0.9)])
def test_masks_are_quarters_of_the_words_of_numpys_philox(units, chance):
    """Four units share a word, and each sample begins a block of four words."""
    seeds, first, count, each_epoch, epoch = [3, 312551116], 2, 3, 7, 4
    limit = round(chance * 2**16)
    ours = draws.dropout_masks(seeds, draws.dropout_threshold([chance] * 2), units, (first, count, each_epoch), epoch)
    blocks = -(-units // 16)
    for s, seed in enumerate(seeds):
        for n in range(count):
            words = words_of(seed, 4 * blocks, 4 * blocks * (epoch * each_epoch + first + n))
            for j in range(units):
                quarter = int(words[j // 4]) >> (16 * (j % 4)) & 0xFFFF
                assert ours[s, n, j] == (2**16 / (2**16 - limit) if quarter >= limit else 0)


def test_a_unit_stays_from_its_threshold_on():
    quarters = np.array(words_of(3, 4, 0), "<u8").view("<u2")[:16].astype(float)
    for limit in (*quarters, *(quarters + 1)):
        masks = draws.dropout_masks([3], np.array([limit]), 16, (0, 1, 1), 0)
        assert np.array_equal(masks[0, 0] > 0, quarters >= limit)


def test_a_chance_is_the_nearest_of_its_thresholds_and_never_leaves_out_all():
    chances = [0.0, 2.0**-18, 0.3, 0.5, 1 - 2.0**-16, 1 - 2.0**-30]
    assert draws.dropout_threshold(chances).tolist() == [0, 0, 19661, 32768, 65535, 65535]


def test_a_batch_has_the_masks_that_its_samples_have_in_the_epoch():
    threshold = draws.dropout_threshold([0.4])
    whole = draws.dropout_masks([5], threshold, 21, (0, 30, 30), 2)
    for first in range(0, 30, 7):
        count = min(7, 30 - first)
        batch = draws.dropout_masks([5], threshold, 21, (first, count, 30), 2)
        assert np.array_equal(batch, whole[:, first : first + count])
    assert not np.array_equal(whole, draws.dropout_masks([5], threshold, 21, (0, 30, 30), 3))
    assert not np.array_equal(whole, draws.dropout_masks([6], threshold, 21, (0, 30, 30), 2))


@pytest.mark.parametrize("chance", [0.01, 0.3, 0.5, 0.95])
def test_units_are_left_out_with_the_chance_and_independently(chance):
    masks = draws.dropout_masks(range(50), draws.dropout_threshold([chance] * 50), 20, (0, 100, 100), 0)
    dropped = masks == 0
    deviation = np.sqrt(chance * (1 - chance) / dropped.size)
    assert abs(dropped.mean() - chance) < 5 * deviation
    for axis in range(3):  # seeds, samples, units: neighbours have nothing to do with each other
        both = np.logical_and(*(np.take(dropped, range(k, dropped.shape[axis] - 1 + k), axis) for k in (0, 1)))
        assert abs(both.mean() - chance**2) < 5 * np.sqrt(chance**2 * (1 - chance**2) / both.size) + 2 * deviation
    assert masks[~dropped] == pytest.approx(1 / (1 - chance), rel=1e-4)  # the mean stays


def labels(rng):
    x, y = rng.normal(size=(60, 3)), (rng.random((60, 2)) > 0.5).astype(float)
    return Part(x, y, np.ones(60), np.ones(40), 40, "sides")


SETTINGS = {"hidden": "9x17", "activation": "mish", "init": "he", "loss": "bce", "lr": 0.01, "epochs": 8}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", WAYS)
def test_networks_with_and_without_dropout_train_in_one_stack(way, dtype, rng):
    """One that drops nothing has the bits that it has where nothing is ever dropped, but on the NumPy path."""
    configs = [fnn.Config(**SETTINGS, dropout=p, dtype=dtype, batch_size=8) for p in (0.0, 0.3, 0.999999)]
    part = labels(rng)
    together = train_by(way, configs, [part], seeds=range(5))
    assert np.isfinite(together.loss).all()
    for c, config in enumerate(configs):
        alone = train_by(way, [config], [part], seeds=range(5))
        if way == "numpy":
            tolerance = 1e-12 if dtype == "float64" else 1e-5
            assert alone.flat[0] == pytest.approx(together.flat[c], rel=tolerance, abs=tolerance)
        else:
            assert np.array_equal(alone.flat[0], together.flat[c])
    assert not np.array_equal(together.flat[0], together.flat[1])


@pytest.mark.parametrize("way", WAYS)
def test_what_is_measured_is_the_network_with_all_its_units(way, rng):
    part = labels(rng)
    results = train_by(way, [fnn.Config(**SETTINGS, dropout=0.5)], [part], seeds=range(3))
    for k in range(3):
        p = fnn.predict(results.layers[0], results.network(k), part.x)
        each = -(part.y * np.log(p) + (1 - part.y) * np.log(1 - p)).mean(axis=1)
        assert results.loss[k] == pytest.approx(each[:40].mean(), rel=1e-11)
        assert results.validation_loss[k] == pytest.approx(each[40:].mean(), rel=1e-11)


@pytest.mark.parametrize("way", WAYS)
def test_without_hidden_units_nothing_is_dropped(way, rng):
    part, settings = labels(rng), SETTINGS | {"hidden": "none", "input_scale": "learned"}
    dropping, plain = (train_by(way, [fnn.Config(**settings, dropout=p)], [part], seeds=range(3)) for p in (0.5, 0.0))
    if way == "numpy":
        assert dropping.flat[0] == pytest.approx(plain.flat[0], rel=1e-13)
    else:
        same_results(dropping, plain)
