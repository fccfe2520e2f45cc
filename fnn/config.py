"""`Config`: the settings of one run, frozen and validated once, and the layers they describe."""

import dataclasses
import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from fnn.checks import Check, named, number, one_of, optional, whole
from fnn.errors import InvalidSetting
from fnn.formats import setting
from fnn.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from fnn.network.hidden import activated, as_hidden, as_image, has_windows, hidden_layers
from fnn.network.initializers import INITIALIZERS, OUTPUT_INITS, PARAMETRIZATIONS
from fnn.network.layers import Layer
from fnn.network.losses import LOSSES, REDUCTIONS, STOPS
from fnn.network.optimizers import BIAS_CORRECTIONS, EPSILON_PLACES, OPTIMIZERS
from fnn.network.schedules import SCHEDULES
from fnn.network.scores import MONITORS

SEED = 312551116
DTYPES = {"float32": np.float32, "float64": np.float64}
# How samples are put into batches: whether every network has an order of its own in every epoch.
ORDERS = {"fixed": False, "shuffled": True}
# Whether inputs are first multiplied by factors that are learnt.
INPUT_SCALES = {"none": False, "learned": True}
# Which weights a network keeps: those of its last epoch, or those of its best on what is held out to validate.
KEEPS = {"last": False, "best": True}


def _activation(name: str, got: Any) -> str:
    """Take one name for all hidden layers, or one for each with x between them."""
    parts = got.split("x") if isinstance(got, str) else list(got) if isinstance(got, (tuple, list)) else [got]
    return "x".join(one_of(name, part, ACTIVATIONS) for part in parts or [got])


def _setting(panel: str, default: Any, check: Check | Collection[str], text: str) -> Any:
    """Return a field that knows its group, its check and its help; a table of names is a check too."""
    if not callable(check):
        text += f": {', '.join(check)}."
        check = named(check)
    return dataclasses.field(default=default, metadata={"panel": panel, "check": check, "help": text})


_network, _training = partial(_setting, "Network"), partial(_setting, "Training")
_optimizer, _schedule = partial(_setting, "Optimizer"), partial(_setting, "Schedule")


