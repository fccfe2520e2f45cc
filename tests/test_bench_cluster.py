"""The benchmark of clusters: drawn results arrive whole, costs are split as on paper, stores agree before times."""

import json

import numpy as np
import pytest

pytest.importorskip("distributed")
import psutil
from tables import BLOCKS, recorded

from fnn.bench import cluster, drawn, suite, tables, targets
from fnn.bench.local_cluster import started
from fnn.bench.run import APART, NOT_INSTALLED, Method, Row
from fnn.cli.main import run
from fnn.sweeps.chunks import Chunk, train_chunk
from fnn.sweeps.connect import open_store
from fnn.sweeps.plan import plan
from fnn.sweeps.run import fill
from fnn.sweeps.write import Batch, add_settings, begin_session, write_results

# Warnings of Dask's and Tornado's own, which a newer version of either may bring.
pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning")


def test_drawn_results_have_the_types_and_shapes_of_trained_ones():
    planned = plan(seeds=8, curve_points=0, data="xor", dtype="float32", epochs=5)
    chunk = Chunk([0], range(3, 11))
    trained, made = train_chunk(chunk, planned, 1), drawn.drawn(chunk, 0.25, None, None)
    for name, array in trained._asdict().items():
        other = getattr(made, name)
        if isinstance(array, np.ndarray):
            assert (other.shape, other.dtype) == (array.shape, array.dtype), name
        else:
            assert type(other) is type(array), name
    assert made.seconds == 0.25 * 8
    assert made.seeds.tolist() == list(range(3, 11))
    # The numbers depend on the seed, not on the chunk that it comes in.
    assert made.loss[2] == drawn.drawn(Chunk([0], [5]), 1.0, None, None).loss[0]


def test_a_run_that_is_lacking_or_another_s_is_noticed(tmp_path):
    planned = plan(seeds=2000, curve_points=0, data="xor", dtype="float32")
    with open_store(tmp_path / "a.db", create=True) as store:
        ids = add_settings(store, planned.trials, planned.backend)
        session = begin_session(store, "", {})
        write_results(store, [Batch(session, ids, drawn.drawn(Chunk([0], range(1999)), 1.0, None, None))])
        with pytest.raises(RuntimeError, match="the store has runs"):
            drawn.check(store, range(2000))
        write_results(store, [Batch(session, ids, drawn.drawn(Chunk([0], [1999]), 1.0, None, None))])
        drawn.check(store, range(2000))
        store.execute("UPDATE results SET epochs_to_solve = epochs_to_solve + 1 WHERE seed = 705")
        with pytest.raises(RuntimeError, match="the store has runs"):
            drawn.check(store, range(2000))


def test_costs_are_split_into_those_of_a_chunk_and_of_a_network():
    """Each chunk takes 3 and each network 0.5 of whatever is counted."""

    def counted(chunks, networks):
        return {"chunks": chunks, "networks": networks, **dict.fromkeys(drawn.COUNTED, 3 * chunks + 0.5 * networks)}

    split = drawn.split(counted(1000, 64_000), counted(50, 1_000_000))
    assert set(split) == set(drawn.COUNTED)
    for chunk, network in split.values():
        assert (chunk, network) == pytest.approx((3, 0.5))


def test_how_busy_a_thousand_workers_keep_those_behind_them():
    """On paper: a network of 10 ms gives 100,000 a second, in 1,000 chunks of 100."""
    costs = {"writing": (1e-3, 2.5e-6), "client": (2e-3, 1e-6), "scheduler": (5e-4, 0.0), "messages": (10, 0.0)}
    costs |= {"worker bytes": (500, 50), "scheduler bytes": (1000, 50), "client bytes": (0, 0)}
    shares = drawn.busy(costs, 0.01)
    assert shares == pytest.approx(
        {"writer": 1 + 0.25, "client": 2 + 0.1, "scheduler": 0.5, "network": 8 * (1e6 + 5e6) / 1e9}
    )
    assert drawn.done(costs, 0.01) == pytest.approx(100_000 / 2.1)
    # 64 networks are the fewest of a chunk: of a second each they come in 1000/64 chunks a second.
    assert drawn.busy(costs, 1.0)["scheduler"] == pytest.approx(1000 / 64 * 5e-4)
    assert drawn.done(costs, 1.0) == 1000
    # And at most 65,536: at 1 µs each, 1e9 networks come in 1e9/65,536 chunks.
    assert drawn.busy(costs, 1e-6)["scheduler"] == pytest.approx(1e9 / 2**16 * 5e-4)
    # Chunks of a second cost the writer all of its time; only where they take longer it has some for networks.
    assert drawn.turning_point(costs, "scheduler") < 1 / 64 < drawn.turning_point(costs, "writer")
    for name in shares:
        at = drawn.turning_point(costs, name)
        assert drawn.busy(costs, 0.99 * at)[name] > 1 >= drawn.busy(costs, 1.01 * at)[name]


def test_what_drawn_results_cost_is_counted(tmp_path):
    before = psutil.net_io_counters(pernic=True)["lo"].bytes_sent
    with started(1, 1) as there:
        passage = drawn.passage(there, 60_000, drawn.LARGE)
    loopback = psutil.net_io_counters(pernic=True)["lo"].bytes_sent - before
    assert passage.networks == 60_000
    assert 3 <= passage.chunks <= 60_000 / 64
    assert 0 < passage.counted["writing"] < passage.seconds
    assert all(client > scheduler > 1e7 for client, scheduler in passage.memory)
    assert len(passage.memory) == 3
    counted = passage.counted
    # Five numbers of 8 bytes, one of 1 and a seed: 49 bytes; and what is said with each chunk.
    payload = 49 * 60_000
    assert payload < counted["worker bytes"] < 1.1 * payload + 5000 * passage.chunks
    assert payload < counted["scheduler bytes"]
    assert counted["client bytes"] < 5000 * (passage.chunks + 10)
    assert 4 * passage.chunks < counted["messages"] < 40 * passage.chunks + 200
    # What the system counts has headers too, and all that starting takes.
    total = sum(counted[f"{who} bytes"] for who in ("worker", "scheduler", "client"))
    assert total < loopback < 1.5 * total + 5e6


