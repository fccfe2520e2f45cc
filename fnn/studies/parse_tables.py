"""A study of tables, read from the same file format as other studies: data sets and splits beside arms and claims."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fnn.checks import one_of, whole
from fnn.data.dialect import Form
from fnn.data.packaged import is_packaged, packaged_table, packaged_target
from fnn.data.split import Splitting, check_splitting
from fnn.ensembles.presets import SEEDS
from fnn.ensembles.problem import Problem, Roles, read_problem
from fnn.errors import InvalidSetting
from fnn.stats.scores import SCORES
from fnn.studies.model import Figure, Settings
from fnn.studies.parse_arms import CheckSettings, read_settings
from fnn.studies.parse_claims import compared_pairs, listed_arms
from fnn.studies.parse_figures import check_ids, read_figures, read_sections
from fnn.studies.table_model import (
    DEFAULT,
    DIFFERENCE,
    ENSEMBLE,
    IMPROVEMENT,
    MEAN,
    MEMBERS,
    MIDDLE,
    Dataset,
    TableClaim,
    TableStudy,
    setup,
)
from fnn.studies.toml_source import TomlTable

# The splits of each data set by themselves: two repeats, as the signs of five splits could not decide anything.
FOLDS, REPEATS = 5, 2

_TOP = ("title", "intro", "seeds", "datasets", "splits", "base", "sections", "figures", "claims")
_SPLITS = ("folds", "repeats", "split_seed")
_DATASET = ("data", *Roles._fields, *Form._fields)
_CLAIM = (
    "id", "sentence", "figure", "metric", "of", "effect", "normalized", "aggregate", "datasets", "arms", "than",
    "margin", "settings", "note",
)  # fmt: skip
# Whether a score's differences are in the units of what is learnt.
_IN_UNITS = ("rmse", "mae")


def is_table_study(values: Mapping[str, Any]) -> bool:
    """Return whether the file is of a study of tables."""
    return "datasets" in values


def read_table_study(top: TomlTable, name: str, folder: Path) -> TableStudy:
    """Return the study of tables of a file's topmost table. folder: from which data sets have their paths.

    Raises InvalidSetting, with the line, for what it cannot be, and for tables that cannot be read.
    """
    top.refuse_other_keys(_TOP)
    splitting = _splitting(top.table("splits"))
    datasets = _datasets(top.table("datasets"), folder)
    if not datasets:
        top.fail("datasets", {}, "at least one data set, under [datasets.NAME]")

    def check(settings: Settings) -> None:
        for dataset in datasets.values():
            setup(settings, dataset, splitting)

    base = top.table("base").values
    with top.table("splits").locating():
        check({})
    with top.table("base").locating():
        check(base)
    figures = read_figures(top.table("figures"), base, ("scores",), check)
    check_ids(top.tables("claims"))
    claims = tuple(_claim(entry, figures, base, datasets, check) for entry in top.tables("claims"))
    if not claims:
        top.fail("claims", None, "at least one claim")
    return TableStudy(
        name=name,
        file=top.file,
        title=top.get("title", str),
        intro=top.get("intro", str, ""),
        sections=read_sections(top, figures, [claim.id for claim in claims]),
        figures=figures,
        claims=claims,
        datasets=datasets,
        splitting=splitting,
        seeds=_seeds(top),
    )


def _seeds(top: TomlTable) -> int:
    seeds = top.get("seeds", int, SEEDS)
    with top.locating("seeds"):
        return whole(2)("seeds", seeds)


def _splitting(table: TomlTable) -> Splitting:
    table.refuse_other_keys(_SPLITS)
    given = {"folds": FOLDS, "repeats": REPEATS, **table.values}
    with table.locating():
        return check_splitting(Splitting(**given))


# ---- data sets ----


def _datasets(table: TomlTable, folder: Path) -> dict[str, Dataset]:
    return {key: _dataset(table.table(key), key, folder) for key in table.values}


def _dataset(table: TomlTable, key: str, folder: Path) -> Dataset:
    table.refuse_other_keys(_DATASET)
    source = table.line("data")
    if key.splitlines() != [key]:
        table.fail(key, key, "a name in one line")
    with table.locating():
        problem = _problem(table, source, folder)
    return Dataset(key, source, problem)


def _problem(table: TomlTable, source: str, folder: Path) -> Problem:
    roles = {name: _checked(table, name) for name in Roles._fields if name in table.values}
    form = Form(**{name: _checked(table, name) for name in Form._fields if name in table.values})
    if is_packaged(source):
        roles.setdefault("target", packaged_target(source))
        return read_problem(packaged_table(source), Roles(**roles))
    if "target" not in roles:
        raise InvalidSetting("target", None, "the column to learn, by name or place (-1 is the last)")
    path = folder / source
    if not path.is_file():
        raise InvalidSetting("data", source, "a file that is there, by its path from the study's file, or sklearn:NAME")
    return read_problem(path, Roles(**roles), form)


_KINDS: dict[str, Any] = {"target": (str, int, list), "ignore": (str, int, list), "header": bool}


def _checked(table: TomlTable, name: str) -> Any:
    kinds = _KINDS.get(name, str)
    value = table.values[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
        table.fail(name, value, "true or false" if kinds is bool else "text" if kinds is str else "names or places")
    return value


# ---- claims ----


def _claim(
    table: TomlTable,
    figures: Mapping[str, Figure],
    base: Settings,
    datasets: Mapping[str, Dataset],
    check: CheckSettings,
) -> TableClaim:
    """Return a claim, its arms with its settings over those of the figure's arms."""
    table.refuse_other_keys(_CLAIM)
    figure = figures[table.choice("figure", figures)] if "figure" in table.values else None
    settings = read_settings(table, base, check)
    first, than = (listed_arms(table, key, figure, settings, check) for key in ("arms", "than"))
    if not first:
        table.fail("arms", [], "at least one arm")
    if not than and len(first) < 2:
        table.fail("than", [], "arms to compare with")
    changes = table.table("settings").values
    effect = table.choice("effect", (DIFFERENCE, IMPROVEMENT), DIFFERENCE)
    names = _names(table, datasets)
    metric = _metric(table, [datasets[name] for name in names])
    return TableClaim(
        id=table.line("id"),
        sentence=table.get("sentence", str),
        figure=figure.id if figure else None,
        metric=metric,
        of=_of(table, effect),
        effect=effect,
        normalized=_normalized(table, metric, effect, [datasets[name] for name in names]),
        aggregate=_aggregate(table, effect),
        datasets=names,
        arms=tuple(arm.under(changes) for arm in (*first, *than)),
        pairs=compared_pairs(table, len(first), len(than)),
        margin=_margin(table, effect),
        note=table.get("note", str, ""),
    )


