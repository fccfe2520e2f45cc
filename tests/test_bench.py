"""`fnn bench`: contenders do the same work, times are taken fairly, and what is printed says so."""

import csv
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace

import numpy as np
import pytest
from conftest import read_only
from figure_law import check
from matplotlib import image
from processes import fnn_process, wait_for

import fnn
from fnn.bench import (
    accuracy,
    fann,
    figures,
    peak,
    peers_images,
    processes,
    reading,
    run,
    samples,
    search,
    suite,
    tables,
    targets,
    timing,
    work,
)
from fnn.bench.contenders import OWN, Contender
from fnn.bench.run import CONTENDERS, Case, Method, Row
from fnn.cli import main
from fnn.network.schedules import SCHEDULES

MODULES = {"torch": "torch", "jax": "jax", "scikit-learn": "sklearn"}
# Beside the lab, everything contenders need to know: other activations, depths, schedules, reductions, losses, batches.
CONFIGS = {
    "lab": fnn.Config(epochs=20),
    "wide": fnn.Config(epochs=20, hidden=(16, 9), lr=0.01),
    "regression": fnn.Config(
        epochs=20, hidden=(5,), activation="tanh", output="identity", init="xavier", reduction="mean",
        scheduler="polynomial", lr=0.02, beta1=0.8, beta2=0.99, epsilon=1e-8,
    ),
    # 21 samples: batches of 8, 8 and 5.
    "table": fnn.Config(
        epochs=20, hidden=(16, 9), activation="relu", loss="bce", reduction="mean", init="he", batch_size=8,
        scheduler="constant", lr=0.01, beta2=0.999, epsilon=1e-8,
    ),
    "batches": fnn.Config(epochs=20, hidden=(5,), activation="tanh", batch_size=7),
    "all but one": fnn.Config(epochs=20, activation="relu", loss="bce", batch_size=20),
}  # fmt: skip


def contender(name):
    """Return the contender; the test is skipped where it is not installed."""
    if CONTENDERS[name].package in MODULES:
        pytest.importorskip(MODULES[CONTENDERS[name].package])
    return CONTENDERS[name]


def trained(name, config, networks, data, threads=2):
    """Return the predictions of a contender's networks, (S, N, O), and those of the oracle."""
    x, y = read_only(*data)
    layers = config.layers(x.shape[1], y.shape[1])
    params = read_only(*fnn.init(layers, range(networks), config.init, config.init_scale))
    go, answers = contender(name).build(config, params, x, y, threads)
    return np.asarray(answers(go())), oracle(config, layers, params, x, y)


def oracle(config, layers, params, x, y):
    """Train with the functions of `fnn.network` in float64, one step after the other."""
    state, size, updates = fnn.start("adam", params), config.batch_size or len(x), 0
    for epoch in range(config.epochs):
        lr = SCHEDULES[config.scheduler](epoch, config.epochs, config)
        for first in range(0, len(x), size):
            inputs, labels = x[first : first + size], y[first : first + size]
            done = fnn.forward(layers, params, inputs)
            gradients = fnn.backward(layers, params, done, labels, config.loss, config.reduction)
            updates += 1
            params, state = fnn.update("adam", params, gradients, state, updates, lr, config)
    return fnn.predict(layers, params, x)


ON_IMAGES = set(peers_images.PEERS)
ALIKE = [name for name, c in CONTENDERS.items() if not c.differs and name != "fnn-own" and name not in ON_IMAGES]


@pytest.mark.parametrize("name", sorted(ON_IMAGES))
@pytest.mark.parametrize(("hidden", "side"), [(work.SMALL_LENET, 8), ("conv3:3/2+1-pool2/1-conv8:2-9", 9)])
def test_contenders_train_on_images_the_networks_of_the_oracle(name, hidden, side):
    case = next(iter(work.images()))
    config = replace(case.config, hidden=hidden, image=(side, side), batch_size=8, epochs=2, dtype="float64")
    assert CONTENDERS[name].takes(config)
    assert not CONTENDERS[name].takes(CONFIGS["table"])
    got, expected = trained(name, config, 5, samples.images_like(20, side))
    # Steps of adam are of one length: of a gradient that is next to nothing they make much.
    assert np.allclose(got, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ALIKE)
@pytest.mark.parametrize(
    ("which", "networks"),
    [("lab", 3), ("wide", 11), ("regression", 1), ("table", 11), ("batches", 3), ("all but one", 3), ("table", 1)],
)
def test_contenders_train_the_networks_of_the_oracle(name, which, networks):
    got, expected = trained(name, CONFIGS[which], networks, fnn.data.xor())
    assert got.dtype == np.float64
    assert np.allclose(got, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ALIKE)
