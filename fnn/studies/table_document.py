"""The document of a study of tables, in the shape of every study's: `fnn.report.document`."""

import math
from collections import Counter
from collections.abc import Mapping

from fnn.config import SEED
from fnn.report.document import ClaimDocument, DatasetEffectDocument, StudyDocument, TableDocument
from fnn.report.words import interval
from fnn.stats.resampled import corrected_interval
from fnn.stats.scores import default_score
from fnn.studies.model import Arm
from fnn.studies.table_effects import DatasetEffect, TableEffect, TableVerdict, table_effect, table_verdicts
from fnn.studies.table_model import Dataset, TableClaim, TableStudy
from fnn.studies.table_runs import Key, TableScores, setup_of
from fnn.studies.table_words import table_words
from fnn.studies.verdicts import VERDICTS

Results = Mapping[Key, TableScores]


def table_document(study: TableStudy, results: Results, seeds: range, command: str) -> StudyDocument:
    """Return the document; it has no figures yet, no trainings, no seconds and no versions.

    seeds: of an arm on the first split.
    """
    effects = [table_effect(claim, study, results) for claim in study.claims]
    verdicts = table_verdicts(effects)
    counts = Counter(entry.word for entry in verdicts)
    claims = {
        claim.id: _claim(claim, study, effect, entry, len(seeds)) | {"command": command}
        for claim, effect, entry in zip(study.claims, effects, verdicts, strict=True)
    }
    return {
        "name": study.name,
        "title": study.title,
        "intro": " ".join(study.intro.split()),
        "seeds": {"first": seeds.start, "count": len(seeds)},
        "draws": 1,
        "drawn": [],
        "fixed": list(study.datasets),
        "command": command,
        "multiverse": False,
        "looks": [],
        "trainings": {"done": 0, "planned": 0},
        "seconds": 0.0,
        "versions": {},
        "counts": {word: counts[word] for word in VERDICTS},
        "sections": list(study.sections),
        "figures": {},
        "claims": claims,
        "findings": [],
        "tables": [_datasets(study), *(_scores(study, dataset, results) for dataset in study.datasets.values())],
        "panels": [],
        "outside": [],
        "sources": [],
        "splits": study.splits,
    }


def table_command(study: TableStudy, shipped: bool, seeds: range) -> str:
    """Return the command that makes a study again."""
    count = [] if len(seeds) == study.seeds else [f"--seeds {len(seeds)}"]
    first = [] if seeds.start == SEED else [f"--seed {seeds.start}"]
    return " ".join([f"fnn study {study.name if shipped else study.file}", *count, *first])


def _claim(claim: TableClaim, study: TableStudy, entry: TableEffect, stated: TableVerdict, seeds: int) -> ClaimDocument:
    effect = entry.effect
    return {
        "sentence": claim.sentence,
        "verdict": stated.word,
        "words": table_words(claim, entry, study, stated.word),
        "metric": claim.measured,
        "effect_name": effect.name,
        "effect": effect.effect,
        "low": effect.low,
        "high": effect.high,
        "null": effect.null,
        "margin": effect.margin,
        "up": True,
        "wins": effect.wins,
        "ties": effect.ties,
        "losses": effect.losses,
        "p": effect.p,
        "p_adjusted": stated.p_adjusted,
        "p_null_adjusted": stated.p_null_adjusted,
        "draws": 1,
        "seeds": seeds,
        "between_draws": None,
        "arms": [],
        "depends_on": [],
        "fresh_needed": None,
        "figure": claim.figure,
        "command": "",
        "stopped": None,
        "multiverse": None,
        "note": " ".join(claim.note.split()),
        "datasets": [_on_dataset(each) for each in entry.datasets],
        "splits": study.splits,
    }


def _on_dataset(each: DatasetEffect) -> DatasetEffectDocument:
    return {
        "name": each.name,
        "effect": each.interval.estimate,
        "low": _finite(each.interval.low),
        "high": _finite(each.interval.high),
        "wins": each.wins,
        "ties": each.ties,
        "losses": each.losses,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


# ---- what was learnt, and how well ----


def _datasets(study: TableStudy) -> TableDocument:
    heads = ["Data set", "From", "Learnt", "Task", "Rows", "Inputs", "Splits"]
    s = study.splitting
    splits = f"{s.folds} folds, {s.repeats} repeats" if s.repeats > 1 else f"{s.folds} folds"
    rows = [
        [
            d.name, d.source, ", ".join(d.problem.target.names), d.task, f"{d.problem.rows:,}",
            f"{d.problem.encoder.inputs:,}", splits,
        ]
        for d in study.datasets.values()
    ]  # fmt: skip
    return {"id": "datasets", "title": "The data sets", "columns": heads, "rows": rows}


def _scores(study: TableStudy, dataset: Dataset, results: Results) -> TableDocument:
    """Return what every arm scores on a data set: its ensembles and its members, and an answer that knows no inputs."""
    name = default_score(dataset.task)
    arms = _arms(study, dataset, results)
    rows = []
    for label, scores in arms.items():
        together, alone = scores.ensembles[name], scores.members[name].mean(axis=1)
        rows.append([label, *(_interval(values, scores.overlap) for values in (together, alone)), str(scores.failed)])
    some = next(iter(arms.values()))
    rows.append(["answer without inputs", _interval(some.blind[name], some.overlap), "–", "–"])
    heads = ["Arm", f"Ensembles, {name} (95%)", "Members (95%)", "Diverged"]
    return {"id": f"scores-{dataset.name}", "title": f"Scores on {dataset.name}", "columns": heads, "rows": rows}


def _arms(study: TableStudy, dataset: Dataset, results: Results) -> dict[str, TableScores]:
    """Return the scores of the arms that were trained on a data set, by label, each arm once."""
    arms: list[Arm] = [arm for figure in study.figures.values() for arm in figure.arms]
    arms += [arm for claim in study.claims if dataset.name in claim.datasets for arm in claim.arms]
    by_label: dict[str, TableScores] = {}
    seen: set[object] = set()
    for arm in arms:
        entry = setup_of(study, arm, dataset)
        if (arm.label, entry) not in seen:
            seen.add((arm.label, entry))
            label = arm.label if arm.label not in by_label else f"{arm.label} ({len(seen)})"
            by_label[label] = results[dataset.name, entry]
    return by_label


def _interval(values: object, overlap: float) -> str:
    mean = corrected_interval(values, 1, overlap)  # type: ignore[arg-type]
    return interval(mean)
