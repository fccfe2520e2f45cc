"""Two settings beside each other, paired by seed and never by place."""

import numpy as np
import pytest

import fnn
from fnn.errors import InvalidSetting
from fnn.stats.comparisons import improvement, share_difference

X, Y = fnn.data.xor()


@pytest.fixture(scope="module")
def results():
    return fnn.train([fnn.Config(lr=0.1), fnn.Config(lr=0.5)], X, Y, seeds=120)


@pytest.fixture(scope="module")
def runs():
    return fnn.sweep("xor", lr=[0.1, 0.5], optimizer=["adam", "sgd"], seeds=60)


def test_shares_are_compared_by_mcnemar_and_tango(results):
    a, b = results.where(lr=0.1), results.where(lr=0.5)
    found = fnn.compare(a, b, "solved")
    assert (found.effect, found.low, found.high, found.p) == share_difference(a.solved, b.solved)
    assert found.of_a == (a.solved.mean(), *fnn.wilson(a.solved.sum(), 120))
    assert (found.wins, found.losses) == ((a.solved > b.solved).sum(), (a.solved < b.solved).sum())
    assert found.wins + found.ties + found.losses == found.pairs == 120
    assert repr(found).splitlines()[1].startswith("a         lr 0.1: ")
    assert len(repr(found).splitlines()) == 5
    assert f"a − b     {100 * found.effect:+.1f} points" in repr(found)


@pytest.mark.parametrize(("what", "sign"), [("loss", 1), ("epochs", 1), ("epochs_to_solve", 1), ("accuracy", -1)])
def test_what_has_an_order_is_compared_by_which_of_a_pair_is_the_better(results, what, sign):
    a, b = results.where(lr=0.1), results.where(lr=0.5)
    found = fnn.compare(a, b, what)
    of = {"loss": lambda r: r.loss, "accuracy": lambda r: r.accuracy}.get(
        what, lambda r: np.where(r.solved, r.epochs_to_solve, np.inf)
    )
    assert (found.effect, found.low, found.high, found.p) == improvement(sign * of(a), sign * of(b))
    assert found.wins == (sign * of(a) < sign * of(b)).sum()
    backwards = fnn.compare(b, a, what)
    assert (backwards.effect, backwards.wins) == (pytest.approx(1 - found.effect), found.losses)


def test_runs_are_paired_by_seed_and_not_by_place(results):
    a, b = results.where(lr=0.1), results.where(lr=0.5)
    shuffled = np.random.default_rng(0).permutation(120)
    assert fnn.compare(a, b[shuffled], "loss") == fnn.compare(a, b, "loss")
    some = fnn.compare(a[:50], b[30:][::-1], "loss")
    assert some == fnn.compare(a[30:50], b[30:50], "loss")
    assert some.pairs == 20


def test_runs_of_a_sweep_are_compared_as_results_are(results, runs):
    found = fnn.compare(runs.where(lr=0.1, optimizer="adam"), runs.where(lr=0.5, optimizer="adam"), "loss")
    same = fnn.compare(results.where(lr=0.1)[:60], results.where(lr=0.5)[:60], "loss")
    assert (found.effect, found.p, found.of_a) == (same.effect, same.p, same.of_a)
    across = fnn.compare(runs.where(lr=0.1, optimizer="adam"), results.where(lr=0.1))
    assert across.effect == 0
    assert across.p == 1


def test_what_never_solved_is_worse_than_all_and_said_to_be():
    results = fnn.train([fnn.Config(), fnn.Config(epochs=2)], X, Y, seeds=30)
    found = fnn.compare(results.where(epochs=500), results.where(epochs=2), "epochs")
    assert found.of_b.estimate == np.inf
    assert "∞ is worse than all" in repr(found)
    assert "p <0.0001 by the exact" in repr(found)


