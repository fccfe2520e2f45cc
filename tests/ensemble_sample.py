"""Models of each task, with weights that were drawn and never trained; and a table for them."""

from dataclasses import replace

import numpy as np

import fnn
from fnn.data.encoding import Encoder, Feature
from fnn.data.scaling import Scaling
from fnn.ensembles.model import Model
from fnn.stats.intervals import Interval
from fnn.stats.prediction_intervals import LearnedInterval

# How many outputs, the output layer's activation, targets, classes.
TASKS = {
    "binary": (1, "sigmoid", ("good",), ("no", "yes")),
    "multiclass": (3, "softmax", ("quality",), ("3", "5", "8")),
    "multilabel": (2, "sigmoid", ("sour", "sweet"), ()),
    "regression": (1, "identity", ("price",), ()),
    "several": (2, "identity", ("price", "weight"), ()),
}
FEATURES = (
    Feature("acid", "number", (), False),
    Feature("colour", "category", ("red", "white"), False),
    Feature("sugar", "number", (), False),
)
TABLE = {
    "sugar": np.array([1.5, -2.0, 0.25, 7.0, 1e3]),
    "colour": ["red", "white", "red", "blue", "white"],
    "acid": np.array([0.5, 3.0, -1.0, 2.0, 0.0]),
}
# What the encoder makes of it: acid, red, white, sugar; blue is none of them.
ENCODED = np.array([[0.5, 1, 0, 1.5], [3, 0, 1, -2], [-1, 1, 0, 0.25], [2, 0, 0, 7], [0, 0, 1, 1e3]])
CLASS_KINDS = {"binary": "text", "multilabel": "boolean"}


def model_of(task, networks=3, splits=2, missing="error", **settings):
    """Return a model of so many networks, of which the k-th learnt from split k mod `splits`."""
    outputs, output, names, classes = TASKS[task]
    loss = "cross-entropy" if output == "softmax" else "mse"
    config = fnn.Config(hidden=(5, 4), activation="tanh", output=output, loss=loss, **settings)
    rng = np.random.default_rng(3)
    numbers = outputs if "identity" in output else 0
    layers = config.layers(4, outputs)
    seeds = np.arange(49, 49 + networks)  # with these, answers differ from row to row
    return Model(
        config=config,
        layers=layers,
        params=fnn.init(layers, seeds, dtype=config.dtype),
        seeds=seeds,
        splits=np.arange(networks) % splits,
        task="regression" if task == "several" else task,
        target_names=names,
        classes=classes,
        class_kind=CLASS_KINDS.get(task, "number"),
        encoder=Encoder(FEATURES, missing=missing, unknown="none", dropped=()),
        scaling=Scaling(*rng.normal(size=(3, splits, 4)), smooth_clip=True),
        y_center=rng.normal(size=(splits, outputs)) if numbers else np.zeros((splits, outputs)),
        y_scale=rng.uniform(1, 2, (splits, outputs)) if numbers else np.ones((splits, outputs)),
        learned_interval=LearnedInterval(np.array([0.5, 2.0])[:outputs], 1.7) if numbers else None,
        coverage=Interval(0.94, 0.9, 0.97) if numbers else None,
        about={"preset": "plain"},
    )


def with_params(model, change):
    """Return the model with other weights: what `change` makes of a copy of each layer's."""
    return replace(model, params=tuple(change(w.copy()) for w in model.params))
