"""What an ensemble scores on each part of its splits, against a loop over its networks that shares none of its code."""

import numpy as np
import pytest
from scipy import stats

import fnn
from fnn import rng as streams
from fnn.data.scaling import scale
from fnn.ensembles.fit import fit
from fnn.ensembles.presets import validates_apart
from fnn.stats.prediction_intervals import learn_interval, measured_coverage
from fnn.stats.temperature import learn_temperature

SMALL = {"hidden": "4", "epochs": 5, "dtype": "float64"}


def table(rng, rows=90):
    a, b = rng.normal(size=(2, rows))
    return {
        "a": a, "b": b, "w": rng.integers(0, 3, rows).astype(float),
        "price": 30 + 9 * (a - b**2 + 0.3 * rng.normal(size=rows)),
    }  # fmt: skip


def answers(done, k, rows):
    """Return what each network of split k says of rows, in the target's units: (S, n)."""
    split = done.networks[k]
    p = fnn.predict(split.layers, split.params, scale(split.prepared.scaling, done.problem.x[rows]))
    return p[:, :, 0] * split.prepared.y_scale + split.prepared.y_center


def rmse(p, y, weight=None):
    return np.sqrt(np.average((p - y) ** 2, axis=-1, weights=weight))


def rows_of(split, part):
    return np.unique({"training": split.train, "validation": split.validation, "test": split.test}[part])


@pytest.mark.parametrize("weight", [None, "w"])
def test_members_and_ensembles_of_several_splits_are_scored_on_each_part(rng, weight):
    columns = table(rng)
    splitting = {"folds": 3, "repeats": 2, "validation": 0.2}
    roles = {"weight": "w"} if weight else {"ignore": "w"}
    done = fit(columns, "price", seeds=4, splitting=splitting, roles=roles, **SMALL)
    y, w = columns["price"], columns["w"] if weight else np.ones(90)
    for part in ("training", "validation", "test"):
        rows = [rows_of(split, part) for split in done.splits]
        members = np.array([rmse(answers(done, k, r), y[r], w[r]) for k, r in enumerate(rows)])
        ensembles = np.array([rmse(answers(done, k, r).mean(axis=0), y[r], w[r]) for k, r in enumerate(rows)])
        assert done.evaluation.members[part]["rmse"] == pytest.approx(members.ravel(), rel=1e-9)
        for values, ours in zip((members.mean(axis=1), ensembles), done.scores[part]["rmse"], strict=True):
            # Nadeau & Bengio's correction: rows that are measured on over rows that are trained on.
            ratio = np.mean([len(r) for r in rows]) / np.mean([len(split.train) for split in done.splits])
            factor = 1 / 6 + (ratio if part != "training" else 0)
            half = stats.t.ppf(0.975, 5) * np.sqrt(factor * values.var(ddof=1))
            low = max(values.mean() - half, 0)  # an error is not below 0
            assert ours == pytest.approx((values.mean(), low, values.mean() + half), rel=1e-9)


def test_each_row_is_answered_by_all_networks_that_did_not_learn_from_it(rng):
    done = fit(table(rng), "price", seeds=4, splitting={"folds": 3, "repeats": 2}, roles={"ignore": "w"}, **SMALL)
    said = [[] for _ in range(90)]
    for k, split in enumerate(done.splits):
        for row, of_row in zip(split.test, answers(done, k, split.test).T, strict=True):
            said[row].extend(of_row)
        of_split = done.evaluation.answers[k]["test"]
        assert np.array_equal(of_split.rows, split.test)
        assert of_split.mean[:, 0] == pytest.approx(answers(done, k, split.test).mean(axis=0), rel=1e-9)
        assert of_split.variance[:, 0] == pytest.approx(answers(done, k, split.test).var(axis=0), rel=1e-6)
    assert {len(each) for each in said} == {8}
    assert done.held_out.rows.tolist() == list(range(90))
    assert done.held_out.mean[:, 0] == pytest.approx(np.mean(said, axis=1), rel=1e-9)
    assert done.held_out.variance[:, 0] == pytest.approx(np.var(said, axis=1), rel=1e-6)


def test_intervals_of_scores_end_where_the_scores_do(rng):
    """Of two splits, t has one degree of freedom: means are nearly anywhere."""
    done = fit(table(rng), "price", seeds=2, splitting={"folds": 2}, roles={"ignore": "w"}, **SMALL)
    scores = done.scores["test"]
    assert [scores[name].ensemble.low for name in ("rmse", "mae")] == [0, 0]
    assert scores["r2"].ensemble.high == 1
    assert scores["r2"].ensemble.low < 0


def test_intervals_of_numbers_are_learnt_from_rows_that_were_held_out_or_there_are_none(rng):
    columns = table(rng)
    done = fit(columns, "price", seeds=3, splitting={"folds": 3}, roles={"ignore": "w"}, **SMALL)
    y, said = columns["price"][:, None], done.held_out
    assert done.model.learned_interval == learn_interval(said.mean, said.variance, y)
    assert done.model.coverage == measured_coverage(said.mean, said.variance, y)
    none = fit(columns, "price", preset="plain", seeds=3, splitting={"validation": 0.0}, roles={"ignore": "w"}, **SMALL)
    assert none.evaluation.held_out == "training"
    assert (none.model.learned_interval, none.model.coverage) == (None, None)