@pytest.mark.parametrize("which", ["lab", "table"])
def test_contenders_train_them_in_float32_too(name, which):
    got, expected = trained(name, replace(CONFIGS[which], dtype="float32"), 3, fnn.data.xor())
    assert np.allclose(got, expected, rtol=0, atol=2e-5)
    assert np.abs(got - expected).max() > 1e-9  # float64 would be a time of something else


# Those that are given classes and folds: of the ensembles.
STACKED = [name for name in next(iter(work.ensembles())).contenders if not CONTENDERS[name].differs]


@pytest.mark.parametrize("name", STACKED)
def test_contenders_train_classes_and_folds(name):
    x, y = samples.table_like(40, 5, 3)
    config = replace(CONFIGS["table"], loss="cross-entropy", output="softmax", hidden=(9,))
    got, expected = trained(name, config, 11, (x, y))
    assert np.allclose(got.sum(axis=2), 1)
    assert np.allclose(got, expected, rtol=0, atol=1e-12)
    # Networks 0 to 8 on the first fold, 9 to 17 on the second: more than a thread of JAX's takes at a time.
    folds = samples.folds_of(x, 2), samples.folds_of(y, 2)
    layers = config.layers(5, 3)
    params = read_only(*fnn.init(layers, [*range(9), *range(9)], config.init, config.init_scale))
    go, answers = contender(name).build(config, params, *read_only(*folds), 2)
    got = answers(go())
    for fold, networks in enumerate((slice(0, 9), slice(9, 18))):
        theirs = tuple(w[networks] for w in params)
        expected = oracle(config, layers, theirs, folds[0][fold], folds[1][fold])
        assert np.allclose(got[networks], expected, rtol=0, atol=1e-12)


def test_a_fold_is_what_is_outside_it():
    assert samples.folds_of(np.arange(6), 3).tolist() == [[1, 2, 4, 5], [0, 2, 3, 5], [0, 1, 3, 4]]


def test_the_preset_trains_as_many_networks_on_each_fold_and_answers_for_all_samples():
    case = list(suite.cases("ensembles", None))[-1]
    small = replace(case, config=replace(case.config, epochs=2), networks=10)
    assert (case.folds, case.networks) == (5, 320)
    go, answers = run._Entry(small, "fnn-table").build(10, 2)
    results = go()
    assert results.split.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert (results.configs[0].parametrization, results.configs[0].epochs) == ("ntk", 2)
    assert answers(results).shape == (10, 480, 1)


def test_sklearn_takes_classes_and_folds_too():
    x, y = samples.table_like(60, 5, 3)
    config = replace(CONFIGS["table"], loss="cross-entropy", output="softmax", hidden=(9,), epochs=60)
    assert contender("sklearn").takes(config)
    folds = samples.folds_of(x, 2), samples.folds_of(y, 2)
    params = fnn.init(config.layers(5, 3), [0, 0])
    go, answers = contender("sklearn").build(config, params, *folds, 1)
    output = answers(go())
    assert output.shape == (2, 30, 3)
    for fold in range(2):  # each knows its own fold, and the other's no better than chance
        right = (output[fold].argmax(axis=1) == folds[1][fold].argmax(axis=1)).mean()
        assert right > 0.7


def test_tables_are_read_from_what_people_have():
    adult, wine, folds = ((e, reading.table_file(e)) for e in (work.ENSEMBLES[1], work.ENSEMBLES[0], work.ENSEMBLES[2]))
    for (ensemble, file), parts in ((adult, 1), (wine, 1), (folds, 5)):
        with file as path:
            prepared = reading.read_and_prepare(path, ensemble._replace(samples=ensemble.samples))
        assert len(prepared) == parts
        outputs = 1 if ensemble.classes == 2 else ensemble.classes
        rows = ensemble.samples * (4 if ensemble.folds else 5) // 5
        assert (prepared[0].part.x.shape, prepared[0].part.y.shape[1]) == (
            (rows if ensemble.folds else ensemble.samples, ensemble.inputs),
            outputs,
        )


def test_reading_is_held_against_the_training_of_the_same_table():
    what = work.ENSEMBLES[0].what
    rows = [timed("fnn", 1.0, work="ensembles", what=what, seconds=[1, 9.0, 10]),
            timed("fnn", 1.0, work="reading", what=f"reading {what}", seconds=[1, 1.0, 2])]  # fmt: skip
    (check,) = [check for check in targets.checks(rows) if check.work == "reading"]
    assert (check.measured, check.met) == (0.1, True)
    slower = [rows[0], replace(rows[1], seconds=[1, 1.1, 2])]
    assert [check.met for check in targets.checks(slower)] == [False]


def test_own_settings_are_hardly_different_ones():
    got, _ = trained("fnn-own", fnn.Config(), 200, fnn.data.xor())
    share = (fnn.accuracy(got, fnn.data.xor().y) == 1).mean()
    assert 0.8 < share < 0.97


