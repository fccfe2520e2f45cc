"""Published results beside our runs, each under its own settings, what its source leaves open varied."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fnn.config import SEED
from fnn.report.published import (
    ErrorsDocument,
    PublishedDocument,
    ReadingDocument,
    ReplicationDocument,
    SourceDocument,
)
from fnn.stats.intervals import wilson
from fnn.stats.predictive import STATISTICS, two_sided_interval
from fnn.studies import agreement
from fnn.studies.agreement import Reading
from fnn.studies.command import sweep_command
from fnn.studies.kept import Part
from fnn.studies.model import PublishedResult
from fnn.studies.replication_words import comparison_words, error_words, our_words, published_words, source_words
from fnn.studies.requests import Key, run_key
from fnn.studies.runs import ArmResults

REPRODUCED, CONSISTENT, NOT, DEPENDS = "reproduced", "consistent", "not reproduced", "depends"
TOO_FEW = "too few runs"
# Numbers of runs that are tried where a source does not tell how many a time is of.
RUNS_TRIED = (10, 100, 1000)


def verdict(agreeing: Sequence[bool], runs_told: bool, enough: bool = True) -> str:
    """Return the verdict of which readings agree: with results of which the numbers of runs are told, or not.

    enough: whether ours are so many that a time could disagree.
    """
    if any(agreeing) and not enough:
        return TOO_FEW
    if all(agreeing):
        return REPRODUCED if runs_told else CONSISTENT
    return DEPENDS if any(agreeing) else NOT


class Replicated(NamedTuple):
    """A result, our runs of each of its readings as they are compared with it, and their p, corrected."""

    result: PublishedResult
    readings: list[Reading]
    by_arm: list[ArmResults]
    p: list[float]


def replication_documents(
    published: Sequence[PublishedResult], results: Mapping[Key, ArmResults], seeds: range
) -> tuple[list[ReplicationDocument], list[SourceDocument]]:
    """Return published results beside our runs for the document, and their sources with what all of them say."""
    by_source: dict[str, list[PublishedResult]] = {}
    for result in published:
        by_source.setdefault(_source_id(result), []).append(result)
    entries: dict[str, ReplicationDocument] = {}
    sources = []
    for source_id, of_source in by_source.items():
        rng = np.random.default_rng(SEED)  # of each source alone: it is the same whatever else the study has
        count = sum(len(agreement.parts(result)) for result in of_source)
        replicated = [_replicated(result, results, count, rng) for result in of_source]
        source = source_document(source_id, replicated, agreement.LEVEL / count, rng)
        sources.append(source)
        for each in replicated:
            entries[each.result.id] = _replication_document(each, source, agreement.LEVEL / count, seeds, rng)
    return [entries[result.id] for result in published], sources


def _source_id(result: PublishedResult) -> str:
    return result.source_id or result.id


def _replicated(
    result: PublishedResult, results: Mapping[Key, ArmResults], count: int, rng: np.random.Generator
) -> Replicated:
    by_arm = [results[run_key(arm.trial)] for arm in result.arms]
    readings = [agreement.reading(result, arm, r, rng) for arm, r in zip(result.arms, by_arm, strict=True)]
    told = agreement.published(result)
    p = [min(count * float(agreement.least_p(r, told)[0]), 1.0) for r in readings]
    return Replicated(result, readings, by_arm, p)


def source_document(
    source_id: str, replicated: Sequence[Replicated], level: float, rng: np.random.Generator
) -> SourceDocument:
    """Return a source for the document: which of its readings agree with all of its results."""
    results = [each.result for each in replicated]
    joint = list(agreement.joint_readings(results))
    agrees = [
        [each.p[place] > agreement.LEVEL for each, place in zip(replicated, places, strict=True)] for _, places in joint
    ]
    agreeing = [all(each) for each in agrees]
    wrong_too = agreement.wrong_too([r.readings for r in replicated], [places for _, places in joint], level, rng)
    timed = any(result.time is not None for result in results)
    enough = not timed or agreement.least_time_p(replicated[0].readings[0].runs) <= level
    fitting = [answers for (answers, _), fits in zip(joint, agreeing, strict=True) if fits]
    labels = [", ".join(answers) or "as published" for answers, _ in joint]
    return {
        "id": source_id,
        "title": results[0].source,
        "results": [result.id for result in results],
        "readings": [{"label": label, "agrees": each} for label, each in zip(labels, agrees, strict=True)],
        "agreeing": sum(agreeing),
        "verdict": verdict(agreeing, all(result.runs is not None for result in results), enough),
        "words": source_words(len(results), fitting, len(joint)),
        "wrong_too": wrong_too,
    }


# ---- one result ----


def _replication_document(
    each: Replicated, source: SourceDocument, level: float, seeds: range, rng: np.random.Generator
) -> ReplicationDocument:
    result = each.result
    published = _published(result)
    ours = [_reading_document(each, k, level, rng) for k in range(len(each.readings))]
    told, found = published_words(published, result.statistic), our_words(ours, result.statistic)
    errors, results = errors_document(each, level, rng), len(source["results"])
    compared = comparison_words(published, ours, result.statistic, results)
    joint = [source["words"]] if results > 1 else []
    return {
        "id": result.id, "source_id": source["id"], "title": result.title, "source": result.source,
        "what": result.what, "open": result.open, "statistic": result.statistic, "published": published, "ours": ours,
        "verdict": source["verdict"], "told": told, "found": found,
        "words": " ".join([f"Published: {told}. Ours succeed in {found}.", *compared, *joint]),
        "errors": errors, "error_words": error_words(errors, source["wrong_too"], len(source["readings"])),
        "command": sweep_command(result.arms, Part(seeds), f"{result.id}.db"),
    }  # fmt: skip


def _reading_document(each: Replicated, k: int, level: float, rng: np.random.Generator) -> ReadingDocument:
    reading, agrees = each.readings[k], each.p[k] > agreement.LEVEL
    low, high = wilson(reading.successes, reading.runs)
    ends = two_sided_interval(reading.drawn, level) if len(reading.drawn) else (math.inf, math.inf)
    time_low, time_high = (end if math.isfinite(end) else None for end in ends)
    unknown = each.result.runs is None and len(reading.drawn) > 0
    return {
        "label": each.result.arms[k].label, "successes": reading.successes, "runs": reading.runs, "low": low,
        "high": high, "time": _time(each, k), "of": reading.of, "time_low": time_low, "time_high": time_high,
        "p": each.p[k], "agrees": agrees,
        "most_runs": _most_runs(each, k, level, rng) if agrees and unknown else None,
    }  # fmt: skip


def _time(each: Replicated, k: int) -> float | None:
    """Return the statistic of all of our successes, or runs."""
    arm, results = each.result.arms[k], each.by_arm[k]
    success = agreement.succeeded(arm, results)
    if not success.any():
        return None
    epochs = agreement.epochs(arm, results).astype(float)
    of_all = each.result.statistic == "harmonic mean"
    return float(STATISTICS[each.result.statistic](np.where(success, epochs, np.inf) if of_all else epochs[success]))


def _most_runs(each: Replicated, k: int, level: float, rng: np.random.Generator) -> int:
    """Return of how many runs a time may be, of those tried, for a reading to agree that does with the least."""
    told, most = agreement.published(each.result), each.readings[k].of
    for runs in (runs for runs in RUNS_TRIED if runs > most):
        of_more = agreement.reading(each.result, each.result.arms[k], each.by_arm[k], rng, of=runs)
        if float(agreement.least_p(of_more, told)[0]) <= level:
            break
        most = runs
    return most


def _published(result: PublishedResult) -> PublishedDocument:
    runs, successes = agreement.least_counts(result)
    low, high = wilson(successes, runs) if runs and successes is not None else (None, None)
    return {
        "successes": result.successes, "runs": result.runs, "share": result.share, "least_runs": runs,
        "at_least": result.at_least, "time": result.time, "fastest": result.fastest, "slowest": result.slowest,
        "low": low, "high": high,
    }  # fmt: skip


def errors_document(each: Replicated, level: float, rng: np.random.Generator) -> ErrorsDocument:
    """Return how often the rule errs, simulated with the runs of the reading that comes nearest what was published."""
    nearest = max(range(len(each.readings)), key=lambda k: _nearness(each, k))
    reading = each.readings[nearest]
    off = agreement.errors(reading, level, rng)
    simulated = reading.successes or each.result.at_least is not None
    right = 1 - agreement.agreement(reading, level, rng) if simulated else None
    return {
        "right": right,
        "solved": [{"off": by, "agrees": agrees} for by, agrees in off["solved"]],
        "time": [{"off": by, "agrees": agrees} for by, agrees in off["time"]],
        "label": each.result.arms[nearest].label,
    }


def _nearness(each: Replicated, k: int) -> tuple[float, float]:
    """Return how near a reading comes: by its p, then by its times."""
    time, published = _time(each, k), each.result.time
    apart = math.inf if time is None else abs(math.log(max(time, 1) / published)) if published else 0.0
    return each.p[k], -apart
