"""A run: repeat after repeat, table after table, whoever has not answered yet; then what all of it says."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fnn.data.split import Split, Splitting, make_splits

from . import record
from .contenders import CONTENDERS, FOLDS, OWN
from .document import Report, report
from .measures import Answers, calibrated, folded, measure
from .plan import Plan, check
from .record import Record
from .sets import SETS, Table, load, repeats_of


def run(
    plan: Plan,
    folder: Path | None = None,
    tell: Callable[[str, str], None] = lambda _what, _who: None,
    **settings: Any,
) -> Report:
    """Measure what a folder does not have yet, if one is given, and return what all of it says.

    tell hears what is measured, and whose turn it is. settings: of the ensemble, instead of the preset's. Raises
    InvalidSetting for a plan that cannot be run, and for a folder with another plan's records.
    """
    plan, path = check(plan), folder / record.FILE if folder else None
    records = record.read(path, plan.seed, plan.networks) if path else []
    tables = {name: load(SETS[name]) for name in plan.sets if SETS[name].installed}
    for new in _missing(plan, tables, records, tell, settings):
        records += new
        if path:
            record.append(path, new)
    return report(plan, tables, [each for each in records if each.of in tables])


def splits_of(table: Table, seed: int, repeats: int) -> list[Split]:
    """Return the splits of a table: folds, repeat after repeat, each with its share of each class."""
    how = Splitting(folds=FOLDS, repeats=repeats, split_seed=seed)
    return make_splits(how, len(table.y), table.labels, class_names=table.classes)


def _missing(
    plan: Plan, tables: dict[str, Table], records: Sequence[Record], tell: Callable[[str, str], None],
    settings: dict[str, Any],
) -> Iterator[list[Record]]:  # fmt: skip
    """Yield the records that there are not yet. All answer one repeat before the next: a run may end early."""
    done = {(each.of, each.who, each.repeat) for each in records if not each.failed}
    begun, warm = time.perf_counter(), set[tuple[str, bool]]()
    for repeat in range(plan.repeats):
        for of, table in tables.items():
            splits = splits_of(table, plan.seed, repeat + 1)[-FOLDS:]
            for name in plan.contenders:
                contender = CONTENDERS[name]
                if (
                    repeat >= min(contender.repeats, repeats_of(len(table.y)))
                    or not contender.installed
                    or (of, contender.answers[0], repeat) in done
                ):
                    continue
                if plan.cap and time.perf_counter() - begun > plan.cap:
                    return
                tell(f"{of}, repeat {repeat + 1}", name)
                kind = name, bool(table.classes)
                # What is compiled or imported at first is no time of learning.
                first = [splits[0]] if kind not in warm else []
                warm.add(kind)
                yield _measured(plan, (of, table), name, splits, first, settings)


def _answer(plan: Plan, name: str, table: Table, split: Split, settings: dict[str, Any]) -> dict[str, Answers]:
    seed = plan.seed + split.repeat * FOLDS + split.fold
    ask = CONTENDERS[name].answer
    return ask(
        table, split.train, split.test, seed, plan.networks, plan.threads or 1, **settings if name in OWN else {}
    )


def _measured(
    plan: Plan, of: tuple[str, Table], name: str, splits: Sequence[Split], first: Sequence[Split],
    settings: dict[str, Any],
) -> list[Record]:  # fmt: skip
    """Return what one contender scores on the folds of one repeat. first: folds to answer before, which nobody sees."""
    sizes = np.array([(len(split.train), len(split.test)) for split in splits]).mean(axis=0).tolist()
    table, common = of[1], dict[str, Any](of=of[0], repeat=splits[0].repeat, seed=plan.seed, networks=plan.networks)
    try:
        every = [_answer(plan, name, table, split, settings) for split in [*first, *splits]][len(first) :]
    except Exception as problem:  # whose package fails on a table has no score there, and the run goes on
        why = f"{type(problem).__name__}: {problem}"[:200]
        return [Record(who=who, rows=tuple(sizes), folds={}, failed=why, **common) for who in CONTENDERS[name].answers]
    classes, y = len(table.classes), [table.y[split.test] for split in splits]
    found = []
    for who in every[0]:
        answers = [fold[who] for fold in every]
        error, bins = calibrated(answers, y, classes) if classes else (None, None)
        found.append(
            Record(
                who=who, rows=tuple(sizes), calibration_error=error, reliability=bins,
                folds=folded([measure(each, labels, classes) for each, labels in zip(answers, y, strict=True)]),
                **common,
            )
        )  # fmt: skip
    return found
