"""`Model`: an ensemble of trained networks, all that it takes to ask them about new rows, and their answers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.checks import one_of
from fnn.config import DTYPES, Config
from fnn.data.columns import Table
from fnn.data.encoding import UNKNOWN, Encoder, complete_rows, encode
from fnn.data.reading import Form, read_chunks
from fnn.data.scaling import Scaling, scale_each
from fnn.ensembles.answers import (
    Prediction,
    bounds,
    class_places,
    probabilities,
    take_labels,
    target_labels,
)
from fnn.errors import InvalidSetting
from fnn.network import functions
from fnn.network.functions import Params
from fnn.network.layers import Layer
from fnn.stats.intervals import Interval
from fnn.stats.prediction_intervals import LearnedInterval
from fnn.stats.temperature import temper

# Numbers in the widest layer of all networks that are held at a time.
_NUMBERS_AT_ONCE = 2**22
# Kinds of columns by what the encoder makes of them.
_KINDS = {"number": "number", "boolean": "boolean", "category": "text"}


class Network(NamedTuple):
    """One network of an ensemble. split: the place of the split it learnt from. params: W (I+1, O) for each layer."""

    seed: int
    split: int
    params: Params


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Model:
    """S networks of one shape that learnt from P splits of one table.

    params: W (S, I+1, O) for each layer; seeds, splits: (S,), a network's split is a place among the P.
    task: a name of `fnn.data.targets.TASKS`. classes: as text, of binary and multiclass; class_kind: `text`,
    `number` or `boolean`, as which they are given back; label_words: no and yes of each column of multilabel, as the
    table has them, or () where it has no words for them. scaling: center, factor, fill (P, I), learnt from each split.
    y_center, y_scale: (P, O), what takes outputs back to the target's units; 0 and 1 but for numbers.
    learned_interval: what makes intervals for numbers, coverage: the share of rows they held that they were not learnt
    from, as `fnn.stats.prediction_intervals` has both; None where there was nothing to learn them from.
    ignored_columns: what else was in the table, such as weights and groups, and may or may not be in another.
    temperature: of the probabilities that the networks' mean says, as `fnn.stats.temperature` has it.
    about: how the model came to be, as JSON has it.
    """

    config: Config
    layers: tuple[Layer, ...]
    params: Params
    seeds: NDArray[np.int64]
    splits: NDArray[np.int64]
    task: str
    target_names: tuple[str, ...]
    classes: tuple[str, ...]
    class_kind: str
    encoder: Encoder
    scaling: Scaling
    y_center: NDArray[np.float64]
    y_scale: NDArray[np.float64]
    learned_interval: LearnedInterval | None
    coverage: Interval | None
    about: dict[str, Any]
    ignored_columns: tuple[str, ...] = ()
    label_words: tuple[tuple[str, str], ...] = ()
    temperature: float = 1.0

    def __len__(self) -> int:
        return len(self.seeds)

    def __repr__(self) -> str:
        widths = " → ".join(map(str, (self.layers[0].fan_in, *(layer.fan_out for layer in self.layers))))
        inputs = [feature.name for feature in self.encoder.features]
        lines = {
            "Model": f"{len(self):,} networks {widths}, {len(self.y_center)} splits",
            "task": self.task,
            "target": ", ".join(self.target_names),
            "classes": _some(self.classes) or "none",
            "columns": _some(inputs),
        }
        return "\n".join(f"{name:<8} {text}" for name, text in lines.items())

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks one by one."""
        return tuple(
            Network(int(seed), int(split), tuple(w[s] for w in self.params))
            for s, (seed, split) in enumerate(zip(self.seeds, self.splits, strict=True))
        )

    @property
    def labels(self) -> tuple[NDArray[Any], ...]:
        """What the classes of each target are given back as."""
        return target_labels(len(self.target_names), self.classes, self.class_kind, self.label_words)

    def predict(self, source: Any) -> NDArray[Any]:
        """Return the class, or the mean of the numbers, for each row of what `fnn.data.reading` reads.

        (N,), or (N, O) where there are several targets. Raises InvalidSetting for a source that does not fit.

        >>> import fnn
        >>> table = {"size": [1.0, 2, 3, 4] * 10, "kind": ["a", "b"] * 20, "price": [0.3 * k for k in range(40)]}
        >>> model = fnn.fit(table, "kind", seeds=4, epochs=20).model
        >>> model.predict({"size": [1.0, 4.0], "price": [2.0, 7.0]}).tolist()
        ['a', 'b']
        """
        answers = mean = self._predict(source).mean
        if self.task != "regression":
            places = class_places(self.task, mean)
            answers = np.stack([take_labels(each, places[:, o]) for o, each in enumerate(self.labels)], axis=1)
        return answers[:, 0] if answers.ndim == 2 and len(self.target_names) == 1 else answers

    def predict_proba(self, source: Any) -> NDArray[np.float64]:
        """Return the probability of each class, (N, C), or of yes for each of several targets, (N, O).

        Raises InvalidSetting for a model of numbers, and for a source that does not fit.

        >>> import fnn
        >>> table = {"size": [1.0, 2, 3, 4] * 10, "kind": ["a", "b"] * 20, "price": [0.3 * k for k in range(40)]}
        >>> model = fnn.fit(table, "kind", seeds=4, epochs=20).model
        >>> model.predict_proba({"size": [1.0], "price": [2.0]}).shape
        (1, 2)
        """
        if self.task == "regression":
            raise self._without("classes")
        return probabilities(self.task, self._predict(source).mean)

    def spread(self, source: Any) -> NDArray[np.float64]:
        """Return the standard deviation between networks of what each says by itself: probabilities, or numbers.

        Raises InvalidSetting for a source that does not fit.

        >>> import fnn
        >>> table = {"size": [1.0, 2, 3, 4] * 10, "kind": ["a", "b"] * 20, "price": [0.3 * k for k in range(40)]}
        >>> model = fnn.fit(table, "price", seeds=4, epochs=20).model
        >>> model.spread({"size": [1.0, 4.0], "kind": ["a", "b"]}).shape
        (2,)
        """
        spread = self._predict(source).spread
        if self.task == "binary":
            return np.repeat(spread, 2, axis=1)
        return spread[:, 0] if spread.shape[1] == 1 else spread

    def interval(self, source: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where 95% of such numbers lie, low and high, each in the shape that `predict` gives.

        Raises InvalidSetting for a model of classes, for one that had no rows held out to learn it from, and for a
        source that does not fit.

        >>> import fnn
        >>> table = {"size": [1.0, 2, 3, 4] * 10, "kind": ["a", "b"] * 20, "price": [0.3 * k for k in range(40)]}
        >>> model = fnn.fit(table, "price", seeds=4, epochs=20, splitting={"folds": 5}).model
        >>> low, high = model.interval({"size": [1.0, 4.0], "kind": ["a", "b"]})
        >>> (low < high).tolist()
        [True, True]
        """
        if self.learned_interval is None:
            raise self._without("numbers that had validation rows to learn intervals from")
        low, high = bounds(self.learned_interval, self._predict(source))
        return (low[:, 0], high[:, 0]) if low.shape[1] == 1 else (low, high)

    def _without(self, what: str) -> InvalidSetting:
        return InvalidSetting("model", f"a model of {self.task}", f"a model of {what}")

    def _predict(self, source: Any) -> Prediction:
        parts = [part for _, part in predict_chunks(self, source, Form())]
        return Prediction(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def predict_chunks(model: Model, source: Any, form: Form) -> Iterator[tuple[Table, Prediction]]:
    """Yield a source's rows, so many at a time that memory is bounded, and what the model says of them."""
    kinds = {feature.name: _KINDS[feature.kind] for feature in model.encoder.features}
    for table in read_chunks(source, form, kinds=kinds):
        yield table, _predict_table(model, table)


def with_unknown(model: Model, unknown: str) -> Model:
    """Return the model with another way to take categories it has not seen. Raises InvalidSetting for no such way."""
    return replace(model, encoder=model.encoder._replace(unknown=one_of("unknown", unknown, UNKNOWN)))


def without_diverged(model: Model) -> Model:
    """Return the model without networks that have a weight that is no finite number, noted in `about`.

    Raises InvalidSetting where none is left.
    """
    finite = np.isfinite(functions.flatten(model.params)).all(axis=1)
    if finite.all():
        return model
    if not finite.any():
        raise InvalidSetting("lr", model.config.lr, "a rate at which a network does not diverge: each of them did")
    left_out = [
        [int(seed), int(split)] for seed, split in zip(model.seeds[~finite], model.splits[~finite], strict=True)
    ]
    return replace(
        model,
        params=tuple(w[finite] for w in model.params),
        seeds=model.seeds[finite],
        splits=model.splits[finite],
        about=model.about | {"diverged": {"networks": left_out, "note": "seed and split of each that was left out"}},
    )


def _predict_table(model: Model, table: Table) -> Prediction:
    """Return mean and spread for a table's rows; those that lack a number have none where such rows were dropped."""
    rows = np.arange(table.rows)
    if model.encoder.missing == "drop":
        rows = np.flatnonzero(complete_rows(table, model.encoder))
    answers = np.full((2, table.rows, model.layers[-1].fan_out), np.nan)
    widest = max(max(layer.fan_in, layer.fan_out) for layer in model.layers)
    count = max(1, _NUMBERS_AT_ONCE // (len(model) * widest))
    x = encode(model.encoder, table.take(rows), passed_over=(*model.target_names, *model.ignored_columns))
    for first in range(0, len(rows), count):
        with np.errstate(over="ignore", invalid="ignore"):  # finite weights may still make infinite answers
            outputs = _outputs(model, x[first : first + count])
            mean = temper(model.task, outputs.mean(axis=0), model.temperature)
            answers[:, rows[first : first + count]] = mean, outputs.std(axis=0)
    return Prediction(*answers)


def _outputs(model: Model, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each network says of encoded rows, in the target's units. x: (n, I) → (S, n, O)."""
    from fnn.training.predicting import predict_stack  # Numba is slow to import

    learnt, split = np.unique(model.splits, return_inverse=True)
    center, factor, fill, smooth_clip = model.scaling
    scaled = scale_each(
        Scaling(center[learnt], factor[learnt], fill[learnt], smooth_clip), x, DTYPES[model.config.dtype]
    )
    answers = predict_stack(model.layers, model.params, scaled[0] if len(learnt) == 1 else scaled[split])
    return np.asarray(answers * model.y_scale[model.splits, None] + model.y_center[model.splits, None])


def _some(names: tuple[str, ...] | list[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = f", … ({len(names)})" if len(names) > 6 else ""
    return ", ".join(names[:6]) + more
