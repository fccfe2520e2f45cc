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
`at_least` or `at_most` it is about the share of each arm's runs that are solved, or whose metric is `above` a value:
that a loss may oscillate is `metric = "roughness"`, `above = 0.01`, `at_least = 0.1`. All of its comparisons have to
hold.
Metrics: solved (with `epoch`, by then), epochs (to solve), loss and accuracy (with `epoch`, there), best-loss,
roughness (with `epoch`, from there on, with `until`, up to there). The margin of solved is a difference in share; of
the others it is the share of seeds for which the one is better than the other, by `factor` (1 if not given) at least.

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
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from fnn.checks import one_of, whole
from fnn.errors import InvalidSetting
from fnn.report.document import SectionDocument
from fnn.studies.model import Claim, Figure, Settings, Study, trial
from fnn.studies.parse_arms import read_arms, read_settings
from fnn.studies.parse_claims import read_claim
from fnn.studies.parse_evidence import check_joint_readings, read_finding, read_prediction_table, read_published
from fnn.studies.toml_source import TomlTable, line_numbers
from fnn.sweeps import grid

RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
# Of data that are drawn: enough for the variance between them to be told, with 33 of 1,000 seeds on each.
DRAWS = 30
FIGURE_KINDS = ("curves", "accuracy", "schedule", "answers", "final")

_TOP = (
    "title", "intro", "base", "nuisance", "rates", "draws", "sections", "figures", "claims", "findings", "tables",
    "outside",
)  # fmt: skip
_FIGURE = ("title", "kind", "alt", "caption", "mark", "settings", "arms")


def shipped() -> dict[str, Path]:
    """Return the studies that come with the package, by name."""
    paths = [Path(str(entry)) for entry in files("fnn.studies").iterdir()]
    return {path.stem: path for path in sorted(paths) if path.suffix == ".toml"}


def load(study: str | Path) -> Study:
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


def read(path: Path, name: str = "") -> Study:
    """Read a study file. Raises InvalidSetting, with the line, for what it cannot be."""
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidSetting("study", str(path), f"a study's TOML file ({error})") from error
    return parse(TomlTable(path.name, line_numbers(text), (), values), name or path.stem)


def parse(top: TomlTable, name: str) -> Study:
    """Return the study of a file's topmost table."""
    top.refuse_other_keys(_TOP)
    base = dict(top.table("base").values)
    with top.table("base").locating():
        trial({"data": "linear", **base})
    nuisance = _nuisance(top.table("nuisance"), base)
    figures = _figures(top.table("figures"), base)
    for key in ("claims", "findings", "tables", "outside"):
        _check_ids(top.tables(key))
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
        sections=_sections(top, figures, claims),
        figures=figures,
        claims=claims,
        findings=tuple(read_finding(entry, figures, base) for entry in top.tables("findings")),
        tables=tuple(read_prediction_table(entry, base) for entry in top.tables("tables")),
        published=published,
        nuisance=nuisance,
        rates=_rates(top, base),
        draws=_draws(top),
    )


def _check_ids(entries: Sequence[TomlTable]) -> None:
    ids: set[str] = set()
    for entry in entries:
        if (key := entry.line("id")) in ids:
            entry.fail("id", key, "an id of its own")
        ids.add(key)


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


def _figures(table: TomlTable, base: Settings) -> dict[str, Figure]:
    for key in table.values:
        # A file is named after it.
        if not key.isprintable() or re.search(r"[/\\]|^$", key) or len(key.encode()) > 200:
            table.fail(key, key, "a name that a file may have: printable, short, without / and \\")
    return {key: _figure(table.table(key), key, base) for key in table.values}


def _figure(table: TomlTable, key: str, base: Settings) -> Figure:
    table.refuse_other_keys(_FIGURE)
    arms = read_arms(table, read_settings(table, base))
    if not arms:
        table.fail("arms", [], f"at least one arm, under [[figures.{key}.arms]]")
    kind = table.choice("kind", FIGURE_KINDS, "curves")
    mark = table.number("mark") if "mark" in table.values else None
    if mark is not None and not (kind == "final" and mark > 0):
        table.fail("mark", mark, "a loss above 0, in a figure of kind final")
    texts = {name: table.get(name, str, "") for name in ("alt", "caption")}
    return Figure(key, table.get("title", str), kind, **texts, arms=arms, mark=mark)


def _sections(top: TomlTable, figures: Mapping[str, Figure], claims: Sequence[Claim]) -> tuple[SectionDocument, ...]:
    """Return the sections; without any, one that holds everything."""
    ids = [claim.id for claim in claims]
    if not top.tables("sections"):
        everything = SectionDocument(id="claims", title="Claims", text="", figures=list(figures), claims=ids)
        return (everything,) if claims else ()
    _check_ids(top.tables("sections"))
    sections = tuple(_section(table, list(figures), ids) for table in top.tables("sections"))
    for claim, table in zip(claims, top.tables("claims"), strict=True):
        if not any(claim.id in section["claims"] for section in sections):
            table.fail("id", claim.id, "an id that a section lists under claims")
    return sections


def _section(table: TomlTable, figures: Sequence[str], claims: Sequence[str]) -> SectionDocument:
    table.refuse_other_keys(("id", "title", "text", "figures", "claims"))
    for key, names in (("figures", figures), ("claims", claims)):
        for entry in table.get(key, list, []):
            with table.locating(key):
                one_of(key, entry, names)
    return {
        "id": table.line("id"),
        "title": table.get("title", str),
        "text": table.get("text", str, ""),
        "figures": table.get("figures", list, []),
        "claims": table.get("claims", list, []),
    }
