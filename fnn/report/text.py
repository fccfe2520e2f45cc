"""What is printed of runs, stores and studies: lines, rows of tables, JSON documents."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.data.synthetic import Data
from fnn.network.functions import predict
from fnn.report.document import ClaimDocument, StudyDocument
from fnn.report.looks import stopped
from fnn.report.published import ReplicationDocument, SourceDocument
from fnn.report.words import fresh
from fnn.stats.intervals import Spread
from fnn.stats.summary import Summary, summarize
from fnn.sweeps.summaries import GroupSummary, value_text
from fnn.training.results import Results

Array = NDArray[np.floating[Any]]

MOST_ROWS = 100


def lines(results: Results, data: Data) -> Iterator[str]:
    """Yield what is printed of one network, or of a stack with one config."""
    if len(results) == 1:
        yield from prediction_rows(predict(results.layers[0], results.network(0), data.x), data.y)
        yield from run_lines(results)
    else:
        yield from summary_lines(summarize(results))


def prediction_rows(output: Array, y: Array) -> Iterator[str]:
    """Yield a row for each sample, the lab's; of more than 100 the first and last 50, and the number left out.

    y: (N, 1); output: (N, 1), or (N, 2) of softmax, whose last is the probability of 1.
    """
    count, width = len(y), len(str(len(y) - 1))
    left_out = max(0, count - MOST_ROWS)
    for i in range(count):
        if left_out and MOST_ROWS // 2 <= i < count - MOST_ROWS // 2:
            if i == MOST_ROWS // 2:
                yield f"… {left_out} more"
            continue
        yield f"Iter {i:<{width}}   Ground truth: {y[i, 0]:g}   prediction: {output[i, -1]:.9f}"


def run_lines(results: Results) -> Iterator[str]:
    """Yield what became of one network."""
    yield f"loss = {results.loss[0]:.3g}   accuracy = {round(results.score[0], 4)}"
    epochs = results.configs[0].epochs
    if results.diverged[0] >= 0:
        yield f"diverged after {results.diverged[0]} of {epochs} epochs: the loss is no longer a finite number"
    elif results.solved[0]:
        yield f"solved after {results.epochs_to_solve[0]} of {epochs} epochs"
    else:
        yield f"not solved within {epochs} epochs"
    rules = " or ".join(f"{name.replace('_', '-')} {value:g}" for name, value in results.configs[0].stops.items())
    if results.met[0]:
        yield f"stopped after {results.stopped[0]} epochs, at {rules}"
    elif rules:
        yield f"did not get to {rules}"


def summary_lines(s: Summary) -> Iterator[str]:
    """Yield what became of a stack."""
    low, high = s.interval
    yield f"networks          {s.runs}"
    yield f"solved            {s.solved} of {s.runs} = {s.solved / s.runs:.1%}   (95% interval {low:.1%} to {high:.1%})"
    yield f"loss              {_spread(s.loss)}"
    yield f"accuracy          {_spread(s.accuracy)}"
    if s.epochs_to_solve:
        yield f"epochs to solve   {_spread(s.epochs_to_solve)}   (the solved)"
    yield f"diverged          {s.diverged}"
    if s.met is not None and s.met_interval:
        low, high = s.met_interval
        yield f"met stopping rule {s.met} of {s.runs} = {s.met / s.runs:.1%}   (95% interval {low:.1%} to {high:.1%})"
    if s.epochs_to_meet:
        yield f"epochs to meet it {_spread(s.epochs_to_meet)}   (of those)"


def _spread(s: Spread) -> str:
    return f"median {s.median:.3g}   quartiles {s.q25:.3g} to {s.q75:.3g}   range {s.min:.3g} to {s.max:.3g}"


def document(results: Results, data: dict[str, Any], compile_seconds: float = 0.0) -> dict[str, Any]:
    """Return the JSON document of a run or a stack. A number that is not finite is null.

    data: what describes the data set, `data` (its name) among it.
    """
    s = summarize(results)
    one = s.runs == 1
    return {
        **data,
        "config": asdict(results.config(0)),
        "runs": s.runs,
        "solved": s.solved / s.runs,
        "solved_interval": list(s.interval),
        "accuracy": _finite(s.accuracy.median) if one else _numbers(s.accuracy),
        "loss": _finite(s.loss.median) if one else _numbers(s.loss),
        "epochs_to_solve": s.epochs_to_solve.median if s.epochs_to_solve else None,
        "diverged": s.diverged,
        "met": s.met,
        "met_interval": list(s.met_interval) if s.met_interval else None,
        "epochs_to_meet": s.epochs_to_meet.median if s.epochs_to_meet else None,
        "seconds": {"compile": compile_seconds, "train": results.seconds, "total": compile_seconds + results.seconds},
    }


def _numbers(s: Spread) -> dict[str, float | None]:
    return {name: _finite(value) for name, value in s._asdict().items()}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


# ---- a store ----


def group_columns(summaries: Sequence[GroupSummary]) -> list[str]:
    """Return the heads of the rows of these groups of runs."""
    return [
        *summaries[0].group.settings,
        "runs",
        "solved (95%)",
        "epochs to solve (quartiles)",
        "loss, median (95%)",
        "diverged",
    ]


def group_row(s: GroupSummary) -> list[str]:
    """Return the settings and the summary of a group of runs, as words."""
    low, high = s.interval
    epochs = f"{s.epochs.median:.4g} ({s.epochs.q25:.4g}–{s.epochs.q75:.4g})" if s.epochs else "–"
    return [
        *map(value_text, s.group.settings.values()),
        str(s.runs),
        f"{s.solved / s.runs:.1%} ({low:.1%}–{high:.1%})",
        epochs,
        f"{s.loss.estimate:.3g} ({s.loss.low:.3g}–{s.loss.high:.3g})",
        str(s.diverged),
    ]


def group_document(s: GroupSummary) -> dict[str, Any]:
    """Return the settings and the summary of a group of runs for a JSON document, null for what is not finite."""
    loss = {"median": s.loss.estimate, "low": s.loss.low, "high": s.loss.high}
    return {
        "settings": s.group.settings,
        "runs": s.runs,
        "solved": s.solved / s.runs,
        "solved_interval": list(s.interval),
        "epochs_to_solve": _numbers(s.epochs) if s.epochs else None,
        "loss": {name: _finite(value) for name, value in loss.items()},
        "diverged": s.diverged,
    }


# ---- a study ----


def verdicts(document: StudyDocument) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Yield the heads and the rows of a study's claims, and of its published results, where it has any."""
    claims = document["claims"].values()
    if claims:
        rows = [[c["verdict"], c["sentence"], _effect(c), _open_question(c)] for c in claims]
        fourth = [""] if any(row[3] for row in rows) else []
        level = "interval" if document["looks"] else "95%"
        yield ["verdict", "claim", f"effect ({level})", *fourth], rows if fourth else [row[:3] for row in rows]
    if document["outside"]:
        sources = {source["id"]: source for source in document["sources"]}
        rows = [_replication(entry, sources[entry["source_id"]]) for entry in document["outside"]]
        yield ["verdict", "result", "published", "ours", "agree"], rows


