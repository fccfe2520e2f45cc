"""`study`: a study's claims tested over seeds: verdicts, figures, one document, and a page to read it on."""

import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from fnn import checks
from fnn.cluster.connect import Cluster, opened
from fnn.cluster.work import Executor, Opened
from fnn.config import SEED
from fnn.errors import InvalidSetting
from fnn.files import replacing, writable_folder
from fnn.machine import versions
from fnn.report.document import StudyDocument
from fnn.report.page import page
from fnn.studies import looks, trainer
from fnn.studies import multiverse as multiverses
from fnn.studies.cells import Cells
from fnn.studies.document import study_document, without_figures
from fnn.studies.kept import POINTS, Part
from fnn.studies.model import Study
from fnn.studies.panels import request_panels
from fnn.studies.parse import load, shipped
from fnn.studies.requests import Requests, networks, request
from fnn.studies.table_model import TableStudy
from fnn.studies.table_study import run_table_study
from fnn.studies.verdict_lines import Verdicts

SEEDS = 1000
# Of each run at least this much is kept: loss, accuracy and five more numbers.
RUN_BYTES = 7 * 8

OnProgress = Callable[[float, int, str], None]


def study(
    name: str | Path,
    *,
    seeds: int | Sequence[int] | None = None,
    seed: int | None = None,
    draws: int | None = None,
    multiverse: bool = False,
    until_decided: bool = False,
    out: str | Path | None = None,
    threads: int | None = None,
    cluster: Cluster | str | None = None,
    on_progress: OnProgress | None = None,
) -> StudyDocument:
    """Test the claims of a study over `seeds` seeds; return the document of verdicts.

    name: of a shipped study (lab, xor-literature), or a TOML file. seeds: how many, from `seed` on; or which, as a
    range; by itself 1,000, of a study of tables on each split as the study says. draws: over how many draws of the
    data, where they are drawn, the seeds are spread; by itself as the study says. multiverse: try each claim under
    every combination of its nuisance settings too. until_decided: test at looks that are planned before the first run,
    and train the arms of a claim that is decided no further, see `studies.looks`. out: a folder for the figures,
    verdicts.json and index.html; without, nothing is written. threads: as `fnn.train` has them; cluster: as
    `fnn.sweep` has it. on_progress: is given networks done, in all, and what is done.

    A dict, whose shape is stated in `fnn.report.document`; it is shown in five lines, and its `frame()` has a row for
    each claim. Raises InvalidSetting for a study that is not there or not right, and for what it cannot be asked.

    >>> import fnn
    >>> verdicts = fnn.study("lab", seeds=30, draws=2)
    >>> sorted(verdicts.frame("arrays"))[:4]
    ['claim', 'effect', 'effect_name', 'high']
    """
    spec = load(name)
    if isinstance(spec, TableStudy):
        numbers = checks.seed_range(2 if seeds is None else seeds, seed, least=2, default=SEED)
        seeds, seed = None if seeds is None else len(numbers), numbers[0]
        if checks.boolean("until_decided", until_decided):
            raise InvalidSetting("until_decided", True, "none of it in a study of tables")
        executor = opened(cluster, threads)
        return _of_tables(
            spec, seeds, seed, draws=draws, multiverse=multiverse, out=out, threads=threads, executor=executor,
            on_progress=on_progress,
        )  # fmt: skip
    numbers = checks.seed_range(SEEDS if seeds is None else seeds, seed, least=2, default=SEED)
    threads, on_progress = checks.threads("threads", threads), checks.function("on_progress", on_progress)
    executor = opened(cluster, threads)
    multiverse = checks.boolean("multiverse", multiverse)
    draws = spec.draws if draws is None else checks.whole(1)("draws", draws)
    if checks.boolean("until_decided", until_decided):
        _check_sequential(spec, multiverse)
    requests = _requests(spec, draws)
    if multiverse:
        request_panels(requests, spec, draws)
    total = networks(requests, Part(numbers))
    kept = _kept_bytes(requests, len(numbers)) if until_decided else 0
    checks.fits("seeds", len(numbers), total * RUN_BYTES + kept)
    folder = None if out is None else writable_folder("out", checks.path("out", out))
    began = time.perf_counter()
    planned = looks.plan(numbers, max(entry.draws for entry in requests.values()), until_decided=until_decided)
    on_look = partial(_report_look, on_progress, len(planned)) if on_progress else None
    with executor as does:
        results, decisions, done = trainer.run(spec, requests, planned, draws, does, on_look)
        cells = _cells(spec, numbers, draws, does, on_progress) if multiverse else {}
    _tell(on_progress, "testing the claims")
    document = study_document(spec, results, decisions, planned, draws, cells, until_decided=until_decided)
    document["trainings"] = {"done": done, "planned": total}
    if folder is None:
        document = without_figures(document)
    else:
        from fnn.studies.figures import save_figures

        _tell(on_progress, "drawing the figures")
        document["figures"] = save_figures(folder, spec, results, draws)
        _tell(on_progress, "writing the page")
    return _finished(document, began, threads, folder)


