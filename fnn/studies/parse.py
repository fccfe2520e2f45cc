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
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fnn.checks import one_of
from fnn.errors import InvalidSetting
from fnn.studies import parse_evidence as entries
from fnn.studies.metrics import METRICS, Measure, measure
from fnn.studies.model import Arm, Claim, Figure, Study, Table, trial
from fnn.studies.toml_source import At, positions
from fnn.sweeps import grid

RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
KINDS = ("curves", "accuracy", "schedule", "answers", "final")

_TOP = (
    "title", "intro", "base", "nuisance", "rates", "sections", "figures", "claims", "findings", "tables", "outside",
)  # fmt: skip
_FIGURE = ("title", "kind", "alt", "caption", "mark", "settings", "arms")
_CLAIM = (
    "id", "sentence", "figure", "metric", "epoch", "until", "arms", "than", "direction", "at_least", "at_most",
    "margin", "factor", "nuisance", "settings", "note",
)  # fmt: skip


def read(path: Path, name: str = "") -> Study:
    """Read a study file. Raises InvalidSetting, with the line, for what it cannot be."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSetting("study", str(path), f"a study's TOML file ({error})") from error
    return parse(At(path.name, positions(text), (), table), name or path.stem)


def parse(top: At, name: str) -> Study:
    """Return the study of a file's topmost table."""
    top.known(_TOP)
    base = dict(top.inside("base").table)
    with top.inside("base").checking():
        trial({"data": "linear", **base})
    nuisance = _nuisance(top, base)
    figures = {key: _figure(top.inside("figures").inside(key), key, base) for key in top.inside("figures").table}
    claims = tuple(_claim(entry, figures, base, nuisance) for entry in top.each("claims"))
    findings = tuple(entries.finding(entry, figures, base) for entry in top.each("findings"))
    tables = tuple(entries.predictions(entry, base) for entry in top.each("tables"))
    outside = tuple(entries.published(entry, base) for entry in top.each("outside"))
    for key in ("claims", "findings", "tables", "outside"):
        _distinct(top.each(key))
    if not (claims or outside):
        top.fail("claims", None, "at least one claim, or one published result under [[outside]]")
    sections = _sections(top, figures, claims)
    rates = top.get("rates", list, list(RATES))
    for rate in rates:
        with top.checking("rates"):
            trial({"data": "linear", **base, "lr": rate})
    return Study(
        name, top.file, top.get("title", str), top.get("intro", str, ""), sections, figures, claims, findings,
        tables, outside, nuisance, tuple(rates),
    )  # fmt: skip


def _distinct(listed: Sequence[At]) -> None:
    seen: set[str] = set()
    for entry in listed:
        if (key := entry.get("id", str)) in seen:
            entry.fail("id", key, "an id of its own")
        seen.add(key)


def _nuisance(top: At, base: Table) -> dict[str, list[Any]]:
    """Return the values of each nuisance setting; of lr, `best` is the rate that is best for each arm."""
    at, found = top.inside("nuisance"), {}
    for key, values in at.table.items():
        with at.checking(key):
            one_of("setting", key, grid.NAMES)
            listed = values if isinstance(values, list) else [values]
            if not listed:
                raise InvalidSetting(key, values, "at least one value")
            for value in listed:
                if (key, value) != ("lr", "best"):
                    trial({"data": "linear", **base, key: value})
        found[key] = listed
    return found


def _figure(at: At, key: str, base: Table) -> Figure:
    at.known(_FIGURE)
    arms = entries.arms(at, entries.settings_of(at, base))
    if not arms:
        at.fail("arms", [], f"at least one arm, under [[figures.{key}.arms]]")
    title, kind = at.get("title", str), at.choice("kind", KINDS, "curves")
    mark = at.get("mark", (int, float)) if "mark" in at.table else None
    if mark is not None and not (kind == "final" and 0 < mark < math.inf):
        at.fail("mark", mark, "a loss above 0, in a figure of kind final")
    return Figure(key, title, kind, at.get("alt", str, ""), at.get("caption", str, ""), arms, mark)


def _named(at: At, key: str, figure: Figure | None, settings: Table) -> list[Arm]:
    """Return the arms that a claim lists: labels of its figure's, or tables of its own."""
    found = []
    for k, entry in enumerate(at.get(key, list, [])):
        if isinstance(entry, dict):
            found.append(entries.arm(at._replace(place=(*at.place, key, k), table=entry), settings))
            continue
        if figure is None:
            at.fail(key, entry, "tables of settings, or labels of a figure's arms with `figure`")
        assert figure
        with at.checking(key):
            labels = [arm.label for arm in figure.arms]
            found.append(figure.arms[labels.index(one_of("arm", entry, labels))])
    return found


