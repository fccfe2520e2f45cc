"""The document of a study, from the results of its arms. Its shape: `fnn.report.document`."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from fnn.config import SEED
from fnn.report.document import ClaimDocument, StudyDocument
from fnn.studies.cell_document import multiverse_document
from fnn.studies.cells import Cells
from fnn.studies.command import sweep_command
from fnn.studies.contrasts import Effect
from fnn.studies.effects import arm_document, claim_effect, in_words, levels_of
from fnn.studies.findings import finding_document, prediction_document
from fnn.studies.model import Claim, Finding, Study
from fnn.studies.panels import panel_documents
from fnn.studies.parse import shipped
from fnn.studies.replications import replication_documents
from fnn.studies.runs import ArmResults, Key, is_drawn, of_arm, run_key
from fnn.studies.verdicts import UNDECIDED, VERDICTS, Adjusted, adjust, seeds_to_decide, verdict
from fnn.sweeps.grid import Trial

Results = Mapping[Key, ArmResults]


def study_document(
    study: Study, results: Results, seeds: range, draws: int, cells: Mapping[str, Cells]
) -> StudyDocument:
    """Return the document; it has no figures yet, no seconds and no versions.

    draws: of the data, where they are drawn; cells: of the multiverse, by claim.
    """
    claims = _claims(study, results, seeds, draws, cells)
    counts = Counter(claim["verdict"] for claim in claims.values())
    drawn, fixed = _data(study)
    outside, sources = replication_documents(study.published, results, seeds)
    return {
        "name": study.name,
        "title": study.title,
        "intro": " ".join(study.intro.split()),
        "seeds": {"first": seeds.start, "count": len(seeds)},
        "draws": draws,
        "drawn": drawn,
        "fixed": fixed,
        "command": _study_command(study, seeds, draws, bool(cells)),
        "multiverse": bool(cells),
        "seconds": 0.0,
        "versions": {},
        "counts": {word: counts[word] for word in VERDICTS},
        "sections": list(study.sections),
        "figures": {},
        "claims": claims,
        "findings": [finding_document(f, _by_label(f, results, draws)) for f in study.findings],
        "tables": [prediction_document(t, results[run_key(t.arm.trial)]) for t in study.tables],
        "panels": panel_documents(study, results, draws) if cells else [],
        "outside": outside,
        "sources": sources,
    }


def without_figures(document: StudyDocument) -> StudyDocument:
    """Return the document without the names of figures, where none are drawn."""
    return {
        **document,
        "sections": [{**section, "figures": []} for section in document["sections"]],
        "claims": {key: {**claim, "figure": None} for key, claim in document["claims"].items()},
        "findings": [{**finding, "figure": None} for finding in document["findings"]],
    }


def _data(study: Study) -> tuple[list[str], list[str]]:
    """Return the names of the data that claims are about: those that are drawn, and those that are as they are.

    Published results are run on what is fixed, or on the one draw that their source names.
    """
    claimed = [arm.trial for claim in study.claims for arm in claim.arms]
    published = [arm.trial for result in study.published for arm in result.arms if not is_drawn(arm.trial)]
    names = {_data_name(trial): is_drawn(trial) for trial in (*claimed, *published)}
    return [name for name, drawn in names.items() if drawn], [name for name, drawn in names.items() if not drawn]


def _data_name(trial: Trial) -> str:
    return trial.samples.data + (f" with noise {trial.samples.noise:g}" if trial.samples.noise else "")


def _by_label(finding: Finding, results: Results, draws: int) -> dict[str, ArmResults]:
    return {arm.label: of_arm(results, arm, 1 if finding.of_one_draw else draws) for arm in finding.arms}


def _claims(
    study: Study, results: Results, seeds: range, draws: int, cells: Mapping[str, Cells]
) -> dict[str, ClaimDocument]:
    by_claim = [[of_arm(results, arm, draws) for arm in claim.arms] for claim in study.claims]
    effects = [claim_effect(claim, arms) for claim, arms in zip(study.claims, by_claim, strict=True)]
    count = len(effects)
    return {
        claim.id: _claim(claim, effect, p, arms, seeds, cells.get(claim.id), count)
        for claim, effect, p, arms in zip(study.claims, effects, adjust(effects), by_claim, strict=True)
    }


def _claim(
    claim: Claim,
    effect: Effect,
    p: Adjusted,
    results: Sequence[ArmResults],
    seeds: range,
    cells: Cells | None,
    claims: int,
) -> ClaimDocument:
    word = verdict(effect, p, claims)
    return {
        "sentence": claim.sentence,
        "verdict": word,
        "words": in_words(claim, effect, results),
        "metric": claim.measure.words,
        "effect_name": effect.name,
        "effect": effect.effect,
        "low": effect.low,
        "high": effect.high,
        "null": effect.null,
        "margin": effect.margin,
        "up": effect.up,
        "wins": effect.wins,
        "ties": effect.ties,
        "losses": effect.losses,
        "p": effect.p,
        "p_adjusted": p.margin,
        "p_null_adjusted": None if math.isnan(p.null) else p.null,
        "draws": effect.draws,
        "seeds": levels_of(results)[1],
        "between_draws": effect.variance.share_between if effect.variance else None,
        "arms": [arm_document(arm, r) for arm, r in zip(claim.arms, results, strict=True)],
        "depends_on": cells.depends_on() if cells is not None and cells.is_mixed else [],
        "fresh_needed": seeds_to_decide(effect, len(seeds)) if word == UNDECIDED else None,
        "figure": claim.figure,
        "command": sweep_command(claim.arms, seeds, f"{claim.id}.db", effect.draws),
        "multiverse": multiverse_document(cells, effect.null) if cells is not None else None,
        "note": " ".join(claim.note.split()),
    }


def _study_command(study: Study, seeds: range, draws: int, multiverse: bool) -> str:
    name = study.name if study.name in shipped() else study.file
    first = [] if seeds.start == SEED else [f"--seed {seeds.start}"]
    spread = [] if draws == study.draws else [f"--draws {draws}"]
    last = ["--multiverse"] if multiverse else []
    return " ".join([f"fnn study {name}", f"--seeds {len(seeds)}", *first, *spread, *last])
