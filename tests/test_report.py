import json
import re

import numpy as np
import pytest
from study_sample import LITERATURE, STUDY

import fnn
from fnn.report import text as report
from fnn.report.words import claim_levels, levels
from fnn.studies.verdicts import VERDICTS


def test_rows_are_one_for_each_point():
    y, p = np.array([[0.0], [1.0]]), np.array([[0.25], [1.0]])
    assert list(report.prediction_rows(p, y, np.array([[0.5, 0.0], [1.0, 3.25]]))) == [
        "point  x1   x2    true  predicted",
        "1      0.5  0     0     0.25",
        "2      1    3.25  1     1",
    ]
    assert next(report.prediction_rows(p, y, np.ones((2, 5)))) == "point  true  predicted"


def test_what_a_diverged_network_answers_is_as_short_as_anything_else():
    p = np.array([[-1.2345e157], [np.nan], [np.inf]])
    lines = list(report.prediction_rows(p, np.zeros((3, 1)), np.zeros((3, 5))))
    assert [line.split()[-1] for line in lines[1:]] == ["−1.23e157", "–", "∞"]


@pytest.mark.parametrize(("count", "rows", "left_out"), [(100, 100, None), (101, 101, 1), (250, 101, 150)])
def test_of_more_than_100_rows_the_middle_is_left_out(count, rows, left_out):
    p = np.linspace(0, 1, count)[:, None]
    lines = list(report.prediction_rows(p, p.round(), p))
    assert len(lines) == rows + 1
    assert [line for line in lines if "more" in line] == ([f"… {left_out} more"] if left_out else [])
    assert lines[-1].split() == [str(count), "1", "1", "1"]
    shown = [int(line.split()[0]) - 1 for line in lines[1:] if "more" not in line]
    assert shown == sorted({*range(50), *range(count - 50, count)} if left_out else range(count))


def results(xor, seeds, **settings):
    return fnn.train(fnn.Config(**settings), *xor[1:], seeds=range(seeds))


def test_document_of_one_run_is_of_the_shape_of_many(xor):
    r = results(xor, 1)
    document = json.loads(json.dumps(report.document(r, {"data": "xor"}), allow_nan=False))
    assert document["data"] == "xor"
    assert document["config"]["hidden"] == [4, 4]
    assert fnn.Config(**document["config"]) == r.config(0)
    assert (document["runs"], document["loss"]["median"], document["accuracy"]["min"]) == (1, r.loss[0], r.accuracy[0])
    many = report.document(results(xor, 40), {"data": "xor"})
    assert {name: type(value) for name, value in many.items()} == {name: type(document[name]) for name in many}
    assert {name: {*many[name]} for name in many if isinstance(many[name], dict)} == {
        name: {*document[name]} for name in many if isinstance(many[name], dict)
    }
    assert document["solved"] == float(r.solved[0])
    assert set(document["seconds"]) == {"compile", "train", "total"}


def test_document_of_many_runs_has_quartiles(xor):
    r = results(xor, 40)
    document = report.document(r, {})
    assert document["loss"]["median"] == np.median(r.loss)
    assert document["loss"]["q25"] == pytest.approx(np.quantile(r.loss, 0.25))
    assert set(document["accuracy"]) == {"median", "q25", "q75", "min", "max"}
    assert document["solved"] == r.solved.mean()
    assert document["epochs_to_solve"]["median"] == np.median(r.epochs_to_solve[r.solved])


def test_document_of_divergence_and_of_no_success_has_nulls(xor):
    r = results(xor, 3, activation="identity", output="identity", optimizer="sgd", lr=10.0)
    document = json.loads(json.dumps(report.document(r, {}), allow_nan=False))
    assert document["diverged"] == 3
    assert document["epochs_to_solve"] is None
    assert document["loss"]["median"] is None


@pytest.mark.parametrize(("settings", "line"), [
    ({}, r"solved +after \d+ of 500 epochs"),
    ({"epochs": 3}, "solved +not within 3 epochs"),
    ({"activation": "identity", "output": "identity", "optimizer": "sgd", "lr": 10.0}, r"diverged +after \d of 500"),
    ({"stop_loss": 0.01}, r"stopped +after \d+ epochs, at stop-loss 0.01"),
    ({"stop_mean_error": 0.4, "stop_rms": 0.1}, r"stopped +after \d+ epochs, at stop-rms 0.1 or stop-mean-error 0.4"),
    ({"stop_max_error": 0.4, "epochs": 3}, "stopped +not: did not get to stop-max-error 0.4"),
])  # fmt: skip
def test_lines_say_what_became_of_one_network(xor, settings, line):
    r = results(xor, 1, **settings)
    assert re.search(line, "\n".join(report.run_lines(r)))


