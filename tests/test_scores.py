import numpy as np
import pytest

from fnn.errors import InvalidSetting
from fnn.stats.scores import SCORES, default_score, scores_of_task

metrics = pytest.importorskip("sklearn.metrics")

N = 240
CASES = [(name, task) for name, score in SCORES.items() for task in score.tasks]


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sample(rng, task, networks=3, rows=N):
    """Return p (S, N, O), y (N, O), weight (N,), with ties among the probabilities."""
    weight = rng.uniform(0.1, 3, rows)
    if task == "regression":
        y = rng.normal(size=(rows, 2)) * (1, 30) + (0, 100)
        return y + rng.normal(size=(networks, rows, 2)) * (0.5, 40), y, weight
    if task == "multiclass":
        y = np.eye(4)[rng.choice(4, rows, p=[0.5, 0.3, 0.15, 0.05])]
        return softmax(np.round(rng.normal(size=(networks, rows, 4)) + y, 1)), y, weight
    y = (rng.random((rows, 1 if task == "binary" else 3)) < 0.3).astype(float)
    return 1 / (1 + np.exp(-np.round(rng.normal(size=(networks, *y.shape)) + y, 1))), y, weight


def theirs(name, task, p, y, weight):
    """Return scikit-learn's score of one network."""
    labels = y.argmax(axis=1) if task == "multiclass" else y
    if name in ("rmse", "mae", "r2"):
        function = {"rmse": "root_mean_squared_error", "mae": "mean_absolute_error", "r2": "r2_score"}[name]
        return getattr(metrics, function)(y, p, sample_weight=weight)
    if name == "accuracy":
        answers = p.argmax(axis=1) if task == "multiclass" else p > 0.5
        return metrics.accuracy_score(labels, answers, sample_weight=weight)
    if name == "auc":
        # Without weights scikit-learn does one-vs-rest itself; with them it does so for labels as columns alone.
        return metrics.roc_auc_score(y, p, average="macro", sample_weight=weight)
    if task == "multiclass":
        if name == "log_loss":
            return metrics.log_loss(labels, p, sample_weight=weight)
        return sum(metrics.brier_score_loss(y[:, c], p[:, c], sample_weight=weight) for c in range(4))
    function = {"log_loss": metrics.log_loss, "brier": metrics.brier_score_loss}[name]
    return np.mean([function(y[:, o], p[:, o], sample_weight=weight) for o in range(y.shape[1])])


@pytest.mark.parametrize(("name", "task"), CASES)
@pytest.mark.parametrize("weighted", [False, True])
def test_scores_are_scikit_learn_s(rng, name, task, weighted):
    p, y, weight = sample(rng, task)
    weight = weight if weighted else None
    scores = SCORES[name].compute(p, y, weight, task)
    assert scores.shape == (3,)
    assert scores == pytest.approx([theirs(name, task, network, y, weight) for network in p], rel=1e-12)


