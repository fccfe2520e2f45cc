"""Findings beside the claims, on losses and labels that can be followed on paper."""

import numpy as np
from arm_results import arm_results

from fnn.stats.intervals import wilson
from fnn.studies.findings import finding_document, prediction_document
from fnn.studies.model import Arm, Finding, PredictionTable

XOR4 = {"data": "xor4"}


def finding(kind, **fields):
    return Finding("f", "F", "Own text.", kind, None, "mine.toml, line 1", **fields)


def test_a_printed_loss_has_its_place_among_the_seeds():
    losses = [*np.arange(1.0, 100.0), np.nan, np.inf]  # 101 runs, of which the last two are the worst
    place = finding("place", arms=(Arm("a", XOR4),), value=5.0, factor=2.0)
    document = finding_document(place, {"a": arm_results(np.zeros(101, int), loss=losses)})
    assert document["text"] == "Own text. Times 2 the printed loss is 10. With a, 8.9% of 101 seeds end lower."
    low, high = wilson(9, 101)
    # The run that 5, 25, 50, 75 and 95% of all are no higher than: the 6th, 26th, 51st, 76th and 96th.
    row = ["a", f"8.9% ({low:.1%} to {high:.1%})", "6", "26", "51", "76", "96"]
    assert document["table"]["rows"] == [row]
    assert len(document["table"]["columns"]) == len(row)


def test_arms_stand_side_by_side():
    results = {
        "a": arm_results([10, 30, -1, 20], loss=[1, 2, 3, 4], diverged=[-1, -1, 7, -1]),
        "b": arm_results([-1, -1], loss=[0.5, 0.5]),
    }
    both = finding("arms", arms=(Arm("a", XOR4), Arm("b", XOR4)))
    document = finding_document(both, results)
    low, high = wilson(3, 4)
    first = ["a", f"75.0% ({low:.1%} to {high:.1%})", "20 (15 to 25)", "2.5 (1.75 to 3.25)", "1", "4"]
    assert document["table"]["rows"][0] == first
    assert document["table"]["rows"][1][2:] == ["–", "0.5 (0.5 to 0.5)", "0", "2"]
    assert document["text"] == "Own text."


def test_arms_on_drawn_data_have_the_interval_over_draws():
    """Of two draws the one is always solved and the other never: of all that could be drawn nothing is known."""
    results = arm_results([10] * 50 + [-1] * 50, loss=[1.0] * 50 + [np.nan] * 50)
    both = finding("arms", arms=(Arm("a", XOR4),))
    assert not both.of_one_draw
    assert finding("place").of_one_draw  # as what was printed is
    low, high = wilson(50, 100)
    rows = finding_document(both, {"a": results})["table"]["rows"]
    assert rows[0][1] == f"50.0% ({low:.1%} to {high:.1%})"
    rows = finding_document(both, {"a": results._replace(draws=2)})["table"]["rows"]
    assert rows[0][1] == "50.0% (0.0% to 100.0%)"


def test_printed_labels_are_compared_with_the_true_ones():
    # Of xor4's labels 0, 1, 1, 0 the second is printed as 0; the third prediction is on the wrong side.
    printed = ((0, 0.1), (0, 0.8), (1, 0.4), (0, 0.1))
    document = finding_document(finding("labels", labelled=Arm("a", XOR4), printed=printed), {})
    assert "1 of 4 printed labels are not those of the data" in document["text"]
    assert "agree with 2 of 4 printed labels and with 3 of 4 true ones" in document["text"]
    # (0.01 + 0.04 + 0.36 + 0.01) / 4, and with 0.64 in the place of the second
    assert "mean squared error is 0.105, half of it 0.0525; against the printed ones it is 0.255." in document["text"]
    assert document["table"]["rows"][1] == ["1", "0", "1", "0", "1", "0.800000", "label differs"]
    assert document["table"]["rows"][2][-1] == ""


def test_rows_and_text_stay_as_they_are():
    rows = finding("rows", columns=("a", "b"), rows=((1, "x"), (2.5, True)))
    assert finding_document(rows, {})["table"] == {"columns": ["a", "b"], "rows": [["1", "x"], ["2.5", "True"]]}
    assert finding_document(finding("text"), {})["table"] is None


def test_predictions_have_a_row_for_each_sample():
    outputs = np.array([[0.1] * 4, [0.2, 0.7, 0.8, 0.3], [0.9] * 4])
    results = arm_results([1, 1], outputs=outputs, right=[1, 0.5, 0.25, 0])
    document = prediction_document(PredictionTable("p", "P", Arm("a", XOR4)), results)
    assert document["rows"][1] == ["1", "0", "1", "1", "0.700000", "0.100000 to 0.900000", "50.0%"]
    assert [row[0] for row in document["rows"]] == ["0", "1", "2", "3"]
    assert {len(row) for row in document["rows"]} == {len(document["columns"])}
