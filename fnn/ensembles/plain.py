"""Networks that learnt from numbers as they are, as a model: what needs no table."""

import numpy as np
from numpy.typing import NDArray

from fnn.config import Config
from fnn.data.encoding import Encoder, Feature
from fnn.data.scaling import Scaling
from fnn.ensembles.model import Model
from fnn.network.functions import Params
from fnn.network.layers import Layer

# What the output layer says of what was learnt; of others, that it was numbers.
_TASKS = {"sigmoid": "binary", "softmax": "multiclass"}


def plain_model(config: Config, layers: tuple[Layer, ...], params: Params, seeds: NDArray[np.int64]) -> Model:
    """Return networks that learnt from numbers as they are, in columns x1, x2 … with the target y, or y1, y2 …

    params: W (S, I+1, O) for each layer; seeds: (S,).
    """
    inputs, outputs = layers[0].fan_in, layers[-1].fan_out
    features = tuple(Feature(f"x{i}", "number", (), False) for i in range(1, inputs + 1))
    task = _TASKS.get(layers[-1].activation, "regression")
    task = "multilabel" if task == "binary" and outputs > 1 else task
    one = outputs == 1 or task == "multiclass"
    return Model(
        config=config,
        layers=layers,
        params=params,
        seeds=seeds,
        splits=np.zeros(len(seeds), np.int64),
        task=task,
        target_names=("y",) if one else tuple(f"y{o}" for o in range(1, outputs + 1)),
        classes=tuple(map(str, range(max(outputs, 2)))) if task in ("binary", "multiclass") else (),
        class_kind="number",
        encoder=Encoder(features, missing="error", unknown="none", dropped=()),
        scaling=Scaling(np.zeros((1, inputs)), np.ones((1, inputs)), np.zeros((1, inputs)), smooth_clip=False),
        y_center=np.zeros((1, outputs)),
        y_scale=np.ones((1, outputs)),
        learned_interval=None,
        coverage=None,
        about={},
    )
