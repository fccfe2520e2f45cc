"""How often a sample counts: a weight of 2 is the sample twice, a weight of 0 nothing; and scores as scikit-learn's."""

import numpy as np
import pytest
from ways import KERNELS, WAYS, train_by

import fnn
from fnn.data.samples import Part
from fnn.network.losses import ERRORS, LOSSES, REDUCTIONS
from fnn.network.scores import SCORES, score_of
from fnn.training import samples_in_lanes
from fnn.training.train import train_parts

FIELDS = ("loss", "score", "validation_loss", "validation_score", "best_epoch", "epochs_to_solve", "stopped", "met")
# Sums of whole numbers over few samples are exact, so that their order plays no part.
EXACT = {
    "hidden": "none", "output": "identity", "optimizer": "sgd", "lr": 2.0**-7, "scheduler": "constant", "epochs": 3,
    "init_scale": 0.0,
}  # fmt: skip


def samples(rng, loss, count, outputs=3):
    x, y = rng.normal(size=(count, 4)), rng.normal(size=(count, outputs))
    if loss == "cross-entropy":
        return x, np.eye(outputs)[y.argmax(axis=1)]
    return x, (y > 0).astype(float) if loss == "bce" else y


def part_of(x, y, weight, training, loss):
    return Part(x, y, weight, weight[:training], training, score_of(y, loss))


def repeated(part):
    """Return a part in which a sample of weight k is there k times, and counts once each."""
    times = part.weight.astype(int)
    learnt = int(times[: part.training].sum())
    ones = np.ones(times.sum())
    return Part(np.repeat(part.x, times, axis=0), np.repeat(part.y, times, axis=0), ones, ones[:learnt], learnt, part.score)  # noqa: E501  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("way", WAYS)
def test_a_weight_of_2_is_the_sample_twice_and_of_0_none(way, loss, reduction, rng):
    x, y = samples(rng, loss, 60)
    part = part_of(x, y, rng.integers(0, 4, 60).astype(float), 40, loss)
    config = fnn.Config(
        hidden="5x17", activation="tanh", init="xavier", loss=loss, output=LOSSES[loss].output or "identity",
        reduction=reduction, lr=0.01, epochs=15, keep="best",
        **({"label_smoothing": 0.1} if "label_smoothing" in LOSSES[loss].uses else {}),
    )  # fmt: skip
    once, twice = (train_by(way, [config], [p], seeds=range(3)) for p in (part, repeated(part)))
    assert once.flat[0] == pytest.approx(twice.flat[0], rel=1e-9, abs=1e-11)
    for name in FIELDS:
        assert getattr(once, name) == pytest.approx(getattr(twice, name), rel=1e-10), name


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("way", WAYS)
def test_it_is_so_to_the_bit_where_sums_are_exact(way, reduction, dtype, rng):
    x, y = rng.integers(-3, 4, (9, 2)).astype(float), rng.integers(-3, 4, (9, 1)).astype(float)
    weight = np.array([2.0, 1, 0, 3, 1, 1, 2, 0, 1])  # 8 of the first 6, by which a mean is exact
    part = part_of(x, y, weight, 6, "mse")
    config = fnn.Config(**EXACT, reduction=reduction, dtype=dtype)
    once, twice = (train_by(way, [config], [p]) for p in (part, repeated(part)))
    assert np.array_equal(once.flat[0], twice.flat[0])
    assert (once.flat[0] != 0).any()


@pytest.mark.parametrize("rule", ["stop_loss", *(f"stop_{name}" for name in ERRORS)])
@pytest.mark.parametrize("way", WAYS)
def test_stopping_rules_count_a_sample_as_often_as_its_weight_says(way, rule, rng):
    x = rng.normal(size=(30, 2))
    y = x @ [[1.0], [-2.0]] + 1
    y[::5] += 100.0  # which no network could learn
    weight = rng.integers(1, 4, 30).astype(float)
    weight[::5] = 0
    part = part_of(x, y, weight, 30, "mse")
    config = fnn.Config(hidden="none", output="identity", lr=0.1, epochs=300, **{rule: 0.1})
    once, twice = (train_by(way, [config], [p], seeds=range(5)) for p in (part, repeated(part)))
    assert (once.met.all(), twice.met.all()) == (True, True)
    assert np.array_equal(once.stopped, twice.stopped)
    assert once.flat[0] == pytest.approx(twice.flat[0], rel=1e-9)


