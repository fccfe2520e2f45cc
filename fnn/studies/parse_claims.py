"""Claims of a study file: which arms are compared, in what, and by how much."""

from collections.abc import Mapping
from typing import Any

from fnn.checks import one_of
from fnn.studies.metrics import METRICS, Measure, measure
from fnn.studies.model import Alternative, Arm, Claim, Figure, Settings
from fnn.studies.parse_arms import CheckSettings, check_trial, read_arm, read_settings
from fnn.studies.toml_source import TomlTable

_CLAIM = (
    "id", "sentence", "figure", "metric", "epoch", "until", "arms", "than", "direction", "above", "at_least",
    "at_most", "margin", "factor", "nuisance", "settings", "note", "alternatives",
)  # fmt: skip
# What an alternative may have in place of the claim's: where arms are compared, and where shares are claimed.
_MEASURED = ("metric", "epoch", "until", "arms", "than", "direction", "margin", "factor")
_SHARE = ("metric", "epoch", "until", "above", "arms", "at_least", "at_most")


def read_claim(table: TomlTable, figures: Mapping[str, Figure], base: Settings, nuisance: Settings) -> Claim:
    """Return a claim, its arms with its settings over those of the figure's arms."""
    table.refuse_other_keys(_CLAIM)
    figure = figures[table.choice("figure", figures)] if "figure" in table.values else None
    settings = read_settings(table, base)
    measured = _measure(table)
    arms, pairs = _claimed_arms(table, figure, settings)
    up, margin, factor = _margin_of_pairs(table, measured) if pairs else _margin_of_share(table, measured)
    claim = Claim(
        id=table.line("id"),
        sentence=table.get("sentence", str),
        figure=figure.id if figure else None,
        measure=measured,
        arms=arms,
        pairs=pairs,
        up=up,
        margin=margin,
        factor=factor,
        nuisance=_nuisance_names(table, nuisance),
        note=table.get("note", str, ""),
    )
    _check_arms(table, claim)
    return claim._replace(alternatives=_alternatives(table, claim, figure, settings))


def _claimed_arms(
    table: TomlTable, figure: Figure | None, settings: Settings
) -> tuple[tuple[Arm, ...], tuple[tuple[int, int], ...]]:
    """Return the arms that are listed, with the table's settings over theirs, and the places of those to compare."""
    first, than = (listed_arms(table, key, figure, settings) for key in ("arms", "than"))
    if not first:
        table.fail("arms", [], "at least one arm")
    changes = table.table("settings").values
    return tuple(arm.under(changes) for arm in (*first, *than)), _pairs(table, len(first), len(than))


def _measure(table: TomlTable) -> Measure:
    above = float(table.number("above")) if "above" in table.values else None
    with table.locating():
        name = table.get("metric", str, "solved")
        return measure(name, table.values.get("epoch"), table.values.get("until"), above)


def listed_arms(
    table: TomlTable, key: str, figure: Figure | None, settings: Settings, check: CheckSettings = check_trial
) -> list[Arm]:
    """Return the arms that a claim lists: labels of its figure's, or tables of its own."""
    arms = []
    for k, entry in enumerate(table.get(key, list, [])):
        if isinstance(entry, dict):
            arms.append(read_arm(table._replace(path=(*table.path, key, k), values=entry), settings, check))
            continue
        if figure is None:
            table.fail(key, entry, "tables of settings, or labels of a figure's arms with `figure`")
        with table.locating(key):
            labels = [arm.label for arm in figure.arms]
            arms.append(figure.arms[labels.index(one_of("arm", entry, labels))])
    return arms


def _nuisance_names(table: TomlTable, nuisance: Settings) -> tuple[str, ...]:
    names = table.get("nuisance", list, list(nuisance))
    for name in names:
        with table.locating("nuisance"):
            one_of("nuisance", name, nuisance)
    return tuple(names)


def _pairs(table: TomlTable, first: int, than: int) -> tuple[tuple[int, int], ...]:
    """Return the places of the arms to compare: each of the first with each of `than`, or with the next one."""
    if "at_least" in table.values or "at_most" in table.values:
        if than or "direction" in table.values or {"margin", "factor"} & set(table.values):
            wrong = next(key for key in ("than", "direction", "margin", "factor") if key in table.values)
            expected = "none of direction, than and margin beside at_least or at_most"
            table.fail(wrong, table.values[wrong], expected)
        return ()
    return compared_pairs(table, first, than)


def compared_pairs(table: TomlTable, first: int, than: int) -> tuple[tuple[int, int], ...]:
    """Return the places of the arms that are compared: each of the first with each of `than`, or with the next one."""
    if than:
        return tuple((a, first + b) for a in range(first) for b in range(than))
    if first < 2:
        table.fail("than", [], "arms to compare with, or at_least or at_most")
    return tuple((k, k + 1) for k in range(first - 1))


