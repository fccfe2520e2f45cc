"""The part of a study's document that is of published results. This is its shape."""

from typing import TypedDict


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
