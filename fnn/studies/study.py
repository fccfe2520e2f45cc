"""`study`: a study's claims tested over seeds: verdicts, figures, one document, and a page to read it on."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from fnn import checks
from fnn.checks import one_of
from fnn.config import SEED
from fnn.errors import InvalidSetting
from fnn.files import replacing, writable_folder
from fnn.machine import versions
from fnn.report.page import page
from fnn.stats.comparisons import holm
from fnn.studies import findings, multiverse
from fnn.studies import parse as studyfile
from fnn.studies import replications as outside
from fnn.studies import runs as trials
from fnn.studies.effects import arm_document, command, in_words, judged
from fnn.studies.model import Claim, Study
from fnn.studies.multiverse import Wishes, wish
from fnn.studies.runs import Key, Record
from fnn.studies.verdicts import MIXED, REFUTED, SUPPORTED, UNDECIDED, Cells, Effect, enough, overall, verdict

# Of each run at least this much is kept: loss, accuracy and five more numbers.
RECORD_BYTES = 7 * 8

Document = dict[str, Any]
Tell = Callable[[float, int, str], None]


def shipped() -> dict[str, Path]:
    """Return the studies that come with the package, by name."""
    found = [Path(str(entry)) for entry in files("fnn.studies").iterdir()]
    return {path.stem: path for path in sorted(found) if path.suffix == ".toml"}


def load(study: str | Path) -> Study:
    """Read a shipped study by name, or one's own from a file whose name ends in .toml.

    Raises InvalidSetting for a name there is not, and for what a file says wrongly, with its line.
    """
    if isinstance(study, (str, Path)) and str(study).endswith(".toml"):
        return studyfile.read(Path(study))
    found = shipped()
    try:
        return studyfile.read(found[one_of("study", str(study), found)])
    except InvalidSetting as error:
        if error.name != "study":
            raise
        raise InvalidSetting("study", str(study), f"{error.expected}, or a file that ends in .toml") from None


def study(
    name: str | Path,
    *,
    seeds: int = 1000,
    seed: int = SEED,
    multiverse: bool = False,
    out: str | Path | None = None,
    threads: int | None = None,
    on_progress: Tell | None = None,
) -> Document:
    """Test the claims of a study over `seeds` seeds from `seed` on; return the document of verdicts.

    name: of a shipped study, or a file. multiverse: try each claim under every combination of its nuisance settings
    too. out: a folder for the figures, verdicts.json and index.html; without, nothing is written. on_progress: is
    given networks done, in all, and what is done. Raises InvalidSetting.
    """
    asked = load(name)
    numbers = checks.seed_range(seeds, seed, least=2)
    threads, on_progress = checks.threads("threads", threads), checks.function("on_progress", on_progress)
    multiverse = checks.boolean("multiverse", multiverse)
    wishes = _wishes(asked)
    total = len(wishes) * len(numbers)
    checks.fits("seeds", len(numbers), total * RECORD_BYTES)
    folder = None if out is None else writable_folder("out", checks.path("out", out))
    began = time.perf_counter()
    tell = partial(_tell, on_progress, "claims") if on_progress else None
    records = trials.run(wishes, numbers, threads, tell and partial(tell, total))
    cells = _multiverse(asked, numbers, threads, on_progress) if multiverse else {}
    document = _document(asked, records, numbers, cells)
    if folder is not None:
        document["figures"] = _figures(asked, records, folder)
    else:
        _without_figures(document)
    document["seconds"] = round(time.perf_counter() - began, 1)
    document["versions"] = versions(threads)
    if folder is not None:
        write(document, folder)
    return document


def _multiverse(asked: Study, seeds: range, threads: int | None, on_progress: Tell | None) -> dict[str, Cells]:
    return multiverse.run(asked, seeds, threads, on_progress and partial(_tell, on_progress, "multiverse"))


def _tell(on_progress: Tell, what: str, total: int, done: float) -> None:
    on_progress(done, total, f"{what}: {int(done):,} of {total:,} networks")


def _wishes(asked: Study) -> Wishes:
    """Return what is to be trained for a study, and what is wanted of it."""
    wishes: Wishes = {}
    for figure in asked.figures.values():
        for arm in figure.arms:
            wish(wishes, arm, curves=figure.kind not in ("answers", "final"), predictions=figure.kind == "answers")
    for claim in asked.claims:
        for arm in claim.arms:
            wish(wishes, arm, (claim.measure,))
    for finding in asked.findings:
        for arm in findings.arms(finding):
            wish(wishes, arm)
    for table in asked.tables:
        wish(wishes, table["arm"], predictions=True)
    for entry in asked.outside:
        for arm in entry["arms"]:
            wish(wishes, arm)
    return wishes


# ---- the document ----


def _document(asked: Study, records: Mapping[Key, Record], seeds: range, cells: Mapping[str, Cells]) -> Document:
    found = {claim.id: [records[trials.key(arm.trial)] for arm in claim.arms] for claim in asked.claims}
    effects = {claim.id: judged(claim, found[claim.id]) for claim in asked.claims}
    adjusted = dict(zip(effects, map(float, holm([effect.p for effect in effects.values()])), strict=True))
    judgements = {
        claim.id: _claim(claim, effects[claim.id], adjusted[claim.id], found[claim.id], seeds, cells.get(claim.id))
        for claim in asked.claims
    }
    counts = Counter(claim["verdict"] for claim in judgements.values())
    named = {
        finding["id"]: {arm.label: records[trials.key(arm.trial)] for arm in findings.arms(finding)}
        for finding in asked.findings
    }
    return {
        "name": asked.name,
        "title": asked.title,
        "intro": " ".join(asked.intro.split()),
        "seeds": {"first": seeds.start, "count": len(seeds)},
        "command": _command(asked, seeds, bool(cells)),
        "multiverse": bool(cells),
        "seconds": 0.0,
        "versions": {},
        "counts": {word: counts[word] for word in (SUPPORTED, REFUTED, MIXED, UNDECIDED)},
        "sections": [dict(section) for section in asked.sections],
        "figures": {},
        "claims": judgements,
        "findings": [findings.document(finding, named[finding["id"]]) for finding in asked.findings],
        "tables": [findings.predictions(t, records[trials.key(t["arm"].trial)]) for t in asked.tables],
        "outside": [outside.document(entry, records, seeds) for entry in asked.outside],
    }


def _claim(
    claim: Claim, effect: Effect, adjusted: float, records: list[Record], seeds: range, cells: Cells | None
) -> Document:
    alone = verdict(effect, adjusted)
    word, depends = overall(alone, cells) if cells is not None else (alone, [])
    return {
        "sentence": claim.sentence,
        "verdict": word,
        "words": in_words(claim, effect, records),
        "metric": claim.measure.words,
        "effect_name": effect.name,
        **{key: getattr(effect, key) for key in ("effect", "low", "high", "null", "margin", "up", "p")},
        "p_holm": adjusted,
        "arms": [arm_document(arm, record) for arm, record in zip(claim.arms, records, strict=True)],
        "depends_on": depends,
        "seeds_needed": enough(effect, len(seeds)) if word == UNDECIDED else None,
        "figure": claim.figure,
        "command": command(claim.arms, seeds, f"{claim.id}.db"),
        "multiverse": _cells(cells) if cells is not None else None,
        "note": " ".join(claim.note.split()),
    }


def _cells(cells: Cells) -> Document:
    def counted(counts: Mapping[str, int]) -> dict[str, int]:
        return {word: counts.get(word, 0) for word in (SUPPORTED, REFUTED, UNDECIDED)}

    by = {name: {value: counted(c) for value, c in values.items()} for name, values in cells.by().items()}
    return {"cells": len(cells.verdicts), **counted(Counter(cells.verdicts)), "by": by}


def _command(asked: Study, seeds: range, multiverse: bool) -> str:
    name = asked.name if asked.name in shipped() else asked.file
    first = [] if seeds.start == SEED else [f"--seed {seeds.start}"]
    return " ".join([f"fnn study {name}", f"--seeds {len(seeds)}", *first, *(["--multiverse"] if multiverse else [])])


# ---- what is written ----


def _figures(asked: Study, records: Mapping[Key, Record], folder: Path) -> Document:
    from fnn.plots import study as panels

    return {
        figure.id: panels.save(folder, figure, [records[trials.key(arm.trial)] for arm in figure.arms])
        for figure in asked.figures.values()
    }


def _without_figures(document: Document) -> None:
    """Take the names of figures out where none are drawn."""
    for section in document["sections"]:
        section["figures"] = []
    for told in (*document["claims"].values(), *document["findings"]):
        told["figure"] = None


def write(document: Document, folder: Path) -> None:
    """Write the document as verdicts.json and as a page."""
    with replacing(folder / "verdicts.json") as part:
        part.write_text(json.dumps(document, allow_nan=False, indent=1), encoding="utf-8")
    with replacing(folder / "index.html") as part:
        part.write_text(page(document, folder), encoding="utf-8")
