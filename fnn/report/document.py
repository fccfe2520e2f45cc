"""The document of a study: what verdicts.json has, and what the page and the printed table show. This is its shape.

A number that is not finite is None. Intervals are of 95%, but those of several comparisons, which are jointly so, and
those of claims whose training stopped at a look, which are at its level.
"""

from typing import Any, NotRequired, TypedDict

from fnn.report.published import ReplicationDocument, SourceDocument
from fnn.report.stopping import LookDocument, StoppedDocument, TrainingsDocument


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
    """A figure: an SVG file of fnn's, or a PNG file, beside the document, of so many pixels."""

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


class CellDocument(TypedDict):
    """A cell of the multiverse. low, high: of all cells of the claim jointly; margin: the least effect worth the name.

    specifications: how many it stands for; levels: the values on each axis that they have. stated: whether it is that
    of the claim's own settings.
    """

    verdict: str
    effect: float
    low: float
    high: float
    margin: float
    specifications: int
    levels: dict[str, list[str]]
    stated: bool


class MultiverseDocument(TypedDict):
    """A claim under other settings, and measured otherwise. specifications: how many; runs: of each arm in each.

    cells: the distinct ones among them, from the least effect to the greatest. counts: cells by verdict; by: axis, then
    value, then verdict, how many cells. mixed: whether it is supported in one and not as claimed in another, at an
    error rate of 5%; depends_on: the axes that tell best which it is.
    """

    specifications: int
    runs: int
    cells: list[CellDocument]
    counts: dict[str, int]
    by: dict[str, dict[str, dict[str, int]]]
    mixed: bool
    depends_on: list[str]


class TurnedDocument(TypedDict):
    """A claim whose verdict turns: by id, with a verdict for each column of its panel."""

    id: str
    sentence: str
    verdicts: list[str]


class PanelDocument(TypedDict):
    """Claims whose verdict turns where settings that go together are others. columns: their names, the stated first.

    settings: in words, of each column. claims: how many the settings touch at all.
    """

    axis: str
    columns: list[str]
    settings: list[str]
    claims: int
    turned: list[TurnedDocument]


class DatasetEffectDocument(TypedDict):
    """A claim's effect on one data set, with its interval over splits; wins, ties, losses: shares of them."""

    name: str
    effect: float
    low: float | None
    high: float | None
    wins: float
    ties: float
    losses: float


class ClaimDocument(TypedDict):
    """A claim. words: the effect in a sentence; metric: what is compared, in words.

    effect, low, high: with its interval; null: the effect of no difference, None of a share alone; margin: the
    smallest effect worth the name, or the share claimed; up: whether the effect is to be above it. wins, ties, losses:
    shares of pairs, None of a share alone. p: of the effect being the margin; p_adjusted, p_null_adjusted: of its being
    the margin, and of there being none, both corrected for all claims and looks. draws: of the data, seeds: with each
    of them; between_draws: the share of the variance of a run that is between draws, None of one. depends_on: axes, of
    a claim that is mixed in other settings. fresh_needed: of an undecided one, about how many fresh seeds a new study
    would need; fresh draws, where there are several. figure: by id. command: trains its arms again. stopped: None
    unless the study is until decided. multiverse: None without. datasets: of a claim about tables, what it says on
    each, over so many `splits` of it.
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
    p_null_adjusted: float | None
    draws: int
    seeds: int
    between_draws: float | None
    arms: list[ArmDocument]
    depends_on: list[str]
    fresh_needed: int | None
    figure: str | None
    command: str
    stopped: StoppedDocument | None
    multiverse: MultiverseDocument | None
    note: str
    datasets: NotRequired[list[DatasetEffectDocument]]
    splits: NotRequired[int]


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


class StudyDocument(TypedDict):
    """A study. counts: claims by verdict; figures and claims by id; outside, sources: published results run again.

    draws: of data that are drawn, over which the seeds are spread; drawn, fixed: names of the data that its claims and
    published results are about. command: makes it again. multiverse: whether claims were tried in other settings.
    looks: planned before the first run, of a study until decided; else none. versions: of what ran it. splits: of a
    study of tables, of each of its data sets.
    """

    name: str
    title: str
    intro: str
    seeds: SeedsDocument
    draws: int
    drawn: list[str]
    fixed: list[str]
    command: str
    multiverse: bool
    looks: list[LookDocument]
    trainings: TrainingsDocument
    seconds: float
    versions: dict[str, Any]
    counts: dict[str, int]
    sections: list[SectionDocument]
    figures: dict[str, FigureDocument]
    claims: dict[str, ClaimDocument]
    findings: list[FindingDocument]
    tables: list[TableDocument]
    panels: list[PanelDocument]
    outside: list[ReplicationDocument]
    sources: list[SourceDocument]
    splits: NotRequired[int]
