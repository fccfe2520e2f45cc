"""A study's document as the page takes it, with its figures, made up but plausible."""

from pathlib import Path

import numpy as np

from fnn.report.page import page
from fnn.report.study_figure import Curve, StudyFigure, save

ALT = "Median losses over 500 epochs: lr 0.5 falls first and then swings, lr 0.01 falls slowly and steadily."


def arm(label, solved, epochs=98, runs=1000):
    quartiles = {"median": epochs, "q25": round(epochs * 0.8, 1), "q75": round(epochs * 1.37, 1)} if epochs else None
    return {
        "label": label, "runs": runs, "solved": solved, "solved_low": max(0.0, solved - 0.019),
        "solved_high": min(1.0, solved + 0.017), "epochs": quartiles,
        "loss": {"median": 1.54e-7, "low": 1.4e-7, "high": 1.68e-7}, "diverged": 0 if solved else 12,
    }  # fmt: skip


def claim(sentence, verdict, effect, low, high, null=0.5, margin=0.55, name="probability of improvement", **more):
    return {
        "sentence": sentence, "verdict": verdict,
        "words": f"With the first arm the loss is lower for {effect:.3g} of the seeds (95% {low:.3g} to {high:.3g}).",
        "metric": "loss at epoch 50", "effect_name": name, "effect": effect, "low": low, "high": high, "null": null,
        "margin": margin, "up": True, "wins": 0.778, "ties": 0.017, "losses": 0.205, "p": 3e-5, "p_adjusted": 0.012,
        "p_null_adjusted": 0.0034, "draws": 30, "seeds": 33, "between_draws": 0.124,
        "arms": [arm("lr 0.5", 0.95), arm("lr 0.01", 0.413, 287)],
        "depends_on": [], "fresh_needed": None, "figure": None, "multiverse": None, "note": "", "stopped": None,
        "command": "fnn sweep --data linear --lr 0.01,0.1,0.5 --seeds 1000 --out rates.db",
    } | more  # fmt: skip


ALONE = {"null": None, "wins": None, "ties": None, "losses": None, "p_null_adjusted": None}
ONE_DATA_SET = {"draws": 1, "seeds": 1000, "between_draws": None}


