import dataclasses

import numpy as np
import pytest
from scipy import optimize, special, stats

import fnn
from fnn.stats.scores import SCORES
from fnn.stats.temperature import learn_temperature, temper

TASKS = ("binary", "multilabel", "multiclass")


def sample(rng, task, rows=400, sharpness=3.0):
    """Return probabilities that are too sure by a factor on their logits, and labels of the right ones."""
    if task == "multiclass":
        z = rng.normal(size=(rows, 3))
        right = special.softmax(z, axis=1)
        y = np.eye(3)[[rng.choice(3, p=each) for each in right]]
        return special.softmax(sharpness * z, axis=1), y
    z = rng.normal(size=(rows, 1 if task == "binary" else 4))
    return special.expit(sharpness * z), (rng.random(z.shape) < special.expit(z)).astype(float)


@pytest.mark.parametrize("task", TASKS)
def test_probabilities_are_those_of_logits_that_are_divided(rng, task):
    p, _ = sample(rng, task)
    for temperature in (0.4, 1.0, 2.5):
        if task == "multiclass":
            expected = special.softmax(np.log(p) / temperature, axis=1)
        else:
            expected = special.expit(special.logit(p) / temperature)
        assert temper(task, p, temperature) == pytest.approx(expected, rel=1e-12)
    assert np.array_equal(temper(task, p, 1.0), p)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("weighted", [False, True])
def test_what_is_learnt_is_where_the_posterior_is_highest(rng, task, weighted):
    """By a grid over the scores' own log loss, which shares no code with what is minimised."""
    p, y = sample(rng, task, rows=60)
    weight = rng.integers(0, 3, 60).astype(float) if weighted else None
    grid = np.exp(np.linspace(-1, 2, 3001))
    count = 60 if weight is None else weight.sum()
    loss = SCORES["log_loss"].compute(np.stack([temper(task, p, t) for t in grid]), y, weight, task)
    posterior = count * loss - stats.norm(0, 0.5).logpdf(np.log(grid))
    assert learn_temperature(task, p, y, weight) == pytest.approx(grid[posterior.argmin()], rel=1.1e-3)


@pytest.mark.parametrize("task", TASKS)
def test_of_many_rows_it_is_by_how_much_probabilities_are_too_sure(rng, task):
    p, y = sample(rng, task, rows=40_000)
    assert learn_temperature(task, p, y) == pytest.approx(3.0, rel=0.05)


def test_rows_that_are_all_answered_rightly_do_not_make_it_as_small_as_it_gets():
    p = np.repeat([[0.99, 0.01]], 30, axis=0)
    found = learn_temperature("multiclass", p, np.repeat([[1.0, 0.0]], 30, axis=0))
    odds = np.log(99)

    def slope(log_t):  # of 30 rows' log loss and of the prior
        return 30 * (odds / np.exp(log_t)) * special.expit(-odds / np.exp(log_t)) + log_t / 0.25

    assert np.log(found) == pytest.approx(optimize.brentq(slope, -3, 3), abs=1e-3)
    assert 0.3 < found < 0.9


def test_certain_probabilities_are_finite():
    p = np.array([[0.0, 1.0], [1.0, 0.0], [np.nan, np.nan]])
    said = temper("multiclass", p, 2.0)
    assert said[:2].sum(axis=1) == pytest.approx(1)
    assert said[0, 1] == pytest.approx(1 / (1 + np.sqrt(np.finfo(np.float32).eps)))
    assert np.isnan(said[2]).all()
    assert temper("binary", [[1.0]], 2.0)[0, 0] == pytest.approx(1 - np.sqrt(np.finfo(np.float32).eps), rel=1e-6)


def test_nothing_is_learnt_of_numbers_of_no_rows_and_of_what_is_no_number():
    assert learn_temperature("regression", np.ones((3, 1)), np.ones((3, 1))) == 1
    assert learn_temperature("binary", np.full((2, 1), np.nan), np.ones((2, 1))) == 1
    assert learn_temperature("binary", np.full((2, 1), 0.5), np.ones((2, 1)), [0, 0]) == 1
    assert np.array_equal(temper("regression", [[2.0]], 3.0), [[2.0]])


# ---- of a model ----


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 120))
    table = {"a": a, "b": b, "kind": np.where(a - b + rng.normal(size=120) > 0, "yes", "no")}
    return table, fnn.fit(table, "kind", seeds=5, epochs=30, hidden=8)


def test_a_model_answers_at_its_temperature_and_keeps_its_classes(fitted, tmp_path):
    table, done = fitted
    assert done.model.temperature != 1
    plain = dataclasses.replace(done.model, temperature=1.0)
    raw, said = plain.predict_proba(table), done.model.predict_proba(table)
    assert said == pytest.approx(temper("multiclass", raw, done.model.temperature))
    assert np.array_equal(plain.predict(table), done.model.predict(table))
    assert np.array_equal(plain.spread(table), done.model.spread(table))
    back = fnn.load(fnn.save(done, tmp_path / "m.npz"))
    assert back.temperature == done.model.temperature
    assert np.array_equal(back.predict_proba(table), said)


def test_none_is_learnt_where_that_is_said_and_where_outputs_are_no_probabilities(fitted):
    table, _ = fitted
    assert fnn.fit(table, "kind", seeds=2, epochs=3, preparation={"temperature": "none"}).model.temperature == 1
    mse = fnn.fit(table, "kind", seeds=2, epochs=3, loss="mse", output="identity")
    assert mse.model.temperature == 1
    none_held_out = fnn.fit(table, "kind", seeds=2, epochs=3, keep="last", splitting={"validation": 0.0})
    assert none_held_out.model.temperature == 1
    with pytest.raises(fnn.InvalidSetting, match="temperature: got 'warm'"):
        fnn.fit(table, "kind", seeds=2, epochs=3, preparation={"temperature": "warm"})
