"""Sweeps on a cluster of real processes: the same runs, whatever becomes of workers, scheduler and command."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from processes import fnn_process, wait_for

import fnn

pytest.importorskip("distributed")
import psutil
from clusters import cluster, free_port
from test_sweep import everything

# Warnings of Dask's and Tornado's own, which a newer version of either may bring.
pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning")

SPEC = {"data": "xor", "lr": [0.1, 1.0], "epochs": 60, "seeds": 300}
WORDS = ("sweep", "--data", "xor", "--lr", "0.1,1", "--epochs", "60", "--seeds", "300")
# Long enough for things to happen meanwhile: some seconds on two workers.
LONG = ("sweep", "--data", "xor", "--lr", "0.1,1", "--epochs", "200", "--seeds", "20000", "--curve-points", "0")


def run(folder, *words, **environment):
    """Run a command to its end; return its exit code, stdout and stderr."""
    process = fnn_process(folder, *words, environment=environment)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def stored(path):
    """Return how many runs a store has."""
    if not path.exists():
        return 0
    try:
        with sqlite3.connect(path) as connection:
            return connection.execute("SELECT count(*) FROM results").fetchone()[0]
    except sqlite3.OperationalError:  # its tables are being made
        return 0


def sessions(path, *columns):
    """Return these columns of a store's sessions on workers."""
    if not stored(path):
        return []
    with sqlite3.connect(path) as connection:
        return connection.execute(f"SELECT {', '.join(columns)} FROM sessions WHERE worker IS NOT NULL").fetchall()


@pytest.fixture(scope="module")
def long_sweep(tmp_path_factory):
    """Return a store of the long sweep, made in one process."""
    path = tmp_path_factory.mktemp("long") / "one.db"
    assert run(path.parent, *LONG, "--out", path)[0] == 0
    return everything(path)


def test_a_cluster_s_file_has_the_same_runs_and_says_who_trained_them(tmp_path):
    fnn.sweep(**SPEC, out=tmp_path / "here.db")
    with cluster(tmp_path / "cluster", workers=1) as there:
        there.worker(threads=2)
        code, out, err = run(tmp_path, *WORDS, "--out", "there.db", "--cluster", there.address, "--json")
        assert (code, err) == (0, "")
        assert json.loads(out)["trained"] == 600
        runs = fnn.sweep(**SPEC, out=tmp_path / "python.db", cluster=there.address)
        assert len(runs.loss) == 600
        again = run(tmp_path, *WORDS, "--out", "there.db", "--cluster", there.address)[1]
    assert "600 networks: 0 trained, 600 were there" in again
    assert everything(tmp_path / "there.db") == everything(tmp_path / "here.db") == everything(tmp_path / "python.db")
    rows = sessions(tmp_path / "there.db", "worker", "threads", "probe", "llvm", "features", "ended")
    assert rows
    assert {row[1] for row in rows} <= {1, 2}
    assert len({row[2:5] for row in rows}) == 1
    assert all(row[0].startswith("tcp://127.0.0.1:") and row[5] for row in rows)


def test_a_table_s_runs_and_scores_are_the_same_on_workers(tmp_path):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(90, 3))
    rows = np.column_stack((x, x[:, 0] * x[:, 1] > 0))
    np.savetxt(tmp_path / "a.csv", rows, delimiter=",", header="a,b,c,y", comments="", fmt="%.6g")
    words = ("sweep", "--data", "a.csv", "--target", "y", "--folds", "3", "--hidden", "4,6", "--epochs", "12")
    with cluster(tmp_path / "cluster", workers=2) as there:
        for name, more in (("here.db", ()), ("there.db", ("--cluster", there.address))):
            code, _, err = run(tmp_path, *words, "--out", name, *more)
            assert (code, err) == (0, "")
    tables = []
    for name in ("here.db", "there.db"):
        with sqlite3.connect(tmp_path / name) as connection:
            tables.append(
                [connection.execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in ("scores", "splits")]
            )
    assert tables[0] == tables[1]
    assert len(tables[0][0]) == 2 * 3 * 16
    assert everything(tmp_path / "here.db") == everything(tmp_path / "there.db")


