"""What is printed of runs, stores and studies: lines, rows of tables, JSON documents."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.data.synthetic import Data
from fnn.formats import answer, number, setting, share, shares_to, to
from fnn.network.functions import predict
from fnn.report.document import ClaimDocument, StudyDocument
from fnn.report.looks import stopped
from fnn.report.published import ReplicationDocument, SourceDocument
from fnn.report.runs import finite
from fnn.report.words import effect_interval, effect_text, fresh
from fnn.stats.intervals import Spread
from fnn.stats.summary import Summary, summarize
from fnn.sweeps.summaries import GroupSummary
from fnn.training.results import Results

Array = NDArray[np.floating[Any]]

# Of points so many are shown, with their inputs where these are no more than so many.
MOST_ROWS, MOST_INPUTS = 100, 4
SOLVED = "solved: from some epoch on, to the end, every point is answered correctly"
SEED = "a seed fixes a network's random start"


def lines(results: Results, data: Data) -> Iterator[str]:
    """Yield what is printed of one network, or of a stack with one config."""
    if len(results) == 1:
        yield from prediction_rows(predict(results.layers[0], results.network(0), data.x), data.y, data.x)
        yield ""
        yield from run_lines(results)
    else:
        yield _line("networks", f"{len(results):,}, of seeds {_seeds(results)}   ({SEED})")
        yield from summary_lines(summarize(results))


def prediction_rows(output: Array, y: Array, x: Array) -> Iterator[str]:
    """Yield a row for each point below their heads; of more than 100 the first and last 50, and the number left out.

    y: (N, 1); output: (N, 1), or (N, 2) of softmax, whose last is the probability of 1; x: (N, I), shown where I is at
    most 4.
    """
    count, inputs = len(y), x.shape[1] if x.shape[1] <= MOST_INPUTS else 0
    some = range(count) if count <= MOST_ROWS else [*range(MOST_ROWS // 2), *range(count - MOST_ROWS // 2, count)]
    heads = ["point", *(f"x{k + 1}" for k in range(inputs)), "true", "predicted"]
    rows = [[str(i + 1), *map(number, (*x[i, :inputs], y[i, 0])), answer(output[i, -1])] for i in some]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for place, row in enumerate([heads, *rows]):
        if count > MOST_ROWS and place == MOST_ROWS // 2 + 1:
            yield f"… {count - MOST_ROWS:,} more"
        yield "  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=True)).rstrip()


def run_lines(results: Results) -> Iterator[str]:
    """Yield what became of one network."""
    epochs = f"{results.configs[0].epochs:,} epochs"
    yield _line("loss", number(results.loss[0]))
    yield _line("accuracy", share(results.score[0]))
    if results.diverged[0] >= 0:
        after = f"after {results.diverged[0]:,} of {epochs}"
        yield _line("diverged", f"{after}: the loss is no longer a finite number")
    elif results.solved[0]:
        yield _line("solved", f"after {results.epochs_to_solve[0]:,} of {epochs}   ({SOLVED})")
    else:
        yield _line("solved", f"not within {epochs}   ({SOLVED})")
    rules = " or ".join(
        f"{name.replace('_', '-')} {setting(value)}" for name, value in results.configs[0].stops.items()
    )
    if results.met[0]:
        yield _line("stopped", f"after {results.stopped[0]:,} epochs, at {rules}")
    elif rules:
        yield _line("stopped", f"not: did not get to {rules}")


def summary_lines(s: Summary) -> Iterator[str]:
    """Yield what became of a stack."""
    yield _line("solved", _share_of(s.solved, s.runs, s.interval))
    yield _line("", f"({SOLVED})")
    yield _line("loss", _spread(s.loss))
    yield _line("accuracy", _spread(s.accuracy, share))
    if s.epochs_to_solve:
        yield _line("epochs to solve", f"{_spread(s.epochs_to_solve)}   (of the solved alone)")
    yield _line("diverged", f"{s.diverged:,}")
    if s.met is not None and s.met_interval:
        yield _line("met stopping rule", _share_of(s.met, s.runs, s.met_interval))
    if s.epochs_to_meet:
        yield _line("epochs to meet it", f"{_spread(s.epochs_to_meet)}   (of those alone)")


def _line(label: str, text: str) -> str:
    return f"{label:<18}{text}"


def _seeds(results: Results) -> str:
    first, last = results.seeds[0], results.seeds[-1]
    return f"{first} to {last}" if last - first == len(results) - 1 else f"from {first} on"


def _share_of(count: int, runs: int, ends: tuple[float, float]) -> str:
    return f"{count:,} of {runs:,} = {share(count / runs)}   (95% interval {shares_to(*ends)})"


def _spread(s: Spread, shown: Callable[[float], str] = number) -> str:
    median, q25, q75, low, high = map(shown, s)
    return f"median {median}   quartiles {q25} to {q75}   range {low} to {high}"


def document(results: Results, data: dict[str, Any], compile_seconds: float = 0.0) -> dict[str, Any]:
    """Return the JSON document of a run or a stack, of one shape. A number that is not finite is null.

    data: what describes the data set, `data` (its name) among it.
    """
    s = summarize(results)
    return {
        **data,
        "config": asdict(results.config(0)),
        "runs": s.runs,
        "solved": s.solved / s.runs,
        "solved_interval": list(s.interval),
        "accuracy": _numbers(s.accuracy),
        "loss": _numbers(s.loss),
        "epochs_to_solve": s.epochs_to_solve and _numbers(s.epochs_to_solve),
        "diverged": s.diverged,
        "met": s.met,
        "met_interval": list(s.met_interval) if s.met_interval else None,
        "epochs_to_meet": s.epochs_to_meet and _numbers(s.epochs_to_meet),
        "seconds": {"compile": compile_seconds, "train": results.seconds, "total": compile_seconds + results.seconds},
    }


def _numbers(s: Spread) -> dict[str, float | None]:
    return {name: finite(value) for name, value in s._asdict().items()}


# ---- a store ----


def group_columns(summaries: Sequence[GroupSummary]) -> list[str]:
    """Return the heads of the rows of these groups of runs."""
    return [
        *(name.replace("_", "-") for name in summaries[0].group.settings),
        "runs",
        "solved (95%)",
        "epochs of the solved (quartiles)",
        "loss, median (95%)",
        "diverged",
    ]


def group_row(s: GroupSummary) -> list[str]:
    """Return the settings and the summary of a group of runs, as words."""
    return [
        *map(setting, s.group.settings.values()),
        f"{s.runs:,}",
        f"{share(s.solved / s.runs)} ({shares_to(*s.interval)})",
        f"{number(s.epochs.median)} ({to(s.epochs.q25, s.epochs.q75)})" if s.epochs else "–",
        f"{number(s.loss.estimate)} ({to(s.loss.low, s.loss.high)})",
        f"{s.diverged:,}",
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
        "loss": {name: finite(value) for name, value in loss.items()},
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
    return f"{claim['effect_name']} {effect_text(claim['effect_name'], claim['effect'])} ({effect_interval(claim)})"


def _open_question(claim: ClaimDocument) -> str:
    if claim["multiverse"]:
        cells = claim["multiverse"]["cells"]
        alike = sum(cell["verdict"] == claim["verdict"] for cell in cells)
        mixed = f"; mixed, depends on {', '.join(claim['depends_on'])}" if claim["depends_on"] else ""
        return f"in {alike:,} of {len(cells):,} distinct cells{mixed}"
    return "; ".join(filter(None, [claim["stopped"] and stopped(claim["stopped"]), fresh(claim)]))
