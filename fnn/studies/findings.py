"""Findings beside the claims, with their evidence: printed tables checked, printed losses placed, arms side by side.

Then the tables of predictions.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fnn.errors import InvalidSetting
from fnn.stats.intervals import median_interval, quantiles, wilson, worst
from fnn.studies.effects import arm_document
from fnn.studies.model import Arm
from fnn.studies.runs import Record

Rows = list[list[str]]
Records = Mapping[str, Record]  # by the label of an arm


def labels(finding: Mapping[str, Any], _records: Records) -> tuple[str, list[str], Rows]:
    """Compare printed labels and predictions, [label, prediction] for each sample, with the true labels."""
    samples = finding["arm"].trial.samples
    printed = np.asarray(finding["printed"], np.float64)
    if printed.shape != (len(samples.y), 2):
        raise InvalidSetting(
            f"{finding['at']}: printed",
            list(printed.shape),
            f"[label, prediction] for each of {len(samples.y)} samples",
        )
    true, said, output = samples.y[:, 0], printed[:, 0], printed[:, 1]
    right = [int((known == (output > 0.5)).sum()) for known in (said, true)]
    mse = float(((output - true) ** 2).mean())
    count = len(true)
    text = (
        f"{int((said != true).sum())} of {count} printed labels are not those of the data. The printed predictions "
        f"agree with {right[0]} of {count} printed labels and with {right[1]} of {count} true ones. Against the true "
        f"labels their mean squared error is {mse:.4g}, half of it {mse / 2:.4g}; against the printed ones it is "
        f"{float(((output - said) ** 2).mean()):.3g}."
    )
    rows = [
        [str(i), *(f"{v:g}" for v in samples.x[i]), f"{said[i]:g}", f"{true[i]:g}", f"{output[i]:.6f}",
         "" if said[i] == true[i] else "label differs"]
        for i in range(count)
    ]  # fmt: skip
    return text, ["sample", "x1", "x2", "printed label", "true label", "printed prediction", ""], rows


def side_by_side(finding: Mapping[str, Any], records: Records) -> tuple[str, list[str], Rows]:
    """Summarize arms beside each other."""
    rows = []
    for arm in finding["arms"]:
        d = arm_document(arm, records[arm.label])
        epochs, loss = d["epochs"], median_interval(records[arm.label].loss)
        rows.append(
            [
                arm.label,
                f"{d['solved']:.1%} ({d['solved_low']:.1%}–{d['solved_high']:.1%})",
                f"{epochs['median']:.4g} ({epochs['q25']:.4g}–{epochs['q75']:.4g})" if epochs else "–",
                f"{loss.estimate:.3g} ({loss.low:.3g}–{loss.high:.3g})",
                str(d["diverged"]),
            ]
        )
    columns = ["arm", "solved (95%)", "epochs to solve (quartiles)", "loss, median (95%)", "diverged"]
    return "", columns, rows


def place(finding: Mapping[str, Any], records: Records) -> tuple[str, list[str], Rows]:
    """Find the place of a printed loss in the distribution over seeds, of each arm."""
    value = finding["value"] * finding["factor"]
    said, rows = [f"Times {finding['factor']:g} the printed loss is {value:.4g}."], []
    for arm in finding["arms"]:
        loss = worst(records[arm.label].loss)
        below = int((loss < value).sum())
        low, high = wilson(below, len(loss))
        said.append(f"With {arm.label}, {below / len(loss):.1%} of {len(loss):,} seeds end lower.")
        levels = quantiles(loss, [0.05, 0.25, 0.5, 0.75, 0.95])
        rows.append([arm.label, f"{below / len(loss):.1%} ({low:.1%}–{high:.1%})", *(f"{v:.3g}" for v in levels)])
    columns = ["arm", "seeds that end lower (95%)", "loss at 5%", "25%", "50%", "75%", "95%"]
    return " ".join(said), columns, rows


EVIDENCE: dict[str, Callable[[Mapping[str, Any], Records], tuple[str, list[str], Rows]]] = {
    "labels": labels,
    "arms": side_by_side,
    "place": place,
    "rows": lambda finding, _: ("", finding["columns"], [[str(v) for v in row] for row in finding["rows"]]),
    "text": lambda _finding, _records: ("", [], []),
}


def document(finding: Mapping[str, Any], records: Records) -> dict[str, Any]:
    """Return a finding for the document; records: of its arms, by label."""
    text, columns, rows = EVIDENCE[finding["kind"]](finding, records)
    return {
        "id": finding["id"],
        "title": finding["title"],
        "text": " ".join(f"{finding['text']} {text}".split()),
        "table": {"columns": columns, "rows": rows} if rows else None,
        "figure": finding["figure"],
    }


def arms(finding: Mapping[str, Any]) -> Sequence[Arm]:
    """Return the arms that a finding needs trained."""
    found: Sequence[Arm] = finding.get("arms", ())
    return found


def predictions(table: Mapping[str, Any], record: Record) -> dict[str, Any]:
    """Return the table of predictions: for each sample the median over seeds, and the share that is right."""
    samples = table["arm"].trial.samples
    low, middle, high = record.outputs
    rows = [
        [str(i), *(f"{v:.3g}" for v in samples.x[i]), f"{samples.y[i, 0]:g}", f"{middle[i]:.6f}",
         f"{low[i]:.6f} to {high[i]:.6f}", f"{record.right[i]:.1%}"]
        for i in range(len(samples.x))
    ]  # fmt: skip
    columns = ["sample", *(f"x{k + 1}" for k in range(samples.x.shape[1])), "label", "prediction, median"]
    return {
        "id": table["id"], "title": table["title"], "columns": [*columns, "5% to 95% of seeds", "right"], "rows": rows,
    }  # fmt: skip