def test_workers_on_this_machine_listen_on_the_loopback_interface_alone(tmp_path):
    process = fnn_process(tmp_path, *LONG, "--out", "a.db", "--cluster", "local", "--threads", "2")
    try:
        wait_for(lambda: stored(tmp_path / "a.db") > 0)
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        listening = [c.laddr for one in family for c in one.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert len(listening) >= 3, "a scheduler and two workers"
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert process.returncode == 130


def test_a_scheduler_that_is_lost_ends_the_command_and_the_same_command_goes_on(tmp_path, long_sweep):
    with cluster(tmp_path / "cluster", workers=2) as there:
        process = fnn_process(tmp_path, *LONG, "--out", "a.db", "--cluster", there.address)
        wait_for(lambda: stored(tmp_path / "a.db") > 0)
        there.scheduler.kill()
        out, err = process.communicate(timeout=30)
    kept = stored(tmp_path / "a.db")
    assert (process.returncode, out) == (1, "")
    expected = f"fnn: the scheduler at {there.address} is lost: a.db has {kept:,} runs with these seeds; "
    assert err == expected + "the same command goes on from there\n"
    assert 0 < kept < 40000
    with cluster(tmp_path / "another", workers=2) as there:
        code, out, err = run(tmp_path, *LONG, "--out", "a.db", "--cluster", there.address)
    assert (code, err) == (0, "")
    assert f"40,000 networks: {40000 - kept:,} trained, {kept:,} were there" in out
    assert everything(tmp_path / "a.db") == long_sweep


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_command_that_ends_early_leaves_what_came_back_and_workers_that_are_free(tmp_path, how, long_sweep):
    with cluster(tmp_path / "cluster", workers=2) as there:
        process = fnn_process(tmp_path, *LONG, "--out", "a.db", "--cluster", there.address)
        wait_for(lambda: stored(tmp_path / "a.db") > 0)
        process.send_signal(how)
        err = process.communicate(timeout=30)[1]
        kept = stored(tmp_path / "a.db")
        assert 0 < kept < 40000
        if how == signal.SIGINT:
            again = f"a.db has {kept:,} runs with these seeds; the same command goes on from there"
            assert (process.returncode, err) == (130, f"fnn: interrupted: {again}\n")
        code, out, err = run(tmp_path, *LONG, "--out", "a.db", "--cluster", there.address)
    assert (code, err) == (0, "")
    assert f"{40000 - kept:,} trained" in out
    assert everything(tmp_path / "a.db") == long_sweep


def test_workers_come_and_go(tmp_path, long_sweep):
    """All of them are killed at once, and others join: Dask does not look again at what no worker could do."""
    with cluster(tmp_path / "cluster", workers=2) as there:
        process = fnn_process(tmp_path, *LONG, "--out", "a.db", "--cluster", there.address)
        wait_for(lambda: stored(tmp_path / "a.db") > 0)
        for worker in there.workers:
            worker.kill()
        there.worker()
        code_out_err = process.communicate(timeout=90)
        assert process.returncode == 0, code_out_err
        assert len({row[0] for row in sessions(tmp_path / "a.db", "worker")}) in (2, 3)
    assert everything(tmp_path / "a.db") == long_sweep


@pytest.mark.slow
def test_a_stopped_worker_s_networks_go_to_another(tmp_path, long_sweep):
    """It neither answers nor is it gone: Dask would wait for it for five minutes."""
    with cluster(tmp_path / "cluster", workers=2) as there:
        process = fnn_process(tmp_path, *LONG, "--out", "a.db", "--cluster", there.address)
        wait_for(lambda: len(sessions(tmp_path / "a.db", "worker")) == 2)
        there.workers[0].send_signal(signal.SIGSTOP)
        err = process.communicate(timeout=120)[1]
        there.workers[0].send_signal(signal.SIGCONT)
    assert process.returncode == 0
    assert re.search(r"tcp://\S+ has not answered for \d+ s: another does its work too", err)
    assert everything(tmp_path / "a.db") == long_sweep


@pytest.mark.slow
def test_a_worker_that_cannot_keep_its_kernel_is_named(tmp_path):
    """What Numba keeps of a kernel is larger than this worker's files may be, as on a full disk."""
    before = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({2**16}, {2**16}))"
    with cluster(tmp_path / "cluster") as there:
        there.ready(there.worker(before=before, NUMBA_CACHE_DIR=str(tmp_path / "cache")))
        code, _, err = run(tmp_path, *WORDS, "--out", "a.db", "--cluster", there.address)
    assert code == 2
    assert re.search(r"takes no part: OSError: \[Errno 27\]", err)


