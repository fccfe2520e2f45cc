"""What is printed of ensembles trained on tables: the words, and that JSON has the same numbers."""

import json
import math

import numpy as np
import pytest

from fnn.formats import number
from fnn.report import choice, table
from fnn.report.words import interval, printable
from fnn.stats.intervals import Interval, Spread
from fnn.stats.resampled import compare_with_best

ONE_RUN = Interval(0.64, -math.inf, math.inf)
REPORT = table.TableReport(
    table.TableData("wine.csv", 1600, 13, 28, {"region": 5}, {"id": "ignored"}, {"ph": 1200}, "mean"),
    table.Task(("quality",), "multiclass", "inferred from 6 whole numbers", tuple("345678")),
    "table",
    {"scaling": "robust", "hidden": (32, 32), "smooth_clip": True, "lr": 0.04},
    table.Parts(1, "20% held out", 1280, 320),
    64,
    256,
    (
        table.ScoreRow("training", "accuracy", Interval(0.8, 0.79, 0.81), ONE_RUN, 0.012),
        table.ScoreRow("validation", "log_loss", Interval(1.23456, 1.2, 1.3)),
    ),
    Spread(113, 90, 150, 12, 256),
)
FOLDS = REPORT._replace(parts=table.Parts(50, "5 folds × 10 repeats", 1280, 0, 320), seeds=4, kept=None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.8, "0.8"), (1, "1"), (54.123, "54.1"), (113, "113"), (999.7, "1,000"), (-12345.6, "−12,346")),
        *((4.2e-8, "4.2e−8"), (3e12, "3,000,000,000,000"), (3e17, "3e17"), (0, "0"), (math.inf, "∞"), (None, "–")),
    ],
)
def test_a_number_has_three_digits(value, text):
    assert number(value) == text


def test_an_interval_that_one_run_does_not_have_is_not_printed():
    assert (
        interval(ONE_RUN) == interval(Interval(0.64, -math.inf, 1)) == interval(Interval(0.64, 0, math.inf)) == "0.64"
    )
    assert interval(Interval(0.5, 0.4, 0.6)) == "0.5 (0.4 to 0.6)"


def test_names_from_a_file_are_one_line_and_no_commands():
    assert printable("a\x1b[31m\nred  name") == "a[31m red name"


def test_what_was_read_and_made_of_it():
    lines = [line.split(maxsplit=1) if line[0] != " " else line.strip() for line in table.data_lines(REPORT)]
    assert lines == [
        ["data", "wine.csv: 1,600 rows, 13 columns"],
        "28 inputs, one for each category of region (5)",
        "left out: id (ignored)",
        "missing numbers: ph (1,200); --missing mean",
        ["target", "quality: multiclass of 6 classes (3, 4, 5, 6, 7, 8), inferred from 6 whole numbers"],
        ["preset", "table: scaling robust, hidden 32x32, smooth-clip yes, lr 0.04"],
        ["splits", "20% held out: 1,280 rows to learn from, 320 to validate"],
        ["networks", "64"],
    ]
    assert list(table.data_lines(FOLDS))[-1].endswith("200 (4 seeds for each of 50 splits)")


def test_all_settings_of_a_preset_are_there_in_lines_that_fit():
    settings = {f"setting_{k}": k / 7 for k in range(60)}
    lines = list(table.data_lines(REPORT._replace(settings=settings)))
    start = next(k for k, line in enumerate(lines) if line.startswith("preset"))
    end = next(k for k, line in enumerate(lines) if line.startswith("splits"))
    text = " ".join(line.strip() for line in lines[start:end])
    assert all(f"setting-{k} " in text for k in range(60))
    assert max(map(len, lines[start:end])) <= table.WIDTH
    assert table.document(REPORT._replace(settings=settings))["settings"] == settings


def test_of_many_names_the_first_are_listed():
    data = REPORT.data._replace(dropped={f"column {k}": "constant" for k in range(50)}, rows_dropped=1)
    lines = [line.strip() for line in table.data_lines(REPORT._replace(data=data))]
    assert "column 5 (constant) and 44 more" in lines[2]
    assert lines[3].endswith("1 row left out")


def test_scores_stand_beside_the_ensembles_and_say_what_they_are_over():
    heads = table.score_columns(REPORT)
    assert heads == ["part", "score", "networks (95% over seeds)", "ensemble", "sd seeds"]
    assert table.score_rows(REPORT) == [
        ["training", "accuracy", "0.8 (0.79 to 0.81)", "0.64", "0.012"],
        ["validation", "log_loss", "1.23 (1.2 to 1.3)", "–", "–"],
    ]
    both = (REPORT.scores[0]._replace(between_splits=0.1),)
    assert table.score_columns(FOLDS._replace(scores=both))[2:] == [
        "networks (95% over 50 splits)",
        "ensemble",
        "sd seeds",
        "sd splits",
    ]
    assert table.score_rows(FOLDS._replace(scores=both))[0][-2:] == ["0.012", "0.1"]
    assert len(table.score_columns(REPORT)) == len(table.score_rows(REPORT)[0])


