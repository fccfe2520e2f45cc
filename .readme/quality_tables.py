"""The generated parts of the documents on what answers are worth: `fnn bench --work quality`."""

from collections.abc import Sequence

from fnn.bench.quality.contenders import NEURAL, TITLES
from fnn.bench.quality.document import Report
from fnn.bench.quality.summary import OURS, Overall, Score
from fnn.bench.quality.words import against, error, over_cells, percent, repeats
from fnn.bench.tables import check_lines, duration

# Those that come of another's networks.
_OF_OURS = tuple(name for name in TITLES if name.startswith("fnn-"))


def machine(report: Report) -> str:
    """Return the machine of a run, and how often who answered."""
    packages = report.machine["packages"]
    called = {"numba": "Numba", "scikit-learn": "scikit-learn", "torch": "PyTorch", "pytabkit": "pytabkit"}
    versions = ", ".join(f"{name} {packages[package]}" for package, name in called.items())
    often: dict[tuple[str, int], list[str]] = {}
    for each in report.overall:
        if each.who not in _OF_OURS:
            often.setdefault((repeats(each), each.sets), []).append(TITLES[each.who])
    counts = "; ".join(
        f"{count} on {sets} set{'s' * (sets > 1)} by {', '.join(who)}" for (count, sets), who in often.items()
    )
    some = [f"of {TITLES[each.who]} on {each.timed}" for each in report.overall if 0 < each.timed < each.sets]
    timed = f" Times {' and '.join(some)} of them." if some else ""
    return (
        f"Measured on {report.machine['cpu']}, {report.method['threads']} threads, Python {report.machine['python']}, "
        f"{versions}; {report.method['networks']} networks an ensemble. Repeats of {report.method['folds']} folds: "
        f"{counts}.{timed}\n"
    )


def over_sets(report: Report) -> tuple[Sequence[str], list[Sequence[object]]]:
    """Return what each scores over all sets: head and rows."""
    head = ("", "error", "of classes", "of numbers", "log loss", "Brier score", "calibration error", "in 95%",
            "takes to learn")  # fmt: skip
    return head, [_over(each) for each in report.overall]


def _over(its: Overall) -> Sequence[object]:
    whole, loss, brier, ece, held, speed = over_cells(its)
    parts = [percent(ratio) if its.who != OURS else "" for ratio in (its.classes, its.numbers)]
    return [TITLES[its.who], *(cell or "–" for cell in (whole, *parts, loss, brier, ece, held, speed))]


def by_set(report: Report) -> tuple[Sequence[str], list[Sequence[object]]]:
    """Return each one's error on each set, with how far the ensemble's is below or above it: head and rows."""
    who = [each.who for each in report.overall if each.who not in _OF_OURS]
    scores = {(score.of, score.who): score for score in report.scores}
    rows = [[f"{of['name']} ({of['rows']:,})", *(_error(scores.get((of["name"], one))) for one in who)]
            for of in report.sets]  # fmt: skip
    return ("set (rows)", *(TITLES[one] for one in who)), rows


def _error(its: Score | None) -> str:
    if its is None:
        return "–"
    text, ratio = error(its.error, its.log_loss is None), against(its).strip()
    return f"{text} ({ratio})" if ratio else f"{text}, {duration(its.fit)}" if its.fit else text


def sets(report: Report) -> tuple[Sequence[str], list[Sequence[object]]]:
    """Return the tables: head and rows."""
    head = ("set", "from", "rows", "numbers", "categories", "rows that lack a value", "what is learnt")
    return head, [
        [of["name"], of["source"], f"{of['rows']:,}", of["numbers"], of["categories"], f"{of['missing']:,}",
         f"{of['classes']} classes" if of["classes"] else "a number"]
        for of in report.sets
    ]  # fmt: skip


def reliability(report: Report) -> tuple[Sequence[str], list[Sequence[object]]]:
    """Return the share that is right of what is answered with a confidence, all sets weighing alike: head and rows."""
    drawn = [each for each in report.overall if each.reliability and each.who in (*NEURAL, "fnn-untempered")]
    rows: list[Sequence[object]] = []
    for k in range(len(drawn[0].reliability["share"]) if drawn and drawn[0].reliability else 0):
        cells = [_bin(each, k) for each in drawn]
        if any(cell != "–" for cell in cells):
            rows.append([f"{k / 10:.0%} to {(k + 1) / 10:.0%}", *cells])
    return ("confidence", *(TITLES[each.who] for each in drawn)), rows


def _bin(its: Overall, k: int) -> str:
    bins = its.reliability or {}
    few = bins["share"][k] < 0.005
    return "–" if few else f"{bins['right'][k]:.0%} of {bins['share'][k]:.0%}"


def promises(report: Report) -> str:
    """Return whether each promise is kept."""
    return "```text\n" + "\n".join(check_lines(report.checks)) + "\n```\n"


def in_words(report: Report) -> str:
    """Return in a sentence how far the ensemble's error and log loss are below those of others, over all sets."""
    every = next(each.sets for each in report.overall if each.who == OURS)
    others = [each for each in report.overall if each.who not in (OURS, *_OF_OURS) and each.sets == every]
    errors = [(TITLES[each.who], each.error[0]) for each in others if each.error]
    losses = sorted(each.log_loss[0] for each in others if each.log_loss)
    against = ", ".join(f"{abs(ratio - 1):.0%} {'below' if ratio <= 1 else 'above'} {name}" for name, ratio in errors)
    return (
        f"On {every} tables that packages ship, with {report.method['networks']} networks, beside others as they come, "
        f"the error is in the geometric mean {against}; the log loss is {1 - losses[-1]:.0%} to {1 - losses[0]:.0%} "
        "below theirs ([what answers are worth](bench/README.md)).\n"
    )
