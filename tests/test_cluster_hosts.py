"""Sweeps over a network of three hosts: one whose link goes down, and workers that are killed at random moments."""

import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest
from hosts import hosts, ip
from processes import fnn_process, wait_for

pytest.importorskip("distributed")
from clusters import cluster
from test_cluster import run, sessions, stored
from test_sweep import everything

# Warnings of Dask's and Tornado's own, which a newer version of either may bring.
pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning")

LONG = ("sweep", "--data", "xor", "--lr", "0.1,1", "--epochs", "400", "--seeds", "20000", "--curve-points", "0")
# So long Dask waits for an answer to what it has sent: by itself 30 s, and 11 s at least.
SOON = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "12s"}


@pytest.fixture
def three():
    with hosts(3) as there:
        yield there


@pytest.fixture(scope="module")
def long_sweep(tmp_path_factory):
    """Return the runs of the long sweep, made in one process."""
    path = tmp_path_factory.mktemp("long") / "one.db"
    assert run(path.parent, *LONG, "--out", path)[0] == 0
    return everything(path)


@contextmanager
def answering(there, host):
    """Yield where a process on a host listens, which answers twice; it ends with the block."""
    prefix, address = there.on(host)
    code = (
        f"import socket; server = socket.create_server(({address!r}, 0)); print(server.getsockname()[1], flush=True)\n"
        "for _ in range(2): connection, _ = server.accept(); connection.sendall(b'here'); connection.close()"
    )
    with subprocess.Popen([*prefix, sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield address, int(process.stdout.readline())
        finally:
            process.kill()


def test_hosts_reach_one_another_until_a_link_is_down(three):
    with answering(three, 1) as place, socket.create_connection(place, 5) as connection:
        assert connection.recv(9) == b"here"
        ask = f"import socket; print(socket.create_connection({place!r}, 5).recv(9))"
        words = [*three.on(2)[0], sys.executable, "-c", ask]
        asked = subprocess.run(words, capture_output=True, text=True, check=False)
        assert asked.stdout == "b'here'\n", asked.stderr
    if not three.apart:
        return
    with answering(three, 1) as place:
        three.unplug(1)
        with pytest.raises(TimeoutError):
            socket.create_connection(place, 0.5)  # not refused: nothing answers
        three.plug(1)
        with socket.create_connection(place, 5) as connection:
            assert connection.recv(9) == b"here"


def test_hosts_are_removed_whatever_becomes_of_the_block():
    made = []

    def fails():
        with hosts(2) as there, hosts(2) as others:
            made.extend((there, others))
            assert not set(there.addresses) & set(others.addresses)
            assert not there.apart or set(there.names) <= set(ip("netns", "list").split())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    names = [name for each in made for name in (*each.names, *each.links)]
    assert len(set(names)) == (8 if made[0].apart else 0)
    left = ip("netns", "list") + ip("-brief", "link") if names else ""
    assert not [name for name in names if name in left]


@contextmanager
def sweeping(folder, address):
    """Yield the command that sweeps on a cluster; it ends with the block."""
    process = fnn_process(folder, *LONG, "--out", "a.db", "--cluster", address)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def hosts_that_trained(path):
    """Return the addresses, without ports, of the workers that a store has sessions of."""
    return {re.sub(r":\d+$", "", row[0]) for row in sessions(path, "worker")}


@pytest.mark.slow
def test_a_link_goes_down_in_the_middle_and_the_others_train_the_rest(tmp_path, three, long_sweep):
    """Its packets vanish: no connection is refused or reset, and Dask finds out by its own time limit."""
    if not three.apart:
        pytest.skip("needs network namespaces: root, and ip of iproute2")
    with cluster(tmp_path / "cluster", on=three.on, **SOON) as there:
        for host in range(3):
            there.ready(there.worker(host=host, **SOON))
        with sweeping(tmp_path, there.address) as process:
            wait_for(lambda: len(hosts_that_trained(tmp_path / "a.db")) == 3)
            three.unplug(1)
            before = stored(tmp_path / "a.db")
            assert there.workers[1].poll() is None, "it goes on behind its link"
            out, err = process.communicate(timeout=180)
            assert process.returncode == 0, err
    assert 0 < before < 40000
    assert "40,000 networks: 40,000 trained" in out
    assert everything(tmp_path / "a.db") == long_sweep
    assert hosts_that_trained(tmp_path / "a.db") == {f"tcp://{three.on(host)[1]}" for host in range(3)}


@pytest.mark.slow
def test_half_of_the_workers_on_three_hosts_killed_at_random_moments(tmp_path, three, long_sweep):
    rng, kills = np.random.default_rng(19), 0
    with cluster(tmp_path / "cluster", on=three.on) as there:
        for k in range(4):
            there.worker(host=k % 3)
        with sweeping(tmp_path, there.address) as process:
            wait_for(lambda: stored(tmp_path / "a.db") > 0)
            while process.poll() is None and kills < 20:
                alive = [worker for worker in there.workers if worker.poll() is None]
                for place in rng.choice(len(alive), len(alive) // 2, replace=False):
                    alive[place].kill()
                    alive[place].wait()  # else it would count as one that is alive
                    kills += 1
                while sum(worker.poll() is None for worker in there.workers) < 4:
                    there.worker(host=len(there.workers) % 3)
                time.sleep(rng.uniform(0, 6))
            err = process.communicate(timeout=180)[1]
            assert process.returncode == 0, err
        assert kills >= 2
    assert everything(tmp_path / "a.db") == long_sweep
