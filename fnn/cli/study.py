"""`fnn study`."""

import json
from pathlib import Path
from typing import Annotated

import typer

import fnn
from fnn.cli.columns import print_table
from fnn.cli.encoding import echo
from fnn.cli.options import AllowMixed, Cluster, Json, Threads, run_option, whole
from fnn.cli.terminal import CommandError, notice, progress_bar
from fnn.cluster.connect import Cluster as ClusterAt
from fnn.config import SEED
from fnn.errors import ClusterLost, InvalidSetting
from fnn.formats import duration
from fnn.report import text as report
from fnn.report.looks import look_lines
from fnn.report.words import levels

NAMES = (
    "lab: what a first course's report concluded from one run each, and what we claim of convolutions; presets: "
    "settings for tables; xor-literature: published results of backpropagation on XOR; or a TOML file of your own."
)


def study(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE.toml", help=NAMES)],
    seeds: Annotated[
        int | None,
        run_option(
            parser=whole,
            help="Networks of each arm, of the same seeds in all; by itself 1000, of tables as the study says.",
        ),
    ] = None,
    seed: Annotated[int, run_option(parser=whole, help="Seed of the first; the others follow.")] = SEED,
    draws: Annotated[
        int | None,
        run_option(parser=whole, help="Draws of the data over which seeds are spread; by itself as the study says."),
    ] = None,
    multiverse: Annotated[
        bool, run_option("--multiverse", help="Test each claim under every combination of its nuisance settings too.")
    ] = False,
    until_decided: Annotated[
        bool,
        run_option("--until-decided", help="Look at planned numbers of runs; train no further for claims decided."),
    ] = False,
    threads: Threads = None,
    cluster: Cluster = None,
    allow_mixed: AllowMixed = None,
    out: Annotated[Path | None, run_option(help="Folder to write to; by itself fnn-study-NAME.")] = None,
    json_: Json = False,
) -> None:
    """Test claims over many seeds: verdicts with their evidence, figures, and one page to read.

    A claim compares arms: combinations of settings, each trained with the same seeds. A seed fixes a network's random
    start. A network is solved after the epoch from which on it answers every point correctly, to the end.
    """
    folder = out or Path(f"fnn-study-{Path(name).stem}")
    try:
        with progress_bar("studying", quiet=json_) as update:
            document = fnn.study(
                name,
                seeds=seeds,
                seed=seed,
                draws=draws,
                multiverse=multiverse,
                until_decided=until_decided,
                out=folder,
                threads=threads,
                cluster=ClusterAt(cluster, bool(allow_mixed), notice),
                on_progress=update,
            )
    except ClusterLost as error:
        raise CommandError(f"{error}: a study keeps nothing of what was trained; run it again", 1) from None
    except InvalidSetting as error:
        raise (CommandError(str(error), 2) if ", line " in error.name else error) from None
    if json_:
        echo(json.dumps(document, allow_nan=False))
        return
    for columns, rows in report.verdicts(document):
        print_table(columns, rows)
    echo(f"{report.verdict_counts(document)}; {', '.join(levels(document))}, {duration(document['seconds'])}")
    for line in look_lines(document):
        echo(line)
    names = [figure["file"] for figure in document["figures"].values()]
    echo(f"wrote {folder}: {', '.join([*names, 'verdicts.json'])}")
    echo(f"read {folder / 'index.html'}")
