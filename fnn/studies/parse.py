"""A study read from a TOML file and checked, with the file and the line in what is wrong.

A study of one's own:

    title = "Momentum, tested"

    [base]                              # settings of every arm: those of Config, and data, points, noise, data_seed
    data = "xor"
    lr = 0.5

    [nuisance]                          # what claims should not depend on; tried with --multiverse
    hidden = ["4x4", "8x8"]
    lr = "best"                         # each arm at the rate best for it, too
    as_coded = [                        # settings that go together, under a name; labels may be left out
      {label = "as published"},
      {label = "as coded", bias_correction = "first", epsilon_place = "inside"},
    ]

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
    alternatives = [{factor = 1.5}, {metric = "loss", epoch = 50}]    # measured otherwise, with --multiverse

A claim compares each of `arms` with each of `than`; with `direction` and no `than` each arm with the next one; with
`at_least` or `at_most` it is about the share of each arm's runs that are solved, or whose metric is `above` a value:
that a loss may oscillate is `metric = "roughness"`, `above = 0.01`, `at_least = 0.1`. All of its comparisons have to
hold.
Metrics: solved (with `epoch`, by then), epochs (to solve), loss and accuracy (with `epoch`, there), best-loss,
roughness (with `epoch`, from there on, with `until`, up to there). The margin of solved is a difference in share; of
the others it is the share of seeds for which the one is better than the other, by `factor` (1 if not given) at least.

The multiverse tries every combination of the levels in `[nuisance]` (or of the axes among them that a claim lists as
its `nuisance`) with the claim's measure and each of its `alternatives`; settings in which the claim's arms differ stay
as they are. An alternative has `metric`, `epoch`, `until`, `factor`, `margin`, `direction`, `at_least` or `at_most` in
place of the claim's, or other arms that are as fair (`arms`, `than`), and a `label` if it likes. With another metric,
`epoch` and `until` are its own; so are the margin where it is of another kind, and the direction where better is the
other way. For settings that go together a panel lists the claims whose verdict turns with them.

`[[sections]]` put figures and claims under titles; `[[findings]]` and `[[tables]]` are evidence beside the claims, see
`studies/lab.toml`.

A published result is an `[[outside]]`, see `studies/xor-literature.toml`. What its source says: `successes` of `runs`,
or a `share` of runs whose number is not told, or `at_least` a share; a `median`, `mean` or `harmonic_mean` of epochs,
`rounded_to` so many where the last digit written says otherwise, of `runs` where their successes are not told; the
`range` of the successes' epochs, [fastest, slowest]. The `settings` it gives. And under `vary` named readings of each
thing that it leaves open, which are tried in every combination. Results with the same `source_id` are of one program:
what has the same name under `vary` is one question, with one answer for all of them.

    [[outside]]
    id = "batch"
    title = "2-2-1, all patterns at once"
    source = "A paper (1988)"
    what = "2-2-1 network, rate 0.5, momentum 0.9: 24 of 25 runs, 540 epochs on average."
    open = "The range of the first weights."
    successes = 24
    runs = 25
    mean = 540
    settings = { data = "xor4", hidden = "2", optimizer = "momentum", lr = 0.25, stop_max_error = 0.1, epochs = 5000 }
    [outside.vary.start]
    "weights ±0.5" = { init = "uniform", init_scale = 0.5 }
    "weights ±1" = { init = "uniform", init_scale = 1.0 }

A file with `[datasets.NAME]` is a study of tables: its arms learn them, and claims compare what these score on what
splits hold out. Its figures, sections and claims are as here; for the rest see the head of `parse_tables`.
"""

import tomllib
from importlib.resources import files
from pathlib import Path

from fnn.checks import one_of, whole
from fnn.errors import InvalidSetting
from fnn.studies.model import Settings, Study, trial
from fnn.studies.parse_claims import read_claim
from fnn.studies.parse_evidence import check_joint_readings, read_finding, read_prediction_table, read_published
from fnn.studies.parse_figures import check_ids, read_figures, read_sections
from fnn.studies.parse_nuisance import read_nuisance
from fnn.studies.parse_tables import is_table_study, read_table_study
from fnn.studies.table_model import TableStudy
from fnn.studies.toml_source import TomlTable, line_numbers

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
        why = getattr(error, "strerror", None) or error
        raise InvalidSetting("study", str(path), f"a study's TOML file ({why})") from error
    top, name = TomlTable(path.name, line_numbers(text), (), values), name or path.stem
    return read_table_study(top, name, path.parent) if is_table_study(values) else parse(top, name)


def parse(top: TomlTable, name: str) -> Study:
    """Return the study of a file's topmost table."""
    top.refuse_other_keys(_TOP)
    base = dict(top.table("base").values)
    with top.table("base").locating():
        trial({"data": "linear", **base})
    nuisance = read_nuisance(top.table("nuisance"), base)
    figures = read_figures(top.table("figures"), base)
    for key in ("claims", "findings", "tables", "outside"):
        check_ids(top.tables(key))
    claims = tuple(read_claim(entry, figures, base, nuisance) for entry in top.tables("claims"))
    published = tuple(read_published(entry, base) for entry in top.tables("outside"))
    check_joint_readings(top.tables("outside"), published)
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