def test_a_measure_at_an_epoch_is_taken_there(results):
    a, b = results.where(lr=0.1), results.where(lr=0.5)
    found = fnn.compare(a, b, "loss", epoch=100)
    assert (found.effect, found.p) == improvement(a.loss_curve[:, 100], b.loss_curve[:, 100])[::3]
    assert found.measure == "loss at epoch 100"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r, s: fnn.compare(r, r), "a: got 'runs of different lr'; expected runs of one setting"),
        (lambda r, s: fnn.compare(s.where(lr=0.1), s), "a: got 'runs of different optimizer'"),
        (lambda r, s: fnn.compare(r[[0, 0]], r[0]), "a: got 'runs 2 of 1 settings'; expected .* each seed once"),
        (lambda r, s: fnn.compare(r[0], r[1]), "a, b: got 'no seed that both have'"),
        (lambda r, s: fnn.compare(r[0], 3), "b: got 'int'; expected what fnn.train or fnn.sweep gives"),
        (lambda r, s: fnn.compare(r[0], r[0], "solve"), "what: got 'solve'; expected .* mean solved"),
        (lambda r, s: fnn.compare(r[0], r[0], 3), "what: got 3"),
        (lambda r, s: fnn.compare(r[0], r[0], "loss", epoch=501), "what: got 'loss'; .* no curve with epoch 501"),
        (
            lambda r, s: fnn.compare(s.where(lr=0.1, optimizer="sgd"), r[0], "roughness"),
            "what: got 'roughness'; .* curve",
        ),
        (lambda r, s: fnn.compare(r[0], r[0], confidence=1), "confidence: got 1"),
        (lambda r, s: s.where(lr=3), r"lr: got 3; expected what there is: 0\.1, 0\.5"),
        (lambda r, s: s.where(lrr=3), "setting: got 'lrr'"),
        (lambda r, s: r.where(data="xor"), "setting: got 'data'"),
        (lambda r, s: r.where(lr="fast"), "lr: got 'fast'; expected a finite number"),
    ],
)
def test_what_cannot_be_compared_is_refused(results, runs, call, message):
    with pytest.raises(InvalidSetting, match=message):
        call(results, runs)


def test_losses_of_two_kinds_are_not_compared():
    mse, bce = (fnn.train(fnn.Config(loss=loss, epochs=5), X, Y, seeds=5) for loss in ("mse", "bce"))
    with pytest.raises(InvalidSetting, match="beside another loss, such as solved or epochs"):
        fnn.compare(mse, bce, "loss")
    assert fnn.compare(mse, bce).names == ("loss mse", "loss bce")
    numbers = fnn.train(fnn.Config(output="identity", epochs=5), X[:, 0], X[:, 1], seeds=5)
    with pytest.raises(InvalidSetting, match="where y was numbers"):
        fnn.compare(numbers, numbers, "solved")


# ---- what a sweep gives ----


def test_runs_are_shown_in_five_lines(runs):
    assert repr(runs).splitlines()[:2] == ["Runs: 240 networks, 60 seeds", "settings  optimizer adam, sgd; lr 0.1, 0.5"]
    one = runs.where(lr=0.1, optimizer="sgd")
    assert "settings  data xor, hidden 4x4, optimizer sgd, lr 0.1, loss mse, epochs 500" in repr(one)
    assert "solved    0 of 60 = 0.0%" in repr(one)
    assert len(repr(runs).splitlines()) == 5


def test_runs_are_a_frame(runs):
    rows = runs.frame("arrays")
    assert list(rows) == [
        "optimizer", "lr", "seed", "loss", "accuracy", "solved", "epochs_to_solve", "diverged", "stopped",
    ]  # fmt: skip
    assert all(len(column) == 240 for column in rows.values())
    assert rows["loss"][(rows["lr"] == 0.5) & (rows["optimizer"] == "sgd")].tolist() == (
        runs.where(lr=0.5, optimizer="sgd").loss.tolist()
    )
    pandas = pytest.importorskip("pandas")
    assert isinstance(runs.frame(), pandas.DataFrame)