def test_sklearn_trains_the_same_shape_to_its_own_end():
    got, _ = trained("sklearn", fnn.Config(epochs=300), 2, fnn.data.linear())
    assert got.shape == (2, 100, 1)
    assert (fnn.accuracy(got, fnn.data.linear().y) > 0.9).all()
    assert not contender("sklearn").takes(CONFIGS["regression"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("which", [name for name, config in CONFIGS.items() if CONTENDERS["fann"].takes(config)])
def test_fann_is_given_the_same_weights_and_lowers_the_loss(which, dtype):
    config, (x, y) = replace(CONFIGS[which], dtype=dtype), fnn.data.xor()
    params = fnn.init(config.layers(2, 1), range(5), config.init, config.init_scale)
    losses = []
    for epochs in (0, 100):
        given = replace(config, epochs=epochs or 1)
        if not epochs:
            object.__setattr__(given, "epochs", 0)  # no step at all shows how the weights were read
        try:
            go, answers = CONTENDERS["fann"].build(given, params, x, y, 2)
        except ImportError as missing:
            pytest.skip(str(missing))
        output = answers(go())
        losses.append(((output - y) ** 2).mean())
        if not epochs:
            tolerance = 1e-12 if dtype == "float64" else 1e-5
            assert np.allclose(output, fnn.predict(config.layers(2, 1), params, x), rtol=0, atol=tolerance)
    assert losses[1] < 0.8 * losses[0]


def test_a_compiler_without_fann_leaves_no_folder_behind(tmp_path, monkeypatch):
    """What is left to the garbage collector becomes a warning, and here warnings are errors."""
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    params = fnn.init(fnn.Config().layers(2, 1), range(2))
    fann._library.cache_clear()
    with pytest.raises(ImportError, match="libfann-dev"):
        CONTENDERS["fann"].build(fnn.Config(), params, *fnn.data.xor(), 1)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_operations_on_paper():
    # 2-3-1, 5 samples, 7 epochs, float64: weights 3·3 + 4·1 = 13, of which 3 pass an error on; 4 units, 29 for each
    # exponential: a sample 4·13 + 2·3 + 9·4 + 29·4 = 210; an epoch 5·210 + 14·13 = 1232.
    config = fnn.Config(hidden=(3,), epochs=7)
    assert peak.operations(config, 2, 1, 5) == 7 * 1232
    # Without the output's sigmoid an exponential and 5 around it less for each sample.
    assert peak.operations(replace(config, output="identity"), 2, 1, 5) == 7 * (1232 - 5 * (29 + 5))
    assert peak.operations(replace(config, dtype="float32"), 2, 1, 5) == 7 * (1232 - 5 * 4 * 10)
    # In batches of 2, 2 and 1 two more updates an epoch; who measures passes all samples once more, forwards, before
    # the first and after each: 2·13 + 4 + 29·4 = 146 for each.
    batches = replace(config, batch_size=2)
    assert peak.operations(batches, 2, 1, 5) == 7 * (1232 + 2 * 14 * 13)
    learnt = 7 * (1232 + 2 * 14 * 13)
    assert peak.operations(batches, 2, 1, 5, measures=True) == learnt + 8 * 5 * 146
    # Before the first epoch, after the third and sixth, and after the last.
    assert peak.operations(replace(batches, measure_every=3), 2, 1, 5, measures=True) == learnt + 4 * 5 * 146
    assert peak.operations(replace(batches, measure_every=7), 2, 1, 5, measures=True) == learnt + 2 * 5 * 146
    assert peak.operations(config, 2, 1, 5, measures=True) == 7 * 1232  # one pass measures and learns


@pytest.mark.parametrize(("dtype", "lanes"), [("float64", 8), ("float32", 16)])
def test_the_peak_counts_what_it_does(dtype, lanes):
    def chained(chains_into):
        a = peak.aligned((3, lanes), dtype)
        a[0], a[1], a[2] = 1, 2, np.arange(lanes)
        chains_into(a, 3)
        return a[0].tolist()

    # c ← 2c + y three times, from 1: 8 + 7y in each of 24 chains, and the first once more; or in 12 of half the lanes.
    assert chained(peak._chains_into) == [25 * (8 + 7 * y) for y in range(lanes)]
    half = lanes // 2
    assert chained(peak._narrow_chains_into) == [13 * (8 + 7 * y) for y in range(half)] + [1] * half
    # Three turns of 24 chains of all lanes, or of 12 of half of them, a multiplication and an addition each.
    assert peak.chain_operations(dtype, 3) in (3 * 24 * lanes * 2, 3 * 12 * half * 2)


def test_the_peak_is_of_all_threads_and_by_the_clock():
    turns = 200_000
    for threads in (1, 2):
        start = time.perf_counter()
        measured = peak.peak("float64", threads, turns)
        # What was counted took no longer than the call did, and no core makes 10^12 operations a second in float64.
        least = threads * peak.chain_operations("float64", turns) / (time.perf_counter() - start)
        assert least <= measured < threads * 1e12


def test_rounds_have_everyone_once_in_an_order_fixed_by_the_seed():
    names = list("abcdef")
    orders = list(timing.orders(names, 6, seed=3))
    assert all(sorted(order) == names for order in orders)
    assert len({tuple(order) for order in orders}) > 1
    assert orders == list(timing.orders(names, 6, seed=3)) != list(timing.orders(names, 6, seed=4))


def test_in_rounds_runs_everyone_so_often_and_keeps_every_time():
    called = []
    runs = {name: lambda name=name: called.append(name) for name in "ab"}
    seconds = timing.in_rounds(runs, {"a": 1, "b": 3}, (), 5, 0, tell=lambda _: None)
    assert (called.count("a"), called.count("b")) == (5, 15)
    assert [len(times) for times in seconds.values()] == [5, 5]
    assert timing.quartiles([5.0, 1.0, 2.0, 4.0, 3.0]) == [2.0, 3.0, 4.0]
    assert [timing.repeats_for(s) for s in (1.0, 0.05, 0.0251, 1e-9)] == [1, 1, 2, 100]


def test_a_brief_run_is_not_timed_right_after_anothers():
    called, timed = [], {"brief": [], "other": []}

    def run(name):
        timed[name].append(called[-1:] != [name])  # whether it comes after another's
        called.append(name)

    runs = {name: lambda name=name: run(name) for name in timed}
    timing.in_rounds(runs, dict.fromkeys(runs, 1), {"brief"}, 8, 0, lambda _: None)
    assert timed["brief"][1::2] == [False] * 8
    assert len(timed["other"]) == 8


def row(name, **values):
    given = {"work": "xor", "what": "lab XOR", "at": 0, "dtype": "float32", "title": CONTENDERS[name].title}
    return Row(contender=name, **{**given, **values})


def timed(name, rate, **values):
    given = {"networks": 10, "seconds": [9 / rate, 10 / rate, 11 / rate], "per_second": rate, "runs": 5, "first": 1.0}
    return row(name, **{**given, **values})


def test_ratios_are_of_networks_a_second_and_shares_of_the_peak():
    rows = run.compared([timed("fnn", 100.0, operations=7.0), timed("jax", 25.0), row("torch", status=run.SKIPPED)])
    assert [r.ratio for r in rows] == [1.0, 4.0, None]
    assert run.with_share(rows[0], {"float32": 1400.0}).share == 0.5
    assert run.with_share(rows[2], {"float32": 1400.0}) == rows[2]


def test_agreement_is_of_intervals_where_there_are_classes_and_of_losses_elsewhere():
    ours = row("fnn", interval=[0.85, 0.95], loss=1.0)
    for interval, agrees in (([0.94, 0.99], True), ([0.96, 0.99], False), ([0.1, 0.86], True), ([0.1, 0.8], False)):
        assert run.agree(ours, row("jax", interval=interval, loss=9.0), solvable=True) == agrees
    for loss, agrees in ((1.05, True), (0.95, True), (1.2, False), (0.8, False), (float("nan"), False)):
        assert run.agree(ours, row("jax", interval=[0, 0.1], loss=loss), solvable=False) == agrees


def small(names, networks=20, whole=False, **settings):
    x, y = fnn.data.xor()
    config = fnn.Config(**{"epochs": 200, "dtype": "float32"} | settings)
    return Case(
        work="size", what="few", config=config, x=x, y=y, networks=networks, contenders=tuple(names), whole=whole,
        behind="because",
    )  # fmt: skip


def measured(case, names=None, known=None, cap=60.0, **others):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "CONTENDERS", {**CONTENDERS, **others})
        return run.measure(
            case, names or case.contenders, Method(cap=cap), {} if known is None else known, lambda _: None
        )


def constant(output, calls=None):
    """Return a contender that answers with the same always."""

    def build(config, params, x, y, threads):
        answer = np.full((len(params[0]), *y.shape), output)
        return (lambda: calls.append(1) if calls is not None else None), lambda _: answer

    return Contender("constant", build)


def test_networks_that_do_not_agree_are_not_timed():
    calls = []
    wrong = constant(0.0, calls)
    rows = measured(small(["fnn", "wrong"]), wrong=wrong)
    assert rows[0].seconds
    assert (rows[1].status, rows[1].seconds, rows[1].runs) == (run.APART, None, 0)
    assert len(calls) < 5
    different = measured(small(["fnn", "wrong"]), wrong=wrong._replace(differs="in every way"))
    assert (different[1].status, different[1].solved) == (run.OWN_TRAINING, 0)
    assert len(different[1].seconds) == 3


def test_a_loop_over_fewer_networks_agrees_with_those_very_networks():
    # A loop takes one network here, whose loss is not the median of 20.
    case = replace(small(["fnn", "numpy-loop"]), solvable=False)
    ours, loop = measured(case, cap=1.0)
    assert loop.networks == 1
    assert abs(loop.loss - ours.loss) > 2 * run.LOSS_LEEWAY * ours.loss
    assert loop.status == run.MEASURED


def test_a_losing_row_stays_and_is_explained():
    right = constant(fnn.data.xor().y)
    rows = measured(small(["fnn", "right"]), right=right._replace(differs="it knows"))
    assert rows[1].ratio < 1
    assert "fnn is behind: because" in rows[1].note


def test_what_would_take_too_long_is_left_out_and_says_so():
    stack = small(["fnn", "slow"], whole=True)
    rows = measured(stack, known={"slow": 0.001}, slow=constant(0.0))
    assert (rows[1].status, rows[1].note) == (run.SKIPPED, "it would take about 20,000 s a run")
    assert measured(small(["fnn"]), cap=1e-9)[0].status == run.SKIPPED
    # Six runs of a loop, at 10 networks a second, in a fortieth of 96 s: 4 networks; all of them where that is asked.
    method = Method(cap=96.0)
    assert run._Entry(small(["numpy-loop"]), "numpy-loop").affordable(method, 10.0) == 4
    assert run._Entry(small(["numpy-loop"]), "numpy-loop").affordable(method, 1e-3) == 1
    assert run._Entry(small(["numpy-loop"], whole=True), "numpy-loop").affordable(method, 10.0) == 20
    assert run._Entry(small(["numpy-loop"], whole=True), "numpy-loop").affordable(method, 1.0) == 0


def test_a_peer_that_is_not_installed_is_a_row_that_says_so(tmp_path):
    code = """
import json, sys
for name in ("torch", "jax", "sklearn"):
    sys.modules[name] = None  # importing it fails from now on
import os
os.environ["PATH"] = ""
from fnn.cli import main
from fnn.network.schedules import SCHEDULES
sys.exit(main.run(["bench", "--peers", "--work", "size", "--networks", "1", "--cap", "60", "--json"]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [r for r in json.loads(done.stdout)["rows"] if r["dtype"] == "float32"]
    absent = {r["contender"]: r["note"] for r in rows if r["status"] == "not installed"}
    assert set(absent) == set(CONTENDERS) - set(OWN) - ON_IMAGES
    assert "compiler" in absent["fann"]
    assert {r["contender"] for r in rows if r["seconds"]} == set(OWN) - {"fnn-own", "fnn-table"}


def test_promises_are_held_against_the_fastest_form():
    rows = [
        timed("fnn", 100.0, work="width", what="width 16", at=16, ratio=1.0, share=0.45, networks=256),
        timed("jax", 25.0, work="width", what="width 16", at=16, ratio=4.0),
        timed("jax-last", 10.0, work="width", what="width 16", at=16, ratio=10.0),
        timed("fnn-own", 95.0, work="settings", ratio=1.06),
    ]
    checks = {check.against: check for check in targets.checks(rows)}
    assert (checks["the faster of JAX and PyTorch"].measured, checks["the faster of JAX and PyTorch"].met) == (
        4.0,
        False,
    )
    assert (checks["the FMA peak"].bound, checks["the FMA peak"].met) == (0.6, False)
    assert checks["the same settings in all"].measured == pytest.approx(0.06)
    assert not checks["the same settings in all"].met
    assert "MISSED" in "\n".join(tables.check_lines(list(checks.values())))


def test_a_stack_on_a_table_is_held_against_the_fastest_form_and_one_of_sklearns():
    def on_a_table(name, ratio, networks=64, **values):
        what = "64 of width 64, batch 256" if networks == 64 else "1 of width 32, batch 32"
        return timed(
            name, 1.0, **{"work": "tables", "what": what, "at": 64, "networks": networks, "ratio": ratio, **values}
        )

    rows = [on_a_table("fnn", 1.0, share=0.71), on_a_table("jax", 6.0), on_a_table("jax-threads", 3.9)]
    rows += [on_a_table("torch-loop", 2.0), on_a_table("sklearn", 65.0, networks=1, what=rows[0].what)]
    kept = {(check.against, check.bound): check.met for check in targets.checks(rows)}
    # The loop is no stack: it counts where there is one network.
    assert kept == {(targets.EITHER, 4): False, ("scikit-learn", 64): True, ("the FMA peak", 0.7): True}
    single = [on_a_table("fnn", 1.0, 1, share=0.1), on_a_table("jax", 6.0, 1), on_a_table("torch-loop", 2.9, 1)]
    assert [(check.bound, check.measured, check.met) for check in targets.checks(single)] == [(3, 2.9, False)]


def test_every_promise_is_of_a_case_there_is():
    cases = [case for name in work.WORK for case in suite.cases(name, None)]
    there = {(case.work, case.what, case.config.dtype) for case in cases}
    assert {(target.work, target.what, target.dtype) for target in targets.RATIOS} <= there
    of_tables = {what for work, what, _ in there if work == "tables"}
    assert of_tables == {target.what for target in targets.RATIOS if target.work == "tables"}


def test_the_label_of_a_table_is_no_more_certain_than_it_says():
    x, y = samples.table_like(20_000)
    assert np.abs(x.mean(axis=0)).max() < 0.05
    assert np.abs(x.std(axis=0) - 1).max() < 0.05
    # Where the sum in the sigmoid is about 0 the label is a coin, far above nearly always 1; x[:, 5:] say nothing.
    z = 2 * (x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + np.maximum(x[:, 3], 0) - x[:, 4] / 2)
    assert abs(y[np.abs(z) < 0.2].mean() - 0.5) < 0.05
    assert y[z > 4].mean() > 0.96
    assert np.abs(np.corrcoef(x[:, 5:].T, y[:, 0])[-1, :-1]).max() < 0.03


def test_where_fnn_starts_to_win_is_where_it_stays_ahead():
    def at(size, name, ratio):
        return row(name, work="size", at=size, ratio=ratio)

    rows = [at(100, "jax", 3.0), at(1, "jax", 1.5), at(10, "jax", 0.5), at(1, "fann", 2.0), at(10, "torch", 0.9)]
    ahead = targets.ahead_from([at(1, "fnn", 1.0), *rows])
    assert ahead == {CONTENDERS["jax"].title: 100, CONTENDERS["fann"].title: 1, CONTENDERS["torch"].title: None}
    assert "from 100 networks on" in "\n".join(tables.closing_lines(rows))
    chains = [row("torch", work="chains", ratio=12.0), row("torch-loop", work="chains", ratio=20.0)]
    assert targets.against_pytorch(chains) == 12.0
    assert "fnn is 12.0x PyTorch here" in "\n".join(tables.closing_lines(chains))


def test_durations_have_three_digits():
    shown = [tables.duration(s) for s in (123.0, 12.34, 1.0, 0.99996, 0.0123, 4.2e-5, 2345.0)]
    assert shown == ["123 s", "12.3 s", "1.00 s", "1.00 s", "12.3 ms", "42.0 µs", "2,345 s"]


def test_tables_fit_and_mark_what_needs_a_note():
    rows = [timed(name, 1e6 / 2.5**k, ratio=2.5**k, share=0.4, solved=0.9, samples=21, epochs=500, hidden="4x4")
            for k, name in enumerate(name for name in CONTENDERS if name not in ON_IMAGES)]  # fmt: skip
    rows += [timed(name, 1e6, ratio=2.5, share=0.4, solved=0.9) for name in sorted(ON_IMAGES)]
    rows += [row("jax", status=run.SKIPPED, note="one run takes 99 s"), timed("fann", 3.0, ratio=0.5, note="n " * 90)]
    lines = list(tables.case_lines([replace(r, samples=21, epochs=500, hidden="4x4", solved=0.5) for r in rows]))
    assert max(map(len, lines)) <= tables.WIDTH
    assert any(re.match(r"  JAX, .*skipped: one run takes 99 s", line) for line in lines)
    assert any("FANN (C), RPROP*" in line and "0.5x" in line for line in lines)


def test_the_data_of_the_single_network_are_matrix_exponentials():
    linalg = pytest.importorskip("scipy.linalg")
    x, y = samples.matrix_exponentials(samples=20)
    expected = [linalg.expm(a.reshape(2, 2)).ravel() for a in x]
    assert np.allclose(y, expected, rtol=1e-12)


def test_every_case_can_be_built_by_someone_and_names_known_contenders():
    for name in work.WORK:
        cases = list(suite.cases(name, None))
        assert cases
        for case in cases:
            assert case.contenders[0] == "fnn"
            assert set(case.contenders) <= set(CONTENDERS)
    sizes = [case.networks for case in suite.cases("size", None)]
    assert (sizes[0], sizes[-1]) == (1, 100_000)
    assert [case.networks for case in suite.cases("size", 50)] == [1, 10]


def test_a_process_is_timed_and_its_summary_read(tmp_path):
    commands = (
        processes.Command(name="fnn", title="ours", words=("-c", "print('solved 90 of 100; fine')")),
        processes.Command(name="apart", title="apart", words=("-c", "print('solved 1 of 100')")),
        processes.Command(name="gone", title="gone", words=("-c", "pass"), module="no_such_module"),
        processes.Command(name="plain", title="plain", words=("-c", "pass")),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(processes.PROCESSES, "trial", ("trial", commands))
        rows = {r.contender: r for r in processes.measure_processes("trial", True, Method(), lambda _: None)}
        late = processes.measure_processes("trial", True, Method(cap=0.001), lambda _: None)
    assert (rows["fnn"].solved, rows["fnn"].networks, rows["fnn"].ratio) == (0.9, 100, 1.0)
    assert {name: r.status for name, r in rows.items()} == {
        "fnn": run.MEASURED, "apart": run.APART, "gone": run.NOT_INSTALLED, "plain": run.MEASURED,
    }  # fmt: skip
    assert rows["plain"].ratio == pytest.approx(rows["plain"].seconds[1] / rows["fnn"].seconds[1])
    assert {r.status for r in late if r.contender != "gone"} == {run.SKIPPED}
    assert late[0].note == f"one run takes more than {processes.PATIENCE * 0.001:g} s"
    with pytest.raises(RuntimeError, match=r"broken: .*ZeroDivisionError"):
        processes.runner(processes.Command(name="broken", title="broken", words=("-c", "1 / 0")))()


@pytest.mark.parametrize("name", ["sweep_torch", "sweep_torch_loop", "sweep_jax"])
def test_the_scripts_of_the_sweep_say_how_many_they_solved(name):
    pytest.importorskip("jax" if name == "sweep_jax" else "torch")
    seeds = 5 if name.endswith("loop") else 200
    words = [sys.executable, processes.SCRIPTS / f"{name}.py", str(seeds)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    solved, total = map(int, processes.SOLVED.search(done.stdout).groups())
    assert total == seeds
    low, high = fnn.wilson(solved, total, confidence=0.9999)
    assert low < 0.889 < high  # what the lab's network does


def test_the_command_prints_tables_and_writes_rows_and_figures(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options = "--work size --networks 10 --cap 60 --runs 5 --threads 1 --out deep/er --csv rows.csv"
    assert main.run(["bench", *options.split()]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "FMA peak" in out
    assert re.search(r"fnn, lane kernel +10 .* 1\.0x", out)
    assert out.splitlines()[-1].startswith("wrote deep/er/results.json, ")
    document = json.loads((tmp_path / "deep" / "er" / "results.json").read_text(encoding="utf-8"))
    assert (document["method"]["threads"], document["method"]["runs"]) == (1, 5)
    report = tables.from_document(document)
    assert tables.document(report) == document
    assert image.imread(tmp_path / "deep" / "er" / "time-against-size.png").std() > 0
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert len(written) == len(report.rows)
    assert [float(r["seconds"] or 0) for r in written] == [r.seconds[1] if r.seconds else 0 for r in report.rows]
    assert {r["contender"] for r in written} <= set(OWN)


def test_a_killed_run_leaves_the_cases_that_were_done(tmp_path):
    words = "bench --work size --cap 1 --threads 1 --out there --csv rows.csv"
    process = fnn_process(tmp_path, *words.split())
    try:
        wait_for((tmp_path / "rows.csv").exists, seconds=100)  # it may compile, and measures the peak first
    finally:
        process.kill()
        process.communicate()
    document = json.loads((tmp_path / "there" / "results.json").read_text(encoding="utf-8"))
    done = {row.what for row in tables.from_document(document).rows}
    assert done
    assert done < {case.what for case in suite.cases("size", None)}
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        assert {row["what"] for row in csv.DictReader(file)} <= done


def test_json_is_one_document_and_nothing_else(capsys):
    assert main.run(["bench", "--work", "size", "--networks", "1", "--cap", "0.5", "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out)["machine"]["cpu"]


BAD = [
    ("--work xor,widht", r"--work: got 'widht'; expected one of xor, .* \(did you mean width\?\)"),
    ("--runs 4", r"--runs: got 4; expected a whole number of at least 5"),
    ("--runs many", r"--runs: got 'many'; expected a whole number"),
    ("--seed -1", r"--seed: got -1; expected"),
    ("--threads 0", r"--threads: got 0; expected a whole number from 1 to \d+"),
    ("--cap 0", r"--cap: got 0.0; expected a finite number of seconds above 0"),
    ("--cap nan", r"--cap: got nan; expected"),
    ("--networks 0", r"--networks: got 0; expected"),
    ("--out file/folder", r"--out: got 'file/folder'; expected a folder"),
    ("--csv file/rows.csv", r"--csv: got 'file'; expected a folder"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=lambda v: v)
def test_bad_input_is_one_line_and_measures_nothing(options, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert main.run(["bench", *options.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"fnn: .*{message}.*\n", err)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_figures_are_of_what_was_measured(tmp_path):
    measured = [(8, 50.0, 0.5), (4, 100.0, 0.4)]
    rows = [
        timed("fnn", rate, work="width", at=width, dtype=dtype, share=share)
        for width, rate, share in measured
        for dtype in ("float32", "float64")
    ]
    rows.append(row("jax", work="size", at=1, status=run.SKIPPED))
    assert [path.name for path in figures.save_figures(tmp_path, rows)] == ["peak-against-width.png"]
    ax = figures.Figure().subplots()
    figures.share_against_width(ax, rows[::2], "float32")
    (line,) = ax.get_lines()
    assert line.get_xydata().tolist() == [[4, 0.4], [8, 0.5]]
    figures.lines_by_contender(ax, rows[::2], "seconds")
    assert ax.get_lines()[1].get_xydata().tolist() == [[4, 0.1], [8, 0.2]]


def test_a_line_that_ends_early_says_why():
    ends = {"jax": run.SKIPPED, "torch": run.APART}
    rows = [timed(name, 1.0, work="size", at=at) for name in ("fnn", *ends) for at in (1, 10)]
    rows.append(timed("fnn", 1.0, work="size", at=100))
    rows += [row(name, work="size", at=100, status=status) for name, status in ends.items()]
    figure = figures.Figure(figsize=(8.4, 4.8), layout="constrained")
    figures.draw_sizes(figure, rows)
    figure.draw_without_rendering()
    check(figure)
    (ax,) = figure.axes
    marked = {line.get_label(): line.get_xdata()[0] for line in ax.get_lines() if len(line.get_xdata()) == 1}
    assert marked == {f"_{run.SKIPPED}": 10, f"_{run.APART}": 10}
    names = [text.get_text() for text in figure.legends[-1].get_texts()]
    assert names == [f"the line ends: {figures.ENDS[status][1]}" for status in sorted(ends.values())]


def test_every_contender_that_is_drawn_has_a_look_of_its_own():
    assert set(figures.LOOKS) == set(CONTENDERS) - {"fnn-own", "fnn-table"} - ON_IMAGES
    assert len(set(figures.LOOKS.values())) == len(figures.LOOKS)


def test_accuracy_is_that_of_rows_held_out(monkeypatch):
    sklearn = pytest.importorskip("sklearn.datasets")
    few = accuracy.IMAGES[0]._replace(seeds=2, folds=3, settings={"hidden": "conv4:3-pool2", "epochs": 2})
    missing = few._replace(what="elsewhere", module="no_such_package")
    monkeypatch.setattr(accuracy, "IMAGES", (few, missing))
    monkeypatch.setattr(targets, "SHIPPED", (few, missing))
    report = suite.run(["accuracy"])
    row, absent = report.rows
    assert (row.networks, row.hidden, row.epochs, row.samples) == (6, "conv4:3-pool2", 2, 1797)
    x, y = sklearn.load_digits(return_X_y=True)
    table = {f"pixel {k}": column for k, column in enumerate(x.T)} | {"class": y.astype(str)}
    fitted = fnn.fit(table, "class", seeds=2, splitting={"folds": 3}, image="8x8", **few.settings)
    answers = fitted.predict_proba(table)  # of all networks together, which have seen all rows: only a bound
    assert row.accuracy[0] <= row.accuracy[1] <= row.accuracy[2] <= 1
    assert row.accuracy == np.quantile(fitted.evaluation.members["test"]["accuracy"], [0.25, 0.5, 0.75]).tolist()
    assert (answers.argmax(axis=1) == y).mean() > row.accuracy[0] - 0.05
    assert (absent.status, absent.accuracy) == (run.NOT_INSTALLED, None)
    assert [(check.bound, check.measured) for check in report.checks] == [
        (0.985, row.accuracy[1]),
        (0.99, row.ensemble),
    ]
    assert "right in the median" in "".join(tables.case_lines([row]))
    assert "no_such_package" in "".join(tables.case_lines([absent]))


@pytest.mark.slow
def test_searches_find_settings_that_are_as_right_within_their_intervals(monkeypatch):
    pytest.importorskip("sklearn")
    some = {"fnn": search.SEARCHERS["fnn-1"], "sklearn": search.SEARCHERS["sklearn"]}
    monkeypatch.setattr(search, "SEARCHERS", some)
    ((ours, theirs),) = search.measure_search(run.Method(runs=1), lambda _what, _who: None, epochs=64)
    assert (ours.ratio, theirs.runs) == (None, 1)
    assert theirs.ratio == pytest.approx(theirs.seconds[1] / ours.seconds[1])
    assert theirs.accuracy[0] <= ours.accuracy[1] <= theirs.accuracy[2]
    (check,) = targets.checks([ours, theirs])
    assert (check.bound, check.measured) == (30, theirs.ratio)


def test_who_searches_has_the_best_score_of_all_settings(monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(search, "SEARCHERS", {"fnn": search.SEARCHERS["fnn-1"]})
    (rows,) = search.measure_search(run.Method(runs=1), lambda _what, _who: None, epochs=3)
    (row,) = rows
    found = search.SEARCHERS["fnn"].search(1, {"epochs": 3})
    assert len(found.cv_results_["params"]) == 12
    assert found.n_splits_ == 5
    assert row.accuracy[1] == pytest.approx(found.best_score_)
    assert row.accuracy[0] < row.accuracy[1] < row.accuracy[2]
    assert "by its best setting" in "".join(tables.case_lines([row]))
