"""Words of verdicts as a page shows them: of each a class for the style sheet, a mark, and what it means.

A word may have spaces, a class may not: whoever draws a verdict asks here.
"""

from collections.abc import Iterable
from typing import NamedTuple

from fnn.report.markup import Html, element


class Mark(NamedTuple):
    """A verdict's class, what its mark is drawn of, on a square of 16, and what it means."""

    name: str
    shape: Html
    meaning: str = ""


def _cut(frame: str, path: str) -> Html:
    return Html(f'{frame}<path class="cut" d="{path}"/>')


_DISC, _SQUARE = '<circle cx="8" cy="8" r="7.2"/>', '<path d="M1 1h14v14H1z"/>'
_RING = '<circle class="ring" cx="8" cy="8" r="6.4"/>'

# Each has a shape of its own, and is recognized without colour: a disc is yes, a square no, a ring neither.
CLAIMS = {
    "supported": Mark(
        "supported",
        _cut(_DISC, "M4.4 8.4l2.5 2.5 4.8-5.4"),
        "The effect is as claimed, and beyond the smallest one worth the name.",
    ),
    "reversed": Mark(
        "reversed",
        _cut(_SQUARE, "M12.4 8H4.6M8 4.2L4.2 8 8 11.8"),
        "Not as claimed: there is an effect, and it goes the other way.",
    ),
    "no difference": Mark(
        "no-difference",
        _cut(_SQUARE, "M4 6h8M4 10h8"),
        "Not as claimed: if there is an effect at all, it is short of the smallest one worth the name.",
    ),
    "too small": Mark(
        "too-small",
        Html(f'{_SQUARE}<path class="hole" d="M5.9 5.9h4.2v4.2H5.9z"/>'),
        "Not as claimed: the effect goes the way claimed, but is short of the smallest one worth the name.",
    ),
    "falls short": Mark(
        "falls-short",
        _cut(_SQUARE, "M3.8 4.4h8.4M8 12.4V7.6"),
        "Not as claimed: the share of runs is not what the claim says it is.",
    ),
    "undecided": Mark(
        "undecided",
        Html('<circle class="ring dashed" cx="8" cy="8" r="6.4"/><path class="line" d="M4.6 8h6.8"/>'),
        "These runs do not tell on which side of the smallest effect worth the name it is.",
    ),
    "cannot be tested here": Mark(
        "untestable",
        Html(f'{_RING}<path class="line" d="M3.6 12.4l8.8-8.8"/>'),
        "What is compared with is at the end of its scale, or both are, in so many runs that nothing could be as far "
        "beyond it as the claim asks.",
    ),
    "too few runs": Mark(
        "too-few",
        Html(f'{_RING}<path class="dots" d="M4.9 8h.01M8 8h.01M11.1 8h.01"/>'),
        "So few runs could not have decided it, had all of them been as claimed.",
    ),
}
# What is said beside the verdict on a claim, of other settings than the study's own.
MIXED = Mark(
    "mixed",
    Html('<path d="M8 .4L15.6 8 8 15.6.4 8z"/><path class="hole" d="M8 3.2v9.6L12.8 8z"/>'),
    "Said beside a verdict: in some other settings the claim is supported, in others it is not as claimed, beyond what "
    "chance gives.",
)
NOT_AS_CLAIMED = ("reversed", "no difference", "too small", "falls short")
# The same for published results, each tried under every reading of what its source leaves open.
PUBLISHED = {
    "reproduced": CLAIMS["supported"]._replace(
        meaning="What was published is what as many runs like ours would give, under every reading of what the source "
        "leaves open, the same for all of its results."
    ),
    "consistent": Mark(
        "consistent",
        Html(f'{_RING}<path class="line" d="M4.9 8.3l2.2 2.2 4.2-4.8"/>'),
        "The same, but the source does not tell of how many runs it is: it is compared with the fewest that it can be, "
        "a single run where nothing else is told. A weak word: more runs might not agree.",
    ),
    "depends": MIXED._replace(
        meaning="It agrees under some of the readings: on what the source leaves open depends whether it holds."
    ),
    "too few runs": CLAIMS["too few runs"]._replace(
        meaning="It agrees, but so few runs of ours could not have disagreed in time: more seeds would tell."
    ),
    "not reproduced": Mark(
        "not-reproduced",
        _cut(_SQUARE, "M4.8 4.8l6.4 6.4M11.2 4.8l-6.4 6.4"),
        "Under no reading would so many runs like ours give what was published.",
    ),
}
MARKS = CLAIMS | {"mixed": MIXED} | PUBLISHED
UNKNOWN = Mark("unknown", Html(_RING))


def kind(word: str) -> str:
    """Return the class of a verdict."""
    return MARKS.get(word, UNKNOWN).name


def mark(word: str) -> Html:
    """Return the mark of a verdict. The word stands beside it, so it is silent."""
    name, shape, _ = MARKS.get(word, UNKNOWN)
    return element("svg", shape, class_=f"mark {name}", viewBox="0 0 16 16", aria_hidden="true", focusable="false")


def choice_rules(words: Iterable[str]) -> Html:
    """Return the rules of a style sheet by which a choice of one verdict hides the rows and groups without it."""
    names = dict.fromkeys(map(kind, words))
    hidden = [
        f"main:has(#only-{name}:checked) .verdicts tbody{rest}"
        for name in names
        for rest in (f" > tr:not(.group, .is-{name})", f":not(:has(.is-{name}))")
    ]
    return Html(f"@media not print {{ {', '.join(hidden)} {{ display: none; }} }}\n" if hidden else "")
