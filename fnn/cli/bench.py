"""`fnn bench`."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from fnn.cli.encoding import echo
from fnn.cli.options import Json, number, run_option, whole
from fnn.cli.terminal import CommandError, print_lines, status_line
from fnn.errors import InvalidSetting
from fnn.files import writable_folder

ABSENT = "bench: fnn.bench is not installed here; pip install . in a clone of fnn installs it"


def bench(
    peers: Annotated[
        bool, run_option("--peers", help="Against everything installed, and not the house alone.")
    ] = False,
    work: Annotated[str | None, run_option(help="What to measure, with commas between; by itself all of it.")] = None,
    runs: Annotated[int, run_option(parser=whole, help="Timed runs of each contender, at least 5.")] = 5,
    seed: Annotated[int, run_option(parser=whole, help="Seed of the order they come in.")] = 0,
    threads: Annotated[int | None, run_option(parser=whole, help="By itself one a processor.")] = None,
    cap: Annotated[float | None, run_option(parser=number, help="Most seconds for a row; by itself 6, or 120.")] = None,
    networks: Annotated[int | None, run_option(parser=whole, help="Most networks of a stack, to try it out.")] = None,
    sets: Annotated[str | None, run_option(help="Tables of --work quality, with commas between.")] = None,
    contenders: Annotated[str | None, run_option(help="Who answers in --work quality, with commas between.")] = None,
    repeats: Annotated[int | None, run_option(parser=whole, help="Repeats of the folds in --work quality.")] = None,
    csv: Annotated[Path | None, run_option(help="File for the rows, as CSV.")] = None,
    out: Annotated[
        Path | None, run_option(help="Folder for results.json and the figures; --work quality goes on there.")
    ] = None,
    json_: Json = False,
) -> None:
    """Measure how fast this machine trains networks, and than what: agreement first, then time."""
    if find_spec("fnn.bench") is None:
        raise CommandError(ABSENT, 2)
    from fnn.bench import suite, tables

    names = suite.names_of(work)
    if names == [suite.QUALITY]:
        given = {"sets": sets, "contenders": contenders, "repeats": repeats, "networks": networks}
        _quality(peers, {"seed": seed, "threads": threads, "cap": cap, **given}, csv, out, json_)
        return
    for option, value in (("sets", sets), ("contenders", contenders), ("repeats", repeats)):
        if value is not None:
            raise InvalidSetting(option, value, f"--work {suite.QUALITY}, which it is of")
    settings: dict[str, Any] = {"runs": runs, "seed": seed, "threads": threads, "cap": cap, "networks": networks}
    suite.check(**settings)
    folder = writable_folder("out", out) if out else None
    if csv:
        writable_folder("csv", csv.parent)
    with status_line(sys.stderr) as update:
        # Kept case after case, so that an interruption leaves the rows there were.
        watch = suite.Watch(update, keep=lambda report: suite.save_rows(report, folder, csv))
        if not json_:
            watch = watch._replace(begin=print_lines(tables.head_lines), show=print_lines(tables.case_lines))
        report = suite.run(names, peers=peers, **settings, watch=watch)
    written = suite.save(report, folder, csv)
    if json_:
        echo(json.dumps(tables.document(report), allow_nan=False))
        return
    print_lines(tables.closing_lines)(report.rows)
    print_lines(tables.check_lines)(report.checks)
    if written:
        echo(f"wrote {', '.join(map(str, written))}")


def _quality(peers: bool, given: dict[str, Any], csv: Path | None, out: Path | None, json_: bool) -> None:
    """Measure what answers are worth, and print it."""
    from fnn.bench.quality import document, plan, run, words

    asked = plan.plan(peers, **given)
    folder = writable_folder("out", out) if out else None
    if csv:
        writable_folder("csv", csv.parent)
    with status_line(sys.stderr) as update:
        report = run.run(asked, folder, update)
    written = document.save(report, folder, csv)
    if json_:
        echo(json.dumps(document.document(report), allow_nan=False))
        return
    print_lines(words.head_lines)(report.machine, report.method)
    print_lines(words.lines)(report.sets, report.scores, report.overall, report.checks)
    if written:
        echo(f"wrote {', '.join(map(str, written))}")