def _claim(at: At, figures: Mapping[str, Figure], base: Table, nuisance: Table) -> Claim:
    at.known(_CLAIM)
    figure = figures[at.choice("figure", figures)] if "figure" in at.table else None
    settings = entries.settings_of(at, base)
    with at.checking():
        measured = measure(at.get("metric", str, "solved"), at.table.get("epoch"), at.table.get("until"))
    first, than = (_named(at, key, figure, settings) for key in ("arms", "than"))
    own = at.inside("settings").table
    arms = tuple(arm.under(own) for arm in (*first, *than))
    if not first:
        at.fail("arms", [], "at least one arm")
    names = at.get("nuisance", list, list(nuisance))
    for setting in names:
        with at.checking("nuisance"):
            one_of("nuisance", setting, nuisance)
    pairs = _pairs(at, len(first), len(than))
    up, margin, factor = _margin(at, measured, bool(pairs))
    claim = Claim(
        at.get("id", str), at.get("sentence", str), figure.id if figure else None, measured, arms, pairs, up, margin,
        factor, tuple(names), at.get("note", str, ""),
    )  # fmt: skip
    _check_epochs(at, claim)
    if pairs:
        _comparable(at, claim)
    return claim


def _pairs(at: At, first: int, than: int) -> tuple[tuple[int, int], ...]:
    if "at_least" in at.table or "at_most" in at.table:
        if than or "direction" in at.table or {"margin", "factor"} & set(at.table):
            wrong = next(key for key in ("than", "direction", "margin", "factor") if key in at.table)
            at.fail(wrong, at.table[wrong], "none of direction, than and margin beside at_least or at_most")
        return ()
    if than:
        return tuple((a, first + b) for a in range(first) for b in range(than))
    if first < 2:
        at.fail("than", [], "arms to compare with, or at_least or at_most")
    return tuple((k, k + 1) for k in range(first - 1))


def _margin(at: At, measured: Measure, compared: bool) -> tuple[bool, float, float]:
    """Return whether the claim is about more of its metric, the smallest effect worth the name, and the factor."""
    if compared:
        up = at.choice("direction", ("lower", "higher")) == "higher"
        low = 0.0 if measured.name == "solved" else 0.5
        margin = float(at.get("margin", (int, float)))
        if not low <= margin < 1:
            at.fail("margin", margin, f"a number of at least {low:g} and below 1, with metric {measured.name}")
        factor = float(at.get("factor", (int, float), 1.0))
        if not 1 <= factor < 1e9 or (factor > 1 and measured.name in ("solved", "accuracy")):
            at.fail("factor", factor, "a number of at least 1, with metrics other than solved and accuracy")
        return up, margin, factor
    if measured.name != "solved":
        at.fail("metric", measured.name, "solved, with at_least or at_most")
    key = "at_least" if "at_least" in at.table else "at_most"
    if {"at_least", "at_most"} <= set(at.table):
        at.fail("at_most", at.table["at_most"], "one of at_least and at_most")
    share = float(at.get(key, (int, float)))
    if not 0 < share < 1:
        at.fail(key, share, "a share above 0 and below 1")
    return key == "at_least", share, 1.0


def _check_epochs(at: At, claim: Claim) -> None:
    least = min(arm.trial.config.epochs for arm in claim.arms)
    for key in ("epoch", "until"):
        if (getattr(claim.measure, key) or 0) > least:
            at.fail(key, getattr(claim.measure, key), f"at most the {least} epochs of its arms")


def _comparable(at: At, claim: Claim) -> None:
    """Refuse to compare by value what has different units."""
    for name in METRICS[claim.measure.name].same:
        values = {_value(arm, name) for arm in claim.arms}
        if len(values) > 1:
            said = " and ".join(sorted(map(str, values)))
            at.fail(
                "metric", claim.measure.name,
                f"epochs, accuracy or solved: the arms differ in {name} ({said}), and values of their "
                f"{claim.measure.name} are not comparable",
            )  # fmt: skip


def _value(arm: Arm, name: str) -> Any:
    return arm.trial.samples.data if name == "data" else getattr(arm.trial.config, name)


def _sections(top: At, figures: Mapping[str, Figure], claims: Sequence[Claim]) -> tuple[dict[str, Any], ...]:
    """Return the sections; without any, one that holds everything."""
    listed = top.each("sections")
    if not listed:
        everything = {"figures": list(figures), "claims": [claim.id for claim in claims]}
        return ({"id": "claims", "title": "Claims", "text": "", **everything},) if claims else ()
    found = []
    for at in listed:
        at.known(("id", "title", "text", "figures", "claims"))
        for key, names in (("figures", list(figures)), ("claims", [claim.id for claim in claims])):
            for entry in at.get(key, list, []):
                with at.checking(key):
                    one_of(key, entry, names)
        found.append(
            {
                **{key: at.get(key, str) for key in ("id", "title")},
                "text": at.get("text", str, ""),
                **{key: at.get(key, list, []) for key in ("figures", "claims")},
            }
        )
    for claim, at in zip(claims, top.each("claims"), strict=True):
        if not any(claim.id in section["claims"] for section in found):
            at.fail("id", claim.id, "an id that a section lists under claims")
    return tuple(found)
