"""Items on a cluster within this process: each is yielded once, few are under way, workers are let in or refused."""

import errno
import os
import threading
import time

import pytest

from fnn.errors import InvalidSetting

distributed = pytest.importorskip("distributed")

from fnn.cluster import dask, remote  # noqa: E402
from fnn.cluster.dask import OnDask  # noqa: E402
from fnn.cluster.work import Probe, Work  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")  # of Dask's and Tornado's own


def product(item, shared, threads, _on_progress):
    """Return an item times what is shared, on which worker and how many threads."""
    time.sleep(0.002)
    return item * shared["factor"], distributed.get_worker().name if threads else "here", threads


def failing(item, shared, threads, on_progress):
    """Have no room on the worker of the name that is shared."""
    value = product(item, shared, threads, on_progress)
    if item and value[1] == shared["full"]:
        raise shared["error"]
    if item == shared.get("wrong"):
        raise ZeroDivisionError("a fault of the code")
    return value


def work(function=product, **shared):
    return Work(function, {"factor": 3, **shared}, Probe(0, "0", lambda value: str(value[0])))


def worker(threads):
    return {"cls": distributed.Worker, "options": {"nthreads": threads, "host": "127.0.0.1", "dashboard_address": None}}


@pytest.fixture
def local():
    """Return a cluster within this process, of two workers with one thread and with three."""
    scheduler = {"cls": distributed.Scheduler, "options": {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}}
    with distributed.SpecCluster({"one": worker(1), "three": worker(3)}, scheduler) as there:
        yield there


@pytest.fixture
def executor(local):
    with distributed.Client(local, set_as_default=False) as client:
        notices = []
        yield OnDask(client, local.scheduler_address, notices.append), notices


def values(executor, task, items):
    return [(done.item, done.value) for done in executor.each(task, items)]


def test_each_item_is_done_once_on_the_threads_that_dask_gives(executor):
    done = values(executor[0], work(), range(200))
    assert sorted((item, value[0]) for item, value in done) == [(k, 3 * k) for k in range(200)]
    assert {value[1:] for _, value in done} == {("one", 1), ("three", 3)}
    assert executor[1] == []


def test_a_few_items_more_than_workers_are_taken_ahead(executor):
    taken = yielded = 0
    ahead = []

    def items():
        nonlocal taken
        for k in range(300):
            taken += 1
            ahead.append(taken - yielded)
            yield k

    for _ in executor[0].each(work(), items()):
        yielded += 1
    # Two for each worker, and those that have come back but are not yet yielded.
    assert max(ahead) <= 2 * 2 + 2 * 2
    assert yielded == 300


def test_one_item_at_a_time_is_done_by_a_worker(executor):
    at_once, most, lock = 0, 0, threading.Lock()

    def counted(item, _shared, _threads, _on_progress):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.01)
        with lock:
            at_once -= 1
        return (item,)

    globals()["counted"] = counted
    counted.__qualname__ = "counted"
    assert len(values(executor[0], work(counted), range(40))) == 40
    assert most == 1, "the two workers are in one process, which has one kernel at work"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "OSError: [Errno 28] No space left on device"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_worker_that_has_no_room_is_named_and_its_items_go_elsewhere(executor, error, words):
    done = values(executor[0], work(failing, full="one", error=error), range(60))
    assert sorted(item for item, _ in done) == list(range(60))
    assert {value[1] for item, value in done if item} == {"three"}
    (line,) = executor[1]
    assert f"takes no part: {words}" in line
    assert executor[0].standing.retried >= 1


def test_where_no_worker_has_room_the_work_waits_no_longer(executor, monkeypatch):
    monkeypatch.setattr(dask, "_LOOK", 0.05)
    with pytest.raises(InvalidSetting, match=r"workers that may take part .*No space left"):
        values(executor[0], Work(always_full, {}, Probe(0, "0", str)), range(3))


def always_full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_the_code_raises_is_raised(executor):
    with pytest.raises(ZeroDivisionError, match="a fault of the code"):
        values(executor[0], work(failing, full="none", wrong=17), range(60))


def test_shared_data_that_a_worker_has_lost_are_sent_again(executor):
    done = []
    for one in executor[0].each(work(), range(40)):
        if len(done) == 10:
            remote._shared.clear()
        done.append(one.item)
    assert sorted(done) == list(range(40))


def test_a_worker_that_joins_late_takes_part(local, executor, monkeypatch):
    monkeypatch.setattr(dask, "_LOOK", 0.05)
    names = set()
    for k, done in enumerate(executor[0].each(work(), range(2000))):
        if k == 5:
            local.worker_spec["late"] = worker(1)
            local.sync(local._correct_state)
        names.add(done.value[1])
        if "late" in names:
            break
    assert "late" in names


def test_a_paused_worker_s_items_go_elsewhere(local, executor, monkeypatch):
    monkeypatch.setattr(dask, "_OVERDUE", 0.5)
    monkeypatch.setattr(dask, "_LOOK", 0.05)
    done = []
    for one in executor[0].each(work(), range(100)):
        if len(done) == 10:
            local.workers["one"].status = distributed.core.Status.paused
        done.append(one.item)
    assert sorted(done) == list(range(100))


def test_other_bits_are_refused_or_noted(executor):
    for allowed in (False, True):
        executor[0].allow_mixed = allowed
        task = work()._replace(probe=Probe(1, "4", lambda value: str(value[0])))
        if allowed:
            done = list(executor[0].each(task, range(5)))
            assert {one.worker["probe"] for one in done} == {"3"}
        else:
            with pytest.raises(InvalidSetting, match=r"trains other bits than .* here; --allow-mixed"):
                values(executor[0], task, range(5))
