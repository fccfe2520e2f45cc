"""A model on disk: an .npz file of plain arrays and one JSON text, which `numpy.load(allow_pickle=False)` reads too.

Version 2 holds a `Model`: `model` (JSON, see `document`), `W1` … `Wd` (S, I+1, O), `seeds` and `splits` (S,),
`center`, `factor` and `fill` (P, I), `y_center` and `y_scale` (P, O). The entry `label_words` is there only where
several targets have words for no and yes; files from before it have none, and are read. Version 1 held networks alone:
`config` and `layers` (JSON), `seeds`, `W1` … `Wd`.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn import __version__, checks
from fnn.config import DTYPES, Config
from fnn.data.npy import Shape
from fnn.data.scaling import Scaling
from fnn.ensembles.archive import Archive, open_archive, read_arrays, read_text
from fnn.ensembles.document import Document, read_config, read_document, read_json, write_document
from fnn.ensembles.model import Model
from fnn.ensembles.plain import plain_model
from fnn.errors import InvalidSetting
from fnn.files import replacing
from fnn.network.functions import shapes

FORMAT = "fnn model"
VERSION = 2
# What stands in the JSON text of every version from 2 on.
_HEAD = ("format", "version", "fnn")

Arrays = dict[str, NDArray[Any]]


def save_model(path: Path, model: Model) -> Path:
    """Write a model, whole or not at all, and return the path.

    Raises InvalidSetting for what `load_model` would not take: an array of another shape or dtype, and numbers that
    are not finite, as diverged networks have them (see `without_diverged`).
    """
    document, arrays = _document(model), _arrays(model)
    try:
        for name, claim in _claims(document).items():
            got = arrays[name].dtype.newbyteorder("<").str, arrays[name].shape
            if got != claim:
                raise ValueError(f"{name} is {got}, where {claim} is expected")
        _check_values(arrays)
    except ValueError as error:
        raise InvalidSetting("model", f"one of {len(model)} networks", f"what a file can hold ({error})") from None
    head = {"format": FORMAT, "version": VERSION, "fnn": __version__}
    text = json.dumps(head | write_document(document), allow_nan=False)
    with replacing(path) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, model=np.array(text), **arrays)
    return path


def load_model(path: str | Path) -> Model:
    """Read the model that a file holds, as `fnn.save`, `fnn train` and `fnn sweep` write it.

    path: of a model.npz of this version or an earlier one.

    Raises InvalidSetting for a file that is no such model, is damaged, or is of a later version. Nothing in it is
    evaluated or unpickled, and no array is read before all that is claimed of it agrees.

    >>> import fnn, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = fnn.save(fnn.train(fnn.Config(), *fnn.data.xor(), seeds=3), f"{folder}/model.npz")
    ...     model = fnn.load(path)
    >>> len(model), model.predict([[0.0, 1.0]]).shape
    (3, (1,))
    """
    with open_archive(checks.path("model", path)) as archive:
        return _READERS[_version(archive)](archive)


def _document(model: Model) -> Document:
    """Return what is written of a model beside its arrays."""
    entries: dict[str, Any] = {"networks": len(model), "splits": len(model.y_center)}
    entries["smooth_clip"] = model.scaling.smooth_clip
    return Document(**entries, **{name: getattr(model, name) for name in Document._fields if name not in entries})


def _arrays(model: Model) -> Arrays:
    arrays: Arrays = {f"W{i}": w for i, w in enumerate(model.params, 1)}
    arrays |= {name: getattr(model.scaling, name) for name in ("center", "factor", "fill")}
    arrays |= {name: getattr(model, name) for name in ("seeds", "splits", "y_center", "y_scale")}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _claims(document: Document) -> dict[str, tuple[str, Shape]]:
    """Return the dtype and the shape of each array that a document speaks of."""
    layers, networks, splits = document.layers, document.networks, document.splits
    claims = _weight_claims(document.config, [(networks, *shape) for shape in shapes(layers)])
    claims |= dict.fromkeys(("seeds", "splits"), ("<i8", (networks,)))
    claims |= dict.fromkeys(("center", "factor", "fill"), ("<f8", (splits, document.encoder.inputs)))
    return claims | dict.fromkeys(("y_center", "y_scale"), ("<f8", (splits, document.outputs)))


def _weight_claims(config: Config, shapes_: Sequence[Shape]) -> dict[str, tuple[str, Shape]]:
    dtype = np.dtype(DTYPES[config.dtype]).newbyteorder("<").str
    return {f"W{i}": (dtype, shape) for i, shape in enumerate(shapes_, 1)}


def _check_values(arrays: Arrays) -> None:
    """Refuse numbers that are not finite, seeds below 0, and splits that are not there. Raises ValueError."""
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} has numbers that are not finite")
    if arrays["seeds"].min() < 0:
        raise ValueError("a seed is below 0")
    if "splits" in arrays and not 0 <= arrays["splits"].min() <= arrays["splits"].max() < len(arrays["y_scale"]):
        raise ValueError("a network's split is not there")


def _version(archive: Archive) -> int:
    if "model" not in archive.members:
        return 1
    head = read_json(read_text(archive, "model"))
    version = checks.whole(1)("version", head.get("version"))
    if head.get("format") != FORMAT or version == 1:
        raise ValueError(f"its format is {head.get('format')!r}, version {version}")
    if version > VERSION:
        raise ValueError(
            f"this is version {version}, of fnn {head.get('fnn')!r}; fnn {__version__} reads up to {VERSION}"
        )
    return version


def _read_version_2(archive: Archive) -> Model:
    values = read_json(read_text(archive, "model"))
    document = read_document({name: value for name, value in values.items() if name not in _HEAD})
    arrays = read_arrays(archive, _claims(document), "model")
    _check_values(arrays)
    entries = {name: value for name, value in document._asdict().items() if name not in ("networks", "splits")}
    scaling = Scaling(arrays["center"], arrays["factor"], arrays["fill"], entries.pop("smooth_clip"))
    entries |= {name: arrays[name] for name in ("seeds", "splits", "y_center", "y_scale")}
    params = tuple(arrays[f"W{i}"] for i in range(1, len(document.layers) + 1))
    return Model(layers=document.layers, params=params, scaling=scaling, **entries)


def _read_version_1(archive: Archive) -> Model:
    config = read_config("config", read_json(read_text(archive, "config")))
    listed = json.loads(read_text(archive, "layers"))
    layers = config.layers(*_ends(listed))
    if listed != [list(layer) for layer in layers]:
        raise ValueError("its layers are not those of its config")
    seeds = archive.members.get("seeds")
    (networks,) = seeds.shape if seeds and len(seeds.shape) == 1 else (0,)
    stack = () if networks == 1 else (networks,)
    claims = _weight_claims(config, [(*stack, *shape) for shape in shapes(layers)])
    arrays = read_arrays(archive, {"seeds": ("<i8", (max(1, networks),))} | claims, "config", "layers")
    _check_values(arrays)
    params = tuple(arrays[name].reshape(networks, *shape) for name, shape in zip(claims, shapes(layers), strict=True))
    return plain_model(config, layers, params, arrays["seeds"])


def _ends(layers: Any) -> tuple[int, int]:
    """Return the inputs of the first and the outputs of the last of layers as JSON has them."""
    try:
        ends = layers[0][1], layers[-1][2]
    except (TypeError, LookupError):
        raise ValueError("its layers are not lists of kind, inputs, outputs and activation") from None
    size = checks.whole(1, 2**31 - 1)
    return size("layers", ends[0]), size("layers", ends[1])


_READERS: dict[int, Callable[[Archive], Model]] = {1: _read_version_1, VERSION: _read_version_2}
