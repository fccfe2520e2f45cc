"""The table of outcomes: a row for each seed, for who listens to the page and for who looks for a number."""

from collections.abc import Iterator, Sequence

import numpy as np

from fnn.formats import number
from fnn.play.outcomes import outcome_word
from fnn.play.recording import Recording
from fnn.report.markup import Html, element, fragment


def outcome_table(recordings: Sequence[Recording]) -> Html:
    """Return the table, failures first; a seed is a link that opens its networks."""
    heads = [
        element("th", f"{recording.name}: {word}" if recording.name else word.capitalize(), scope="col")
        for recording in recordings
        for word in ("outcome", "loss", "accuracy")
    ]
    return element(
        "table",
        element("caption", "What became of each network, failures first. A seed opens its network above."),
        element("thead", element("tr", element("th", "Seed", scope="col"), *heads)),
        element("tbody", *_rows(recordings)),
    )


def _rows(recordings: Sequence[Recording]) -> Iterator[Html]:
    seeds = recordings[0].results.seeds
    solved = sum(recording.results.solved.astype(int) for recording in recordings)
    for k in np.argsort(solved, kind="stable").tolist():
        cells = fragment(*(cell for recording in recordings for cell in _cells(recording, k)))
        link = element("a", str(seeds[k]), href=f"#seed={seeds[k]}")
        yield element("tr", element("th", link, scope="row"), cells)


def _cells(recording: Recording, k: int) -> Iterator[Html]:
    results = recording.results
    yield element("td", outcome_word(recording, k))
    yield element("td", loss_text(results.loss[k]))
    yield element("td", number(float(results.score[k])))


def loss_text(value: float) -> str:
    """Return a loss with three digits; where it is no longer finite, that it is not."""
    if not np.isfinite(value):
        return "not finite"
    return number(value)
