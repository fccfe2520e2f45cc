"""Trained networks on disk: an .npz file of plain arrays that `numpy.load(..., allow_pickle=False)` reads."""

import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.config import Config
from fnn.errors import InvalidSetting
from fnn.files import replacing
from fnn.network.functions import Params, shapes
from fnn.network.layers import Layer
from fnn.training.results import Results


class Model(NamedTuple):
    """Networks read from a file. params: W (I+1, O) for one network, (S, I+1, O) for S; seeds: (S,)."""

    config: Config
    layers: tuple[Layer, ...]
    params: Params
    seeds: NDArray[np.int64]


def save_model(path: Path, results: Results) -> Path:
    """Write the networks of one config: `config` (JSON), `layers` (JSON), `seeds` (S,), `W1` … `Wd`."""
    if len(results.configs) != 1:
        raise ValueError(f"save_model: got results of {len(results.configs)} configs; expected 1")
    params = results.network(0) if len(results) == 1 else results.params
    arrays: dict[str, NDArray[Any]] = {f"W{i}": w for i, w in enumerate(params, 1)}
    arrays["config"] = np.array(json.dumps(asdict(results.config(0))))
    arrays["layers"] = np.array(json.dumps(results.layers[0]))
    with replacing(path) as part:
        np.savez(part, allow_pickle=False, seeds=results.seeds, **arrays)
    return path


def load_model(path: Path) -> Model:
    """Read what `save_model` wrote. Raises InvalidSetting for a file that is not such a model."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = dict(file)
        config = Config(**json.loads(str(arrays.pop("config"))))
        layers = tuple(Layer(*layer) for layer in json.loads(str(arrays.pop("layers"))))
        seeds = arrays.pop("seeds")
        params = tuple(arrays[f"W{i}"] for i in range(1, len(layers) + 1))
    except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidSetting("model", str(path), f"a model.npz of fnn ({error})") from error
    if [w.shape[-2:] for w in params] != shapes(layers) or layers != config.layers(layers[0][1], layers[-1][2]):
        raise InvalidSetting("model", str(path), "weights in the shapes its config describes")
    return Model(config, layers, params, seeds)