def test_the_auc_of_classes_is_one_against_the_rest(rng):
    p, y, _ = sample(rng, "multiclass")
    scikit = [metrics.roc_auc_score(y.argmax(axis=1), q, multi_class="ovr", average="macro") for q in p]
    assert SCORES["auc"].compute(p, y, None, "multiclass") == pytest.approx(scikit, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_loss_clips_as_scikit_learn_does(dtype):
    p, y = np.array([1, 0, 0.25, 1], dtype)[:, None], np.array([0.0, 1, 1, 1])[:, None]
    expected = metrics.log_loss(y[:, 0], p[:, 0])
    assert SCORES["log_loss"].compute(p[None], y, None, "binary") == pytest.approx([expected], rel=1e-6)
    classes, one_hot = np.column_stack((1 - p, p)), np.column_stack((1 - y, y))
    assert SCORES["log_loss"].compute(classes[None], one_hot, None, "multiclass") == pytest.approx([expected], rel=1e-6)


def test_scores_by_hand():
    p, y = np.array([[[0.9], [0.4], [0.5]]]), np.array([[1.0], [1.0], [0.0]])
    assert SCORES["accuracy"].compute(p, y, None, "binary") == pytest.approx([2 / 3])  # 0.5 is not above 1/2
    assert SCORES["brier"].compute(p, y, None, "binary") == pytest.approx([(0.01 + 0.36 + 0.25) / 3])
    assert SCORES["auc"].compute(p, y, None, "binary") == pytest.approx([1 / 2])
    assert SCORES["log_loss"].compute(p, y, None, "binary") == pytest.approx([-np.log(0.9 * 0.4 * 0.5) / 3])
    # One-hot: Brier's sum over classes, so twice that of one of two.
    two, one_hot = np.concatenate((1 - p, p), axis=2), np.column_stack((1 - y, y))
    assert SCORES["brier"].compute(two, one_hot, None, "multiclass") == pytest.approx([2 * 0.62 / 3])
    both = np.array([[[0.9, 0.2], [0.9, 0.8]]])
    assert SCORES["accuracy"].compute(both, np.array([[1.0, 0], [1, 0]]), None, "multilabel") == pytest.approx([1 / 2])


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_network_s_score_does_not_depend_on_the_others(rng, name, task):
    p, y, weight = sample(rng, task, networks=17)
    for w in (None, weight):
        together = SCORES[name].compute(p, y, w, task)
        assert together.tolist() == [float(SCORES[name].compute(q[None], y, w, task)[0]) for q in p]


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_weight_is_how_often_a_row_counts(rng, name, task):
    p, y, _ = sample(rng, task)
    times = rng.integers(0, 4, N)
    p[:, times == 0] = np.nan  # what does not count may be anything
    rows = np.repeat(np.arange(N), times)
    weighted = SCORES[name].compute(p, y, times, task)
    assert weighted == pytest.approx(SCORES[name].compute(p[:, rows], y[rows], None, task), rel=1e-12)


@pytest.mark.parametrize(("name", "task"), CASES)
def test_what_is_no_number_is_never_good(rng, name, task):
    p, y, _ = sample(rng, task)
    p, before = p.astype(np.float32), SCORES[name].compute(p, y, None, task)
    p[1, 5:9] = np.nan
    p[2] = np.nan
    scores = SCORES[name].compute(p, y, None, task)
    assert scores[0] == pytest.approx(before[0], rel=1e-5)
    if name == "accuracy":
        assert before[1] - 4 / N <= scores[1] <= before[1]
        assert scores[2] == 0
    else:
        assert np.isnan(scores[1:]).all()


@pytest.mark.parametrize("name", ["rmse", "mae", "r2"])
def test_numbers_that_overflowed_are_as_bad_as_can_be(rng, name):
    p, y, _ = sample(rng, "regression")
    p[0, 3], p[1, 3, 0] = np.inf, 1e300
    scores = SCORES[name].compute(p, y, None, "regression")
    assert scores[0] == (-np.inf if name == "r2" else np.inf)
    assert np.isfinite(scores[2])


def test_a_target_with_one_value_is_explained_or_not():
    y = np.full((4, 1), 0.1)
    p = np.stack((y, y + 1e-3, np.full((4, 1), np.nan)))
    scores = SCORES["r2"].compute(p, y, None, "regression")
    assert scores[:2].tolist() == [1, 0] == [metrics.r2_score(y, q) for q in p[:2]]
    assert np.isnan(scores[2])


def test_an_output_with_one_label_has_no_auc_and_is_left_out(rng):
    p, y, _ = sample(rng, "multilabel")
    y[:, 1] = 1
    expected = np.mean([metrics.roc_auc_score(y[:, o], p[0, :, o]) for o in (0, 2)])
    assert SCORES["auc"].compute(p, y, None, "multilabel")[0] == pytest.approx(expected)
    assert np.isnan(SCORES["auc"].compute(p, np.ones_like(y), None, "multilabel")).all()


@pytest.mark.parametrize(("name", "task"), CASES)
def test_of_no_rows_there_is_no_score(rng, name, task):
    p, y, _ = sample(rng, task)
    assert np.isnan(SCORES[name].compute(p[:, :0], y[:0], None, task)).all()
    assert np.isnan(SCORES[name].compute(p, y, np.zeros(N), task)).all()


@pytest.mark.parametrize(("name", "task"), CASES)
def test_better_predictions_have_better_scores(rng, name, task):
    p, y, _ = sample(rng, task)
    scores = SCORES[name].compute(np.stack((p[0], (p[0] + y) / 2)), y, None, task)
    assert (scores[1] < scores[0]) == SCORES[name].lower_is_better


def test_scores_leave_what_they_are_given(rng):
    for name, task in CASES:
        p, y, weight = sample(rng, task)
        for array in (p, y, weight):
            array.flags.writeable = False
        assert SCORES[name].compute(p, y, weight, task).shape == (3,)


def test_the_scores_of_a_task():
    assert {task: default_score(task) for task in ("binary", "multiclass", "multilabel", "regression")} == {
        "binary": "log_loss",
        "multiclass": "log_loss",
        "multilabel": "log_loss",
        "regression": "rmse",
    }
    assert scores_of_task("regression") == ("rmse", "mae", "r2")
    with pytest.raises(InvalidSetting, match="did you mean multiclass"):
        scores_of_task("multi-class")
    with pytest.raises(InvalidSetting, match="task: got 'regression'"):
        SCORES["auc"].compute(np.zeros((1, 2, 1)), np.zeros((2, 1)), None, "regression")


@pytest.mark.parametrize(
    ("p", "y", "weight"),
    [((2, 1), (2, 1), None), ((1, 2, 1), (3, 1), None), ((1, 2, 1), (2, 2), None), ((1, 2, 1), (2, 1), (1,))],
)
def test_shapes_that_do_not_belong_together_are_refused(p, y, weight):
    with pytest.raises(ValueError, match="p, y, weight: got shapes"):
        SCORES["rmse"].compute(np.zeros(p), np.zeros(y), None if weight is None else np.ones(weight), "regression")


@pytest.mark.parametrize(("name", "task"), CASES)
def test_rows_that_are_drawn_anew_score_as_they_do_one_draw_after_another(rng, name, task):
    p, y, weight = sample(rng, task, networks=1, rows=23)
    draws = rng.integers(0, 23, (40, 23))
    draws[0] = draws[0, 0]  # of one row: of one class, and of numbers that are all alike
    counts = np.stack([np.bincount(draw, minlength=23) for draw in draws]).astype(float)
    together = SCORES[name].compute(p, y, counts * weight, task)
    one_by_one = [SCORES[name].compute(p, y, each * weight, task)[0] for each in counts]
    assert together.shape == (40,)
    assert together == pytest.approx(one_by_one, rel=1e-12, nan_ok=True)


def test_rows_of_one_class_have_no_auc_in_any_draw(rng):
    p, y, _ = sample(rng, "binary", networks=1, rows=9)
    areas = SCORES["auc"].compute(p, np.ones_like(y), rng.integers(0, 3, (5, 9)) + np.eye(5, 9), "binary")
    assert areas.shape == (5,)
    assert np.isnan(areas).all()


def test_several_weights_are_of_one_network(rng):
    p, y, _ = sample(rng, "binary", networks=2)
    with pytest.raises(ValueError, match="expected"):
        SCORES["brier"].compute(p, y, np.ones((2, N)), "binary")
