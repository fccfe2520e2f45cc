"""`export_onnx`: networks to a file of ONNX, which answers as `fnn predict` does where there is no `fnn`."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from fnn import __version__
from fnn.data.scaling import Scaling
from fnn.ensembles.fit import Fit
from fnn.ensembles.model import Model, without_diverged
from fnn.ensembles.saving import model_of, new_file
from fnn.errors import InvalidSetting
from fnn.files import replacing
from fnn.formats import size
from fnn.onnx.answers import NAMES, add_answers
from fnn.onnx.graph import IR_VERSION, OPSET, WORDS_DOMAIN, WORDS_OPSET, Graph, Value
from fnn.onnx.inputs import add_inputs, add_scaling, has_words
from fnn.onnx.layers import add_layers
from fnn.training.results import Results

# No message of protobuf, in which ONNX files are written, is longer.
_LONGEST = 2**31 - 1
# What a graph takes at most beside its constants.
_BESIDE = 2**24


def export_onnx(networks: Results | Fit | Model, to: str | Path) -> Path:
    """Write networks as a graph of ONNX to a file, whole or not at all, and return its path.

    networks: what `fnn.train` gives, of one setting, what `fnn.fit` or `fnn.load` gives; those that diverged are left
    out. to: the file's path, such as model.onnx.

    The graph answers rows as `fnn predict` does. Where all columns are numbers, or true and false, its input is `x`
    (rows, columns) of float64; else there is one for each column under its name, (rows, 1), of float64 or of strings.
    Its outputs are `label`, `probabilities` and `spread`; or `value`, `spread` and, where there are intervals, `low`
    and `high`. The metadata have the columns, the classes and the targets. A row that `fnn predict` would refuse is
    answered by NaN, which `fnn.onnx.inputs` says more of.

    Raises InvalidSetting as `fnn.save` does, without the extra `onnx`, and for networks of more than 2 GB.

    >>> import fnn, tempfile
    >>> results = fnn.train(fnn.Config(), *fnn.data.xor4(), seeds=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = fnn.export_onnx(results, f"{folder}/xor.onnx")
    ...     path.name, path.stat().st_size > 0
    ('xor.onnx', True)
    """
    path = new_file("to", to)
    write_onnx(model_of(networks), path)
    return path


def write_onnx(model: Model, path: Path) -> Any:
    """Write a model to a file in a folder that is there, and return what is written; raises as `export_onnx`."""
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise InvalidSetting("to", str(path), "the extra onnx: python -m pip install 'fnn[onnx]'") from None
    proto = onnx_model(without_diverged(model))
    with replacing(path) as part:
        part.write_bytes(proto.SerializeToString(deterministic=True))
    return proto


def onnx_model(model: Model) -> Any:
    """Return a model as ONNX has it, an `onnx.ModelProto` that is checked. Raises InvalidSetting for more than 2 GB."""
    from onnx import checker, helper, numpy_helper

    graph = model_graph(model)
    takes = sum(array.nbytes for array in graph.constants.values() if array.dtype.kind != "O") + _BESIDE
    if takes > _LONGEST:
        raise InvalidSetting("model", f"{len(model):,} networks", f"at most {size(_LONGEST)}; these take {size(takes)}")
    constants = [numpy_helper.from_array(array, name) for name, array in graph.constants.items()]
    words = [helper.make_opsetid(WORDS_DOMAIN, WORDS_OPSET)] if has_words(model.encoder) else []
    proto = helper.make_model(
        helper.make_graph(graph.nodes, "fnn", graph.inputs, graph.outputs, constants),
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET), *words],
        producer_name="fnn",
        producer_version=__version__,
        doc_string=f"{len(model):,} networks that learnt {', '.join(model.target_names)} ({model.task}).",
    )
    helper.set_model_props(proto, metadata(model))
    checker.check_model(proto, full_check=True)
    return proto


def model_graph(model: Model) -> Graph:
    """Return the graph of a model."""
    graph = Graph(taken=set(NAMES))
    encoded = add_inputs(graph, model.encoder)
    learnt, split = np.unique(model.splits, return_inverse=True)
    center, factor, fill, smooth_clip = model.scaling
    x = add_scaling(graph, Scaling(center[learnt], factor[learnt], fill[learnt], smooth_clip), encoded.x)
    x = _of_each(graph, split, len(learnt), x)
    if model.config.dtype != "float64":
        x = graph.cast(x, model.config.dtype, "inputs")
    outputs = add_layers(graph, model.layers, model.params, x)
    if model.config.dtype != "float64":
        outputs = graph.cast(outputs, np.float64, "outputs")
    add_answers(graph, model, _in_units(graph, model, outputs), encoded.invalid)
    return graph


def _of_each(graph: Graph, split: np.ndarray, splits: int, x: Value) -> Value:
    """Return the inputs of each network, (S, N, I), from those of each split, (P, N, I), unless all have the same."""
    if splits == 1 or np.array_equal(split, np.arange(splits)):
        return x
    return graph.add("Gather", x, graph.constant("split", split, np.int64), name="inputs_of_each", axis=0)


def _in_units(graph: Graph, model: Model, outputs: Value) -> Value:
    """Return outputs in the target's units, (S, N, O)."""
    if model.task != "regression":
        return outputs
    scale, center = (array[model.splits][:, None] for array in (model.y_scale, model.y_center))
    scaled = graph.add("Mul", outputs, graph.constant("y_scale", scale), name="scaled_back")
    return graph.add("Add", scaled, graph.constant("y_center", center), name="in_units")


def metadata(model: Model) -> dict[str, str]:
    """Return what the file says of itself beside its graph: texts, of which lists and tables are JSON."""
    encoder = model.encoder
    columns = [
        {"name": each.name, "kind": each.kind} | ({"categories": list(each.categories)} if each.categories else {})
        for each in encoder.features
    ]
    entries = {
        "columns": columns,
        "missing": encoder.missing,
        "unknown": encoder.unknown,
        "task": model.task,
        "targets": list(model.target_names),
        "classes": [labels.tolist() for labels in model.labels] if model.task != "regression" else [],
        "networks": len(model),
        "temperature": model.temperature,
        "coverage": model.coverage,
        "about": model.about,
        "fnn_version": __version__,
    }
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in entries.items()}
