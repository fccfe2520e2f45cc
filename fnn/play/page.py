"""The page: words, the script and what it is given, in one file that asks for nothing else."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files

from fnn.config import Config
from fnn.formats import setting
from fnn.play.frames import Fidelity
from fnn.play.outcomes import paired, solved
from fnn.play.payload import payload
from fnn.play.points import Points
from fnn.play.recording import Recording
from fnn.play.table import outcome_table
from fnn.report.markup import Html, element

# In the order in which they are read; together they are one script.
SCRIPTS = ("network", "course", "colors", "maps", "wall", "chart", "answer", "diagram", "numbers", "address", "main")
SPEEDS = (("0.25", "¼×"), ("0.5", "½×"), ("1", "1×"), ("2", "2×"), ("4", "4×"))


def page(points: Points, recordings: Sequence[Recording], fidelity: Fidelity) -> str:
    """Return the HTML of a page that plays how these networks learnt these points."""
    compared = len(recordings) > 1
    given = payload(points, recordings, fidelity).replace("<", "\\u003c")
    body = [
        element("a", "Skip to the table of outcomes", class_="skip", href="#outcomes"),
        element("header", *_header(points, recordings)),
        element("noscript", element("p", "The networks are drawn by the script inside this page, which is off.")),
        _controls(compared),
        element("main", _wall(recordings), _side(), _table(recordings), class_="compared" if compared else None),
        element("script", Html(given), type="application/json", id="given"),
        element("script", _script()),
    ]
    return f"<!DOCTYPE html>\n{element('html', _head(points, recordings), element('body', *body), lang='en')}\n"


def _head(points: Points, recordings: Sequence[Recording]) -> Html:
    policy = f"default-src 'none'; img-src data:; script-src '{_hash(_script())}'; style-src '{_hash(_style())}'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("link", rel="icon", href="data:,"),
        element("title", f"{len(recordings[0].results):,} networks on {points.title}"),
        element("style", _style()),
    )


def _script() -> Html:
    parts = (files("fnn.play").joinpath(f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    return Html('(() => {\n"use strict";\n' + "".join(parts) + "})();\n")


def _style() -> Html:
    return Html(files("fnn.play").joinpath("page.css").read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


# ---- words ----


def _header(points: Points, recordings: Sequence[Recording]) -> Iterator[Html]:
    runs = len(recordings[0].results)
    yield element("h1", _headline(points, recordings))
    only = "" if runs == 1 else ", and nothing else differs between them"
    yield element(
        "p",
        f"Each square is one network’s answer over the plane as it learns {points.title}. A network starts from random "
        f"weights, which its seed fixes{only}. Solved: from some epoch (a pass over all points) on, to the end, it "
        "answers every point rightly. Choose a network to see inside it.",
        class_="intro",
    )
    for recording in recordings:
        name = element("b", f"{recording.name}: ") if recording.name else None
        yield element("p", name, settings_words(recording.config, points), class_="settings")


def _headline(points: Points, recordings: Sequence[Recording]) -> str:
    counts = [solved(recording) for recording in recordings]
    runs = counts[0].runs
    if len(counts) > 1:
        both = " and ".join(f"{count.solved:,} with {count.name}" for count in counts)
        return f"The same {runs:,} seeds twice: {both} learn {points.title}"
    (count,) = counts
    if runs == 1:
        return f"One network that {'learns' if count.solved else 'does not learn'} {points.title}"
    if count.solved in (0, runs):
        return f"{runs:,} networks: {'all of them learn' if count.solved else 'none of them learns'} {points.title}"
    failed = runs - count.solved
    learn, do = "learns" if count.solved == 1 else "learn", "does" if failed == 1 else "do"
    return f"{runs:,} networks, equal but for luck: {count.solved:,} {learn} {points.title}, {failed:,} {do} not"


def settings_words(config: Config, points: Points) -> str:
    """Return what all networks of a setting have alike."""
    hidden = f"hidden layers {setting(config.hidden).replace('x', '×')}" if config.hidden else "no hidden layer"
    parts = [
        f"{len(points.x):,} points", hidden, config.activation.replace("x", "×") if config.hidden else "",
        f"output {config.output}", f"loss {config.loss}", config.optimizer, f"lr {setting(config.lr)}",
        f"{config.scheduler} schedule", f"{config.epochs:,} epochs",
        f"batches of {config.batch_size:,}" if config.batch_size else "",
        f"dropout {setting(config.dropout)}" if config.dropout else "",
    ]  # fmt: skip
    return " · ".join(part for part in parts if part)


# ---- parts ----


def _controls(compared: bool) -> Html:
    sorts = [("outcome", "failures first" if not compared else "which succeed"), ("seed", "seed")]
    slider = element("input", type="range", id="frame", min="0", max="1", step="1", value="0", aria_label="Epoch")
    return element(
        "section",
        element("button", "Play", type="button", id="play", aria_keyshortcuts="Space"),
        element("label", element("span", "Epoch", class_="word"), slider, class_="slider"),
        element("output", "", id="epoch", for_="frame"),
        element("output", "", id="so-far"),
        element("label", "Speed ", _choice("speed", SPEEDS, "1")),
        element("label", "Order ", _choice("sort", sorts, "outcome")),
        class_="controls",
        aria_label="Time and order",
    )


def _choice(name: str, options: Sequence[tuple[str, str]], chosen: str) -> Html:
    return element(
        "select",
        *(element("option", word, value=value, selected="" if value == chosen else None) for value, word in options),
        id=name,
    )


def _wall(recordings: Sequence[Recording]) -> Html:
    keys = "Arrows choose a network, Space plays, ← and → elsewhere step through epochs, Escape closes."
    compared = (
        element(
            "p", f"In each pair left {recordings[0].name}, right {recordings[1].name}. ", *_counts(recordings),
            class_="pairs",
        )
        if len(recordings) > 1
        else None
    )  # fmt: skip
    return element(
        "section",
        element("h2", "The networks", class_="unseen"),
        compared,
        element("div", id="wall", role="listbox", tabindex="0", aria_label="Networks, one for each seed"),
        element("p", element("span", id="legend"), class_="note"),
        element("p", keys, class_="note keys"),
        class_="networks",
    )


def _counts(recordings: Sequence[Recording]) -> Iterator[str]:
    count, (first, second) = paired(recordings), (recording.name for recording in recordings)
    yield f"Solved by both {count.both:,}, by {first} alone {count.only_first:,}, "
    yield f"by {second} alone {count.only_second:,}, by neither {count.neither:,}."


def _side() -> Html:
    return element(
        "div",
        element("section", element("h2", "Their losses"), element("div", id="losses"), _lines(), class_="losses"),
        element("section", element("h2", "", id="chosen-head"), element("div", id="inside"), id="chosen", hidden=""),
        class_="side",
    )


def _lines() -> Html:
    lines = ("solved", "solved"), ("failed", "not solved"), ("median", "median"), ("band", "middle half")
    keys = [element("span", element("span", class_=f"sample {kind}"), word, class_="key") for kind, word in lines]
    chosen = element("span", element("span", class_="sample chosen"), "chosen", class_="key")
    return element("p", *keys, chosen, class_="note")


def _table(recordings: Sequence[Recording]) -> Html:
    return element(
        "details",
        element("summary", "Table of outcomes"),
        element("div", outcome_table(recordings), class_="scroll", tabindex="0", role="region", aria_label="Outcomes"),
        id="outcomes",
    )
