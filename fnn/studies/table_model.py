"""What a study of tables consists of: data sets, how they are split, arms, and claims about what arms score on them."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from fnn.checks import one_of
from fnn.config import Config
from fnn.data.split import Splitting
from fnn.ensembles.presets import Preparation, default_preset, preset_config, preset_preparation
from fnn.ensembles.problem import Problem
from fnn.ensembles.splits import splits_of, splitting_of, validates
from fnn.errors import InvalidSetting
from fnn.report.document import SectionDocument
from fnn.stats.scores import SCORES, Score, default_score
from fnn.studies.model import Arm, Figure, Settings

# The score that each task is judged by.
DEFAULT = "default"
ENSEMBLE, MEMBERS = "ensemble", "members"
DIFFERENCE, IMPROVEMENT = "difference", "improvement"
MEAN, MIDDLE = "mean", "interquartile-mean"
# From so many data sets on they are taken for a sample of all that could have been: Student's and Hall's intervals of
# fewer hold too little.
POPULATION = 10

# What an arm of a study of tables may set.
CONFIG_NAMES = tuple(field.name for field in fields(Config) if field.name != "seed")
# A temperature is of ensembles as they are given out; a study compares what networks learn.
SETTING_NAMES = ("preset", "scaling", "smooth_clip", "class_weight", "validation", *CONFIG_NAMES)


class Dataset(NamedTuple):
    """A table under the name that the study gives it, and what is to be learnt of it."""

    name: str
    source: str
    problem: Problem

    @property
    def task(self) -> str:
        """What is learnt: one of `data.targets.TASKS`."""
        return self.problem.target.task


class Setup(NamedTuple):
    """What an arm is on a data set: how columns are prepared, how rows are split, and the settings of its networks."""

    config: Config
    preparation: Preparation
    splitting: Splitting


class TableClaim(NamedTuple):
    """A claim: in each of `pairs`, places in `arms`, the first scores better than the second, by the margin at least.

    metric: a score, or `DEFAULT`. of: `ENSEMBLE` of a split's seeds, or their `MEMBERS`. effect: `DIFFERENCE` of
    scores, or `IMPROVEMENT`, the probability that a network of the first scores better. normalized: 0 is the score of
    an answer that knows no inputs, 1 the best there can be. aggregate: `MEAN` or `MIDDLE`, over data sets.
    """

    id: str
    sentence: str
    figure: str | None
    metric: str
    of: str
    effect: str
    normalized: bool
    aggregate: str
    datasets: tuple[str, ...]
    arms: tuple[Arm, ...]
    pairs: tuple[tuple[int, int], ...]
    margin: float
    note: str

    @property
    def null(self) -> float:
        """The effect of no difference."""
        return 0.5 if self.effect == IMPROVEMENT else 0.0

    @property
    def measured(self) -> str:
        """What is compared, in words."""
        words = "score" if self.metric == DEFAULT else self.metric.replace("_", " ")
        return f"{'normalized ' * self.normalized}{words} of {'the ensembles' if self.of == ENSEMBLE else 'members'}"


class TableStudy(NamedTuple):
    """All that the file of a study of tables has. seeds: networks of an arm on each split."""

    name: str
    file: str
    title: str
    intro: str
    sections: tuple[SectionDocument, ...]
    figures: dict[str, Figure]
    claims: tuple[TableClaim, ...]
    datasets: dict[str, Dataset]
    splitting: Splitting
    seeds: int

    @property
    def splits(self) -> int:
        """R, the splits of each data set."""
        return (self.splitting.folds or 1) * self.splitting.repeats


def score_of(metric: str, task: str) -> tuple[str, Score]:
    """Return the score that a metric is, for a task, by its name."""
    name = default_score(task) if metric == DEFAULT else metric
    return name, SCORES[name]


# What the outputs of networks have to be for a task's scores: probabilities, one for each label or of all classes.
_OUTPUTS = {"binary": ("sigmoid",), "multilabel": ("sigmoid",), "multiclass": ("softmax",)}


def setup(settings: Settings, dataset: Dataset, splitting: Splitting) -> Setup:
    """Return what settings are on a data set. Raises InvalidSetting for what they cannot be, naming the data set."""
    for name in settings:
        one_of("setting", name, SETTING_NAMES)
    task, preset = dataset.task, str(settings.get("preset", default_preset(settings)))
    own = {name: value for name, value in settings.items() if name in CONFIG_NAMES}
    how: dict[str, Any] = splitting._asdict()
    if "validation" in settings:
        how["validation"] = settings["validation"]
    else:
        del how["validation"]
    try:
        preparation = preset_preparation(preset, **_only(settings, Preparation._fields))
        rows = splitting_of(preset, own, how)
        config = preset_config(preset, task, own, validates=validates(rows))
        _check_output(config.output, task)
        config.layers(dataset.problem.x.shape[1], dataset.problem.target.y.shape[1])  # refuses images of other sizes
        splits_of(dataset.problem, rows, 1)
    except InvalidSetting as error:
        raise InvalidSetting(error.name, error.got, f"{error.expected} (data set {dataset.name}, {task})") from None
    return Setup(config, preparation, rows)


def _only(settings: Settings, names: tuple[str, ...]) -> Mapping[str, Any]:
    return {name: value for name, value in settings.items() if name in names}


def _check_output(output: str, task: str) -> None:
    """Refuse an arm that answers something else than is asked: scores of different tasks are not compared."""
    accepted = _OUTPUTS.get(task)
    if accepted and output not in accepted:
        raise InvalidSetting("output", output, f"{accepted[0]}, as every arm on that data set has to have")
    if not accepted and output in ("sigmoid", "softmax"):
        raise InvalidSetting("output", output, "identity: the arms on that data set answer with numbers")
