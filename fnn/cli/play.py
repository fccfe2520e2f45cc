"""`fnn play`: many networks that differ in their seed alone, on a page that plays how they learn."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer

from fnn import checks
from fnn import data as datasets
from fnn.cli.encoding import echo
from fnn.cli.options import Json, Threads, data_option, number, run_option, typed_settings, whole
from fnn.cli.table import is_table
from fnn.cli.terminal import progress_bar
from fnn.cli.train import progress_of
from fnn.config import Config
from fnn.errors import InvalidSetting
from fnn.formats import duration, share, shares_to
from fnn.formats import size as bytes_text
from fnn.training.train import BACKENDS

if TYPE_CHECKING:
    from fnn.play.points import Points
    from fnn.play.recording import Recording

SEEDS = 200
COMPARE_HELP = "A setting and two values of it, such as lr=0.1,1: both are trained with the same seeds."


def play(
    context: typer.Context,
    data: Annotated[str, data_option(help=f"{', '.join(datasets.DATA)}, or a table of two columns and a class.")],
    points: Annotated[int | None, data_option(parser=whole, help="How many; by itself the data set's own.")] = None,
    noise: Annotated[float, data_option(parser=number, help="Standard deviation of a shift of each point.")] = 0.0,
    data_seed: Annotated[int, data_option(parser=whole, help="Seed of the points.")] = datasets.SEED,
    target: Annotated[str | None, data_option(help="A table's column of classes; by itself its last.")] = None,
    ignore: Annotated[str | None, data_option(help="A table's columns that are no inputs, commas between.")] = None,
    seeds: Annotated[
        int | None, run_option(parser=whole, help=f"How many networks, of seeds that follow --seed. [default: {SEEDS}]")
    ] = None,
    compare: Annotated[str | None, run_option(metavar="SETTING=A,B", help=COMPARE_HELP)] = None,
    backend: Annotated[str, run_option(help=f"{', '.join(BACKENDS)}.")] = BACKENDS[0],
    threads: Threads = None,
    out: Annotated[Path | None, run_option(help="The page to write; by itself fnn-play-DATA.html.")] = None,
    json_: Json = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Train many networks that differ in their seed alone, and write a page that plays how each of them learns."""
    checks.one_of("backend", backend, BACKENDS)
    checks.threads("threads", threads)
    from fnn.play.play import writable_page, write_page
    from fnn.play.recording import networks_that_fit, record

    path = writable_page("out", out or Path(f"fnn-play-{PurePath(data).stem}.html"))
    given = _given_points(context, data, (points, noise, data_seed), (target, ignore))
    typed = typed_settings(context, settings)
    arms = compared(compare, _config(settings, typed, len(given.classes)))
    count = networks_that_fit([config for _, config in arms], given, SEEDS) if seeds is None else seeds
    numbers = checks.seed_range(count, settings["seed"])
    with progress_bar("training", quiet=json_) as update:
        recordings, fidelity = record(
            arms, given, numbers, backend=backend, threads=threads,
            on_progress=update and (lambda now: update(*progress_of(now))),
        )  # fmt: skip
    size = write_page(path, given, recordings, fidelity)
    if json_:
        echo(json.dumps(_document(data, recordings, path, size), allow_nan=False))
        return
    for line in _lines(given, recordings):
        echo(line)
    seconds = sum(recording.results.seconds for recording in recordings)
    echo(f"trained in {duration(seconds)}; wrote {path}: {bytes_text(size)}, to be opened in a browser")


def _given_points(
    context: typer.Context, data: str, made: tuple[int | None, float, int], of_table: tuple[str | None, str | None]
) -> "Points":
    from fnn.play.points import named_points, table_points

    table = is_table(data)
    for name in sorted(typed_settings(context, ("points", "noise", "data_seed") if table else ("target", "ignore"))):
        words = "none of it beside a table" if table else "none of it beside a named data set: it is of tables"
        raise InvalidSetting(name, context.params[name], words)
    if not table:
        return named_points(data, *made)
    if not Path(data).is_file():
        raise InvalidSetting("data", data, f"a file that is there, or one of {', '.join(datasets.DATA)}")
    target, ignore = of_table
    return table_points(data, target, ignore or ())


