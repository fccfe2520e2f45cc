"""What the library says of itself: public names have an example that runs, and say what is raised."""

import doctest
import inspect

import numpy as np
import pytest

import fnn
from fnn.frames import as_frame

PLAIN = {"ClusterLost", "InvalidSetting", "data", "plots", "Results", "Model"}  # classes and modules that others give
FUNCTIONS = {name: getattr(fnn, name) for name in fnn.__all__ if name not in PLAIN}
METHODS = {
    f"{owner.__name__}.{name}": getattr(owner, name)
    for owner, names in (
        (fnn.Results, ("predict", "best", "where", "frame")),
        (fnn.Model, ("predict", "predict_proba", "interval", "spread")),
    )
    for name in names
}
FIGURES = {f"plots.{name}": getattr(fnn.plots, name) for name in fnn.plots.__all__}
DATA = {f"data.{name}": getattr(fnn.data, name) for name in (*fnn.data.DATA, "make")}
ALL = {**FUNCTIONS, **METHODS, **FIGURES, **DATA}


@pytest.fixture(autouse=True)
def closed():
    from matplotlib import pyplot as plt

    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.mark.parametrize("name", ALL)
def test_examples_run(name):
    if name == "export_onnx":
        pytest.importorskip("onnx")
    finder = doctest.DocTestFinder(recurse=False)
    (test,) = finder.find(ALL[name], name, module=False, globs={"np": np})
    assert test.examples, "no example"
    done = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert done.failed == 0


@pytest.mark.parametrize("name", ALL)
def test_what_is_raised_is_said(name):
    source = inspect.getsource(ALL[name])
    text = inspect.getdoc(ALL[name])
    assert len(text.split("\n\n")[0]) > 20
    if "checks." in source or "raise " in source:
        assert "Raises" in text or "Error" in text, name


def test_every_public_function_names_its_arguments():
    for name, function in FUNCTIONS.items():
        if inspect.isfunction(function):
            text = inspect.getdoc(function)
            unsaid = [p for p in inspect.signature(function).parameters if p not in text]
            assert not unsaid, f"{name}: {unsaid}"


def test_frames_are_no_copies_of_what_they_show():
    assert as_frame({"a": [1]}, "arrays") == {"a": [1]}
