"""The document of a study, from made-up results of its arms."""

import numpy as np
import pytest
from arm_results import arm_results

from fnn.config import SEED
from fnn.stats.comparisons import improvement
from fnn.studies.document import study_document, without_figures
from fnn.studies.metrics import Measure
from fnn.studies.model import Arm, Claim, Finding, Study
from fnn.studies.runs import run_key
from fnn.studies.verdicts import Cells

RUNS = 60
ARMS = [Arm(f"lr {lr}", {"data": "xor4", "lr": lr}) for lr in (0.1, 0.2, 0.3, 0.4)]
# Better than the first for all seeds, for 39 of 60, for none.
SHARES = (None, 60, 39, 0)


def measured(better):
    values = np.full(RUNS, 100.0)
    values[: better or 0] = 50
    values[better if better is not None else RUNS :] = 150
    return arm_results(np.zeros(RUNS, int))._replace(measures={Measure("epochs"): values})


RESULTS = {run_key(arm.trial): measured(better) for arm, better in zip(ARMS, SHARES, strict=True)}


def claim(k):
    return Claim(
        id=f"c{k}", sentence=f"S{k}", figure="f", measure=Measure("epochs"), arms=(ARMS[k], ARMS[0]), pairs=((0, 1),),
        up=False, margin=0.6, factor=1.0, nuisance=(), note="a\n  note",
    )  # fmt: skip


SECTION = {"id": "s", "title": "S", "text": "", "figures": ["f"], "claims": ["c1", "c2", "c3"]}
STUDY = Study(
    name="mine", file="mine.toml", title="T", intro="two\nlines", sections=(SECTION,), figures={},
    claims=tuple(map(claim, (1, 2, 3))), findings=(Finding("n", "N", "text", "text", "f", "mine.toml, line 1"),),
    tables=(), published=(), nuisance={}, rates=(),
)  # fmt: skip


def document(cells=None, seeds=range(7, 7 + RUNS)):
    return study_document(STUDY, RESULTS, seeds, cells or {})


def test_each_claim_has_its_verdict_and_the_undecided_one_the_seeds_it_needs():
    made = document()
    claims = made["claims"]
    assert [c["verdict"] for c in claims.values()] == ["supported", "undecided", "refuted"]
    assert made["counts"] == {"supported": 1, "refuted": 1, "mixed": 0, "undecided": 1}
    undecided = claims["c2"]
    comparison = improvement(np.arange(RUNS) >= 39, np.full(RUNS, 0.5))
    assert (undecided["effect"], undecided["low"], undecided["high"]) == pytest.approx(tuple(comparison)[:3])
    # An interval as wide as that of 60 seeds has to be a few times narrower to be on one side of 60%.
    assert undecided["seeds_needed"] > 4 * RUNS
    assert (claims["c1"]["seeds_needed"], claims["c3"]["seeds_needed"]) == (None, None)


def test_p_values_are_corrected_for_all_claims():
    p = {key: (c["p"], c["p_holm"]) for key, c in document()["claims"].items()}
    # The two smallest are equal: both times 3. The largest stays as it is, but for being no smaller than those.
    assert p["c1"][0] == p["c3"][0] == pytest.approx(2 * 0.5**RUNS)
    assert p["c1"][1] == p["c3"][1] == pytest.approx(3 * p["c1"][0])
    assert p["c2"][1] == p["c2"][0] > 0.01


def test_cells_make_a_claim_mixed_and_stand_beside_it():
    settings = [{"init": value} for value in ("normal", "xavier")]
    cells = {key: Cells(settings, ["supported"] * 2) for key in ("c1", "c2", "c3")}
    cells["c1"] = Cells(settings, ["supported", "refuted"])
    made = document(cells)
    first = made["claims"]["c1"]
    assert (first["verdict"], first["depends_on"]) == ("mixed", ["init"])
    assert first["multiverse"] == {
        "cells": 2, "supported": 1, "refuted": 1, "undecided": 0,
        "by": {"init": {"normal": {"supported": 1, "refuted": 0, "undecided": 0},
                        "xavier": {"supported": 0, "refuted": 1, "undecided": 0}}},
    }  # fmt: skip
    assert made["multiverse"]
    assert document()["claims"]["c1"]["multiverse"] is None


def test_commands_make_it_again():
    assert document()["command"] == "fnn study mine.toml --seeds 60 --seed 7"
    assert document(seeds=range(SEED, SEED + RUNS))["command"] == "fnn study mine.toml --seeds 60"
    cells = {key: Cells([], []) for key in ("c1", "c2", "c3")}
    assert document(cells)["command"].endswith(" --seed 7 --multiverse")
    shipped = study_document(STUDY._replace(name="lab", file="lab.toml"), RESULTS, range(SEED, SEED + RUNS), {})
    assert shipped["command"] == "fnn study lab --seeds 60"
    assert document()["claims"]["c1"]["command"] == (
        "fnn sweep --data xor4 --lr 0.2,0.1 --seed 7 --seeds 60 --out c1.db"
    )


def test_where_no_figures_are_drawn_none_is_named():
    made = document()
    bare = without_figures(made)
    assert [c["figure"] for c in made["claims"].values()] == ["f"] * 3
    assert {c["figure"] for c in (*bare["claims"].values(), *bare["findings"])} == {None}
    assert [section["figures"] for section in bare["sections"]] == [[]]
    assert STUDY.sections == (SECTION,)
    assert SECTION["figures"] == ["f"]


def test_words_are_in_one_line():
    made = document()
    assert (made["intro"], made["claims"]["c1"]["note"]) == ("two lines", "a note")
