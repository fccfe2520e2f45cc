"""Options of tables: how one is read, what its columns are, how its rows are split; and training on one."""

import inspect
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fnn import data as datasets
from fnn.cli.columns import print_rows, print_table
from fnn.cli.encoding import echo
from fnn.cli.options import number, whole
from fnn.cli.terminal import at_work, progress_bar
from fnn.data.encoding import CONSTANT, MISSING, UNKNOWN
from fnn.data.reading import FORMATS, Form
from fnn.data.scaling import SCALINGS
from fnn.data.targets import TASKS
from fnn.ensembles.presets import CLASS_WEIGHTS, PRESETS, SEEDS, TEMPERATURES, default_preset
from fnn.errors import InvalidSetting
from fnn.files import writable_folder
from fnn.formats import duration
from fnn.formats import number as shown
from fnn.training.progress import Progress

if TYPE_CHECKING:
    from fnn.ensembles.fit import Fit

table_option = partial(typer.Option, rich_help_panel="Tables")
split_option = partial(typer.Option, rich_help_panel="Splits of a table")

_ROLES = {
    "target": (str, table_option(help="The column to learn, by name or place; several with commas between.")),
    "task": (str, table_option(help=f"{', '.join(TASKS)}; by itself inferred.")),
    "ignore": (str, table_option(help="Columns that are no inputs, with commas between.")),
    "weight": (str, table_option(help="The column that says how often each row counts.")),
    "groups": (str, table_option(help="The column whose equal values belong to one part of a split.")),
    "missing": (str, table_option(help=f"What becomes of missing values: {', '.join(MISSING)}.")),
    "constant": (str, table_option(help=f"What becomes of numbers that are all alike: {', '.join(CONSTANT)}.")),
    "unknown": (str, table_option(help=f"What becomes of new categories at prediction: {', '.join(UNKNOWN)}.")),
}
_FORM = {
    "delimiter": (str, table_option(help="Of a CSV; by itself found by looking, as are the others.")),
    "decimal": (str, table_option(help="Of its numbers: a point or a comma.")),
    "quote": (str, table_option(help="What stands around fields with delimiters in them.")),
    "encoding": (str, table_option(help="Of its text.")),
    "header": (bool, table_option("--header/--no-header", help="Whether its first line has names.")),
}
_PREPARATION = {
    "scaling": (str, table_option(help=f"Of inputs: {', '.join(SCALINGS)}.")),
    "smooth_clip": (bool, table_option("--smooth-clip/--no-smooth-clip", help="Whether far inputs are drawn near.")),
    "class_weight": (str, table_option(help=f"In gradients: {', '.join(CLASS_WEIGHTS)}.")),
    "temperature": (str, table_option(help=f"Of probabilities: {', '.join(TEMPERATURES)}. [default: fit]")),
}
_SPLITTING = {
    "validation": (float, split_option(parser=number, help="Share held out to choose epochs by. [default: 0.2]")),
    "folds": (int, split_option(parser=whole, help="Test on each of so many parts in turn.")),
    "repeats": (int, split_option(parser=whole, help="Splits drawn so many times.")),
    "bootstrap": (bool, split_option("--bootstrap/--no-bootstrap", help="Learn from rows drawn with repeats.")),
    "split_seed": (int, split_option(parser=whole, help="Seed of the splits.")),
    "per_seed": (bool, split_option("--per-seed/--fixed", help="A split for each seed, or the same for all.")),
}
_PRESET = {
    "preset": (
        str,
        table_option(help=f"{', '.join(PRESETS)}: settings that go together. [default: table, with --image image]"),
    )
}
_OPTIONS = {**_ROLES, **_FORM, **_PRESET, **_PREPARATION, **_SPLITTING}
NAMES = tuple(_OPTIONS)


def table_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of tables; it receives their values as the dict `of_table`, None where not typed."""
    signature = inspect.signature(command, eval_str=True)
    parameters = [p for p in signature.parameters.values() if p.name != "of_table"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option])
        for name, (kind, option) in _OPTIONS.items()
    ]

    def run(**values: Any) -> None:
        of_table = {name: values.pop(name) for name in _OPTIONS}
        command(of_table=of_table, **values)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = signature.replace(parameters=[*parameters, *added])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in (*parameters, *added)}
    return run


def is_table(data: str) -> bool:
    """Return whether that is the path of a table, and no name of a data set."""
    if data in datasets.DATA:
        return False
    if PurePath(data).suffix.lower() in FORMATS or Path(data).exists():
        return True
    if "/" in data or "." in data:
        raise InvalidSetting("data", data, f"a file that ends in {', '.join(FORMATS)}, or a named data set")
    return False


def form_of(of_table: dict[str, Any]) -> Form:
    """Return how a table is to be read."""
    return Form(**{name: of_table[name] for name in Form._fields})


def chosen(of_table: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed of one group of options."""
    return {name: of_table[name] for name in group if of_table[name] is not None}


