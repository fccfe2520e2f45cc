"""What runs on a worker: it says who it is, does the probe, and then items.

A worker does one item at a time, on all threads that Dask gives it. What items share is kept by its hash in the
process, which Dask need not know: where Dask drops copies that nothing waits for, a worker would be sent them again.
"""

import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from distributed import Worker, get_worker
from distributed.utils import sync

from fnn.cluster.identity import identity

# Of so many works the shared data are kept.
_KEPT = 4
_LACKING = object()

_one_at_a_time = threading.Lock()
_shared: dict[str, Any] = {}
# Works that a worker at an address had to give up, by their resources, with what was wrong.
_given_up: dict[tuple[str, str], str] = {}


@dataclass(frozen=True)  # no tuple: in those Dask looks for futures
class Call:
    """What is to be done: `function(item, shared, threads, on_progress)`; shared: its hash; resource: of which work."""

    function: Callable[..., Any]
    item: Any
    shared: str
    resource: str


class Answer(NamedTuple):
    """What became of an item on the worker at that address: its value, or what was wrong with the machine.

    lacking: what is shared was not there.
    """

    address: str
    value: Any = None
    wrong: str = ""
    lacking: bool = False


def who() -> dict[str, Any]:
    """Return who this worker is."""
    worker = _worker()
    return {**identity(worker.state.nthreads), "worker": worker.address}


def do(call: Call, payload: bytes = b"") -> Answer:
    """Do an item; payload: what is shared, as bytes, where the worker may not have it.

    A full disk and memory that does not suffice are the worker's, not the item's: they are an answer. So is that the
    shared data are not there.
    """
    from threadpoolctl import threadpool_limits

    worker = _worker()
    address, threads = worker.address, worker.state.nthreads
    place = (address, call.resource)
    if place in _given_up:
        return Answer(address, wrong=_given_up[place])
    if payload and call.shared not in _shared:
        _shared[call.shared] = pickle.loads(payload)
        for old in list(_shared)[:-_KEPT]:
            _shared.pop(old, None)
    shared = _shared.get(call.shared, _LACKING)  # once: another work may push it out meanwhile
    if shared is _LACKING:
        return Answer(address, lacking=True)
    try:
        # The kernel's threads are an argument, and it uses none of Numba's own; these are of NumPy's libraries.
        with _one_at_a_time, threadpool_limits(threads):
            return Answer(address, call.function(call.item, shared, threads, None))
    except (OSError, MemoryError) as error:
        _given_up[place] = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Answer(address, wrong=_given_up[place])


def take_part(resource: str, share: int) -> str:
    """Let the scheduler send this worker items, one at a time, or with a share of 0 no more; return its address."""
    worker = _worker()
    sync(worker.loop, worker.set_resources, **{resource: share})
    return str(worker.address)


def _worker() -> Worker:
    worker: Worker = get_worker()
    return worker