def _config(settings: dict[str, Any], typed: set[str], classes: int) -> Config:
    """Return the settings; of several classes the output is softmax, where nothing else is typed."""
    if classes > 2 and not typed & {"output", "loss"}:
        settings = settings | {"output": "softmax", "loss": "cross-entropy"}
    return Config(**settings)


def compared(text: str | None, config: Config) -> list[tuple[str, Config]]:
    """Return settings and their names: of `lr=0.1,1` two, which differ in that; of None one, without a name.

    Raises InvalidSetting for anything else than a setting and two values of it.
    """
    if text is None:
        return [("", config)]
    word, _, values = text.partition("=")
    each = [value.strip() for value in values.split(",")]
    if len(each) != 2 or not all(each) or each[0] == each[1]:
        raise InvalidSetting("compare", text, "a setting and two values of it, such as lr=0.1,1")
    shown = word.strip().lstrip("-").replace("_", "-")
    name, names = shown.replace("-", "_"), [field.name for field in fields(Config) if field.name != "seed"]
    if name not in names:
        near = get_close_matches(shown, [other.replace("_", "-") for other in names], n=1, cutoff=0.5)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise InvalidSetting("compare", word, f"a setting that fnn play --help lists, but the seed{hint}")
    try:
        parsed = [_parser(name)(value) for value in each]
    except typer.BadParameter as error:
        raise InvalidSetting("compare", text, f"values of {shown}: {error.message}") from None
    return [(f"{shown} {value}", replace(config, **{name: got})) for value, got in zip(each, parsed, strict=True)]


def _parser(name: str) -> Callable[[str], Any]:
    """Return what reads a value of a setting; Config checks it."""
    hint = get_type_hints(Config)[name]
    kinds = {hint, *get_args(hint)} if name != "hidden" else set()
    return whole if int in kinds else number if float in kinds else str


def _lines(points: "Points", recordings: Sequence["Recording"]) -> Iterator[str]:
    from fnn.play.outcomes import paired, solved

    runs = len(recordings[0].results)
    networks = f"{runs:,} networks, each from its own" if runs > 1 else "1 network, from its"
    yield f"{networks} random weights (its seed), on {len(points.x):,} points of {points.title}"
    counts = [solved(recording) for recording in recordings]
    width = max(len(count.name) for count in counts)
    for count in counts:
        low, high = count.interval
        solved_share = f"{count.solved:,} of {count.runs:,} = {share(count.solved / count.runs)}"
        diverged = f"; {count.diverged:,} diverged" if count.diverged else ""
        name = f"{count.name:<{width}}   " if width else ""
        yield f"{name}solved {solved_share} (95% interval {shares_to(low, high)}){diverged}"
    if len(counts) > 1:
        both, first, second, neither = paired(recordings)
        alone = f"with {counts[0].name} alone {first:,}, with {counts[1].name} alone {second:,}"
        yield f"of the same seeds solved by both {both:,}, {alone}, by neither {neither:,}"


def _document(data: str, recordings: Sequence["Recording"], path: Path, size: int) -> dict[str, Any]:
    from fnn.play.outcomes import paired, solved

    counts = [solved(recording) for recording in recordings]
    arms = [
        {
            "name": count.name, "runs": count.runs, "solved": count.solved / count.runs,
            "solved_interval": list(count.interval), "diverged": count.diverged,
        }
        for count in counts
    ]  # fmt: skip
    both = {"paired": paired(recordings)._asdict()} if len(counts) > 1 else {}
    return {"data": data, "arms": arms, **both, "files": [str(path)], "bytes": size}
