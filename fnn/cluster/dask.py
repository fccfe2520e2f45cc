"""Items on the workers of a Dask cluster: a bounded number under way, each yielded once, whatever becomes of workers.

Dask schedules, repeats what a lost worker was doing, and moves data; it leaves open who may take part. So every item
asks for a resource that is this work's own, of which a worker has one unit once it has shown that its networks have the
same bits: one item at a time. A worker that joins late is let in the same way.
"""

import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Any
from uuid import uuid4

from distributed import Client, KilledWorker

from fnn.cluster.identity import identity
from fnn.cluster.items import Items, Pending
from fnn.cluster.members import Members, Step
from fnn.cluster.remote import Answer, Call, do, take_part
from fnn.cluster.tasks import Returned, Tasks
from fnn.cluster.work import Done, Standing, Work
from fnn.errors import ClusterLost, InvalidSetting

# Items under way for each worker: one that it does, and one that waits there for it to end.
_AHEAD = 2
# Seconds between looks at which workers there are.
_LOOK = 1.0
# An item that takes longer than this, and than so many times the longest, is given to another worker too.
_OVERDUE, _TIMES = 20.0, 10.0
# So long others are waited for where all workers that are there had to give up.
_PATIENCE = 60.0
# Asked by Python's own: a function of `fnn` would end a worker that has none, where this is an error of the task.
_WHO = "__import__('fnn.cluster.remote', fromlist=['who']).who()"
# So often an item's workers may die, Dask's own repeats (4 of them) counting as one: then it is the item's doing.
_KILLS = 5

Notice = Callable[[str], None]


class OnDask:
    """Does items on the workers of a cluster. notice: is told in a line of workers that take no part, or not any more.

    allow_mixed: take workers whose networks have other bits too.
    """

    def __init__(self, client: Client, address: str, notice: Notice, *, allow_mixed: bool = False) -> None:
        self.client, self.address, self.notice, self.allow_mixed = client, address, notice, allow_mixed
        self.standing = Standing()

    def each(
        self, work: Work, items: Iterable[Any], on_progress: Callable[[Any], None] | None = None
    ) -> Iterator[Done]:
        """Yield each item as it is done; on_progress: is called with None now and then.

        Raises ClusterLost where the scheduler is, or where an item's workers die again and again; InvalidSetting where
        there are workers and none may take part. What a function raises on a worker is raised here.
        """
        course = _Course(self, work, items)
        try:
            while course.goes_on():
                course.look()
                yield from course.done()
                if on_progress:
                    on_progress(None)
        finally:
            course.end()


