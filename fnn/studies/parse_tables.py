"""A study of tables, read from the same file format as other studies: data sets and splits beside arms and claims.

    title = "Which preset for my tables?"
    seeds = 16                          # networks of each arm on each split

    [datasets.mine]
    data = "mine.csv"                   # by its path from this file; sklearn:wine and others are scikit-learn's
    target = "price"                    # and, as `fnn train --data` has them: task, ignore, weight, groups, missing,
    missing = "mean"                    # unknown, constant; delimiter, decimal, quote, encoding, header; where the
                                        # base has an image, columns of one value are kept: they are pixels

    [splits]                            # of every data set
    folds = 5
    repeats = 2
    split_seed = 0

    [base]                              # settings of every arm: preset, scaling, smooth_clip, class_weight, validation,
    preset = "table"                    # and those of Config

    [figures.presets]
    title = "Two presets"
    arms = [{label = "table"}, {label = "plain", preset = "plain"}]

    [[claims]]
    id = "table-better"
    sentence = "The preset for tables answers better than the plain one."
    figure = "presets"
    arms = ["table"]
    than = ["plain"]
    metric = "log_loss"                 # log_loss, accuracy, brier, auc, rmse, mae, r2; default: that of each task
    of = "ensemble"                     # of the seeds of a split; or members: their mean
    effect = "difference"               # of scores, in their unit; or improvement: the probability that a network of
                                        # the one scores better than one of the other, of which 0.5 is no difference
    normalized = false                  # true: 0 is an answer that knows no inputs, 1 the best there can be
    aggregate = "mean"                  # over data sets; or interquartile-mean, of all scores of each arm
    datasets = ["mine"]                 # by itself all of them
    margin = 0.01                       # the smallest difference worth the name; as much on either side of none is no
                                        # difference

Figures, sections and claims are as in `parse`. There are no draws, nuisance settings, findings, tables and published
results.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fnn.checks import one_of, whole
from fnn.data.split import Splitting, check_splitting
from fnn.ensembles.presets import SEEDS
from fnn.ensembles.problem import default_roles
from fnn.stats.scores import SCORES
from fnn.studies.model import Figure, Settings
from fnn.studies.parse_arms import CheckSettings, read_settings
from fnn.studies.parse_claims import compared_pairs, listed_arms
from fnn.studies.parse_datasets import read_datasets
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
    base = top.table("base").values
    datasets = read_datasets(top.table("datasets"), folder, default_roles(base))
    if not datasets:
        top.fail("datasets", {}, "at least one data set, under [datasets.NAME]")

    def check(settings: Settings) -> None:
        for dataset in datasets.values():
            setup(settings, dataset, splitting)

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
