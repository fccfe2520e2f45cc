"""A study of tables, from its file to its document and its figures."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from fnn import checks
from fnn.cluster.work import Executor
from fnn.report.document import StudyDocument
from fnn.studies.table_document import table_command, table_document
from fnn.studies.table_figures import save_figures
from fnn.studies.table_model import TableStudy
from fnn.studies.table_runs import requests, run

OnProgress = Callable[[float, int, str], None]

# Of each network at least so much is kept: seven scores.
_RUN_BYTES = 7 * 8


def run_table_study(
    study: TableStudy,
    *,
    seeds: int | None,
    seed: int,
    shipped: bool,
    folder: Path | None,
    executor: Executor | None,
    on_progress: OnProgress | None,
) -> StudyDocument:
    """Return the document of a study of tables; it has no seconds and no versions yet.

    seeds: networks of an arm on each split, None for as many as the study says. folder: for the figures, None for none.
    """
    count = study.seeds if seeds is None else seeds
    total = sum(map(len, requests(study).values())) * study.splits * count
    checks.fits("seeds", count, total * _RUN_BYTES)
    checks.seed_range(count * study.splits, seed, least=2)
    report = partial(_report, on_progress, total) if on_progress else None
    results = run(study, count, seed, executor, report)
    numbers = range(seed, seed + count)
    if on_progress:
        on_progress(total, total, "testing the claims and drawing their figures")
    document = table_document(study, results, numbers, table_command(study, shipped, numbers))
    document["trainings"] = {"done": total, "planned": total}
    if folder is not None:
        document["figures"] = save_figures(folder, study, results)
    return document


def _report(on_progress: OnProgress, total: int, done: float) -> None:
    on_progress(done, total, f"splits: {int(done):,} of {total:,} networks")
