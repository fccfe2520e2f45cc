"""Studies: claims as data, each tested over many seeds, with a verdict and what it rests on.

A study is a TOML file: settings all runs share, arms that change some of them, figures of arms, and claims.

    title = "Does momentum help?"
    [base]                                  # what `fnn train` takes; the rest by itself
    data = "xor"
    optimizer = "sgd"
    lr = 1.0
    [arms.plain]
    [arms.heavy]
    optimizer = "momentum"
    lr = 0.1
    [[sections]]
    id = "momentum"
    title = "Momentum"
    [[figures]]
    id = "curves"
    section = "momentum"
    title = "With momentum and without"
    arms = ["plain", "heavy"]
    [[claims]]
    id = "heavy-first"
    section = "momentum"
    sentence = "Momentum solves XOR in fewer epochs."
    metric = "epochs to solve"              # see METRICS
    arm = "heavy"                           # is better (a lower loss, fewer epochs, a larger share) than each of
    against = ["plain"]
    margin = 0.55                           # of probability: less than this is not worth the name
    nuisance = ["init", "hidden"]           # settings under whose levels it should hold, see [nuisance]
    [nuisance]
    init = ["normal", "xavier"]
    hidden = ["4x4", "8x8"]

Arms share seeds, so comparisons are paired: the probability that a seed's run is better, or the difference of the
shares solved. A claim is supported where the whole 95% interval lies beyond its margin, on its side, and its p-value
survives Holm's correction over the study; refuted where the whole interval lies short of the margin; else undecided.
Under the combinations of its nuisance settings it may turn out mixed.
"""

import json
import math
import re
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn import grid, stats, store
from fnn.config import SEED
from fnn.errors import InvalidSetting, one_of
from fnn.files import replacing
from fnn.schedules import SCHEDULES
from fnn.stats import Comparison
from fnn.train import Results, train

Array = NDArray[np.float64]

ALPHA = 0.05
# Seeds of each cell of a multiverse, and those on which an arm's own best rate is found, apart from all others.
CELL_SEEDS, TUNING = 100, 2**40
# Fields of each table of a study file, with the kinds they may have.
FIELDS: dict[str, dict[str, Any]] = {
    "study": {"title": str, "intro": str, "base": dict, "arms": dict, "sections": list, "figures": list,
              "claims": list, "nuisance": dict, "findings": list},
    "sections": {"id": str, "title": str, "text": str},
    "figures": {"id": str, "section": str, "title": str, "arms": list, "kind": str, "alt": str},
    "claims": {"id": str, "section": str, "sentence": str, "metric": str, "epoch": int, "arm": str, "against": list,
               "margin": float, "least": float, "nuisance": list, "figure": str, "note": str, "worse": bool},
    "findings": {"id": str, "title": str, "text": str, "columns": list, "rows": list},
}  # fmt: skip
KINDS = ("learning curves", "learning rates")


# ---- metrics: a number a run, the lower the better; infinity where there is none ----


