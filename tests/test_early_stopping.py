"""Epochs compared on what is held out: which one is the best, when patience ends, which weights are kept."""

import numpy as np
import pytest
from ways import KERNELS, WAYS, train_by

import fnn
from fnn.config import KEEPS
from fnn.data.samples import Part
from fnn.network.scores import MONITORS
from fnn.training.train import train_parts

# One weight and a bias from 0, which learn to answer 10 where x is 1: p ← p + (10 − p)/10 in every epoch, so that
# p is 0, 1, 1.9, 2.71, 3.439, 4.0951, 4.68559, 5.217031, 5.6953279 … What is held out wants a 4.
SETTINGS = {
    "hidden": "none", "output": "identity", "init_scale": 0.0, "optimizer": "sgd", "lr": 0.025,
    "scheduler": "constant", "epochs": 12,
}  # fmt: skip
ONE = np.ones((2, 1))


def toy(held_out=4.0, score="squares"):
    return Part(ONE, np.array([[10.0], [held_out]]), np.ones(2), np.ones(1), 1, score)


def answer(results):
    """Return what the network answers where x is 1."""
    return results.network(0)[0].sum()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("monitor", MONITORS)
def test_the_best_epoch_and_its_weights_are_those_of_paper(monitor, way):
    config = fnn.Config(**SETTINGS, keep="best", monitor=monitor)
    results = train_by(way, [config], [toy()])
    assert (results.best_epoch[0], results.stopped[0]) == (5, 12)
    assert answer(results) == pytest.approx(4.0951, rel=1e-14)
    assert results.validation_loss[0] == pytest.approx(0.0951**2, rel=1e-12)
    assert results.loss[0] == pytest.approx(5.9049**2, rel=1e-12)  # of the weights that are kept, too
    last = train_by(way, [fnn.Config(**SETTINGS)], [toy()])
    assert last.best_epoch[0] == 5
    assert answer(last) == pytest.approx(10 * (1 - 0.9**12), rel=1e-14)
    assert last.validation_loss[0] == pytest.approx((10 * (1 - 0.9**12) - 4) ** 2, rel=1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_curves_of_both_parts_are_those_of_paper_and_go_on_level(way):
    results = train_by(way, [fnn.Config(**SETTINGS, keep="best", patience=3)], [toy()])
    p = 10 * (1 - 0.9 ** np.minimum(np.arange(13), 8))
    assert results.stopped[0] == 8
    assert results.loss_curve[0] == pytest.approx((10 - p) ** 2, rel=1e-6)
    assert results.validation_loss_curve[0] == pytest.approx((p - 4) ** 2, rel=1e-5)
    few = train_by(way, [fnn.Config(**SETTINGS)], [toy()], curve_every=5)
    assert few.curve_epochs.tolist() == [0, 5, 10, 12]
    assert few.validation_loss_curve[0] == pytest.approx((10 * (1 - 0.9**few.curve_epochs) - 4) ** 2, rel=1e-5)
    assert train_by(way, [fnn.Config(**SETTINGS)], [toy()], curve_every=0).validation_loss_curve.shape == (1, 0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("patience", "stopped"), [(1, 6), (2, 7), (6, 11), (7, 12), (8, 12), (None, 12)])
def test_patience_counts_epochs_without_a_better_one(patience, stopped, way):
    results = train_by(way, [fnn.Config(**SETTINGS, patience=patience)], [toy()])
    assert (results.stopped[0], results.best_epoch[0]) == (stopped, 5)
    assert not results.met[0]
    assert answer(results) == pytest.approx(10 * (1 - 0.9**stopped), rel=1e-14)  # the last epoch's are kept


@pytest.mark.parametrize("way", WAYS)
def test_a_rule_that_is_met_where_patience_ends_is_met(way):
    """After 7 and 8 epochs the loss is 22.9 and 18.5; patience of 3 ends after 8."""
    for loss, stopped, met in ((23.0, 7, True), (20.0, 8, True), (18.0, 8, False)):
        results = train_by(way, [fnn.Config(**SETTINGS, patience=3, stop_loss=loss)], [toy()])
        assert (results.stopped[0], results.met[0], results.best_epoch[0]) == (stopped, met, 5)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("monitor", MONITORS)
def test_of_epochs_as_good_the_last_is_kept_and_the_first_counts_for_patience(monitor, way):
    still = SETTINGS | {"lr": 0.0, "monitor": monitor}
    for patience, stopped in ((None, 12), (4, 4)):
        results = train_by(way, [fnn.Config(**still, patience=patience)], [toy()])
        assert (results.stopped[0], results.best_epoch[0]) == (stopped, stopped)


@pytest.mark.parametrize("way", WAYS)
def test_accuracy_that_stays_the_same_keeps_the_last_epoch_of_it(way):
    """The label of what is held out is 0, and the answer passes 1/2 after one epoch: 0, 1, 1.9 …"""
    part = toy(0.0, "sides")
    results = train_by(way, [fnn.Config(**SETTINGS, monitor="score", keep="best")], [part])
    assert (results.best_epoch[0], results.validation_score[0], answer(results)) == (0, 1, 0)
    # Where it is 1, the answer is right from the first epoch to the last.
    results = train_by(way, [fnn.Config(**SETTINGS, monitor="score", keep="best", patience=5)], [toy(1.0, "sides")])
    assert (results.best_epoch[0], results.stopped[0], results.validation_score[0]) == (6, 6, 1)
    assert results.validation_score_curve[0].tolist() == [0] + [1] * 12


def labels(rng, training=60, held_out=40):
    x = rng.normal(size=(training + held_out, 3))
    y = (x[:, :1] + rng.normal(size=(training + held_out, 1)) > 0).astype(float)
    return Part(x, y, np.ones(len(x)), np.ones(training), training, "sides")


NOISY = {"hidden": "17x3", "activation": "tanh", "lr": 0.05, "scheduler": "constant", "epochs": 40, "loss": "bce"}
BATCHES = [{}, {"batch_size": 16, "order": "shuffled"}, {"dropout": 0.3, "clip_norm": 1.0}]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("settings", BATCHES)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_kept_are_the_bits_of_training_for_so_many_epochs(way, settings, dtype, rng):
    part = labels(rng)
    best = train_by(way, [fnn.Config(**NOISY, **settings, dtype=dtype, keep="best")], [part], seeds=range(20))
    assert len(set(best.best_epoch)) > 3
    assert (best.best_epoch < 40).any()
    for k, epochs in enumerate(best.best_epoch):
        if epochs == 0:
            continue
        again = fnn.Config(**NOISY | {"epochs": int(epochs)}, **settings, dtype=dtype)
        short = train_by(way, [again], [part], seeds=[k])
        assert np.array_equal(short.flat[0][0], best.flat[0][k])
        for name in ("loss", "score", "validation_loss", "validation_score"):
            if way != "numpy" or dtype == "float64":
                assert getattr(short, name)[0] == pytest.approx(getattr(best, name)[k], rel=1e-12)


@pytest.mark.parametrize("monitor", MONITORS)
@pytest.mark.parametrize("way", KERNELS)
def test_best_epoch_and_end_are_those_that_the_curve_shows(way, monitor, rng):
    config = fnn.Config(**NOISY, monitor=monitor, patience=6, keep="best")
    results = train_by(way, [config], [labels(rng)], seeds=range(30))
    plain = train_by(way, [fnn.Config(**NOISY)], [labels(np.random.default_rng(7))], seeds=range(30))
    for k in range(30):
        curve = plain.validation_loss_curve[k] if monitor == "loss" else -plain.validation_score_curve[k]
        first = [int(np.argmin(curve[: e + 1])) for e in range(41)]
        end = next((e for e in range(41) if e - first[e] >= 6), 40)
        best = end - int(np.argmin(curve[end::-1]))  # the last of them
        assert (results.stopped[k], results.best_epoch[k]) == (end, best)
    assert len(set(results.stopped)) > 3


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("keep", KEEPS)
def test_a_network_that_diverges_keeps_what_was_best_and_never_nan(keep, way):
    config = fnn.Config(**SETTINGS | {"lr": 1e30, "epochs": 30}, keep=keep)
    results = train_by(way, [config], [toy()])
    assert results.diverged[0] > 0
    assert results.best_epoch[0] == 0
    assert np.isfinite(results.validation_loss[0]) == (keep == "best")
    if keep == "best":
        assert (results.loss[0], results.validation_loss[0], answer(results)) == (100, 16, 0)


@pytest.mark.parametrize("way", WAYS)
def test_where_no_epoch_could_be_measured_none_is_the_best_and_the_last_is_kept(way):
    """The held-out sample's x is too great for hidden units of both signs: their sum is ∞ − ∞."""
    part = Part(np.array([[1.0], [1e308]]), np.array([[10.0], [4.0]]), np.ones(2), np.ones(1), 1, "squares")
    settings = SETTINGS | {"hidden": "2", "activation": "identity", "init_scale": 1e3, "lr": 0.0, "epochs": 3}
    best, last = (train_by(way, [fnn.Config(**settings, keep=keep)], [part], seeds=range(20)) for keep in KEEPS)
    never = np.isnan(best.validation_loss_curve).all(axis=1)
    assert 0 < never.sum() < 20
    assert np.array_equal(best.best_epoch == -1, never)
    assert np.array_equal(best.flat[0], last.flat[0])
    assert np.isfinite(best.loss).all()


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_that_is_no_number_is_of_no_class(way):
    """Held out are the three classes at a place where logits are ∞ of both signs, and softmax of them no number."""
    x, y = np.array([[1.0], [1.0], [1.0], [1e308], [1e308], [1e308]]), np.tile(np.eye(3), (2, 1))
    config = fnn.Config(hidden="none", loss="cross-entropy", output="softmax", init_scale=1e3, epochs=1)
    results = train_by(way, [config], [Part(x, y, np.ones(6), np.ones(3), 3, "largest")], seeds=range(20))
    nan = np.isnan(results.validation_loss)
    assert nan.any()
    assert (results.validation_score[nan] == 0).all()
    assert np.isfinite(results.loss).all()


@pytest.mark.parametrize("settings", [{"keep": "best"}, {"patience": 3}])
def test_settings_that_compare_epochs_want_samples_held_out(settings):
    name = next(iter(settings))
    for configs in (fnn.Config(**settings), [fnn.Config(), fnn.Config(**settings)]):
        with pytest.raises(fnn.InvalidSetting, match=f"{name}.*held out") as raised:
            fnn.train(configs, *fnn.data.xor())
        assert "\n" not in str(raised.value)
    nothing = Part(ONE[:1], ONE[:1], np.ones(1), np.ones(1), 1, "squares")
    with pytest.raises(fnn.InvalidSetting, match=name):  # of one part of two
        train_parts([fnn.Config(**SETTINGS, **settings)], [toy(), nothing])


def test_samples_held_out_of_train_are_measured_and_not_learnt_from(rng):
    part = labels(rng)
    N, config = part.training, fnn.Config(**NOISY)
    ours = fnn.train(config, part.x[:N], part.y[:N], validation=(part.x[N:], part.y[N:]))
    alone = fnn.train(config, part.x[:N], part.y[:N])
    assert np.array_equal(ours.flat[0], alone.flat[0])
    p = fnn.predict(ours.layers[0], ours.network(0), part.x[N:])
    y = part.y[N:]
    assert ours.validation_loss[0] == pytest.approx(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), rel=1e-12)
    assert ours.validation_score[0] == np.mean((p > 0.5) == (y > 0.5))
    assert np.isnan(alone.validation_loss[0])
    assert (alone.best_epoch[0], alone.validation_loss_curve.shape) == (-1, (1, 0))
