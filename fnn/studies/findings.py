"""Findings beside the claims, with their evidence: printed tables checked, printed losses placed, arms side by side.

Then the tables of predictions.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fnn.formats import number, share, shares_to, to
from fnn.report.document import FindingDocument, TableDocument
from fnn.stats.intervals import quantiles, wilson, worst
from fnn.studies.contrasts import share_effect
from fnn.studies.effects import arm_document
from fnn.studies.model import Finding, PredictionTable
from fnn.studies.runs import ArmResults

ResultsByLabel = Mapping[str, ArmResults]


class Evidence(NamedTuple):
    """What stands under a finding's own text: more text, and a table."""

    text: str = ""
    columns: tuple[str, ...] = ()
    rows: Sequence[list[str]] = ()


def printed_labels(finding: Finding, _results: ResultsByLabel) -> Evidence:
    """Compare printed labels and predictions with the true labels."""
    assert finding.labelled
    samples = finding.labelled.trial.samples
    true, (label, prediction) = samples.y[:, 0], np.asarray(finding.printed, np.float64).T
    count = len(true)
    agree_printed, agree_true = (int((labels == (prediction > 0.5)).sum()) for labels in (label, true))
    mse_printed, mse_true = (float(((prediction - labels) ** 2).mean()) for labels in (label, true))
    text = (
        f"{int((label != true).sum())} of {count} printed labels are not those of the data. The printed predictions "
        f"agree with {agree_printed} of {count} printed labels and with {agree_true} of {count} true ones. Against the "
        f"true labels their mean squared error is {number(mse_true, 4)}, half of it {number(mse_true / 2, 4)}; against "
        f"the printed ones it is {number(mse_printed)}."
    )
    rows = [
        [str(i), *(number(v) for v in samples.x[i]), f"{label[i]:g}", f"{true[i]:g}", f"{prediction[i]:.6f}",
         "" if label[i] == true[i] else "label differs"]
        for i in range(count)
    ]  # fmt: skip
    return Evidence(text, ("sample", *samples.x_names, "printed label", "true label", "printed prediction", ""), rows)


def side_by_side(finding: Finding, results: ResultsByLabel) -> Evidence:
    """Summarize arms beside each other."""
    rows = []
    for arm in finding.arms:
        d, r = arm_document(arm, results[arm.label]), results[arm.label]
        # Over draws of the data, where they are drawn: runs of one draw are more alike than those of several.
        epochs, solved = d["epochs"], share_effect(r.solved, 0.5, up=True, draws=r.draws)
        low, middle, high = quantiles(worst(r.loss), [0.25, 0.5, 0.75])
        rows.append(
            [
                arm.label,
                f"{share(solved.effect)} ({shares_to(solved.low, solved.high)})",
                f"{number(epochs['median'])} ({to(epochs['q25'], epochs['q75'])})" if epochs else "–",
                f"{number(middle)} ({to(low, high)})",
                str(d["diverged"]),
                f"{d['runs']:,}",
            ]
        )
    columns = ("arm", "solved (95%)", "epochs of the solved (quartiles)", "loss (quartiles)", "diverged", "runs")
    return Evidence("", columns, rows)


def place(finding: Finding, results: ResultsByLabel) -> Evidence:
    """Find the place of a printed loss in the distribution over seeds, of each arm."""
    value = finding.value * finding.factor
    sentences, rows = [f"Times {finding.factor:g} the printed loss is {number(value)}."], []
    for arm in finding.arms:
        loss = worst(results[arm.label].loss)
        below = int((loss < value).sum())
        low, high = wilson(below, len(loss))
        sentences.append(f"With {arm.label}, {below / len(loss):.1%} of {len(loss):,} seeds end lower.")
        levels = quantiles(loss, [0.05, 0.25, 0.5, 0.75, 0.95])
        rows.append([arm.label, f"{share(below / len(loss))} ({shares_to(low, high)})", *(number(v) for v in levels)])
    columns = ("arm", "seeds that end lower (95%)", "loss at 5%", "25%", "50%", "75%", "95%")
    return Evidence(" ".join(sentences), columns, rows)


EVIDENCE: dict[str, Callable[[Finding, ResultsByLabel], Evidence]] = {
    "labels": printed_labels,
    "arms": side_by_side,
    "place": place,
    "rows": lambda finding, _: Evidence("", finding.columns, [list(map(str, row)) for row in finding.rows]),
    "text": lambda _finding, _results: Evidence(),
}


def finding_document(finding: Finding, results: ResultsByLabel) -> FindingDocument:
    """Return a finding for the document; results: of its arms, by label."""
    evidence = EVIDENCE[finding.kind](finding, results)
    return {
        "id": finding.id,
        "title": finding.title,
        "text": " ".join(f"{finding.text} {evidence.text}".split()),
        "table": {"columns": list(evidence.columns), "rows": list(evidence.rows)} if evidence.rows else None,
        "figure": finding.figure,
    }


def prediction_document(table: PredictionTable, results: ArmResults) -> TableDocument:
    """Return the table of predictions: for each sample the median over seeds, and the share that is right."""
    samples = table.arm.trial.samples
    low, median, high = results.outputs
    rows = [
        [str(i), *(number(v) for v in samples.x[i]), f"{samples.y[i, 0]:g}", f"{median[i]:.6f}",
         f"{low[i]:.6f} to {high[i]:.6f}", f"{results.right[i]:.1%}"]
        for i in range(len(samples.x))
    ]  # fmt: skip
    columns = ["sample", *samples.x_names, "label", "prediction, median", "5% to 95% of seeds", "right"]
    return {"id": table.id, "title": table.title, "columns": columns, "rows": rows}