def _of_tables(
    spec: TableStudy,
    seeds: int | None,
    seed: int,
    *,
    draws: int | None,
    multiverse: bool,
    out: str | Path | None,
    threads: int | None,
    executor: Opened,
    on_progress: OnProgress | None,
) -> StudyDocument:
    if draws is not None:
        raise InvalidSetting("draws", draws, "none of it in a study of tables, whose data are not drawn: it has splits")
    if checks.boolean("multiverse", multiverse):
        raise InvalidSetting("multiverse", True, "none of it in a study of tables")
    threads, on_progress = checks.threads("threads", threads), checks.function("on_progress", on_progress)
    folder = None if out is None else writable_folder("out", checks.path("out", out))
    began = time.perf_counter()
    with executor as does:
        document = run_table_study(
            spec, seeds=seeds, seed=seed, shipped=spec.name in shipped(), folder=folder, executor=does,
            on_progress=on_progress,
        )  # fmt: skip
    return _finished(without_figures(document) if folder is None else document, began, threads, folder)


def _finished(document: StudyDocument, began: float, threads: int | None, folder: Path | None) -> StudyDocument:
    """Return a document with what it took, written where it is to be."""
    document["seconds"] = round(time.perf_counter() - began, 1)
    document["versions"] = versions(threads)
    if folder is not None:
        write(document, folder)
    return cast(StudyDocument, Verdicts(document))


def _cells(
    spec: Study, seeds: range, draws: int, executor: Executor, on_progress: OnProgress | None
) -> dict[str, Cells]:
    return multiverses.run(spec, seeds, draws, executor, on_progress and partial(_report, on_progress, "multiverse"))


def _report(on_progress: OnProgress, stage: str, total: int, done: float, at_most: bool = False) -> None:
    on_progress(done, total, f"{stage}: {int(done):,} of {'at most ' if at_most else ''}{total:,} networks")


def _tell(on_progress: OnProgress | None, stage: str) -> None:
    """Say what is done once all is trained."""
    if on_progress:
        on_progress(1, 1, stage)


def _report_look(on_progress: OnProgress, count: int, done: float, total: int, look: looks.Look) -> None:
    _report(on_progress, "claims" if count == 1 else f"look {look.number} of {count}", total, done)


def _check_sequential(spec: Study, multiverse: bool) -> None:
    if multiverse:
        raise InvalidSetting("until_decided", True, "no multiverse beside it: its cells have seeds of their own")
    if not spec.claims:
        raise InvalidSetting("until_decided", True, "a study with claims: published results are not tested")


def _kept_bytes(requests: Requests, seeds: int) -> int:
    """Return what figures and tables need of every run while there may be more of them."""
    curves = 2 * 4 * POINTS * sum(entry.curves for entry in requests.values())
    return seeds * (curves + 8 * sum(len(e.trial.samples.x) for e in requests.values() if e.predictions))


def _requests(spec: Study, draws: int) -> Requests:
    """Return what is to be trained for a study, and what is to be kept of it.

    What is told of single samples, and what was printed of them, is of the one draw that the study names.
    """
    requests: Requests = {}
    for figure in spec.figures.values():
        for arm in figure.arms:
            answers, curves = figure.kind == "answers", figure.kind not in ("answers", "final")
            shown = 1 if figure.of_one_draw else draws
            request(requests, arm, draws=shown, curves=curves, predictions=answers)
    for claim in spec.claims:
        for arm in claim.arms:
            request(requests, arm, (claim.measure,), draws=draws)
    for table in spec.tables:
        request(requests, table.arm, predictions=True)
    for finding in spec.findings:
        for arm in finding.arms:
            request(requests, arm, draws=1 if finding.of_one_draw else draws)
    for result in spec.published:
        for arm in result.arms:
            request(requests, arm)
    return requests


def write(document: StudyDocument, folder: Path) -> None:
    """Write the document as verdicts.json and as a page."""
    with replacing(folder / "verdicts.json") as part:
        part.write_text(json.dumps(document, allow_nan=False, indent=1), encoding="utf-8")
    with replacing(folder / "index.html") as part:
        part.write_text(page(document, folder), encoding="utf-8")
