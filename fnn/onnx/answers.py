"""Answers of a graph: what is made of all networks' outputs, as `fnn.ensembles.answers` has it.

Of classes: `label` (rows,), `probabilities` (rows, C) and `spread`, the standard deviation of these between networks.
Of several targets that are yes or no: the same (rows, O), of yes. Of numbers: `value` and `spread` (rows, O), and where
the model has intervals `low` and `high`. All but labels are float64.

Where a row has no answer these are NaN, and a label is an empty text, the least int64 of whole numbers, NaN of others,
or false.
"""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fnn.ensembles.model import Model
from fnn.onnx.graph import Graph, Value
from fnn.stats.prediction_intervals import LearnedInterval
from fnn.stats.temperature import LEAST

# What all outputs are called.
NAMES = ("label", "probabilities", "value", "spread", "low", "high")


def add_answers(graph: Graph, model: Model, outputs: Value, invalid: Value | None) -> None:
    """Give out what the networks' outputs say, (S, N, O) in the target's units; of invalid rows (N, 1) nothing."""
    mean, spread = _mean_and_spread(graph, model, outputs, invalid)
    width = model.layers[-1].fan_out
    if model.task == "regression":
        graph.output("value", mean, np.float64, width)
        graph.output("spread", spread, np.float64, width)
        if model.learned_interval:
            for name, end in zip(("low", "high"), _ends(graph, model.learned_interval, mean, spread), strict=True):
                graph.output(name, end, np.float64, width)
        return
    label, dtype = _labels(graph, model, mean)
    graph.output("label", label, dtype, *((width,) if len(model.target_names) > 1 else ()))
    if model.task == "binary":
        no = graph.add("Sub", graph.constant("1", 1.0), mean, name="no")
        mean = graph.add("Concat", no, mean, name="no_and_yes", axis=1)
        spread = graph.add("Concat", spread, spread, name="spread_of_both", axis=1)
        width = 2
    graph.output("probabilities", mean, np.float64, width)
    graph.output("spread", spread, np.float64, width)


def _mean_and_spread(graph: Graph, model: Model, outputs: Value, invalid: Value | None) -> tuple[Value, Value]:
    """Return the mean over networks, at the model's temperature, and their standard deviation, (N, O)."""
    mean = graph.reduce("ReduceMean", outputs, 0, "mean")
    off = graph.add("Sub", outputs, mean, name="deviation")
    variance = graph.reduce("ReduceMean", graph.add("Mul", off, off, name="deviation_squared"), 0, "variance")
    spread = graph.add("Sqrt", variance, name="deviation_root")
    if model.temperature != 1:
        mean = _tempered(graph, model, mean)
    if invalid is None:
        return mean, spread
    nan = graph.constant("nan", np.nan)
    return graph.add("Where", invalid, nan, mean, name="answer"), graph.add("Where", invalid, nan, spread, name="apart")


def _tempered(graph: Graph, model: Model, mean: Value) -> Value:
    """Return probabilities at a temperature, as `fnn.stats.temperature.temper` has them."""
    least = graph.constant("least", LEAST)
    temperature = graph.constant("temperature", model.temperature)
    if model.task == "multiclass":
        logits = graph.add("Log", graph.add("Max", mean, least, name="mean_above_least"), name="log_mean")
        return graph.add("Softmax", graph.add("Div", logits, temperature, name="cooled"), name="tempered", axis=1)
    yes = graph.add("Clip", mean, least, graph.constant("most", 1 - LEAST), name="mean_between")
    no = graph.add("Sub", graph.constant("one", 1.0), yes, name="mean_of_no")
    logits = graph.add("Sub", graph.add("Log", yes, name="log_yes"), graph.add("Log", no, name="log_no"), name="logits")
    return graph.add("Sigmoid", graph.add("Div", logits, temperature, name="cooled"), name="tempered")


def _ends(graph: Graph, learned: LearnedInterval, mean: Value, spread: Value) -> tuple[Value, Value]:
    """Return mean ± q · √(spread² + residual)."""
    variance = graph.add("Mul", spread, spread, name="between_networks")
    both = graph.add("Add", variance, graph.constant("residual", learned.residual), name="of_rows_too")
    root = graph.add("Sqrt", both, name="half_of_one")
    half = graph.add("Mul", root, graph.constant("q", learned.q), name="half")
    return graph.add("Sub", mean, half, name="below"), graph.add("Add", mean, half, name="above")


# ---- labels ----


def _labels(graph: Graph, model: Model, mean: Value) -> tuple[Value, DTypeLike]:
    """Return the label of each row, (N,), or (N, O) of several targets, and its dtype.

    Labels of all targets lie behind each other, and behind those of each target what stands for none.
    """
    table = np.stack([_with_nothing(labels) for labels in model.labels])
    targets, nothing = len(table), table.shape[1] - 1
    if model.task == "multiclass":
        place = graph.add("ArgMax", mean, name="place", axis=1, keepdims=1)
    else:
        place = graph.cast(graph.add("Greater", mean, graph.constant("0.5", 0.5), name="yes"), np.int64, "place")
    unknown = graph.any_of([graph.add("IsNaN", mean, name="mean_is_nan")], "no_answer")
    place = graph.add("Where", unknown, graph.constant("nothing", nothing, np.int64), place, name="place_or_nothing")
    if targets > 1:
        first = graph.constant("first_label", np.arange(targets) * (nothing + 1), np.int64)
        place = graph.add("Add", place, first, name="place_in_all")
    else:
        place = graph.add("Squeeze", place, graph.constant("axis_1", [1], np.int64), name="place_of_one")
    return graph.add("Gather", graph.constant("labels", table.ravel()), place, name="labelled"), table.dtype


def _with_nothing(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels with what stands for none behind them."""
    nothing = {"U": "", "b": False, "i": np.iinfo(np.int64).min}.get(labels.dtype.kind, np.nan)
    return np.array([*labels.tolist(), nothing])