class _Packed:
    """A place for what training reads of thousands of configs at once; see `training.grouping`, which fills it."""

    __slots__ = ("packed",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(_Packed):
    """One run's settings; the defaults are the lab's. Raises InvalidSetting, which names the field.

    Every field is an option of the command line under the same name.

    >>> import fnn
    >>> fnn.Config(hidden=8).hidden, fnn.Config(hidden=(8, 4)) == fnn.Config(hidden="8x4")
    ((8,), True)
    >>> fnn.Config(optimizer="adan")
    Traceback (most recent call last):
    fnn.errors.InvalidSetting: optimizer: got 'adan'; expected one of sgd, ... (did you mean adam?)
    """

    hidden: tuple[int | str, ...] = _network(
        (4, 4), as_hidden, "Widths of the hidden layers; none for no hidden layer. On images, conv8:3-pool2-16."
    )
    image: tuple[int, int, int] | None = _network(
        None, as_image, "Height x width (x channels) of the image that a sample's inputs are."
    )
    activation: str = _network(
        "sigmoid", _activation, f"Of the hidden layers, or of each with x between: {', '.join(ACTIVATIONS)}."
    )
    output: str = _network("sigmoid", OUTPUT_ACTIVATIONS, "Activation of the output layer")
    init: str = _network("normal", INITIALIZERS, "How weights are drawn")
    init_scale: float = _network(1.0, number(0), "Factor on the drawn weights: std of normal, bound of uniform.")
    output_init: str = _network("drawn", OUTPUT_INITS, "How the output layer's weights start")
    parametrization: str = _network("standard", PARAMETRIZATIONS, "Whether weights and their rates go by 1/√fan-in")
    input_scale: str = _network("none", INPUT_SCALES, "A factor on each input")
    dtype: str = _network("float64", DTYPES, "Precision")
    seed: int = _network(SEED, whole(0, 2**63 - 1), "Fixes the random start of the (first) network.")

    loss: str = _training("mse", LOSSES, "What is minimised")
    huber_delta: float = _training(1.0, number(0, open_low=True), "Of huber: the error from which on it is linear.")
    label_smoothing: float = _training(
        0.0, number(0, 1, open_high=True), "Of bce, cross-entropy: the share of a label spread over all classes."
    )
    reduction: str = _training("sum", REDUCTIONS, "Of the gradient over samples")
    epochs: int = _training(500, whole(1), "Passes over all samples.")
    batch_size: int | None = _training(
        None, optional(whole(1)), "Samples of an update; by itself all. 1 updates after every sample."
    )
    measure_every: int = _training(
        1, whole(1), "Epochs between two measures of the samples learnt from, by a pass that batches cost extra."
    )
    order: str = _training("fixed", ORDERS, "Of samples in batches: as given, or drawn anew every epoch by the seed")
    dropout: float = _training(
        0.0, number(0, 1, open_high=True), "Chance with which a hidden unit is left out of a sample's pass."
    )
    clip_norm: float | None = _training(
        None, optional(number(0, open_low=True)), "Longest gradient; what is longer is shortened to it."
    )
    keep: str = _training("last", KEEPS, "Which epoch's weights to keep, by what is held out")
    patience: int | None = _training(
        None, optional(whole(1)), "Stop a network after so many epochs without a better one, by what is held out."
    )
    monitor: str = _training("loss", MONITORS, "What says which epoch is better, on what is held out")
    stop_loss: float | None = _training(None, optional(number(0)), "Stop a network once its loss is at most this.")
    stop_max_error: float | None = _training(
        None, optional(number(0)), "Stop it once no output is further than this from its label."
    )
    stop_rms: float | None = _training(
        None, optional(number(0)), "Stop it once the root of the mean squared error is at most this."
    )
    stop_mean_error: float | None = _training(
        None, optional(number(0)), "Stop it once outputs are this far from their labels on average, or less."
    )

    optimizer: str = _optimizer("adam", OPTIMIZERS, "How weights are updated")
    lr: float = _optimizer(0.1, number(0), "Learning rate.")
    bias_lr: float = _optimizer(1.0, number(0), "Factor on the rate of biases.")
    input_scale_lr: float = _optimizer(1.0, number(0), "Factor on the rate of learned input scales.")
    momentum: float = _optimizer(0.9, number(0, 1, open_high=True), "μ of momentum, nesterov.")
    beta1: float = _optimizer(0.9, number(0, 1, open_high=True), "Of adam, adamw: memory of the gradient.")
    beta2: float = _optimizer(0.9, number(0, 1, open_high=True), "Of adam, adamw: memory of its square.")
    alpha: float = _optimizer(0.99, number(0, 1, open_high=True), "Of rmsprop: memory of the square.")
    bias_correction: str = _optimizer("running", BIAS_CORRECTIONS, "Of adam, adamw: by 1 − βᵗ, 1 − β, or not at all")
    epsilon: float = _optimizer(1e-5, number(0), "Of adagrad, rmsprop, adam, adamw: keeps the divisor from 0.")
    epsilon_place: str = _optimizer("outside", EPSILON_PLACES, "Of epsilon, as √v + ε or √(v + ε)")
    weight_decay: float = _optimizer(0.01, number(0), "Of adamw.")
    eta_minus: float = _optimizer(
        0.5, number(0, 1, open_low=True, open_high=True), "Of rprop: step's factor when the sign turns."
    )
    eta_plus: float = _optimizer(1.2, number(1, open_low=True), "Of rprop: step's factor when it stays.")
    step_min: float = _optimizer(1e-6, number(0), "Of rprop: least step.")
    step_max: float = _optimizer(50.0, number(0), "Of rprop: greatest step.")

    scheduler: str = _schedule("exponential", SCHEDULES, "How the learning rate moves")
    gamma: float = _schedule(0.95, number(0, open_low=True), "Of exponential: factor of each fall.")
    step_size: int | None = _schedule(
        None, optional(whole(1)), "Of exponential: epochs between falls; by itself a fiftieth of all."
    )
    power: float = _schedule(1.0, number(0), "Of polynomial.")
    warmup: int = _schedule(150, whole(0), "Of warmup-linear: epochs from 0 up to the peak.")
    warmup_peak: float | None = _schedule(
        None, optional(number(0)), "Of warmup-linear: the rate at its peak; by itself lr."
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, field.metadata["check"](field.name, getattr(self, field.name)))
        parts, layers = self.activation.count("x") + 1, activated(self.hidden)
        if parts not in (1, layers):
            but = ", but for those that pool" if layers < len(self.hidden) else ""
            raise InvalidSetting(
                "activation", self.activation, f"one name, or one for each of {layers} hidden layers{but}"
            )
        if has_windows(self.hidden):
            if self.image is None:
                raise InvalidSetting(
                    "image", None, f"the size of the image, such as 8x8, for hidden {setting(self.hidden)}"
                )
            self.layers(math.prod(self.image), 1)  # refuses windows larger than what they meet
        needed = LOSSES[self.loss].output
        if needed and self.output != needed:
            raise InvalidSetting("output", self.output, f"{needed}, which loss {self.loss} needs")
        if self.output == "softmax" and needed != "softmax":
            raise InvalidSetting("loss", self.loss, "cross-entropy, which output softmax needs")
        if self.label_smoothing and "label_smoothing" not in LOSSES[self.loss].uses:
            raise InvalidSetting("label_smoothing", self.label_smoothing, f"0 with loss {self.loss}: it has no classes")
        if self.scheduler == "warmup-linear" and self.warmup >= self.epochs:
            raise InvalidSetting("warmup", self.warmup, f"fewer than the {self.epochs} epochs")
        if self.step_max < self.step_min:
            raise InvalidSetting("step_max", self.step_max, f"at least step_min, {self.step_min:g}")

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(Config, **{field.name: getattr(self, field.name) for field in dataclasses.fields(self)}), ()

    @property
    def decay_every(self) -> float:
        """Epochs between the falls of the exponential schedule."""
        return self.epochs / 50 if self.step_size is None else float(self.step_size)

    @property
    def base_lr(self) -> float:
        """The rate that the schedule is a factor on."""
        peak = self.warmup_peak if self.scheduler == "warmup-linear" else None
        return self.lr if peak is None else peak

    @property
    def stops(self) -> dict[str, float]:
        """The stopping rules that are set, each with its threshold."""
        return {name: value for name in STOPS if (value := getattr(self, name)) is not None}

    def layers(self, inputs: int, outputs: int) -> tuple[Layer, ...]:
        """Return the network's layers for samples of that many inputs and outputs."""
        if self.image is not None and math.prod(self.image) != inputs:
            raise InvalidSetting("image", setting(self.image), f"one of {inputs} numbers, which a sample's inputs are")
        names = self.activation.split("x")
        names = names * activated(self.hidden) if len(names) == 1 else names
        hidden = tuple(hidden_layers(self.hidden, inputs, self.image, names))
        last = Layer("dense", hidden[-1].fan_out if hidden else inputs, outputs, self.output)
        scale = (Layer("scale", inputs, inputs, "identity"),) if INPUT_SCALES[self.input_scale] else ()
        return (*scale, *hidden, last)


# The check of each setting, by its name.
CHECKS: dict[str, Check] = {field.name: field.metadata["check"] for field in dataclasses.fields(Config)}
