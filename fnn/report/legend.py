"""How to read a page: what its words, numbers and drawings mean."""

from collections.abc import Iterator

from fnn.report import datasets
from fnn.report.components import verdict
from fnn.report.document import StudyDocument
from fnn.report.marks import CLAIMS, MIXED, PUBLISHED
from fnn.report.markup import Html, element, fragment

DRAWINGS = "In the drawings the dot is what was found and the bar its 95% interval. "
EFFECTS = (
    "The line is no difference; the shaded side holds the effects that the claim speaks of, from the smallest "
    "difference worth the name on. "
)
SHARES = (
    "Of published results each reading is a dot: on the upper axis the share of networks that solved it, the interval "
    "of the published share shaded; on the axis of epochs the time they took, the published one a line. A published "
    "mean of 25 runs is compared with what means of 25 runs like ours may be, a share with shares of as many; a "
    "reading disagrees where one of the published numbers would be too far out, so that the right reading does in 5% "
    "of cases at most. How often a wrong one agrees is told with each result. "
)
WORDS = {
    "arm": "One combination of settings. All arms are trained with the same seeds, and compared seed by seed.",
    "seed": "The number that fixes a network’s random start: the same seed, the same network, to the last bit.",
    "solved": "A network is solved after the epoch from which on it answers every point correctly, to the end of its "
    "training.",
    "epochs": "In tables of arms the epochs to solve are of the solved alone. Where a claim compares epochs, and says "
    "so, an unsolved network counts as later than all others: its medians are of all networks, and higher.",
}
TERMS = {
    "worth the name": "The margin: the smallest effect that counts as one, which the study states beside each claim, "
    "before any run. A claim is tested against it, not against no difference alone, which enough runs always find.",
    "wins, ties, losses": "Runs are compared in pairs of the same seed. A pair is as claimed, alike, or the other way "
    "round; where a claim says “by a factor”, pairs within that factor are alike. A probability of improvement counts "
    "those as half.",
    "interval": "It holds the true effect in 95 of 100 studies. Where a claim makes several comparisons it is of the "
    "one that is least sure, and as much wider as all of them together ask.",
    "p": "How likely runs as far from the margin as these would be if the effect were the margin itself, on either "
    "side: a small p says that the effect is beyond it, or short of it. The second p asks the same of no difference.",
    "corrected for all claims": "Of many claims some look true or untrue by chance. A corrected p below 0.05 keeps "
    "the chance of any wrong verdict among all claims of this page at 5% (Shaffer’s form of Holm’s procedure). "
    "Verdicts are by corrected p.",
}
PUBLISHED_TERMS = {
    "p of a published result": "How likely a number as far from ours as the published one would be, were it of as many "
    "runs like ours: a small p says that they disagree.",
}
LEVELS = {
    "draws and seeds": "Where data are drawn at random, one draw may be a lucky one. Claims are tested over many of "
    "them, each with seeds of its own: every draw says one effect, and interval and p are over the draws. Where data "
    "are fixed all seeds meet the same data, and what is said is of these.",
    "variance between draws": "How much of what varies from run to run is the draw of the data: at 0% more seeds of "
    "one draw would do as well, at 100% nothing but more draws helps.",
}
FRESH = (
    "A verdict may err in 5% of studies because the runs were looked at once. To add runs until it is decided would be "
    "to look again and again, and err more often: what is told is how many fresh runs a new study would plan for."
)
LOOKS = (
    "Planned before the first run. Each may err in the share of studies that stands beside it, together in 5%. A claim "
    "is trained no further once it is decided, or given up: once all planned runs, going on as they did, would not "
    "decide it. Its interval is at the level of that look, so that those of all looks hold in 95 of 100 studies; in "
    "which way it is not as claimed is as far as it was told by then. What no claim asks for has the first look’s runs."
)


def how_to_read(document: StudyDocument) -> Html:
    """Return what words and drawings mean, folded; of what the document has none of, nothing is said."""
    claims, outside = document["claims"], document["outside"]
    drawn = DRAWINGS + (EFFECTS if claims else "") + (SHARES if outside else "")
    return element(
        "details",
        element("summary", "How to read this"),
        element("p", drawn.strip()),
        element("dl", *_words(document), *_verdicts(document), *_terms(document)),
    )


def in_short(document: StudyDocument) -> str:
    """Return what the words mean that a page needs from its first line on."""
    if "splits" in document:
        return "An arm is one combination of settings; a seed fixes the random start of a network."
    return (
        "An arm is one combination of settings; a seed fixes the random start of a network; a network is solved if it "
        "answers every point correctly from some epoch on, to the end."
    )


def _words(document: StudyDocument) -> Iterator[Html]:
    words = {word: WORDS[word] for word in ("arm", "seed")} if "splits" in document else WORDS
    yield from (fragment(element("dt", word), element("dd", meaning)) for word, meaning in words.items())


def _verdicts(document: StudyDocument) -> Iterator[Html]:
    words = [*CLAIMS.items()] if document["claims"] else []
    words += [("mixed", MIXED)] if document["multiverse"] else []
    words += PUBLISHED.items() if document["outside"] else []
    for word, mark in words:
        meaning = datasets.MEANINGS.get(word, mark.meaning) if "splits" in document else mark.meaning
        yield fragment(element("dt", verdict(word)), element("dd", meaning))


def _terms(document: StudyDocument) -> Iterator[Html]:
    claims = document["claims"].values()
    terms = (TERMS if claims else {}) | (PUBLISHED_TERMS if document["outside"] else {})
    terms |= LEVELS if any(claim["draws"] > 1 for claim in claims) else {}
    terms |= datasets.TERMS if "splits" in document else {}
    terms |= {"looks": LOOKS} if document["looks"] else {}
    terms |= {"fresh runs": FRESH} if any(claim["fresh_needed"] for claim in claims) else {}
    yield from (fragment(element("dt", term), element("dd", meaning)) for term, meaning in terms.items())
