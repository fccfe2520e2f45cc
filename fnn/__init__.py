"""Thousands of small neural networks trained at once, from scratch, and what is true of them with error bars.

A package is a room. Reading order, which is import order (what stands in a room imports only from rooms before it, or
from what stands before it in its own room; each room's first lines have the order inside):

errors formats files elementary rng machine checks frames data network config kernel training stats ensembles onnx
cluster sweeps sklearn plots report play studies bench cli __main__

`import fnn` loads none of them: each name below comes with the room it lives in when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fnn import data, plots
    from fnn.cluster.connect import Cluster
    from fnn.config import Config
    from fnn.ensembles.fit import fit
    from fnn.ensembles.model import Model
    from fnn.ensembles.model_file import load_model as load
    from fnn.ensembles.saving import save
    from fnn.errors import ClusterLost, InvalidSetting
    from fnn.network.functions import accuracy, backward, forward, init, mean_loss, predict, start, update
    from fnn.onnx.export import export_onnx
    from fnn.report.layers import describe
    from fnn.stats.intervals import wilson
    from fnn.studies.compare import compare
    from fnn.studies.study import study
    from fnn.sweeps.run import sweep
    from fnn.training.results import Results
    from fnn.training.train import train

__version__ = "0.1.0"

__all__ = [
    "Cluster",
    "ClusterLost",
    "Config",
    "InvalidSetting",
    "Model",
    "Results",
    "accuracy",
    "backward",
    "compare",
    "data",
    "describe",
    "export_onnx",
    "fit",
    "forward",
    "init",
    "load",
    "mean_loss",
    "plots",
    "predict",
    "save",
    "start",
    "study",
    "sweep",
    "train",
    "update",
    "wilson",
]

# Where each public name lives; after a colon, what it is called there.
_HOMES = {
    "Cluster": "cluster.connect",
    "ClusterLost": "errors",
    "Config": "config",
    "InvalidSetting": "errors",
    "Model": "ensembles.model",
    "load": "ensembles.model_file:load_model",
    "save": "ensembles.saving",
    "Results": "training.results",
    **dict.fromkeys(
        ("accuracy", "backward", "forward", "init", "mean_loss", "predict", "start", "update"), "network.functions"
    ),
    "compare": "studies.compare",
    "describe": "report.layers",
    "export_onnx": "onnx.export",
    "fit": "ensembles.fit",
    "study": "studies.study",
    "sweep": "sweeps.run",
    "train": "training.train",
    "wilson": "stats.intervals",
}


def __getattr__(name: str) -> Any:
    if name in ("data", "plots", "sklearn"):
        return import_module(f"fnn.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'fnn' has no attribute {name!r}")
    home, _, there = _HOMES[name].partition(":")
    value = globals()[name] = getattr(import_module(f"fnn.{home}"), there or name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
