"""A study read from a TOML file and checked, with the file and the line in what is wrong.

A study of one's own:

    title = "Momentum, tested"

    [base]                              # settings of every arm: those of Config, and data, points, noise, data_seed
    data = "xor"
    lr = 0.5

    [nuisance]                          # what claims should not depend on; tried with --multiverse
    hidden = ["4x4", "8x8"]
    lr = "best"                         # each arm at the rate best for it, too

    [figures.momentum]
    title = "With and without momentum"
    [[figures.momentum.arms]]
    label = "sgd"
    optimizer = "sgd"
    [[figures.momentum.arms]]
    label = "momentum"
    optimizer = "momentum"

    [[claims]]
    id = "momentum-faster"
    sentence = "Momentum solves XOR in fewer epochs."
    figure = "momentum"                 # whose arms are meant
    metric = "epochs"
    arms = ["momentum"]
    direction = "lower"
    than = ["sgd"]
    factor = 1.1                        # by a tenth at least, or it is no difference worth the name,
    margin = 0.6                        # for 6 of 10 seeds at least

A claim compares each of `arms` with each of `than`; with `direction` and no `than` each arm with the next one; with
`at_least` or `at_most` it is about the share of each arm's runs that are solved. All of its comparisons have to hold.
Metrics: solved (with `epoch`, by then), epochs (to solve), loss and accuracy (with `epoch`, there), best-loss,
roughness (with `epoch`, from there on, with `until`, up to there). The margin of solved is a difference in share; of
the others it is the share of seeds for which the one is better than the other, by `factor` (1 if not given) at least.

`[[sections]]` put figures and claims under titles; `[[findings]]` and `[[tables]]` are evidence beside the claims, see
`studies/lab.toml`. A published result is an `[[outside]]`: what its source says, as `successes` of `runs`, `at_least` a
share, or a `median`, `mean` or `harmonic_mean` of epochs; the `settings` it gives; and under `vary` named readings of
each thing that it leaves open, which are tried in every combination, see `studies/xor-literature.toml`.

A file with `[datasets.NAME]` is a study of tables: its arms learn them, and claims compare what these score on the
parts that splits hold out.

    title = "Which preset for my tables?"
    seeds = 16                          # networks of each arm on each split

    [datasets.mine]
    data = "mine.csv"                   # by its path from this file; sklearn:wine and others are scikit-learn's
    target = "price"                    # and, as `fnn train --data` has them: task, ignore, weight, groups, missing,
    missing = "mean"                    # unknown; delimiter, decimal, quote, encoding, header

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

Figures, sections and claims are as above; it has no draws, nuisance settings, findings, tables and published results.
"""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from fnn.checks import one_of, whole
from fnn.errors import InvalidSetting
from fnn.studies.model import Settings, Study, trial
from fnn.studies.parse_claims import read_claim
from fnn.studies.parse_evidence import read_finding, read_prediction_table, read_published
from fnn.studies.parse_figures import check_ids, read_figures, read_sections
from fnn.studies.parse_tables import is_table_study, read_table_study
from fnn.studies.table_model import TableStudy
from fnn.studies.toml_source import TomlTable, line_numbers
from fnn.sweeps import grid

RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
# Of data that are drawn: enough for the variance between them to be told, with 33 of 1,000 seeds on each.
DRAWS = 30

_TOP = (
    "title", "intro", "base", "nuisance", "rates", "draws", "sections", "figures", "claims", "findings", "tables",
    "outside",
)  # fmt: skip


def shipped() -> dict[str, Path]:
    """Return the studies that come with the package, by name."""
    paths = [Path(str(entry)) for entry in files("fnn.studies").iterdir()]
    return {path.stem: path for path in sorted(paths) if path.suffix == ".toml"}


def load(study: str | Path) -> Study | TableStudy:
    """Read a shipped study by name, or one's own from a file whose name ends in .toml.

    Raises InvalidSetting for a name there is not, and for what is wrong in a file, with its line.
    """
    if isinstance(study, (str, Path)) and str(study).endswith(".toml"):
        return read(Path(study))
    paths = shipped()
    try:
        return read(paths[one_of("study", str(study), paths)])
    except InvalidSetting as error:
        if error.name != "study":
            raise
        raise InvalidSetting("study", str(study), f"{error.expected}, or a file that ends in .toml") from None


def read(path: Path, name: str = "") -> Study | TableStudy:
    """Read a study file; with data sets in it, of tables, which are read too.

    Raises InvalidSetting, with the line, for what it cannot be.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidSetting("study", str(path), f"a study's TOML file ({error})") from error
    top, name = TomlTable(path.name, line_numbers(text), (), values), name or path.stem
    return read_table_study(top, name, path.parent) if is_table_study(values) else parse(top, name)


def parse(top: TomlTable, name: str) -> Study:
    """Return the study of a file's topmost table."""
    top.refuse_other_keys(_TOP)
    base = dict(top.table("base").values)
    with top.table("base").locating():
        trial({"data": "linear", **base})
    nuisance = _nuisance(top.table("nuisance"), base)
    figures = read_figures(top.table("figures"), base)
    for key in ("claims", "findings", "tables", "outside"):
        check_ids(top.tables(key))
    claims = tuple(read_claim(entry, figures, base, nuisance) for entry in top.tables("claims"))
    published = tuple(read_published(entry, base) for entry in top.tables("outside"))
    if not (claims or published):
        top.fail("claims", None, "at least one claim, or one published result under [[outside]]")
    return Study(
        name=name,
        file=top.file,
        title=top.get("title", str),
        intro=top.get("intro", str, ""),
        sections=read_sections(top, figures, [claim.id for claim in claims]),
        figures=figures,
        claims=claims,
        findings=tuple(read_finding(entry, figures, base) for entry in top.tables("findings")),
        tables=tuple(read_prediction_table(entry, base) for entry in top.tables("tables")),
        published=published,
        nuisance=nuisance,
        rates=_rates(top, base),
        draws=_draws(top),
    )


def _nuisance(table: TomlTable, base: Settings) -> dict[str, list[Any]]:
    """Return the values of each nuisance setting; of lr, `best` is the rate that is best for each arm."""
    levels = {}
    for key, values in table.values.items():
        with table.locating(key):
            one_of("setting", key, grid.NAMES)
            levels[key] = values if isinstance(values, list) else [values]
            if not levels[key]:
                raise InvalidSetting(key, values, "at least one value")
            for value in levels[key]:
                if (key, value) != ("lr", "best"):
                    trial({"data": "linear", **base, key: value})
    return levels


def _draws(top: TomlTable) -> int:
    draws = top.get("draws", int, DRAWS)
    with top.locating("draws"):
        return whole(1)("draws", draws)


def _rates(top: TomlTable, base: Settings) -> tuple[float, ...]:
    rates = top.get("rates", list, list(RATES))
    if not rates:
        top.fail("rates", rates, "at least one learning rate")
    for rate in rates:
        with top.locating("rates"):
            trial({"data": "linear", **base, "lr": rate})
    return tuple(rates)