@pytest.mark.parametrize("batch", [None, 8])
@pytest.mark.parametrize("way", KERNELS)
def test_samples_of_weight_0_at_the_end_leave_the_bits_as_they_are(way, batch, rng):
    x, y = samples(rng, "mse", 48)
    x[32:] *= 1e3
    weight = np.ones(48)
    weight[32:] = 0
    config = fnn.Config(hidden="5", optimizer="sgd", lr=0.01, epochs=5, batch_size=batch, output="identity")
    with_them = train_by(way, [config], [part_of(x, y, weight, 48, "mse")], seeds=range(3))
    without = train_by(way, [config], [part_of(x[:32], y[:32], weight[:32], 32, "mse")], seeds=range(3))
    assert np.array_equal(with_them.flat[0], without.flat[0])
    assert np.array_equal(with_them.loss, without.loss)
    assert with_them.score == pytest.approx(without.score, rel=1e-14)  # of a total that NumPy sums


@pytest.mark.parametrize("way", WAYS)
def test_emphasis_is_of_gradients_alone_and_weight_of_what_is_reported(way, rng):
    x, y = samples(rng, "cross-entropy", 40)
    weight, emphasis = rng.uniform(0.1, 2, 40), rng.uniform(0.1, 2, 40)
    config = fnn.Config(hidden="5", loss="cross-entropy", output="softmax", epochs=10)
    both = train_by(way, [config], [Part(x, y, weight, emphasis, 40, "largest")])
    plain = train_by(way, [config], [Part(x, y, np.ones(40), emphasis, 40, "largest")])
    assert both.flat[0] == pytest.approx(plain.flat[0], rel=1e-12)
    reported = train_by(way, [config], [Part(x, y, weight, np.ones(40), 40, "largest")])
    neither = train_by(way, [config], [Part(x, y, np.ones(40), np.ones(40), 40, "largest")])
    assert reported.flat[0] == pytest.approx(neither.flat[0], rel=1e-12)
    again = fnn.predict(reported.layers[0], reported.network(0), x)
    assert reported.loss[0] == pytest.approx(np.average(-np.log((again * y).sum(axis=1)), weights=weight), rel=1e-11)
    p = fnn.predict(both.layers[0], both.network(0), x)
    right = p.argmax(axis=1) == y.argmax(axis=1)
    for results, w in ((both, weight), (plain, np.ones(40))):
        assert results.score[0] == pytest.approx(np.average(right, weights=w), rel=1e-12)
        assert results.loss[0] == pytest.approx(np.average(-np.log((p * y).sum(axis=1)), weights=w), rel=1e-11)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("way", WAYS)
def test_scores_are_scikit_learns(way, score, weighted, rng):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is in the extra `peers`")
    loss = {"sides": "bce", "largest": "cross-entropy", "squares": "mse", "signs": "mse"}[score]
    x, y = samples(rng, loss, 70)
    y = np.sign(y) if score == "signs" else y
    part = part_of(x, y, rng.uniform(0.1, 3, 70) if weighted else np.ones(70), 50, loss)
    assert part.score == score
    config = fnn.Config(hidden="5", loss=loss, output=LOSSES[loss].output or "identity", epochs=20, lr=0.02)
    results = train_by(way, [config], [part], seeds=range(4))
    for k in range(4):
        p = fnn.predict(results.layers[0], results.network(k), x)
        for some, ours in ((slice(50), results.score[k]), (slice(50, None), results.validation_score[k])):
            if score == "squares":
                theirs = metrics.r2_score(
                    y[some], p[some], sample_weight=part.weight[some], multioutput="variance_weighted"
                )
            else:
                middle = {"sides": 0.5, "signs": 0.0}.get(score)
                classes = (y.argmax(axis=1), p.argmax(axis=1))
                labels = classes if middle is None else (y > middle, p > middle)
                true, answered = (a[some] for a in labels)
                theirs = metrics.accuracy_score(true, answered, sample_weight=part.weight[some])
            assert ours == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("rule", [None, *(f"stop_{name}" for name in ERRORS)])
@pytest.mark.parametrize("loss", LOSSES)
def test_thousands_of_weighted_samples_in_the_lanes_are_the_numpy_path(loss, rule, rng):
    x, y = samples(rng, loss, 1501)
    weight, emphasis = rng.uniform(0, 2, 1501), rng.uniform(0, 2, 1501)
    weight[::7] = 0
    part = Part(x, y, weight, emphasis, 1501, score_of(y, loss))
    config = fnn.Config(
        hidden="3", loss=loss, output=LOSSES[loss].output or "identity", reduction="mean", lr=0.05, epochs=30,
        parametrization="ntk", bias_lr=0.1, input_scale="learned", input_scale_lr=6.0, **({rule: 0.75} if rule else {}),
    )  # fmt: skip
    assert samples_in_lanes.suits(config, config.layers(4, 3), part)
    ours, theirs = (train_parts([config], [part], seeds=range(3), backend=backend) for backend in ("numba", "numpy"))
    assert ours.flat[0] == pytest.approx(theirs.flat[0], rel=1e-9, abs=1e-11)
    assert (ours.loss, ours.score) == (pytest.approx(theirs.loss, rel=1e-10), pytest.approx(theirs.score, rel=1e-10))
    assert np.array_equal(ours.stopped, theirs.stopped)