def verdict_counts(document: StudyDocument) -> str:
    """Return how many claims have each verdict."""
    counts = {word: n for word, n in document["counts"].items() if n}
    counts |= Counter(o["verdict"] for o in document["outside"])
    return ", ".join(f"{n} {word}" for word, n in counts.items())


def _replication(entry: ReplicationDocument, source: SourceDocument) -> list[str]:
    """Return a published result as words; of a source with several, how many readings agree with all of them."""
    results = len(source["results"])
    together = f" with all {results}" if results > 1 else ""
    agree = f"{source['agreeing']} of {len(source['readings'])}{together}"
    return [entry["verdict"], entry["title"], entry["told"], entry["found"], agree]


def _effect(claim: ClaimDocument) -> str:
    return f"{claim['effect_name']} {claim['effect']:.3f} ({claim['low']:.3f}–{claim['high']:.3f})"


def _open_question(claim: ClaimDocument) -> str:
    if claim["multiverse"]:
        cells = claim["multiverse"]["cells"]
        alike = sum(cell["verdict"] == claim["verdict"] for cell in cells)
        mixed = f"; mixed, depends on {', '.join(claim['depends_on'])}" if claim["depends_on"] else ""
        return f"in {alike:,} of {len(cells):,} distinct cells{mixed}"
    return "; ".join(filter(None, [claim["stopped"] and stopped(claim["stopped"]), fresh(claim)]))