def test_a_cluster_that_does_not_start_says_why(monkeypatch):
    monkeypatch.setattr("fnn.bench.local_cluster.HERE", "no-such-host.invalid")
    with pytest.raises(RuntimeError, match=r"invalid|not known|resolve"), started(1, 1):
        pass


def test_stores_that_differ_are_not_timed(tmp_path, monkeypatch):
    def other(chunk, planned, threads, on_progress=None):
        return train_chunk(chunk, planned, threads)._replace(loss=np.zeros(len(chunk.seeds)))

    ways = cluster.ways(2)
    assert [(way.workers, way.threads) for way in ways] == [(0, 2), (1, 2), (2, 1)]
    assert [(way.workers, way.threads) for way in cluster.ways(1)] == [(0, 1), (1, 1)]
    # Both in this process, so that the second can be given other networks.
    here = [ways[0], ways[0]._replace(contender="one-worker")]
    sweep_once = cluster.sweep_once

    def swept(way, networks, points):
        if way.contender == "fnn":
            return sweep_once(way, networks, points)
        with monkeypatch.context() as patched:
            patched.setattr("fnn.sweeps.run.train_chunk", other)
            return sweep_once(way, networks, points)

    same = cluster.measure_ways(here, "a", 300, 7, Method(runs=2), lambda _: None)
    assert [row.networks for row in same if row.seconds] == [300, 300]
    assert same[1].counted["µs more a network"] != 0
    monkeypatch.setattr(cluster, "sweep_once", swept)
    ours, theirs = cluster.measure_ways(here, "a", 300, 0, Method(runs=2), lambda _: None)
    assert (ours.status, ours.runs, theirs.status, theirs.seconds) == ("measured", 2, APART, None)
    assert "its store is not that of one process" in "\n".join(tables.case_lines([ours, theirs]))


def test_the_hash_of_a_store_is_of_runs_and_curves_whoever_wrote_them(tmp_path):
    digests = []
    for name, points, begin in (("a", 5, 0), ("b", 5, 0), ("c", 0, 0), ("d", 5, 1)):
        planned = plan(seeds=range(begin, 40 + begin), curve_points=points, data="xor", epochs=20)
        with open_store(tmp_path / name, create=True) as connection:
            fill(connection, planned, command=name)
        digests.append(cluster.digest(tmp_path / name))
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def row(contender, seconds, **more):
    return Row(
        work="cluster", what="100 networks", at=0, dtype="float32", contender=contender, title=contender, networks=100,
        seconds=[seconds] * 3, per_second=100 / seconds, **more,
    )  # fmt: skip


def test_promises_are_of_what_a_cluster_costs():
    rows = [
        row("fnn", 10.0, ratio=1.0),
        row("one-worker", 10.4, ratio=1.04, counted={"percent more": 4.0, "µs more a network": 60.0}),
        row("workers", 12.5, ratio=1.25, counted={"percent more": 25.0, "µs more a network": 2.0}),
    ]
    checks = targets.checks(rows)
    assert [(check.bound, pytest.approx(check.measured), check.met) for check in checks] == [
        (0.05, 0.04, True),
        (50, 60, False),
        (0.9, 0.8, False),
    ]
    told = list(tables.check_lines(checks))
    assert told[1].endswith("at most    5.0%: 4.0%")
    assert told[2].endswith("at most 50.0 µs: 60.0 µs")
    assert told[3].endswith("at least   90.0%: 80.0%")


def test_without_dask_there_is_a_row_that_says_so(monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    ((only,),) = cluster.measure_cluster(Method(), None, lambda *_: None)
    assert (only.status, only.note) == (NOT_INSTALLED, "No module named 'distributed'")
    assert "not installed" in "\n".join(tables.case_lines([only]))


@pytest.mark.slow
def test_the_command_measures_clusters(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(suite, "LEAST_RUNS", 1)
    words = ["bench", "--work", "cluster", "--networks", "2000", "--runs", "1", "--out", str(tmp_path)]
    assert run(words) == 0
    out, err = capsys.readouterr()
    assert err == ""
    document = json.loads((tmp_path / "results.json").read_text())
    assert {"dask", "distributed"} <= set(document["machine"]["packages"])
    rows = tables.from_document(document).rows
    assert [r.contender for r in rows] == [way.contender for way in cluster.ways(document["method"]["threads"])] + [
        "fnn", "one-worker", "writer", "small", "large",
    ]  # fmt: skip
    assert all(r.seconds for r in rows)
    assert drawn.done(cluster.costs(rows), 5.0) == 200
    assert "1 worker, " in out
    assert "bytes a network" in out
    lines = out.partition("what was promised")[0].splitlines()
    assert max(map(len, lines)) <= tables.WIDTH
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_recorded_sweeps_on_clusters_are_told():
    assert {row["work"] for row in recorded("cluster")["rows"]} == {"cluster"}
    assert "writer from" in BLOCKS["bounds"]()
    assert BLOCKS["thousand"]().count("\n") == 2 + 6
    assert "cluster" in suite.names_of("cluster")
    assert "cluster" not in suite.names_of(None)