def counts(supported, refuted, undecided):
    """Return verdicts counted; the refuted ones are of two kinds, and those there are none of are left out."""
    words = {"supported": supported, "too small": refuted // 2, "reversed": refuted - refuted // 2}
    return {word: n for word, n in (words | {"undecided": undecided}).items() if n}


BETA2 = "beta2 (Adam’s second moment)"


def cell(k, verdict):
    """Return the k-th of 96 cells, the next more as claimed than the last."""
    effect = round(0.4 + 0.006 * k, 3)
    hidden, init = ("2x2", "4x4", "8x8")[k % 3], ("normal", "xavier")[k // 3 % 2]
    return {
        "verdict": verdict, "effect": effect, "low": round(effect - 0.02, 3), "high": round(effect + 0.02, 3),
        "margin": 0.55, "specifications": 2 if k % 2 else 1, "stated": k == 90,
        "levels": {"hidden": [hidden], "init": [init], BETA2: ["0.9", "0.999"] if k % 2 else ["0.999"]},
    }  # fmt: skip


VERDICTS = ["reversed"] * 2 + ["too small"] * 2 + ["undecided"] * 12 + ["supported"] * 80
MULTIVERSE = {
    "specifications": 144, "runs": 390, "cells": [cell(k, word) for k, word in enumerate(VERDICTS)],
    "counts": counts(80, 4, 12), "mixed": True, "depends_on": ["hidden", "init"],
    "by": {
        "hidden": {"2x2": counts(25, 3, 4), "4x4": counts(27, 1, 4), "8x8": counts(28, 0, 4)},
        "init": {"normal": counts(41, 2, 5), "xavier": counts(39, 2, 7)},
        BETA2: {"0.9": counts(48, 0, 0), "0.999": counts(32, 4, 12)},
    },
}  # fmt: skip

CLAIMS = {
    "rates-fast-first": claim(
        "High learning rates converge fast at first.", "supported", 0.931, 0.913, 0.945, figure="learning-rates",
        multiverse=MULTIVERSE, note="Loss is compared within one kind of loss only.",
    ),
    "rates-oscillate": claim(
        "High learning rates oscillate later.", "supported", 1.86, 1.61, 2.15, 1, 1.25, "ratio of medians",
        metric="late roughness of the curve", depends_on=["hidden", "init"], figure="learning-rates",
        multiverse=MULTIVERSE,
        arms=[arm("lr 0.5", 0.95), arm("lr 0.1", 0.889), arm("lr 0.01", 0.0, None)],
    ),
    "two-units": claim(
        "Two hidden units are not always enough for XOR.", "no difference", 0.012, -0.011, 0.035, 0, 0.05,
        "difference in share", figure="units", **ONE_DATA_SET,
    ),
    "relu-poor": claim(
        "On XOR the rectified linear unit does so poorly that hardly any of the thousand seeds gets all the points of "
        "the two diagonals right within the budget of epochs that the report used throughout.",
        "undecided", -0.031, -0.071, 0.011, 0, -0.05, "difference in share", fresh_needed=4200, **ONE_DATA_SET,
        arms=[arm("activation relu, output sigmoid, scheduler warmup-linear, optimizer momentum", 0.35)],
    ),
    "mse-faster": claim("MSE is faster than BCE.", "reversed", 0.31, 0.28, 0.34),
    "learnt": claim(
        "The lab’s network learns XOR.", "falls short", 0.889, 0.868, 0.907, margin=0.95, name="share of runs", **ALONE,
        **ONE_DATA_SET,
    ),
    "steadier": claim("Schedulers are steadier late.", "too small", 0.534, 0.521, 0.547),
    "unstuck": claim(
        "Schedulers free networks that are stuck.", "cannot be tested here", 0.0, -0.004, 0.004, 0, 0.05,
        "difference in share", wins=0.0, ties=1.0, losses=0.0, p_null_adjusted=1.0,
    ),
    "two-seeds": claim(
        "Two seeds tell.", "too few runs", 1.0, 0.34, 1.0, wins=1.0, ties=0.0, losses=0.0, draws=1, seeds=2,
        between_draws=None,
    ),
    "near": claim("Warm-up ends lowest.", "undecided", 0.57, 0.53, 0.61, fresh_needed=90),
    "quarter": claim(
        "At most a quarter of networks are stuck.", "supported", 0.12, 0.101, 0.142, margin=0.25, name="share of runs",
        up=False, **ALONE, **ONE_DATA_SET,
    ),
    "no-arms": claim("A claim that no section has.", "supported", 12.4, 9.1, 16.0, 1, 1.1, "ratio of medians", arms=[]),
}  # fmt: skip

STUDY = {
    "name": "lab", "title": "Claims, tested: a course lab over a thousand seeds",
    "intro": "A course report on backpropagation drew each of its conclusions from one run of one seed. Here every "
    "figure is redrawn over a thousand seeds, and every sentence of the discussion is put to the test.",
    "seeds": {"first": 312551116, "count": 1000}, "draws": 30, "drawn": ["linear"], "fixed": ["xor", "xor4"],
    "command": "fnn study lab --seeds 1000 --multiverse",
    "multiverse": True, "looks": [], "trainings": {"done": 38_840, "planned": 38_840}, "seconds": 41.2,
    "versions": {"fnn": "0.1.0", "python": "3.11.7", "numpy": "2.4.1", "processor": "two cores", "threads": 2},
    "counts": {
        "supported": 4, "reversed": 1, "no difference": 1, "too small": 1, "falls short": 1, "undecided": 2,
        "cannot be tested here": 1, "too few runs": 1,
    },
    "sections": [
        {"id": "learning-rates", "title": "Different learning rates", "text": "Five rates.\n\nEach with every seed.",
         "figures": ["learning-rates"], "claims": ["rates-fast-first", "rates-oscillate"]},
        {"id": "hidden units", "title": "Hidden units and activations", "text": "", "figures": ["units", "losses"],
         "claims": ["two-units", "relu-poor", "mse-faster", "learnt", "steadier", "unstuck", "two-seeds", "near"]},
    ],
    "figures": {
        "learning-rates": {"title": "Learning rates on linear data.", "alt": ALT, "caption": "1,000 runs an arm.",
                           "file": "learning-rates.svg", "width": 1094, "height": 620},
        "units": {"title": "Hidden units.", "alt": "More units, fewer epochs.", "caption": "1,000 runs an arm.",
                  "file": "units.svg", "width": 760, "height": 420},
        "losses": {"title": "MSE and BCE.", "alt": "Two curves that cross.", "caption": "1,000 runs an arm.",
                   "file": "losses.png", "width": 760, "height": 420},
        "late": {"title": "Printed losses among the seeds’.", "alt": "A histogram of losses with two marks in it.",
                 "caption": "1,000 runs.", "file": "late.png", "width": 760, "height": 420},
    },
    "claims": CLAIMS,
    "findings": [
        {"id": "labels", "title": "The XOR table prints the linear labels", "figure": None,
         "text": "Beside the XOR predictions stand the labels of the linear data; accuracy used the right ones.",
         "table": {"columns": ["Row", "Printed", "True"], "rows": [["0", "1", "0"], ["1", "1", "1"], ["2", "0", "0"]]}},
        {"id": "place", "title": "The two printed losses among a thousand", "text": "Both are ordinary.",
         "table": None, "figure": "late"},
    ],
    "tables": [
        {"id": "predictions", "title": "Predictions on XOR", "columns": ["Point", "Label", "Median", "Quartiles"],
         "rows": [[f"({i / 20:.2f}, {1 - i / 20:.2f})", str(i % 2), "0.000405", "0.0003–0.0009"] for i in range(21)]},
        {"id": "short", "title": "Accuracy", "columns": ["Data", "Accuracy"],
         "rows": [["linear", "1"], ["xor", "0.98"]]},
    ],
    "panels": [
        {"axis": "as_coded", "columns": ["as published", "as coded"], "settings": ["", "bias_correction first"],
         "claims": 5, "turned": [
             {"id": "two-units", "sentence": "Two hidden units are not always enough for XOR.",
              "verdicts": ["no difference", "supported"]}]},
    ],
    "outside": [], "sources": [],
}  # fmt: skip

LITERATURE = STUDY | {
    "name": "xor-literature", "title": "Published success rates of backpropagation on XOR, run again",
    "intro": "Each under its own init, rate, momentum, batching, stopping rule and budget.",
    "drawn": [], "fixed": ["xor4"],
    "sections": [], "claims": {}, "findings": [], "tables": [], "panels": [], "counts": {}, "multiverse": False,
    "outside": [
        {"id": "batch", "source_id": "batch", "title": "2-2-1, batch, momentum",
         "source": "A study of 2-2-1 networks (1988)", "what": "2-2-1, batch, momentum, |o − y| < 0.5",
         "told": "25 of 30 runs and a median of 730 epochs",
         "found": "71.3% to 84.0% of runs, after a median of 402 to 711 epochs",
         "published": {"successes": 25, "runs": 30, "share": None, "least_runs": 30, "at_least": None, "low": 0.664,
                       "high": 0.927, "time": 730, "fastest": 400, "slowest": 995},
         "statistic": "median",
         "ours": [
             {"label": "init uniform ±0.5", "successes": 840, "runs": 1000, "low": 0.816, "high": 0.861, "time": 711,
              "of": 25, "time_low": 540, "time_high": 902.5, "p": 0.812, "agrees": True, "most_runs": None},
             {"label": "init uniform ±1", "successes": 713, "runs": 1000, "low": 0.684, "high": 0.74, "time": 402,
              "of": 25, "time_low": 300, "time_high": 611, "p": 0.0021, "agrees": False, "most_runs": None}],
         "verdict": "depends", "words": "Ours lies inside the published interval under one of two inits.",
         "errors": {"right": 0.024, "label": "init uniform ±0.5", "solved": [{"off": 0.1, "agrees": 0.76}],
                    "time": [{"off": 1.5, "agrees": 0.23}]},
         "error_words": "The right reading disagrees in 2.4% of cases.",
         "open": "the range of the initial weights", "command": "fnn sweep --data xor4 --hidden 2 --seeds 1000"},
        {"id": "pdp", "source_id": "pdp", "title": "2-H-1, online",
         "source": "Rumelhart, Hinton & Williams, PDP ch. 8 (1986)",
         "what": "2-H-1, online, rate 0.25", "told": "a mean of 245 epochs",
         "found": "100.0% of runs, after a mean of 271 epochs",
         "published": {"successes": None, "runs": None, "share": None, "least_runs": None, "at_least": None,
                       "low": None, "high": None, "time": 245, "fastest": None, "slowest": None},
         "statistic": "mean", "verdict": "consistent", "words": "It depends on the stopping rule.", "open": "",
         "ours": [{"label": "error below 0.1", "successes": 1000, "runs": 1000, "low": 0.996, "high": 1.0, "of": 1,
                   "time": 271.3, "time_low": 240, "time_high": None, "p": 1.0, "agrees": True, "most_runs": 10}],
         "errors": {"right": 0.0, "label": "error below 0.1", "solved": [], "time": []},
         "error_words": "Without a success there is nothing to simulate.",
         "command": "fnn sweep --data xor4 --hidden 2,4,8 --batch-size 1 --seeds 1000"},
        *({"id": key, "source_id": "forum", "title": f"2-2-1, {key}", "source": "A third source", "what": "2-2-1",
           "verdict": "not reproduced", "words": "Far off.", "told": "99% of runs",
           "found": "70.0% of runs, after a median of 90 epochs",
           "published": {"successes": None, "runs": None, "share": 0.99, "least_runs": 67, "at_least": None,
                         "low": 0.92, "high": 0.997, "time": None, "fastest": None, "slowest": None},
           "statistic": "median", "open": "",
           "errors": {"right": 0.01, "label": "as told", "solved": [{"off": 0.1, "agrees": 0.2}], "time": []},
           "error_words": "One whose share is off by 10 points agrees all the same in 20% of cases.",
           "ours": [{"label": "as told", "successes": 700, "runs": 1000, "low": 0.671, "high": 0.728, "time": 90,
                     "of": 66, "time_low": None, "time_high": None, "p": 1e-9, "agrees": False, "most_runs": None}],
           "command": "fnn sweep --data xor4"} for key in ("third", "fourth")),
    ],
    "sources": [
        {"id": "batch", "title": "A study of 2-2-1 networks (1988)", "results": ["batch"], "verdict": "depends",
         "readings": [{"label": "init uniform ±0.5", "agrees": [True]},
                      {"label": "init uniform ±1", "agrees": [False]}],
         "agreeing": 1, "words": "1 of 2 readings agrees with it.", "wrong_too": 0.4},
        {"id": "pdp", "title": "Rumelhart, Hinton & Williams, PDP ch. 8 (1986)", "results": ["pdp"],
         "verdict": "consistent", "readings": [{"label": "error below 0.1", "agrees": [True]}], "agreeing": 1,
         "words": "The one reading agrees with it.", "wrong_too": None},
        {"id": "forum", "title": "A third source", "results": ["third", "fourth"], "verdict": "not reproduced",
         "readings": [{"label": "as told", "agrees": [True, False]}], "agreeing": 0,
         "words": "The one reading does not agree with all 2 results of the source at once.", "wrong_too": None},
    ],
}  # fmt: skip


def draw(document, folder: Path):
    """Draw the figures of a document into the folder, each of its own size."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib.figure import Figure

    for k, figure in enumerate(document["figures"].values()):
        if figure["file"].endswith(".svg"):
            draw_chart(folder / figure["file"], figure)
            continue
        picture = Figure(figsize=(figure["width"] / 100, figure["height"] / 100), dpi=100, layout="constrained")
        ax = picture.subplots()
        for lr in (0.01, 0.1, 0.5):
            ax.plot([2.0 ** (-lr * (k + 1) * e / 9) for e in range(100)], label=f"lr {lr}")
        ax.set(xlabel="epoch", ylabel="loss", title=figure["title"])
        ax.legend()
        picture.savefig(folder / figure["file"])


def draw_chart(path, figure):
    """Draw a chart of two panels, its arms named as the figure is."""
    epochs, rising = np.arange(100), np.linspace(0, 1, 100)
    losses = [np.stack([f * 2.0 ** (-lr * epochs) for f in (0.25, 0.5, 1, 2, 4)]) for lr in (0.01, 0.1, 0.5)]
    names = [f"{figure['title']} {k}" for k in range(3)]
    panels = {"loss": [Curve(*arm) for arm in zip(names, [epochs] * 3, losses, strict=True)],
              "solved": [Curve(name, epochs, rising) for name in names]}  # fmt: skip
    save(path, StudyFigure(figure["title"], "9 runs", panels), figure["alt"])


DOCUMENTS = {"lab": STUDY, "literature": LITERATURE}
HOSTILE = "</style></title><script src=//e.example/x>alert('\"1\"')</script><img src=x onerror=alert(1)>&amp;&'\""
KEYED = {"figures", "claims", "by", "values", "versions", "levels"}  # dicts whose keys are a study's own


def mapped(value, change, key=""):
    """Return a document with every string changed that says something, but files, verdicts and statistics."""
    if isinstance(value, dict):
        inner = {"by": "values"}.get(key)
        return {change(k) if key in KEYED else k: mapped(v, change, inner or k) for k, v in value.items()}
    if isinstance(value, list):
        return [mapped(v, change, key) for v in value]
    return (
        change(value)
        if value and isinstance(value, str) and key not in {"file", "verdict", "verdicts", "statistic"}
        else value
    )


def write(folder: Path) -> Path:
    """Write the figures and the pages of the documents into the folder, and a page with long hostile strings."""
    draw(STUDY, folder)
    hostile = mapped(STUDY | {"outside": LITERATURE["outside"]}, lambda text: HOSTILE + "w" * 300 + text)
    for name, document in (DOCUMENTS | {"hostile": hostile}).items():
        (folder / f"{name}.html").write_text(page(document, folder), encoding="utf-8")
    return folder