def certificates(folder):
    """Make an authority and one certificate for all; return Dask's settings for them."""
    subject = ["-subj", "/CN=localhost", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    key, cert = folder / "key.pem", folder / "cert.pem"
    words = ["openssl", "req", "-x509", *subject, *names, "-keyout", key, "-out", cert]
    subprocess.run(words, check=True, capture_output=True)
    settings = {"CA_FILE": cert}
    settings |= {f"{who}__{name}": path for who in ("SCHEDULER", "WORKER", "CLIENT") for name, path in
                 (("KEY", key), ("CERT", cert))}  # fmt: skip
    return {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(path) for name, path in settings.items()}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_certificates_of_dask_s_own_settings_are_asked_for(tmp_path):
    settings = certificates(tmp_path)
    with cluster(tmp_path / "cluster", workers=1, scheme="tls", **settings) as there:
        code, _, err = run(tmp_path, *WORDS, "--out", "a.db", "--cluster", there.address, **settings)
        assert (code, err) == (0, "")
        assert stored(tmp_path / "a.db") == 600
        assert sessions(tmp_path / "a.db", "worker")[0][0].startswith("tls://")
        plain = there.address.replace("tls", "tcp")
        for address, words in ((there.address, "certificates by"), (plain, "a scheduler that answers there (")):
            more = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "3s"}
            code, out, err = run(tmp_path, *WORDS, "--out", "b.db", "--cluster", address, **more)
            assert (code, out) == (2, "")
            assert err.startswith(f"fnn: --cluster: got '{address}'; expected {words}")
            assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--cluster", "there"), "--cluster: got 'there'; expected local, or the address of a Dask scheduler such as"),
        (("--cluster", "tcp://127.0.0.1:9"), "--cluster: got 'tcp://127.0.0.1:9'; expected a scheduler that answers"),
        (("--cluster", "tcp://127.0.0.1:9", "--threads", "2"), "--threads: got 2; expected none of it beside a"),
        (("--allow-mixed",), "--allow-mixed: expected none of it without a cluster"),
    ],
)
def test_what_is_no_cluster_is_one_line(tmp_path, words, line):
    more = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    code, out, err = run(tmp_path, *WORDS, "--out", "a.db", *words, **more)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"fnn: {line}")


OTHER_BITS = """
import fnn.sweeps.chunks as chunks
honest = chunks.train_chunk
def train_chunk(*arguments):
    runs = honest(*arguments)
    return runs._replace(loss=runs.loss * (1 + 2**-52))
train_chunk.__module__, train_chunk.__qualname__ = "fnn.sweeps.chunks", "train_chunk"
chunks.train_chunk = train_chunk
"""


def test_a_worker_that_trains_other_bits_takes_no_part_unless_it_may(tmp_path):
    with cluster(tmp_path / "cluster") as there:
        there.worker(before=OTHER_BITS)
        code, _, err = run(tmp_path, *WORDS, "--out", "a.db", "--cluster", there.address)
        assert code == 2
        assert re.search(r"tcp://\S+ \(\S+\) takes no part: .* trains other bits than .* here; --allow-mixed", err)
        assert "fnn: --cluster: got" in err
        assert stored(tmp_path / "a.db") == 0
        there.worker()
        code, _, err = run(tmp_path, *WORDS, "--out", "a.db", "--cluster", there.address)
        assert code == 0
        assert err.count("takes no part") == 1
        code, _, err = run(tmp_path, *WORDS, "--out", "b.db", "--cluster", there.address, "--allow-mixed")
        assert (code, err) == (0, "")
    fnn.sweep(**SPEC, out=tmp_path / "here.db")
    assert everything(tmp_path / "a.db") == everything(tmp_path / "here.db")
    assert len(sessions(tmp_path / "a.db", "probe")) == 1


def test_a_worker_of_another_version_takes_no_part(tmp_path):
    copy = tmp_path / "other"
    os.system(
        f"mkdir {copy} && cp -r {os.path.dirname(fnn.__file__)} {copy}/fnn && echo '# newer' >> {copy}/fnn/rng.py"
    )
    with cluster(tmp_path / "cluster") as there:
        there.worker(PYTHONPATH=str(copy), before=f"import sys; sys.path.insert(0, {str(copy)!r})")
        code, _, err = run(tmp_path, *WORDS, "--out", "a.db", "--cluster", there.address)
    assert code == 2
    assert re.search(r"takes no part: fnn 0\.1\.0 \(\w{8}\) there, 0\.1\.0 \(\w{8}\) here\n", err)


def test_a_worker_without_fnn_takes_no_part(tmp_path):
    with cluster(tmp_path / "cluster") as there:
        there.worker(before="import sys; sys.modules['fnn'] = None")
        code, _, err = run(tmp_path, *WORDS, "--out", "a.db", "--cluster", there.address)
    assert code == 2
    assert "takes no part: ModuleNotFoundError" in err


def test_the_readme_s_recipe_for_a_laptop(tmp_path):
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"```sh\n(dask scheduler .*?)```", text, re.DOTALL)
    assert recipe.count("8786") == 3
    script = recipe.replace("8786", str(free_port())).replace("--out", "--seeds 100 --out")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    process = subprocess.Popen(
        ["bash", "-ec", script], cwd=tmp_path, env=environment, start_new_session=True, **pipes
    )  # fmt: skip
    try:
        wait_for(lambda: stored(tmp_path / "laptop.db") == 200)
        assert process.wait(30) == 0
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
    assert all(row[0].startswith("tcp://127.0.0.1:") for row in sessions(tmp_path / "laptop.db", "worker"))