def test_rows_that_a_bootstrap_drew_twice_are_scored_once(rng):
    columns = table(rng)
    done = fit(columns, "price", seeds=3, splitting={"bootstrap": True}, roles={"ignore": "w"}, **SMALL)
    drawn = np.unique(done.splits[0].train)
    assert 40 < len(drawn) < 75
    expected = rmse(answers(done, 0, drawn), columns["price"][drawn])
    assert done.evaluation.members["training"]["rmse"] == pytest.approx(expected, rel=1e-9)
    assert done.evaluation.held_out == "validation"
    assert np.array_equal(done.held_out.rows, np.setdiff1d(np.arange(90), drawn))


@pytest.mark.parametrize("weight", [None, "w"])
def test_of_one_split_intervals_are_over_seeds_and_over_rows_drawn_anew(rng, weight):
    columns = table(rng)
    roles = {"weight": "w"} if weight else {"ignore": "w"}
    done = fit(columns, "price", seeds=6, splitting={"validation": 0.4, "per_seed": False}, roles=roles, **SMALL)
    rows, y, w = done.splits[0].validation, columns["price"], columns["w"] if weight else np.ones(90)
    n, p = len(rows), answers(done, 0, rows)
    members, ensemble = done.scores["validation"]["rmse"]
    each = rmse(p, y[rows], w[rows])
    theirs = stats.ttest_1samp(each, 0).confidence_interval(0.95)
    assert members == pytest.approx((each.mean(), theirs.low, theirs.high), rel=1e-9)
    # 200 draws of n rows with the words of NumPy's own generator, each from a block of its own.
    words = np.random.Philox(key=np.array([0, streams.DATA], np.uint64)).random_raw(200 * 4 * -(-n // 4))
    drawn = (words.reshape(200, -1)[:, :n] % np.uint64(n)).astype(int)
    mean = p.mean(axis=0)
    scores = [rmse(mean[d], y[rows][d], w[rows][d]) for d in drawn]
    low, high = np.quantile(scores, [0.025, 0.975])
    assert ensemble == pytest.approx((rmse(mean, y[rows], w[rows]), low, high), rel=1e-9)


@pytest.mark.parametrize("target", ["price", "kind"])
def test_networks_that_validate_apart_answer_each_row_together_with_those_that_did_not_learn_it(rng, target):
    columns = table(rng)
    columns["kind"] = np.array(["no", "yes", "maybe"])[np.digitize(columns["price"], [15, 30])]
    roles = {"ignore": ["w", "kind" if target == "price" else "price"]}
    done = fit(columns, target, seeds=12, roles=roles, **SMALL)
    assert done.splitting.per_seed
    assert [len(each.places) for each in done.networks] == [1] * 12
    task, y = done.problem.target.task, done.problem.target.y
    said = [
        fnn.predict(each.layers, each.params, scale(each.prepared.scaling, done.problem.x))[0] * each.prepared.y_scale
        + each.prepared.y_center
        for each in done.networks
    ]
    rows, means = [], []
    for row in range(90):
        own = [p[row] for p, split in zip(said, done.splits, strict=True) if row in split.validation]
        if own:
            rows.append(row)
            means.append(np.mean(own, axis=0))
    assert np.array_equal(done.held_out.rows, rows)
    if task == "regression":
        assert done.scores["validation"]["rmse"].ensemble.estimate == pytest.approx(rmse(np.ravel(means), y[rows, 0]))
    else:
        shares = np.array(means) ** (1 / done.model.temperature)
        shares /= shares.sum(axis=1, keepdims=True)
        loss = -np.log(shares[y[rows] > 0]).mean()
        assert done.scores["validation"]["log_loss"].ensemble.estimate == pytest.approx(loss)
        assert done.held_out.mean == pytest.approx(shares)
        assert done.model.temperature == pytest.approx(learn_temperature(task, means, y[rows]))
    each = [done.evaluation.members["validation"]["auc" if task != "regression" else "rmse"][k] for k in range(12)]
    name = "auc" if task != "regression" else "rmse"
    assert done.scores["validation"][name].members.estimate == pytest.approx(np.mean(each))


@pytest.mark.parametrize(
    ("settings", "seeds", "rows", "apart"),
    [
        ({}, 4, 90, True), ({}, 1, 90, False), ({"preset": "plain", "splitting": {"validation": 0.2}}, 4, 90, False),
        ({"splitting": {"folds": 3}}, 4, 90, False), ({"splitting": {"per_seed": False}}, 4, 90, False),
        ({"splitting": {"bootstrap": True}}, 4, 90, False), ({}, 2, 10_001, False),
        ({"splitting": {"validation": 0.0}, "keep": "last"}, 4, 90, False),
    ],
)  # fmt: skip
def test_networks_validate_apart_by_the_preset_for_tables_unless_told_otherwise(rng, settings, seeds, rows, apart):
    columns = table(rng, rows)
    done = fit(columns, "price", seeds=seeds, roles={"ignore": "w"}, **SMALL | {"epochs": 1}, **settings)
    assert done.splitting.per_seed == apart


def test_networks_share_rows_to_validate_on_where_copies_for_each_would_take_much_memory():
    assert validates_apart("table", 10_000, 100, 128)
    assert not validates_apart("table", 10_000, 100, 256)
    assert not validates_apart("table", 10_000, 1, 1)
    assert not validates_apart("image", 100, 64, 16)