def test_epochs_coverage_and_divergence_are_told():
    report = REPORT._replace(coverage=Interval(0.88, 0.8, 0.93), diverged=2)
    lines = [" ".join(line.split()) for line in table.result_lines(report)]
    assert lines[:3] == [
        "epochs kept median 113, range 12 to 256 of 256",
        "intervals 88.0% of the rows held out are in theirs, of 95% (95% interval 80.0% to 93.0%)",
        "diverged 2 of 64, left out",
    ]
    assert lines[3:] == [f"note {warning}" for warning in table.warnings(report)]
    assert list(table.result_lines(FOLDS)) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ["slightly optimistic", "one split"]),
        ({"kept": None}, ["one split"]),
        ({"kept": None, "seeds": 1}, []),
        ({"parts": table.Parts(1, "", 1600)}, ["no rows are held out"]),
        ({"parts": table.Parts(1, "", 1600, 30), "kept": None}, ["30 rows held out", "one split"]),
        ({"parts": table.Parts(5, "", 40, 0, 10)}, []),
        ({"parts": table.Parts(4, "", 40, 0, 10)}, ["40 rows held out"]),
        ({"kept": None, "seeds": 1, "coverage": Interval(0.9, 0.8, 0.949)}, ["too narrow"]),
        ({"kept": None, "seeds": 1, "coverage": Interval(0.94, 0.9, 0.96)}, []),
    ],
)
def test_what_to_beware_of(changes, words):
    warnings = list(table.warnings(REPORT._replace(**changes)))
    assert len(warnings) == len(words)
    for word, warning in zip(words, warnings, strict=True):
        assert word in warning


def test_rows_held_out_again_are_no_more_rows():
    data = REPORT.data._replace(rows=30)
    report = REPORT._replace(data=data, parts=table.Parts(50, "", 24, 0, 6), kept=None)
    assert list(table.warnings(report)) == ["30 rows held out: chance moves these scores far"]


def test_the_document_has_the_same_numbers_and_no_infinity():
    document = json.loads(json.dumps(table.document(REPORT), allow_nan=False))
    assert document["data"]["categories"] == {"region": 5}
    assert document["task"] == {**REPORT.task._asdict(), "targets": ["quality"], "classes": list("345678")}
    assert document["settings"]["hidden"] == [32, 32]
    training, validation = document["scores"]
    assert training["networks"] == {"estimate": 0.8, "low": 0.79, "high": 0.81}
    assert training["ensemble"] == {"estimate": 0.64, "low": None, "high": None}
    assert (validation["ensemble"], validation["between_seeds"]) == (None, None)
    assert document["kept"] == REPORT.kept._asdict()
    assert (document["coverage"], document["splits"]["validation"]) == (None, 320)
    assert document["warnings"] == list(table.warnings(REPORT))


# ---- settings compared ----


def compared(shifts, splits=50, noise=0.02):
    rng = np.random.default_rng(0)
    split = rng.normal(0.5, 0.03, splits)
    scores = np.array([split + shift + rng.normal(0, noise, splits) for shift in shifts])
    settings = [{"hidden": str(2**k), "lr": 0.1} for k in range(len(shifts))]
    comparison = compare_with_best(scores, 480, 120, lower_is_better=True)
    return choice.ModelChoice("log_loss", settings, [3200] * len(shifts), splits, comparison)


def test_settings_stand_with_the_best_first_and_say_which_can_be_told_from_it():
    c = compared([0.2, 0, 0.01, math.nan, 0.15])
    rows = choice.choice_rows(c)
    assert choice.choice_columns(c) == [
        *("hidden", "lr", "runs", "splits"),
        *("log_loss (95%)", "from the best (95%)", "p", "verdict"),
    ]
    assert [row[0] for row in rows] == ["2", "4", "16", "1", "8"]
    assert [row[-1] for row in rows] == ["best", "cannot be told", "worse", "worse", "failed"]
    assert rows[0][4:7] == [interval(c.comparison.means[1]), "", ""]
    effect = c.comparison.differences[0]
    assert rows[3][5:7] == [f"{number(effect.effect)} ({number(effect.low)} to {number(effect.high)})", "<0.0001"]
    assert rows[4][5:7] == ["", ""]
    assert rows[0][1:4] == ["0.1", "3,200", "50"]


def test_one_line_says_which_settings_cannot_be_told_from_the_best():
    line = choice.undecided_line(compared([0, 0.001, 0.3]))
    assert line.startswith("cannot be told from the best, hidden 1, lr 0.1: hidden 2, lr 0.1 (over 50 splits")
    assert choice.undecided_line(compared([0, 0.4, 0.3])).startswith("hidden 1, lr 0.1 is better than all others")
    assert choice.undecided_line(compared([0])) == "one setting: nothing to compare it with"
    assert "one split: nothing can be told" in choice.undecided_line(compared([0, 1], splits=1))
    many = choice.undecided_line(compared([0] * 20))
    assert "; and 11 more (" in many
    assert many.count("lr 0.1") == 9


def test_the_document_of_settings_has_what_the_rows_have():
    c = compared([0.2, 0, math.nan])
    document = json.loads(json.dumps(choice.choice_document(c), allow_nan=False))
    assert [entry["settings"]["hidden"] for entry in document["settings"]] == ["2", "1", "4"]
    best, worse, failed = document["settings"]
    assert best["score"]["estimate"] == c.comparison.means[1].estimate
    assert best["difference"] == {"estimate": 0, "low": 0, "high": 0}
    assert worse["difference"]["estimate"] == c.comparison.differences[0].effect
    assert (worse["worse"], worse["p"]) == (True, c.comparison.p_adjusted[0])
    assert failed["score"] == {"estimate": None, "low": None, "high": None}
    assert document["summary"] == choice.undecided_line(c)
