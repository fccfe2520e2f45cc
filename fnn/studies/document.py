"""The document of a study, from the results of its arms. Its shape: `fnn.report.document`."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from fnn.config import SEED
from fnn.report.document import ClaimDocument, StudyDocument
from fnn.report.stopping import LookDocument
from fnn.studies.cell_document import multiverse_document
from fnn.studies.cells import Cells
from fnn.studies.command import sweep_command
from fnn.studies.effects import arm_document, in_words, levels_of
from fnn.studies.findings import finding_document, prediction_document
from fnn.studies.looks import Decision, Look
from fnn.studies.model import Claim, Finding, Study
from fnn.studies.panels import panel_documents
from fnn.studies.parse import shipped
from fnn.studies.replications import replication_documents
from fnn.studies.requests import Key, is_drawn, run_key
from fnn.studies.runs import ArmResults, of_arm
from fnn.studies.verdicts import UNDECIDED, VERDICTS, seeds_to_decide
from fnn.sweeps.grid import Trial

Results = Mapping[Key, ArmResults]


def study_document(
    study: Study,
    results: Results,
    decisions: Mapping[str, Decision],
    looks: Sequence[Look],
    draws: int,
    cells: Mapping[str, Cells],
    *,
    until_decided: bool,
) -> StudyDocument:
    """Return the document; it has no figures yet, no trainings, no seconds and no versions.

    decisions, cells of the multiverse: by claim. looks: as planned; draws: of the data, where they are drawn.
    """
    seeds = looks[0].part.seeds
    claims = {
        claim.id: _claim(claim, decisions[claim.id], cells.get(claim.id), until_decided) for claim in study.claims
    }
    command = _study_command(study, seeds, draws)
    command += " --multiverse" if cells else ""
    command += " --until-decided" if until_decided else ""
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
        "command": command,
        "multiverse": bool(cells),
        "looks": [_look(look, list(decisions.values())) for look in looks] if until_decided else [],
        "trainings": {"done": 0, "planned": 0},
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


def _look(look: Look, decisions: Sequence[Decision]) -> LookDocument:
    here = [decision for decision in decisions if decision.look.number == look.number]
    return {
        "number": look.number, "runs": look.runs, "draws": look.part.draws, "level": look.level,
        "decided": sum(decision.is_decided for decision in here), "given_up": sum(d.given_up for d in here),
    }  # fmt: skip


def _claim(claim: Claim, decision: Decision, cells: Cells | None, until_decided: bool) -> ClaimDocument:
    word, effect, p, look, given_up, results = decision
    part, runs = look.part, max(len(r.loss) for r in results)
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
        "fresh_needed": seeds_to_decide(effect, runs) if word == UNDECIDED else None,
        "figure": claim.figure,
        "command": sweep_command(claim.arms, part, f"{claim.id}.db", effect.draws),
        "stopped": {
            "look": look.number,
            "runs": runs,
            "level": look.level,
            "given_up": given_up,
            "decided": decision.is_decided,
        }
        if until_decided
        else None,
        "multiverse": multiverse_document(cells, effect.null) if cells is not None else None,
        "note": " ".join(claim.note.split()),
    }


def _study_command(study: Study, seeds: range, draws: int) -> str:
    name = study.name if study.name in shipped() else study.file
    first = [] if seeds.start == SEED else [f"--seed {seeds.start}"]
    spread = [] if draws == study.draws else [f"--draws {draws}"]
    return " ".join([f"fnn study {name}", f"--seeds {len(seeds)}", *first, *spread])
