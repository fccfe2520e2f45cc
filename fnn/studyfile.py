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
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from fnn import grid
from fnn.claims import Arm, Claim, Figure, Study, Table, trial
from fnn.errors import InvalidSetting, one_of
from fnn.metrics import METRICS, Measure, measure
from fnn.positions import At, positions

RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
KINDS = ("curves", "accuracy", "schedule", "answers")
# How a published time may sum up its runs.
TIMES = ("median", "mean", "harmonic_mean")
FINDING_KINDS = ("text", "rows", "labels", "arms", "place")

_TOP = (
    "title", "intro", "base", "nuisance", "rates", "sections", "figures", "claims", "findings", "tables", "outside",
)  # fmt: skip
_FIGURE = ("title", "kind", "alt", "caption", "settings", "arms")
_CLAIM = (
    "id", "sentence", "figure", "metric", "epoch", "until", "arms", "than", "direction", "at_least", "at_most",
    "margin", "factor", "nuisance", "settings", "note",
)  # fmt: skip
_FINDING = (
    "id", "title", "text", "kind", "figure", "arms", "columns", "rows", "printed", "value", "factor", "settings",
)  # fmt: skip
_OUTSIDE = (
    "id", "title", "source", "what", "open", "successes", "runs", "at_least", *TIMES, "settings", "vary",
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
    findings = tuple(_finding(entry, figures, base) for entry in top.each("findings"))
    tables = tuple(_prediction_table(entry, base) for entry in top.each("tables"))
    outside = tuple(_outside(entry, base) for entry in top.each("outside"))
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


def _distinct(entries: Sequence[At]) -> None:
    seen: set[str] = set()
    for entry in entries:
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


def _arms(at: At, settings: Table) -> tuple[Arm, ...]:
    """Return the arms listed in a table as tables; those of a figure, of a finding."""
    arms = tuple(_arm(entry, settings) for entry in at.each("arms"))
    labels = [arm.label for arm in arms]
    for k, (entry, label) in enumerate(zip(at.each("arms"), labels, strict=True)):
        if label in labels[:k]:
            entry.fail("label", label, "a label of its own")
    return arms


def _arm(at: At, settings: Table) -> Arm:
    label = at.get("label", str)
    own = {key: value for key, value in at.table.items() if key != "label"}
    arm = Arm(label, {**settings, **own})
    with at.checking():
        _ = arm.trial
    return arm


def _settings(at: At, base: Table) -> dict[str, Any]:
    settings = {**base, **at.inside("settings").table}
    with at.inside("settings").checking():
        trial({"data": "linear", **settings})
    return settings


def _figure(at: At, key: str, base: Table) -> Figure:
    at.known(_FIGURE)
    arms = _arms(at, _settings(at, base))
    if not arms:
        at.fail("arms", [], f"at least one arm, under [[figures.{key}.arms]]")
    title, kind = at.get("title", str), at.choice("kind", KINDS, "curves")
    return Figure(key, title, kind, at.get("alt", str, ""), at.get("caption", str, ""), arms)


def _named(at: At, key: str, figure: Figure | None, settings: Table) -> list[Arm]:
    """Return the arms that a claim lists: labels of its figure's, or tables of its own."""
    found = []
    for k, entry in enumerate(at.get(key, list, [])):
        if isinstance(entry, dict):
            found.append(_arm(at._replace(place=(*at.place, key, k), table=entry), settings))
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
    settings = _settings(at, base)
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
    entries = top.each("sections")
    if not entries:
        everything = {"figures": list(figures), "claims": [claim.id for claim in claims]}
        return ({"id": "claims", "title": "Claims", "text": "", **everything},) if claims else ()
    found = []
    for at in entries:
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


def _finding(at: At, figures: Mapping[str, Figure], base: Table) -> dict[str, Any]:
    at.known(_FINDING)
    kind = at.choice("kind", FINDING_KINDS, "text")
    found = {key: at.get(key, str) for key in ("id", "title", "text")} | {"kind": kind, "at": at.where()}
    found["figure"] = at.choice("figure", figures) if "figure" in at.table else None
    found["columns"], found["rows"] = at.get("columns", list, []), at.get("rows", list, [])
    if kind in ("arms", "place"):
        found["arms"] = _arms(at, _settings(at, base))
        if not found["arms"]:
            at.fail("arms", [], "at least one arm, under [[findings.arms]]")
    if kind == "labels":
        found["arm"] = Arm(at.get("title", str), _settings(at, base))
        found["printed"] = at.get("printed", list)
    if kind == "place":
        found["value"] = float(at.get("value", (int, float)))
        found["factor"] = float(at.get("factor", (int, float), 1.0))
    return found


def _prediction_table(at: At, base: Table) -> dict[str, Any]:
    at.known(("id", "title", "kind", "settings"))
    at.choice("kind", ("predictions",), "predictions")
    title = at.get("title", str)
    return {"id": at.get("id", str), "title": title, "arm": Arm(title, _settings(at, base))}


def _outside(at: At, base: Table) -> dict[str, Any]:
    """Return a published result with the arms that try it: one for each reading of what its source leaves open."""
    at.known(_OUTSIDE)
    found: dict[str, Any] = {key: at.get(key, str) for key in ("id", "title", "source", "what")}
    found["open"] = at.get("open", str, "")
    for key in ("successes", "runs"):
        found[key] = at.get(key, int) if key in at.table else None
    successes, runs = found["successes"], found["runs"]
    if (successes is None) != (runs is None) or (runs is not None and not (0 <= successes <= runs and runs)):
        at.fail("successes", successes, "a number of successes among `runs`")
    found["at_least"] = at.get("at_least", (int, float)) if "at_least" in at.table else None
    if found["at_least"] is not None and not 0 < found["at_least"] <= 1:
        at.fail("at_least", found["at_least"], "a share above 0 and at most 1")
    told = [name for name in TIMES if name in at.table]
    if len(told) > 1:
        at.fail(told[1], at.table[told[1]], f"one of {', '.join(TIMES)}, not two")
    found["statistic"] = told[0].replace("_", " ") if told else "median"
    found["time"] = at.get(told[0], (int, float)) if told else None
    if found["time"] is not None and not 1 <= found["time"] < math.inf:
        at.fail(told[0], found["time"], "a finite number of epochs, at least 1")
    if found["runs"] is None and found["at_least"] is None and found["time"] is None:
        at.fail("runs", None, f"what was published: successes among runs, at_least, or {', '.join(TIMES)}")
    settings = _settings(at, base)
    found["arms"] = [_tried(at, readings, settings) for readings in product(*_axes(at.inside("vary")))]
    return found


class Reading(NamedTuple):
    """One way to read what a source leaves open; at: the table of these ways."""

    at: At
    name: str
    settings: Table


def _axes(vary: At) -> list[list[Reading]]:
    """Return the readings of each thing left open."""
    expected = 'readings by name, such as "weights ±0.5" = { init_scale = 0.5 }'
    axes = []
    for key, readings in vary.table.items():
        if not (isinstance(readings, dict) and readings):
            vary.fail(key, readings, expected)
        at = vary.inside(key)
        for name, settings in readings.items():
            if not isinstance(settings, dict):
                at.fail(name, settings, expected)
        axes.append([Reading(at, name, settings) for name, settings in readings.items()])
    return axes


def _tried(at: At, readings: Sequence[Reading], settings: Table) -> Arm:
    """Return the arm of one reading of each thing left open, with the line of the reading in what is wrong with it."""
    own = {name: value for reading in readings for name, value in reading.settings.items()}
    arm = Arm(", ".join(reading.name for reading in readings) or "as published", {**settings, **own})
    try:
        _ = arm.trial
    except InvalidSetting as error:
        said = error.got if error.name == "setting" else error.name
        where = next(((r.at, r.name) for r in readings if said in r.settings), (at, "vary" if readings else ""))
        with where[0].checking(where[1]):
            raise
    return arm