def read_table_problem(data: str, of_table: dict[str, Any], settings: dict[str, Any]) -> Any:
    """Read a table and what is to be learnt of it, as the options say."""
    from fnn.ensembles.problem import Roles, default_roles, read_problem

    if not Path(data).is_file():
        raise InvalidSetting("data", data, f"a file that is there, or one of {', '.join(datasets.DATA)}")
    if of_table["target"] is None:
        raise InvalidSetting("target", None, "the column to learn, by name or place (-1 is the last)")
    return read_problem(data, Roles(**{**default_roles(settings), **chosen(of_table, _ROLES)}), form_of(of_table))


def splitting_options(of_table: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed of how rows are split."""
    return chosen(of_table, _SPLITTING)


def preparation_options(of_table: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed of how columns are prepared."""
    return chosen(of_table, _PREPARATION)


def plan_on_table(data: str, of_table: dict[str, Any], given: dict[str, Any]) -> Any:
    """Return what a sweep over a table is asked for."""
    from fnn.ensembles.presets import preset_preparation
    from fnn.ensembles.splits import splitting_of
    from fnn.sweeps.tables import plan_table

    if of_table["temperature"] is not None:
        raise InvalidSetting("temperature", of_table["temperature"], "nothing in a sweep, which scores networks alone")
    problem = read_table_problem(data, of_table, given)
    preset = of_table["preset"] or default_preset(given)
    spec = {name: value for name, value in given.items() if name != "data"}
    asked = {name: values[0] if isinstance(values, list) else values for name, values in spec.items()}
    return plan_table(
        problem, preset=preset, splitting=splitting_of(preset, asked, splitting_options(of_table)),
        preparation=preset_preparation(preset, **preparation_options(of_table)),
        **{"seeds": SEEDS, **spec},
    )  # fmt: skip


def train_on_table(
    data: str,
    of_table: dict[str, Any],
    settings: dict[str, Any],
    run: dict[str, Any],
    out: Path | None,
    *,
    json_: bool,
    rows: bool,
    plots: bool,
) -> None:
    """Let an ensemble learn a table, show what it scores, and write its model and figures."""
    from fnn.ensembles.fit import fit_problem

    problem = read_table_problem(data, of_table, settings)
    with progress_bar("training", quiet=json_) as update:
        seeds = SEEDS if run["seeds"] is None else run["seeds"]
        fitted = fit_problem(
            problem, preset=of_table["preset"] or default_preset(settings), splitting=splitting_options(of_table),
            preparation=preparation_options(of_table), seeds=seeds, backend=run["backend"],
            threads=run["threads"], settings=settings,
            on_progress=update and (lambda now: update(*_progress(now))),
        )  # fmt: skip
    folder = writable_folder("out", out or Path(f"fnn-{PurePath(data).stem}"))
    with at_work(f"writing {folder}: the model and its figures", json_):
        written = _write(fitted, folder, plots=plots)
    _show(fitted, written, folder, json_=json_, rows=rows)


def _progress(now: Progress) -> tuple[float, int, str]:
    if now.done >= now.total:
        return now.done, now.total, f"{now.total:,} networks trained, now they are scored"
    return now.done, now.total, f"{int(now.done):,} of {now.total:,} networks, median loss {shown(now.loss)}"


def _write(fitted: "Fit", folder: Path, *, plots: bool) -> list[Path]:
    from fnn.ensembles.model_file import save_model

    written = [save_model(folder / "model.npz", fitted.model)]
    if plots:
        from fnn.plots.table import save_figures
        from fnn.report.fitted import table_figures

        written += save_figures(folder, table_figures(fitted))
    return written


def _show(fitted: "Fit", written: list[Path], folder: Path, *, json_: bool, rows: bool) -> None:
    from fnn.report import table
    from fnn.report.fitted import table_report
    from fnn.report.runs import fit_rows

    report = table_report(fitted)
    seconds = {"compile": fitted.results.compile_seconds, "train": fitted.results.seconds}
    if json_:
        document = table.document(report) | {"seconds": seconds, "files": [str(path) for path in written]}
        document |= {"rows": fit_rows(fitted.results)} if rows else {}
        echo(json.dumps(document, allow_nan=False))
        return
    for line in table.data_lines(report):
        echo(line)
    echo("")
    if rows:
        print_rows(fit_rows(fitted.results))
    print_table(table.score_columns(report), table.score_rows(report))
    echo("")
    for line in table.result_lines(report):
        echo(line)
    names = ", ".join(path.name for path in written)
    echo(f"trained in {duration(seconds['train'])}; wrote {folder}: {names}")
    echo(f"next: fnn predict {folder / 'model.npz'} --data FILE")