def late_roughness(results: Results) -> Array:
    """Return how much the loss still rises from epoch to epoch over the last fifth, in factors of ten an epoch: (S,).

    Falls do not count: a curve that falls all the time is smooth, however steep.
    """
    late = results.loss_curve[:, -max(2, results.loss_curve.shape[1] // 5) :].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        rises = np.maximum(np.diff(np.log10(late), axis=1), 0).mean(axis=1)
    return np.where(np.isfinite(rises), rises, np.inf)


def epochs_to_solve(results: Results) -> Array:
    """Return the epochs after which accuracy stays 1, infinite if it does not: (S,)."""
    return np.where(results.solved, results.epochs_to_solve, np.inf)


METRICS: dict[str, Callable[[Results, int], Array]] = {
    "solved": lambda results, _: np.where(results.solved, 0.0, np.inf),
    "epochs to solve": lambda results, _: epochs_to_solve(results),
    "final loss": lambda results, _: stats.worst(results.loss),
    "loss at epoch": lambda results, epoch: stats.worst(results.loss_curve[:, epoch]),
    "accuracy at epoch": lambda results, epoch: 1.0 - results.accuracy_curve[:, epoch].astype(np.float64),
    "late roughness": lambda results, _: late_roughness(results),
}
LOSSES_COMPARED = ("final loss", "loss at epoch", "late roughness")


# ---- the file ----


class Study(NamedTuple):
    """A study file, read and checked. where: what errors call it; text: for the lines they name."""

    name: str
    where: str
    text: str
    table: dict[str, Any]

    def error(self, got: object, expected: str, word: str) -> InvalidSetting:
        """Return the error about a word of the file, with its line."""
        lines = self.text.splitlines()
        place = next(
            (k for k, line in enumerate(lines, 1) if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", line)), 1
        )
        return InvalidSetting("study", got, f"{expected} ({self.where}, line {place})")


def shipped() -> list[str]:
    """Return the names of the studies that come with the package."""
    return sorted(
        Path(entry.name).stem for entry in files("fnn").joinpath("studies").iterdir() if entry.name.endswith(".toml")
    )


def load(name: str | Path) -> Study:
    """Read a study that comes with the package, by its name, or a file.

    Raises InvalidSetting for a file that is not there or no TOML, and, with the file's line, for unknown keys, arms,
    metrics and settings.
    """
    path = Path(name)
    try:
        source = files("fnn").joinpath("studies", f"{name}.toml") if str(name) in shipped() else path
        text = source.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        words = f"a TOML file, or one of {', '.join(shipped())} ({error})"
        raise InvalidSetting("study", str(name), words) from error
    study = Study(path.stem, str(name), text, table)
    _check(study)
    return study


def _check(study: Study) -> None:
    table = study.table
    _fields(study, table, "study")
    for kind in ("sections", "figures", "claims", "findings"):
        for entry in table.get(kind, ()):
            _fields(study, entry, kind)
    for needed in ("title", "arms", "claims"):
        if needed not in table:
            raise InvalidSetting("study", study.where, f"{needed} in it")
    for name in table["arms"]:
        arm(study, name)
    named = {kind: [entry.get("id") for entry in table.get(kind, ())] for kind in ("sections", "figures", "claims")}
    for entry in table.get("figures", ()):
        _known(study, entry.get("kind", KINDS[0]), KINDS)
        for name in entry.get("arms", ()):
            _known(study, name, table["arms"])
    for claim in table["claims"]:
        for needed in ("id", "sentence", "metric", "arm", "section"):
            if needed not in claim:
                raise study.error(claim.get("id", "a claim"), f"{needed} in it", str(claim.get("id", "[[claims]]")))
        _known(study, claim["metric"], METRICS)
        _known(study, claim["section"], named["sections"])
        for name in (claim["arm"], *claim.get("against", ())):
            _known(study, name, table["arms"])
        if "figure" in claim:
            _known(study, claim["figure"], named["figures"])
        for name in claim.get("nuisance", ()):
            _known(study, name, table.get("nuisance", {}))
        if ("least" in claim) == bool(claim.get("against")) or ("least" in claim and claim["metric"] != "solved"):
            raise study.error(claim["id"], "arms to compare with, or for `solved` the least share", claim["id"])
        _comparable(study, claim)


def _fields(study: Study, entry: Mapping[str, Any], kind: str) -> None:
    for name, value in entry.items():
        _known(study, name, FIELDS[kind])
        wanted = FIELDS[kind][name]
        if not isinstance(value, (int, float) if wanted is float else wanted):
            raise study.error(value, f"{name} as a {wanted.__name__}", name)


def _known(study: Study, name: Any, names: Any) -> None:
    try:
        one_of("study", name, names)
    except InvalidSetting as error:
        raise study.error(error.got, error.expected, str(name)) from None


def _comparable(study: Study, claim: Mapping[str, Any]) -> None:
    """Refuse to compare losses of different kinds by their values."""
    kinds = {
        (a.config.loss, a.config.output == "identity")
        for a in (arm(study, n) for n in (claim["arm"], *claim.get("against", ())))
    }
    if claim["metric"] in LOSSES_COMPARED and len({loss for loss, _ in kinds}) > 1:
        raise study.error(claim["metric"], "a metric that different losses share, such as epochs to solve", claim["id"])


def arm(study: Study, name: str, **changes: Any) -> grid.Arm:
    """Return an arm's samples and settings: the base's, its own over them, and changes over both."""
    settings = {**study.table.get("base", {}), **study.table["arms"][name], **changes}
    settings.pop("label", None)
    try:
        (found,) = grid.arms(settings)
    except InvalidSetting as error:
        word = error.got if error.name == "setting" else error.name
        raise study.error(error.got, f"{error.name}: {error.expected}", str(word)) from None
    except ValueError:
        raise study.error(name, "one value for each setting of an arm", name) from None
    return found


def label(study: Study, name: str) -> str:
    """Return what an arm is called."""
    return str(study.table["arms"][name].get("label", name))


# ---- runs, kept as numbers ----


class Measured(NamedTuple):
    """One arm over S seeds. metrics: (S,) under each (name, epoch); curves: quartiles of the loss, (3, E + 1)."""

    metrics: dict[tuple[str, int], Array]
    summary: dict[str, Any]
    curves: Array


@dataclass
class Bench:
    """Trains arms, each once, and keeps what claims ask of them."""

    study: Study
    threads: int | None = None
    wanted: dict[str, set[int]] = field(default_factory=dict)
    kept: dict[tuple[str, int, int], Measured] = field(default_factory=dict)
    on_run: Callable[[int], None] = lambda _networks: None

    def measure(self, chosen: grid.Arm, seed: int, seeds: int) -> Measured:
        """Return an arm's runs of so many seeds, from this one on."""
        place = (store.key(chosen, "numba"), seed, seeds)
        if place not in self.kept:
            results = train(
                chosen.config, chosen.samples.x, chosen.samples.y, seeds=range(seed, seed + seeds), threads=self.threads
            )
            self.on_run(seeds)
            self.kept[place] = self._measured(results)
        return self.kept[place]

    def _measured(self, results: Results) -> Measured:
        last = results.curve_epochs[-1]
        metrics = {}
        for name, function in METRICS.items():
            for epoch in self.wanted.get(name, ()):
                metrics[name, epoch] = function(results, min(epoch, int(last)))
        return Measured(metrics, _summary(results), stats.quantiles(results.loss_curve, [0.25, 0.5, 0.75]))


def _summary(results: Results) -> dict[str, Any]:
    solved = int(results.solved.sum())
    low, high = stats.wilson(solved, len(results))
    epochs = stats.spread(results.epochs_to_solve[results.solved])
    loss = stats.median_interval(results.loss)
    return {
        "runs": len(results),
        "solved": solved / len(results),
        "solved_low": low,
        "solved_high": high,
        "epochs": {"median": epochs.median, "q25": epochs.q25, "q75": epochs.q75} if epochs else None,
        "loss": {"median": finite(loss.estimate), "low": finite(loss.low), "high": finite(loss.high)},
        "diverged": int((results.diverged >= 0).sum()),
    }


def finite(value: float) -> float | None:
    """Return the number, None for what JSON does not know."""
    return float(value) if math.isfinite(value) else None


# ---- verdicts ----


class Effect(NamedTuple):
    """What was found: the comparison, what no effect would be, and the least worth the name."""

    found: Comparison
    null: float
    margin: float
    against: str | None


def effects(claim: Mapping[str, Any], measured: Mapping[str, Measured]) -> list[Effect]:
    """Return the effect of the claim's arm against each of the others."""
    name = claim["metric"], claim.get("epoch", 0)
    own = measured[claim["arm"]].metrics[name]
    if "least" in claim:
        solved, runs = int(np.isfinite(own).sum()), len(own)
        from scipy.stats import binomtest

        p = float(binomtest(solved, runs, claim["least"], alternative="greater").pvalue)
        return [Effect(Comparison(solved / runs, *stats.wilson(solved, runs), p), 0.0, claim["least"], None)]
    turned = bool(claim.get("worse"))
    found = []
    for other in claim["against"]:
        a, b = (own, measured[other].metrics[name]) if not turned else (measured[other].metrics[name], own)
        if claim["metric"] == "solved":
            compared = stats.share_difference(np.isfinite(a), np.isfinite(b))
            found.append(Effect(compared, 0.0, claim.get("margin", 0.02), other))
        else:
            found.append(Effect(stats.improvement(a, b), 0.5, claim.get("margin", 0.55), other))
    return found


def verdict(effect: Effect, p: float) -> str:
    """Return what one effect says of its claim. p: corrected for the study's other claims."""
    if effect.found.low > effect.margin and p < ALPHA:
        return "supported"
    return "refuted" if effect.found.high < effect.margin else "undecided"


def joined(verdicts: Sequence[str]) -> str:
    """Return the verdict on a claim about several comparisons: all have to hold."""
    return next((word for word in ("refuted", "undecided") if word in verdicts), "supported")


def weakest(found: Sequence[Effect]) -> Effect:
    """Return the effect that decides: the one whose interval ends lowest above its margin."""
    return min(found, key=lambda effect: effect.found.low - effect.margin)


# ---- a study, run ----


def run(
    study: Study,
    seeds: int = 1000,
    seed: int = SEED,
    threads: int | None = None,
    multiverse: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, Any], dict[str, Measured]]:
    """Train all arms, test all claims; return the document, and what was measured of each arm.

    The document is plain data: see `fnn/page.py`. on_progress hears of networks done, and of how many there are.
    """
    claims = {claim["id"]: claim for claim in study.table["claims"]}
    wanted: dict[str, set[int]] = {}
    for claim in claims.values():
        wanted.setdefault(claim["metric"], set()).add(claim.get("epoch", 0))
    began = time.perf_counter()
    cells = {key: list(_cells(study, claim)) if multiverse else [] for key, claim in claims.items()}
    arms = len(study.table["arms"])
    total = arms * seeds + sum(len(cells[k]) * CELL_SEEDS * (1 + len(c.get("against", ()))) for k, c in claims.items())
    done = 0

    def on_run(networks: int) -> None:
        nonlocal done
        done += networks
        if on_progress:
            on_progress(done, max(total, done))

    bench = Bench(study, threads, wanted, on_run=on_run)
    measured = {name: bench.measure(arm(study, name), seed, seeds) for name in study.table["arms"]}
    found = {key: effects(claim, measured) for key, claim in claims.items()}
    everything = [(key, k) for key, several in found.items() for k in range(len(several))]
    adjusted = stats.holm([found[key][k].found.p for key, k in everything])
    corrected = {place: float(p) for place, p in zip(everything, adjusted, strict=True)}
    documents = {}
    for key, claim in claims.items():
        several = found[key]
        words = [verdict(effect, corrected[key, k]) for k, effect in enumerate(several)]
        decisive = weakest(several)
        p_holm = corrected[key, several.index(decisive)]
        many = _multiverse(study, claim, cells[key], bench, seed + seeds) if cells[key] else None
        documents[key] = _claim_document(study, claim, decisive, joined(words), p_holm, measured, many, seeds)
    counts = {
        word: sum(d["verdict"] == word for d in documents.values())
        for word in ("supported", "refuted", "mixed", "undecided")
    }
    return {
        "name": study.name,
        "title": study.table["title"],
        "intro": study.table.get("intro", ""),
        "seeds": {"first": seed, "count": seeds},
        "command": f"fnn study {study.where} --seeds {seeds}" + " --multiverse" * multiverse,
        "multiverse": multiverse,
        "seconds": time.perf_counter() - began,
        "versions": store.versions(threads),
        "counts": counts,
        "sections": [
            {
                "id": section["id"],
                "title": section["title"],
                "text": section.get("text", ""),
                "figures": [f["id"] for f in study.table.get("figures", ()) if f.get("section") == section["id"]],
                "claims": [key for key, claim in claims.items() if claim["section"] == section["id"]],
            }
            for section in study.table.get("sections", ())
        ],
        "figures": {},
        "claims": documents,
        "findings": [
            {
                "id": f["id"],
                "title": f["title"],
                "text": f["text"],
                "table": {"columns": f["columns"], "rows": f["rows"]} if "rows" in f else None,
                "figure": None,
            }
            for f in study.table.get("findings", ())
        ],
        "tables": [],
        "outside": [],
    }, measured


def _claim_document(
    study: Study, claim: Mapping[str, Any], effect: Effect, word: str, p_holm: float,
    measured: Mapping[str, Measured], many: dict[str, Any] | None, seeds: int,
) -> dict[str, Any]:  # fmt: skip
    compared, metric = effect.found, _metric_words(claim)
    depends = many.pop("depends_on") if many else []
    if many and many["supported"] and many["refuted"] and depends:
        word = "mixed"
    return {
        "sentence": claim["sentence"],
        "verdict": word,
        "words": _words(study, claim, effect, metric, seeds),
        "metric": metric,
        "effect_name": "share solved"
        if effect.against is None
        else "difference in share solved"
        if claim["metric"] == "solved"
        else "probability of improvement",
        "effect": compared.effect,
        "low": compared.low,
        "high": compared.high,
        "null": effect.null,
        "margin": effect.margin,
        "p": compared.p,
        "p_holm": p_holm,
        "arms": [{"label": label(study, n), **measured[n].summary} for n in (claim["arm"], *claim.get("against", ()))],
        "depends_on": depends,
        "seeds_needed": stats.seeds_needed(compared, seeds, effect.margin) if word == "undecided" else None,
        "figure": claim.get("figure"),
        "command": command(study, (claim["arm"], *claim.get("against", ())), seeds),
        "multiverse": many,
        "note": claim.get("note", ""),
    }


def _metric_words(claim: Mapping[str, Any]) -> str:
    return f"{claim['metric']} {claim['epoch']}" if "epoch" in claim else str(claim["metric"])


def _words(study: Study, claim: Mapping[str, Any], effect: Effect, metric: str, seeds: int) -> str:
    found, own = effect.found, label(study, claim["arm"])
    between = f"95% interval {found.low:.1%} to {found.high:.1%}"
    if effect.against is None:
        return f"{own} solves {found.effect:.1%} of {seeds:,} seeds ({between}); the claim needs {effect.margin:.0%}."
    other = label(study, effect.against)
    first, second = (own, other) if not claim.get("worse") else (other, own)
    least = f"less than {effect.margin:.0%} is not worth the name."
    if claim["metric"] == "solved":
        return f"{first} solves {found.effect:+.1%} of seeds more than {second} ({between}); {least}"
    share = f"{found.effect:.1%} of {seeds:,} seeds, ties by half"
    return f"{first} is better than {second} in {metric} for {share} ({between}); {least}"


def command(study: Study, names: Sequence[str], seeds: int) -> str:
    """Return the sweep that trains these arms, as far as one command can: settings that differ become alternatives."""
    base, own = study.table.get("base", {}), [study.table["arms"][name] for name in names]
    settings: dict[str, list[str]] = {}
    for name in dict.fromkeys(key for table in (base, *own) for key in table if key != "label"):
        values = [table.get(name, base.get(name)) for table in own]
        settings[name] = list(dict.fromkeys(str(value) for value in values if value is not None))
    options = " ".join(f"--{name.replace('_', '-')} {','.join(values)}" for name, values in settings.items())
    return f"fnn sweep {options} --seeds {seeds} --out {study.name}.db"


# ---- the multiverse ----


def _cells(study: Study, claim: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each combination of levels of the claim's nuisance settings."""
    names = claim.get("nuisance", ())
    if names:
        for levels in product(*(study.table["nuisance"][name] for name in names)):
            yield dict(zip(names, levels, strict=True))


def _multiverse(
    study: Study, claim: Mapping[str, Any], cells: Sequence[dict[str, Any]], bench: Bench, seed: int
) -> dict[str, Any]:
    """Return the verdicts of a claim under each combination of its nuisance settings, and what they depend on."""
    names = (claim["arm"], *claim.get("against", ()))
    words = []
    for cell in cells:
        measured = {name: bench.measure(_under(study, name, cell, bench, claim), seed, CELL_SEEDS) for name in names}
        words.append(joined([verdict(effect, effect.found.p) for effect in effects(claim, measured)]))
    kinds = ("supported", "refuted", "undecided")
    by = {
        name: {
            str(level): {
                kind: sum(w == kind and c[name] == level for c, w in zip(cells, words, strict=True)) for kind in kinds
            }
            for level in study.table["nuisance"][name]
        }
        for name in claim["nuisance"]
    }
    counts = {kind: words.count(kind) for kind in kinds}
    return {"cells": len(cells), **counts, "by": by, "depends_on": _depends(by)}


def _under(study: Study, name: str, cell: Mapping[str, Any], bench: Bench, claim: Mapping[str, Any]) -> grid.Arm:
    """Return an arm under a combination; settings the arm itself is about stay as they are.

    The level `best` of lr is the rate, of those listed in `[nuisance] rates`, that serves the arm best: by its median
    of the claim's metric, over seeds that nothing else uses.
    """
    own = study.table["arms"][name]
    changes = {key: value for key, value in cell.items() if key not in own and not (key == "lr" and value != "best")}
    if cell.get("lr") == "best":
        changes.pop("lr", None)
        rates = study.table["nuisance"].get("rates", [0.01, 0.03, 0.1, 0.3, 1.0])
        if "lr" not in own:
            tried = [arm(study, name, **changes, lr=rate) for rate in rates]
            scores = [_score(bench.measure(a, TUNING, CELL_SEEDS // 2), claim) for a in tried]
            return tried[int(np.argmin(scores))]
    return arm(study, name, **changes)


def _score(measured: Measured, claim: Mapping[str, Any]) -> float:
    values = measured.metrics[claim["metric"], claim.get("epoch", 0)]
    share = np.isfinite(values).mean()
    middle = float(np.median(values[np.isfinite(values)])) if share else math.inf
    return -share * 1e6 + min(middle, 1e5) if claim["metric"] in ("solved", "epochs to solve") else middle


def _depends(by: Mapping[str, Mapping[str, Mapping[str, int]]]) -> list[str]:
    """Return the settings whose levels tell supported from refuted beyond chance: Fisher's exact test, by Holm."""
    from scipy.stats import chi2_contingency

    names, p = [], []
    for name, levels in by.items():
        table = np.array([[counts["supported"], counts["refuted"]] for counts in levels.values()])
        table = table[table.sum(axis=1) > 0]
        if len(table) > 1 and (table.sum(axis=0) > 0).all():
            names.append(name)
            p.append(float(chi2_contingency(table, correction=False).pvalue))
    return [name for name, value in zip(names, stats.holm(p), strict=True) if value < ALPHA]


# ---- figures and files ----


def draw(study: Study, entry: Mapping[str, Any], measured: Mapping[str, Measured], seeds: int) -> Any:
    """Return the figure of an entry of [[figures]]: its arms' learning curves, or their learning rates."""
    from matplotlib.figure import Figure

    from fnn.charts import COLORS, LINES, bands

    figure = Figure(figsize=(7.6, 4.2), layout="constrained")
    ax = figure.subplots()
    for k, name in enumerate(entry["arms"]):
        color, line, shown = COLORS[k % len(COLORS)], LINES[k % len(LINES)], label(study, name)
        if entry.get("kind", KINDS[0]) == KINDS[1]:
            config = arm(study, name).config
            epochs = np.arange(config.epochs)
            rates = np.broadcast_to(SCHEDULES[config.scheduler](epochs, config.epochs, config), epochs.shape)
            ax.plot(epochs, rates, color=color, linestyle=line, label=shown)
        else:
            levels = measured[name].curves
            bands(ax, np.arange(levels.shape[1]), np.where(np.isfinite(levels), levels, np.nan), color, line, shown)
    if entry.get("kind", KINDS[0]) == KINDS[1]:
        ax.set_ylabel("learning rate")
        title = entry["title"]
    else:
        ax.set_yscale("log", nonpositive="mask")
        ax.set_ylabel("loss")
        title = f"{entry['title']}\nmedian and quartiles of {seeds:,} runs an arm"
    ax.set_xlabel("epoch")
    figure.suptitle(title, fontsize=10.5)
    figure.legend(loc="outside lower center", ncols=min(4, len(entry["arms"])), columnspacing=1.4)
    return figure


def save(study: Study, document: dict[str, Any], measured: Mapping[str, Measured], folder: Path) -> list[Path]:
    """Write the figures, verdicts.json and index.html into the folder; return the files. Fills document["figures"]."""
    import matplotlib as mpl

    from fnn.page import page
    from fnn.plots import STYLE

    written = []
    with mpl.rc_context(STYLE):
        for entry in study.table.get("figures", ()):
            path = folder / f"{entry['id']}.png"
            figure = draw(study, entry, measured, document["seeds"]["count"])
            with replacing(path) as part:
                figure.savefig(part)
            width, height = (round(inches * mpl.rcParams["savefig.dpi"]) for inches in figure.get_size_inches())
            document["figures"][entry["id"]] = {
                "title": entry["title"],
                "alt": entry.get("alt", entry["title"]),
                "caption": f"{document['seeds']['count']:,} runs an arm, from seed {document['seeds']['first']}.",
                "file": path.name,
                "width": width,
                "height": height,
            }
            written.append(path)
    for name, text in (("verdicts.json", json.dumps(document, indent=1, allow_nan=False)), ("index.html", None)):
        path = folder / name
        with replacing(path) as part:
            part.write_text(page(document, folder) if text is None else text, encoding="utf-8")
        written.append(path)
    return written