class _Course:
    """A work under way on a cluster."""

    def __init__(self, executor: OnDask, work: Work, items: Iterable[Any]) -> None:
        self.executor, self.client, self.work, self.items = executor, executor.client, work, Items(items)
        self.name = uuid4().hex[:12]
        self.resource = f"fnn-{self.name}"
        shared = pickle.dumps(work.shared, protocol=5)
        self.shared = sha256(shared).hexdigest()[:16]
        self.tasks = Tasks(self.client, self.name, executor.address)
        assert work.probe is not None
        self.of_probe = work.probe
        ours = {**identity(1), "probe": work.probe.expected}
        self.members = Members(ours, allow_mixed=executor.allow_mixed, notice=executor.notice)
        self.payload = self.tasks.hold(self.shared, shared)
        self.pending: dict[int, Pending] = {}
        self.revoked: dict[str, list[Pending]] = {}  # items that wait until a worker is sent no more
        self.retried = 0
        self.looked, self.longest = -_LOOK, 0.0
        self.admitted = False
        self.alone: float | None = None  # since when no worker takes part
        self.client.subscribe_topic("all", self.hear)

    # ---- the loop ----

    def goes_on(self) -> bool:
        """Send items while there is room; return whether anything is left to do."""
        room = _AHEAD * len(self.members.here)
        while len(self.pending) < room:
            entry = self.items.next()
            if entry is None:
                break
            self.send(entry)
        waiting = self.pending or self.items.again or any(self.revoked.values())
        return bool(waiting) or not self.items.exhausted

    def look(self) -> None:
        """See which workers there are, and whether an item is overdue."""
        now = time.monotonic()
        if self.tasks.is_lost:
            raise self.tasks.lost()
        if now - self.looked < _LOOK:
            return
        self.looked = now
        there = self.tasks.ask(self.client.nthreads)
        for address in self.members.update(there):
            self.tasks.submit(("who", address), eval, _WHO, workers=[address])
        for address in self.revoked.keys() - there.keys():
            self.items.again += self.revoked.pop(address)
        self.executor.standing = Standing(len(self.members.here), self.retried)
        self.need_workers(now)
        self.hurry(now)

    def need_workers(self, now: float) -> None:
        """Raise InvalidSetting where there are workers and none may take part; say once that one is waited for.

        Where some did, others may come: those that are gone may be starting again.
        """
        if not self.members.all_refused:
            self.alone = None
            return
        if self.alone is None:
            self.alone = now
            if self.admitted or not self.members.steps:
                self.executor.notice(f"{self.executor.address} has no workers that take part: waiting for one")
        if self.members.steps and (not self.admitted or now - self.alone > _PATIENCE):
            reasons = "; ".join(dict.fromkeys(self.members.reasons[address] for address in self.members.steps))
            raise InvalidSetting("cluster", self.executor.address, f"workers that may take part ({reasons})")

    def done(self) -> Iterator[Done]:
        """Yield what has come back."""
        for task in self.tasks.returned():
            if task.role[0] == "item":
                yield from self.item_done(task)
            else:
                self.worker_done(task)

    def end(self) -> None:
        """Cancel what is under way."""
        self.tasks.forget(list(self.tasks.futures))
        if not self.tasks.is_lost:
            self.client.unsubscribe_topic("all")
            for address in self.members.here:
                self.tasks.submit(("revoked", address), take_part, self.resource, 0, workers=[address])
        self.executor.standing = Standing(0, self.retried)

    # ---- items ----

    def send(self, entry: Pending, workers: list[str] | None = None) -> None:
        """Send an item to whichever worker is free; workers: to one of these."""
        self.pending[entry.number] = entry
        call = Call(self.work.function, entry.item, self.shared, self.resource)
        payload = (self.payload,) if entry.with_shared else ()
        where = {"workers": workers} if workers else {}
        key = self.tasks.submit(("item", entry.number), do, call, *payload, resources={self.resource: 1}, **where)
        entry.tasks.append(key)
        entry.since = time.monotonic()

    def item_done(self, task: Returned) -> Iterator[Done]:
        """Yield what came of an item, or see to it that it is done again."""
        number, status, answer = task.role[1], task.status, task.result
        entry = self.pending.get(number)
        if entry is None:  # another task was quicker
            return
        entry.tasks.remove(task.key)
        if status == "finished" and not (answer.wrong or answer.lacking):
            del self.pending[number]
            self.tasks.forget(entry.tasks)
            self.longest = max(self.longest, time.monotonic() - entry.since)
            yield Done(entry.item, answer.value, self.members.identities[answer.address])
        elif status == "finished":
            self.answered(number, entry, answer)
        elif status == "error":
            self.failed(entry, task.error)
            self.again(number, entry)
        elif self.tasks.is_lost or "connection-lost" in str(answer):
            raise self.tasks.lost()
        else:
            self.again(number, entry)

    def failed(self, entry: Pending, error: BaseException) -> None:
        """Raise what an item raised, but let it be done again where only its workers died."""
        if not isinstance(error, KilledWorker):
            raise error
        entry.killed += 1
        if entry.killed >= _KILLS:
            raise ClusterLost(f"{error.last_worker.address} and others died of the same networks: {error}")

    def answered(self, number: int, entry: Pending, answer: Answer) -> None:
        """Do an item again that a worker could not do; where the worker is at fault, on another one."""
        if answer.lacking:
            entry.with_shared = True
            self.again(number, entry)
            return
        self.retried += 1
        del self.pending[number]
        if self.members.steps.get(answer.address) is not Step.REFUSED:
            self.members.refuse(answer.address, answer.wrong)
            self.tasks.submit(("revoked", answer.address), take_part, self.resource, 0, workers=[answer.address])
            self.revoked[answer.address] = []
        self.revoked.get(answer.address, self.items.again).append(entry)

    def again(self, number: int, entry: Pending) -> None:
        if not entry.tasks:  # no other task is at it
            self.retried += not entry.with_shared
            del self.pending[number]
            self.items.again.append(entry)

    def hurry(self, now: float) -> None:
        """Give items that take far too long to others too: their worker may be paused, or stopped."""
        late = max(_OVERDUE, _TIMES * self.longest)
        overdue = [entry for entry in self.pending.values() if now - entry.since > late]
        if not overdue:
            return
        at = self.tasks.ask(self.client.processing)
        for entry in overdue:
            holders = {address for address, keys in at.items() if set(entry.tasks) & set(keys)}
            others = [address for address in self.members.here if address not in holders]
            entry.since = now
            if others:
                for address in holders:
                    self.executor.notice(f"{address} has not answered for {late:.0f} s: another does its work too")
                self.retried += 1
                self.send(entry, others)

    # ---- workers ----

    def worker_done(self, task: Returned) -> None:
        """Take a worker one step further, or refuse it."""
        role, address = task.role
        if role == "revoked":
            self.items.again += self.revoked.pop(address, [])
        elif address not in self.members.steps:  # it is gone
            pass
        elif task.status == "error":
            self.members.refuse(address, f"{type(task.error).__name__}: {task.error}")
        elif task.status != "finished":
            self.members.steps.pop(address)  # to be asked again
        elif role == "who":
            if self.members.introduce(address, task.result):
                self.probe(address)
        elif role == "probe":
            if task.result.wrong:
                self.members.refuse(address, task.result.wrong)
            elif self.members.judge(address, self.of_probe.digest(task.result.value)):
                self.tasks.submit(("admitted", address), take_part, self.resource, 1, workers=[address])
        elif role == "admitted":
            self.admit(address)

    def probe(self, address: str) -> None:
        call = Call(self.work.function, self.of_probe.item, self.shared, self.resource)
        self.tasks.submit(("probe", address), do, call, self.payload, workers=[address])

    def admit(self, address: str) -> None:
        """Let a worker take part. Dask does not look again at tasks that no worker could do: these are sent anew."""
        self.members.steps[address] = Step.HERE
        self.admitted = True
        alone = len(set(self.tasks.ask(self.client.nthreads)) & set(self.members.here)) <= 1
        if alone:
            for entry in list(self.pending.values()):
                self.tasks.forget(entry.tasks)
                entry.tasks.clear()
                self.send(entry)

    def hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """Hear of a worker that is lost: what it was doing is done again."""
        about = event[1]
        if isinstance(about, dict) and about.get("action") == "remove-worker":
            self.retried += sum(
                self.tasks.roles.get(key, ("",))[0] == "item" for key in about.get("processing-tasks", ())
            )
