"""Presets: settings that go together for tables, by the task. Whatever is set beside one goes before it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from fnn.checks import one_of
from fnn.config import KEEPS, Config

# How many networks learn by themselves from a table.
SEEDS = 16
# The share of rows that is held out by itself, to choose epochs by and to measure on.
VALIDATION = 0.2


class Preparation(NamedTuple):
    """How columns are prepared, by a name of `data.scaling.SCALINGS` and of `CLASS_WEIGHTS`, and probabilities given.

    temperature: of `TEMPERATURES`.
    """

    scaling: str
    smooth_clip: bool
    class_weight: str = "none"
    temperature: str = "fit"


class Preset(NamedTuple):
    """Settings of `Config` for all tasks, and for some; how columns are prepared.

    apart: whether each network validates on rows of its own, so that together they learn from all rows. patience: that
    of networks that keep their best epoch, as a share of all; 0 for none.
    """

    settings: Mapping[str, Any]
    by_task: Mapping[str, Mapping[str, Any]]
    preparation: Preparation
    apart: bool = False
    patience: float = 0.0


# What says to a network how right it is, by the task.
_LOSSES: dict[str, dict[str, Any]] = {
    "binary": {"loss": "bce", "output": "sigmoid"},
    "multiclass": {"loss": "cross-entropy", "output": "softmax"},
    "multilabel": {"loss": "bce", "output": "sigmoid"},
    "regression": {"loss": "mse", "output": "identity"},
}
_CLASSES = ("binary", "multiclass", "multilabel")
_COMMON = {"dtype": "float32", "reduction": "mean", "order": "shuffled", "optimizer": "adam", "epsilon": 1e-8}

# All of them measure what is learnt from now and then: in every epoch, that would be a quarter of the work.
PRESETS: dict[str, Preset] = {
    # The simple variant of RealMLP (Holzmüller, Grinsztajn & Steinwart, NeurIPS 2024), TD-S, with smaller networks.
    "table": Preset(
        {
            **_COMMON, "hidden": "64x64", "epochs": 256, "batch_size": 256, "init": "normal", "parametrization": "ntk",
            "bias_lr": 0.1, "input_scale": "learned", "input_scale_lr": 6.0, "output_init": "zero", "beta2": 0.95,
            "scheduler": "coslog4", "keep": "best", "monitor": "score", "measure_every": 8,
        },
        {
            **{task: {"lr": 0.04, "activation": "selu", "label_smoothing": 0.1} for task in _CLASSES},
            "regression": {"lr": 0.07, "activation": "mish"},
        },
        Preparation("robust", smooth_clip=True),
        apart=True,
        # On 17 tables, half of the epochs at the same error, by shares around this one (bench/README.md): what was best
        # in the first two of the schedule's four cycles sees little of the last.
        patience=0.3,
    ),
    # What is usual: standardised columns, Adam at its published rates, the last epoch's weights.
    "plain": Preset(
        {
            **_COMMON, "hidden": "64x64", "epochs": 100, "batch_size": 64, "init": "he", "activation": "relu",
            "lr": 0.001, "beta2": 0.999, "scheduler": "constant", "measure_every": 8,
        },
        {},
        Preparation("standard", smooth_clip=False),
    ),
    # For images: a small convolutional network on pixels that are scaled together. On scikit-learn's digits, 3 folds,
    # its members are right in 98.8% and their ensemble in 99.2%; pooled twice, in 98.1% and 98.9%.
    "image": Preset(
        {
            **_COMMON, "hidden": "conv16:3+1-conv32:3-pool2-64", "epochs": 40, "batch_size": 64, "init": "he",
            "activation": "relu", "lr": 0.003, "beta2": 0.999, "scheduler": "coslog4", "keep": "best",
            "monitor": "score", "dropout": 0.1, "measure_every": 4,
        },
        {task: {"label_smoothing": 0.1} for task in _CLASSES},
        Preparation("pixels", smooth_clip=False),
    ),
}  # fmt: skip
# Factors on the weights of samples in gradients: those that let all classes weigh alike, or none.
CLASS_WEIGHTS = {"none": False, "balanced": True}
# Whether a temperature of the probabilities is learnt from rows that are held out.
TEMPERATURES = {"fit": True, "none": False}
# Networks validate on rows of their own where a table has at most so many, for a fifth of more rows says well enough
# which epoch is good; and where what they learn from is at most so many numbers, for each has a copy.
MOST_ROWS_APART, MOST_NUMBERS_APART = 10_000, 2**27


def preset_config(preset: str, task: str, settings: Mapping[str, Any], *, validates: bool) -> Config:
    """Return a preset's settings for a task, with other settings before them.

    validates: whether rows are held out to choose epochs by; where none are, the last epoch's weights are kept, unless
    `settings` say otherwise. Raises InvalidSetting for an unknown preset, and as `Config` does.
    """
    entry = PRESETS[one_of("preset", preset, PRESETS)]
    of_preset = {**entry.settings, **_LOSSES[task], **entry.by_task.get(task, {})}
    if not validates:
        of_preset["keep"] = "last"
    if "loss" in settings and settings["loss"] not in ("bce", "cross-entropy"):
        of_preset.pop("label_smoothing", None)
    config = Config(**{**of_preset, **settings})
    # Who keeps the last epoch's weights wants all epochs.
    if entry.patience and "patience" not in settings and KEEPS[config.keep]:
        return replace(config, patience=max(1, round(entry.patience * config.epochs)))
    return config


def preset_preparation(preset: str, **settings: Any) -> Preparation:
    """Return how a preset prepares columns, with what is set before it; None is not set."""
    given = {name: value for name, value in settings.items() if value is not None}
    preparation = PRESETS[one_of("preset", preset, PRESETS)].preparation._replace(**given)
    one_of("temperature", preparation.temperature, TEMPERATURES)
    return preparation


def validates_apart(preset: str, rows: int, inputs: int, networks: int) -> bool:
    """Return whether each of so many networks validates on rows of its own where that is not said."""
    few = rows <= MOST_ROWS_APART and rows * inputs * networks <= MOST_NUMBERS_APART
    return PRESETS[one_of("preset", preset, PRESETS)].apart and networks > 1 and few


def default_preset(settings: Mapping[str, Any]) -> str:
    """Return the preset that is meant where none is named: `image` where samples are images."""
    return "table" if settings.get("image") is None else "image"


def keeps_best(preset: str, settings: Mapping[str, Any]) -> bool:
    """Return whether rows are needed to choose epochs by."""
    keep = settings.get("keep") or PRESETS[one_of("preset", preset, PRESETS)].settings.get("keep", "last")
    return KEEPS.get(keep, True) or settings.get("patience") is not None