def _margin_of_pairs(table: TomlTable, measured: Measure) -> tuple[bool, float, float]:
    """Return whether the first are claimed to have more, the smallest effect worth the name, and the factor."""
    if measured.above is not None:
        table.fail("above", measured.above, "none without at_least or at_most: arms are compared by the metric itself")
    up = table.choice("direction", ("lower", "higher")) == "higher"
    low = 0.0 if measured.name == "solved" else 0.5
    margin = float(table.number("margin"))
    if not low <= margin < 1:
        table.fail("margin", margin, f"a number of at least {low:g} and below 1, with metric {measured.name}")
    factor = float(table.number("factor", 1.0))
    if not 1 <= factor < 1e9 or (factor > 1 and measured.name in ("solved", "accuracy")):
        table.fail("factor", factor, "a number of at least 1, with metrics other than solved and accuracy")
    return up, margin, factor


def _margin_of_share(table: TomlTable, measured: Measure) -> tuple[bool, float, float]:
    """Return whether the share is claimed to be at least so much, how much, and no factor."""
    if measured.name != "solved" and measured.above is None:
        table.fail("metric", measured.name, "solved, with at_least or at_most, or `above` which value a run counts")
    if measured.name == "solved" and measured.above is not None:
        table.fail("above", measured.above, "none with solved, which a run is or is not")
    if {"at_least", "at_most"} <= set(table.values):
        table.fail("at_most", table.values["at_most"], "one of at_least and at_most")
    key = "at_least" if "at_least" in table.values else "at_most"
    share = float(table.number(key))
    if not 0 < share < 1:
        table.fail(key, share, "a share above 0 and below 1")
    return key == "at_least", share, 1.0


def _check_arms(table: TomlTable, claim: Claim) -> None:
    """Refuse epochs that an arm does not get to, and to compare by value what has different units."""
    with table.locating("settings"):
        least = min(arm.trial.config.epochs for arm in claim.arms)
    for key in ("epoch", "until"):
        if (getattr(claim.measure, key) or 0) > least:
            table.fail(key, getattr(claim.measure, key), f"at most the {least} epochs of its arms")
    name = claim.measure.name
    for setting in METRICS[name].same if claim.pairs else ():
        values = {_value(arm, setting) for arm in claim.arms}
        if len(values) > 1:
            differing = " and ".join(sorted(map(str, values)))
            expected = f"epochs, accuracy or solved: the arms differ in {setting} ({differing}), and values of their "
            table.fail("metric", name, f"{expected}{name} are not comparable")


def _value(arm: Arm, name: str) -> Any:
    return arm.trial.samples.data if name == "data" else getattr(arm.trial.config, name)


# ---- other ways to measure a claim ----


def _alternatives(table: TomlTable, claim: Claim, figure: Figure | None, settings: Settings) -> tuple[Alternative, ...]:
    made: list[Alternative] = []
    for entry in table.tables("alternatives"):
        entry.refuse_other_keys(("label", *(_MEASURED if claim.pairs else _SHARE)))
        whole = entry._replace(values={**_inherited(table, entry, claim), **entry.values})
        measured = _measure(whole)
        up, margin, factor = (_margin_of_pairs if claim.pairs else _margin_of_share)(whole, measured)
        arms, pairs = _claimed_arms(whole, figure, settings)
        other = claim._replace(measure=measured, up=up, margin=margin, factor=factor, arms=arms, pairs=pairs)
        _check_arms(whole, other)
        words = _difference_in_words(other, claim)
        if not words:
            entry.fail("alternatives", dict(entry.values), "another measure than the claim's own")
        label = entry.line("label") if "label" in entry.values else words
        if label in (alternative.label for alternative in made):
            entry.fail("label", label, "a label of its own")
        made.append(Alternative(label, measured, up, margin, factor, *(() if arms == claim.arms else (arms, pairs))))
    return tuple(made)


def _inherited(table: TomlTable, entry: TomlTable, claim: Claim) -> dict[str, Any]:
    """Return what an alternative has of its claim: not what means something else with its metric."""
    own, other = claim.measure.name, entry.choice("metric", METRICS, claim.measure.name)
    names = {"settings", *(_MEASURED if claim.pairs else _SHARE)}
    if {"at_least", "at_most"} & set(entry.values):
        names -= {"at_least", "at_most"}
    if other != own:
        names -= {"metric", "epoch", "until", "above"}
        names -= {"factor"} if other in ("solved", "accuracy") else set()
        names -= {"margin"} if "solved" in (own, other) else set()
        names -= {"direction"} if METRICS[own].up != METRICS[other].up else set()
    return {name: value for name, value in table.values.items() if name in names}


def _difference_in_words(other: Claim, claim: Claim) -> str:
    """Return how an alternative differs from the claim; nothing where it does not."""
    words = [other.measure.words] if other.measure != claim.measure else []
    same_metric = other.measure.name == claim.measure.name
    if other.factor != claim.factor and (same_metric or other.factor > 1):
        words += [f"by a factor {other.factor:g}"]
    if other.margin != claim.margin or (same_metric and other.up != claim.up):
        words += [f"{'margin' if claim.pairs else 'at least' if other.up else 'at most'} {other.margin:g}"]
    if other.arms != claim.arms:
        words += [" and ".join(arm.label for arm in other.arms)]
    return ", ".join(words)