def _names(table: TomlTable, datasets: Mapping[str, Dataset]) -> tuple[str, ...]:
    names = table.get("datasets", list, list(datasets))
    if not names:
        table.fail("datasets", [], "at least one data set")
    for name in names:
        with table.locating("datasets"):
            one_of("data set", name, datasets)
    return tuple(dict.fromkeys(names))


def _metric(table: TomlTable, datasets: Sequence[Dataset]) -> str:
    """Return the score that is compared, of use for every data set."""
    word = table.get("metric", str, DEFAULT).replace("-", "_")
    with table.locating("metric"):
        metric = one_of("metric", word, (DEFAULT, *SCORES))
    for dataset in datasets:
        if metric != DEFAULT and dataset.task not in SCORES[metric].tasks:
            of_use = ", ".join(name for name, score in SCORES.items() if dataset.task in score.tasks)
            expected = f"one of {of_use}: the task of data set {dataset.name} is {dataset.task}; "
            table.fail("metric", metric, f"{expected}or `datasets` without it")
    return metric


def _of(table: TomlTable, effect: str) -> str:
    of = table.choice("of", (ENSEMBLE, MEMBERS), MEMBERS if effect == IMPROVEMENT else ENSEMBLE)
    if effect == IMPROVEMENT and of == ENSEMBLE:
        table.fail("of", of, f"{MEMBERS}, with effect {IMPROVEMENT}: of a split there is one ensemble")
    return of


def _normalized(table: TomlTable, metric: str, effect: str, datasets: Sequence[Dataset]) -> bool:
    normalized: bool = table.get("normalized", bool, False)
    if effect == IMPROVEMENT and normalized:
        table.fail("normalized", True, f"none of it with effect {IMPROVEMENT}, which has no unit")
    tasks = {dataset.task == "regression" for dataset in datasets}
    in_units = metric in _IN_UNITS or (metric == DEFAULT and True in tasks)
    if len(datasets) > 1 and in_units and not normalized and effect == DIFFERENCE:
        expected = f"true, or effect {IMPROVEMENT}: differences of {metric} are in other units on other data sets"
        table.fail("normalized", False, expected)
    return normalized


def _aggregate(table: TomlTable, effect: str) -> str:
    aggregate = table.choice("aggregate", (MEAN, MIDDLE), MEAN)
    if effect == IMPROVEMENT and aggregate == MIDDLE:
        table.fail("aggregate", aggregate, f"{MEAN}, with effect {IMPROVEMENT}")
    return aggregate


def _margin(table: TomlTable, effect: str) -> float:
    """Return the smallest effect worth the name: a difference in the score's unit, or a probability."""
    margin = float(table.number("margin"))
    if effect == IMPROVEMENT and not 0.5 < margin < 1:
        table.fail("margin", margin, "a probability above 0.5 and below 1")
    if effect == DIFFERENCE and not margin > 0:
        table.fail("margin", margin, "a difference above 0, the smallest worth the name")
    return margin
