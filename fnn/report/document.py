"""The document of a study: what verdicts.json has, and what the page and the printed table show. This is its shape.

A number that is not finite is None. Intervals are of 95%, but those of several comparisons, which are jointly so.
"""

from typing import Any, TypedDict


class SeedsDocument(TypedDict):
    """The seeds: `count` of them, from the first on."""

    first: int
    count: int


class SectionDocument(TypedDict):
    """A section: figures and claims by id. text: plain, paragraphs apart by empty lines."""

    id: str
    title: str
    text: str
    figures: list[str]
    claims: list[str]


class FigureDocument(TypedDict):
    """A figure: a PNG file beside the document, of so many pixels."""

    title: str
    alt: str
    caption: str
    file: str
    width: int
    height: int


class QuartilesDocument(TypedDict):
    """Epochs to solve, over the solved runs."""

    median: float
    q25: float
    q75: float


class LossDocument(TypedDict):
    """The median loss at the end, with its interval."""

    median: float
    low: float
    high: float


class ArmDocument(TypedDict):
    """An arm. solved: the share, with its interval; epochs: None where none is solved; loss: None where infinite."""

    label: str
    runs: int
    solved: float
    solved_low: float
    solved_high: float
    epochs: QuartilesDocument | None
    loss: LossDocument | None
    diverged: int


class MultiverseDocument(TypedDict):
    """A claim's verdicts in so many cells, counted; by: setting, then value, then verdict, how many."""

    cells: int
    counts: dict[str, int]
    by: dict[str, dict[str, dict[str, int]]]


class ClaimDocument(TypedDict):
    """A claim. words: the effect in a sentence; metric: what is compared, in words.

    effect, low, high: with its interval; null: the effect of no difference, None of a share alone; margin: the
    smallest effect worth the name, or the share claimed; up: whether the effect is to be above it. wins, ties, losses:
    shares of pairs, None of a share alone. p, p_adjusted: of the effect being the margin, before and after the
    correction for all claims. draws: of the data, between_draws: the share of the variance of a run between them, None
    of one draw. depends_on: settings, of a mixed claim; seeds_needed: of an undecided
    one, about how many would decide it. figure: by id. command: trains its arms again. multiverse: None without.
    """

    sentence: str
    verdict: str
    words: str
    metric: str
    effect_name: str
    effect: float
    low: float
    high: float
    null: float | None
    margin: float
    up: bool
    wins: float | None
    ties: float | None
    losses: float | None
    p: float
    p_adjusted: float
    draws: int
    between_draws: float | None
    arms: list[ArmDocument]
    depends_on: list[str]
    seeds_needed: int | None
    figure: str | None
    command: str
    multiverse: MultiverseDocument | None
    note: str


class RowsDocument(TypedDict):
    """A table; a row has a cell for each column."""

    columns: list[str]
    rows: list[list[str]]


class FindingDocument(TypedDict):
    """A finding beside the claims, with a table or a figure (by id) where it has one."""

    id: str
    title: str
    text: str
    table: RowsDocument | None
    figure: str | None


class TableDocument(RowsDocument):
    """A table of the study."""

    id: str
    title: str


class PublishedDocument(TypedDict):
    """What was published: successes among runs, a share, or a least share; a time in epochs, the fastest and slowest.

    least_runs: how many runs there were, or at least were, as far as is told. low, high: of the share of so many.
    """

    successes: int | None
    runs: int | None
    share: float | None
    least_runs: int | None
    at_least: float | None
    time: float | None
    fastest: float | None
    slowest: float | None
    low: float | None
    high: float | None


class ReadingDocument(TypedDict):
    """Our runs under one reading of what a source leaves open. low, high: of the share of successes.

    time: the statistic of the epochs they took, None where no run succeeds; time_low, time_high: between them lies the
    statistic of `of` runs like ours, the number that was published or the least it can have been; None as time, and
    where it is infinite. p: of the published numbers, corrected for how many there are of the source. agrees: with
    this result alone. most_runs: where their number is not told, how many they may be for it to agree.
    """

    label: str
    successes: int
    runs: int
    low: float
    high: float
    time: float | None
    of: int
    time_low: float | None
    time_high: float | None
    p: float
    agrees: bool
    most_runs: int | None


class OffDocument(TypedDict):
    """How often a reading agrees that is off by so much."""

    off: float
    agrees: float


class ErrorsDocument(TypedDict):
    """How often the rule errs, simulated. right: how often the right reading disagrees, None of
    runs without success.

    solved, time: how often a reading agrees whose share is off by so much, whose times are by such a factor. label: of
    the reading whose runs were simulated, the nearest.
    """

    right: float | None
    solved: list[OffDocument]
    time: list[OffDocument]
    label: str


class ReplicationDocument(TypedDict):
    """A published result beside our runs. open: what its source leaves open; told, found: both in a few words.

    verdict: of its source, whose readings are the same for all of its results.
    """

    id: str
    source_id: str
    title: str
    source: str
    what: str
    open: str
    statistic: str
    published: PublishedDocument
    ours: list[ReadingDocument]
    verdict: str
    told: str
    found: str
    words: str
    errors: ErrorsDocument
    error_words: str
    command: str


class JointReadingDocument(TypedDict):
    """One reading of all that a source leaves open, and with which of its results it agrees."""

    label: str
    agrees: list[bool]


class SourceDocument(TypedDict):
    """A source: its results by id, and its readings, of which those agree that do with all results.

    wrong_too: how often a wrong reading of those tried agrees beside the right one, simulated; None where there is
    but one reading, or nothing to simulate.
    """

    id: str
    title: str
    results: list[str]
    readings: list[JointReadingDocument]
    agreeing: int
    verdict: str
    words: str
    wrong_too: float | None


class StudyDocument(TypedDict):
    """A study. counts: claims by verdict; figures and claims by id; outside, sources: published results run again.

    draws: of data that are drawn. command: makes it again. multiverse: whether claims were tried in other settings.
    versions: of what ran it.
    """

    name: str
    title: str
    intro: str
    seeds: SeedsDocument
    draws: int
    command: str
    multiverse: bool
    seconds: float
    versions: dict[str, Any]
    counts: dict[str, int]
    sections: list[SectionDocument]
    figures: dict[str, FigureDocument]
    claims: dict[str, ClaimDocument]
    findings: list[FindingDocument]
    tables: list[TableDocument]
    outside: list[ReplicationDocument]
    sources: list[SourceDocument]