def test_lines_of_a_stack(xor):
    r = results(xor, 50)
    text = "\n".join(report.lines(r, fnn.data.xor()))
    low, high = fnn.wilson(int(r.solved.sum()), 50)
    assert f"{r.solved.sum()} of 50 = {r.solved.mean():.1%}   (95% interval {low:.1%} to {high:.1%})" in text
    assert f"epochs to solve   median {np.median(r.epochs_to_solve[r.solved]):.3g} " in text


def test_of_a_stack_with_a_stopping_rule_is_said_how_many_met_it(xor):
    r = results(xor, 50, stop_max_error=0.3)
    met, (low, high) = int(r.met.sum()), fnn.wilson(int(r.met.sum()), 50)
    assert 0 < met < 50
    text = "\n".join(report.lines(r, fnn.data.xor()))
    assert f"met stopping rule {met} of 50 = {met / 50:.1%}   (95% interval {low:.1%} to {high:.1%})" in text
    assert f"epochs to meet it median {np.median(r.stopped[r.met]):.3g} " in text
    document = report.document(r, {})
    assert (document["met"], document["met_interval"]) == (met, [low, high])
    assert document["epochs_to_meet"]["median"] == np.median(r.stopped[r.met])


def test_without_a_stopping_rule_none_is_said_to_be_met(xor):
    r = results(xor, 3, epochs=5)
    assert "met" not in "\n".join(report.lines(r, fnn.data.xor()))
    assert report.document(r, {})["met"] is None
    never = report.document(results(xor, 3, epochs=5, stop_loss=0.0), {})
    assert (never["met"], never["epochs_to_meet"]) == (0, None)


# ---- a study ----


def test_the_table_of_verdicts_has_effects_and_what_is_open():
    ((heads, rows),) = report.verdicts(STUDY)
    assert heads == ["verdict", "claim", "effect (95%)", ""]
    by_claim = {row[1]: row for row in rows}
    verdict, _, effect, open_question = by_claim["High learning rates converge fast at first."]
    assert (verdict, effect) == ("supported", "probability of improvement 93.1% (91.3% to 94.5%)")
    assert open_question == "in 80 of 96 distinct cells"
    assert (
        by_claim["High learning rates oscillate later."][3]
        == "in 80 of 96 distinct cells; mixed, depends on hidden, init"
    )
    assert [row[3] for row in rows if row[0] == "undecided"] == [
        "a new study would need about 4,200 fresh seeds", "a new study would need about 90 fresh draws of the data",
    ]  # fmt: skip
    assert {row[0] for row in rows} == set(VERDICTS)
    assert report.verdict_counts(STUDY) == (
        "4 supported, 1 reversed, 1 no difference, 1 too small, 1 falls short, 2 undecided, "
        "1 cannot be tested here, 1 too few runs"
    )
    decided = STUDY | {"claims": {"a": STUDY["claims"]["mse-faster"]}}
    ((heads, rows),) = report.verdicts(decided)
    assert (len(heads), len(rows[0])) == (3, 3)


def test_levels_are_said_of_a_study_and_of_a_claim():
    assert levels(STUDY) == [
        "30 draws × 33 seeds where data are drawn (linear)", "1,000 seeds where they are fixed (xor, xor4)",
    ]  # fmt: skip
    assert levels(LITERATURE) == ["1,000 seeds"]
    assert levels(STUDY | {"fixed": []}) == ["30 draws × 33 seeds"]
    assert levels(STUDY | {"fixed": [], "draws": 1}) == ["1 draw × 1,000 seeds"]
    assert claim_levels(STUDY["claims"]["near"]) == "30 draws of the data × 33 seeds"
    assert claim_levels(STUDY["claims"]["two-seeds"]) == "2 seeds on one data set"


def test_the_table_of_published_results_counts_the_readings_that_agree():
    ((heads, rows),) = report.verdicts(LITERATURE)
    assert heads == ["verdict", "result", "published", "ours", "agree"]
    assert rows[0] == [
        "depends", "2-2-1, batch, momentum", "25 of 30 runs and a median of 730 epochs",
        "71.3% to 84.0% of runs, after a median of 402 to 711 epochs", "1 of 2",
    ]  # fmt: skip
    # Of results of one source: how many readings agree with all of them.
    assert [row[0::4] for row in rows[1:]] == [
        ["consistent", "1 of 1"], ["not reproduced", "0 of 1 with all 2"], ["not reproduced", "0 of 1 with all 2"],
    ]  # fmt: skip
    assert report.verdict_counts(LITERATURE) == "1 depends, 1 consistent, 2 not reproduced"
