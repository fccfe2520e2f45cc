"""Metrics of runs, on curves short enough to follow on paper."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import read_only

import fnn
from fnn.errors import InvalidSetting
from fnn.studies.metrics import METRICS, Measure, measure


@pytest.fixture(scope="module")
def results():
    """Three runs of ten epochs: a smooth one, a zigzag, one that diverges after seven."""
    trained = fnn.train(fnn.Config(epochs=10), *fnn.data.xor4(), seeds=range(3), backend="numpy")
    smooth = [10.0**-e for e in range(11)]
    zigzag = [1, 1, 1, 1, 1, 1, 1, 1, 1e-1, 1e-2, 1e-1]
    diverged = [1, 1, 1, 1, 1, 1, 2, np.nan, np.nan, np.nan, np.nan]
    loss, accuracy = read_only(
        np.array([smooth, zigzag, diverged], np.float32), np.tile(np.linspace(0.5, 1, 11, dtype=np.float32), (3, 1))
    )
    return replace(
        trained, loss_curve=loss, score_curve=accuracy, loss=np.array([1e-10, 1e-1, np.nan]),
        score=np.array([1.0, 1.0, np.nan]), epochs_to_solve=np.array([4, 10, -1]), diverged=np.array([-1, -1, 7]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Measure("solved"), [1, 1, 0]),
        (Measure("solved", 4), [1, 0, 0]),
        (Measure("solved", 3), [0, 0, 0]),
        (Measure("epochs"), [4, 10, np.inf]),
        (Measure("loss"), [1e-10, 1e-1, np.inf]),
        (Measure("loss", 6), [1e-6, 1, 2]),
        (Measure("loss", 9), [1e-9, 1e-2, np.inf]),
        (Measure("accuracy"), [1, 1, 0]),
        (Measure("accuracy", 5), [0.75, 0.75, 0.75]),
        (Measure("best-loss"), [1e-10, 1e-2, 1]),
        # The last fifth is two steps of ten: one down, one up by one decade: half a decade an epoch.
        (Measure("roughness"), [0, 0.5, np.inf]),
        # From epoch 6 on four steps: only one of them up.
        (Measure("roughness", 6), [0, 0.25, np.inf]),
        # Up to epoch 9: three steps, none of them up; up to 6, before it diverges: one of six, by log10(2).
        (Measure("roughness", 6, 9), [0, 0, np.inf]),
        (Measure("roughness", 0, 6), [0, 0, np.log10(2) / 6]),
        # Whether it is above a value, not at it; a run that diverged, or never solved it, is above any.
        (Measure("roughness", 6, None, 0.2), [0, 1, 1]),
        (Measure("roughness", 0, 6, 0.1), [0, 0, 0]),
        (Measure("accuracy", None, None, 0.9), [1, 1, 0]),
        (Measure("epochs", None, None, 4), [0, 1, 1]),
        (Measure("epochs", None, None, 3.5), [1, 1, 1]),
    ],
    ids=str,
)
def test_metrics_on_paper(results, wanted, expected):
    np.testing.assert_allclose(wanted.of(results), expected, rtol=1e-6)


def test_roughness_knows_neither_the_unit_of_the_loss_nor_rises_nobody_sees(results):
    half = replace(results, loss_curve=results.loss_curve / 2)
    np.testing.assert_allclose(METRICS["roughness"].of(half, None), [0, 0.5, np.inf], rtol=1e-6)
    steps = np.array([[1, 1.005] * 5 + [1], [1, 1.02] * 5 + [1]], np.float32)
    values = METRICS["roughness"].of(replace(results, loss_curve=steps, diverged=np.array([-1, -1])), None)
    np.testing.assert_allclose(values, [0, np.log10(1.02) / 2], rtol=1e-4)


def test_an_end_is_after_the_beginning_and_of_roughness_only():
    assert measure("roughness", None, 5) == Measure("roughness", 0, 5)
    assert measure("roughness", 2, 5).words == "roughness from epoch 2 to 5"
    assert measure("roughness", 2, 5, 0.01) == Measure("roughness", 2, 5, 0.01)
    assert measure("roughness", 2, 5, 0.01).words == "roughness from epoch 2 to 5 above 0.01"
    assert measure("accuracy", above=0.95).words == "final accuracy above 0.95"
    for arguments in (("roughness", 5, 5), ("roughness", 0, 2.5), ("loss", 0, 5)):
        with pytest.raises(InvalidSetting, match="until: got"):
            measure(*arguments)


@pytest.mark.parametrize(
    ("name", "epoch"), [("epochs", 3), ("best-loss", 3), ("loss", -1), ("loss", 1.5), ("los", None)]
)
def test_a_measure_that_cannot_be_is_refused(name, epoch):
    with pytest.raises(InvalidSetting, match="did you mean loss" if name == "los" else "epoch: got"):
        measure(name, epoch)
