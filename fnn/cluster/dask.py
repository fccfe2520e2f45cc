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

from distributed import Client, Future, KilledWorker, as_completed

from fnn.cluster.identity import identity
from fnn.cluster.items import Items, Pending
from fnn.cluster.members import Members, Step
from fnn.cluster.remote import Answer, Call, do, take_part
from fnn.cluster.work import Done, Standing, Work
from fnn.errors import ClusterLost, InvalidSetting

# Items under way for each worker: one that it does, and one that waits there for it to end.
_AHEAD = 2
# Seconds between looks at which workers there are, and at most between looks at what is done.
_LOOK, _WAIT = 1.0, 0.05
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
        assert work.probe is not None
        self.of_probe = work.probe
        ours = {**identity(1), "probe": work.probe.expected}
        self.members = Members(ours, allow_mixed=executor.allow_mixed, notice=executor.notice)
        self.ready = as_completed(loop=self.client.loop, with_results=True, raise_errors=False)
        self.payload = self.hold(shared)
        self.roles: dict[Any, tuple[str, Any]] = {}  # of each task's key, what it is for
        self.futures: dict[Any, Future] = {}
        self.pending: dict[int, Pending] = {}
        self.revoked: dict[str, list[Pending]] = {}  # items that wait until a worker is sent no more
        self.tasks = self.taken = self.retried = 0
        self.looked, self.longest = -_LOOK, 0.0
        self.admitted = False
        self.alone: float | None = None  # since when no worker takes part
        self.client.subscribe_topic("all", self.hear)

    # ---- the loop ----

    def goes_on(self) -> bool:
        """Send items while there is room; return whether anything is left to do."""
        room = _AHEAD * len(self.members.here)
        while sum(len(entry.tasks) > 0 for entry in self.pending.values()) < room:
            entry = self.items.next()
            if entry is None:
                break
            self.send(entry)
        waiting = self.pending or self.items.again or any(self.revoked.values())
        return bool(waiting) or not self.items.exhausted

    def look(self) -> None:
        """See which workers there are, and whether an item is overdue."""
        now = time.monotonic()
        if self.client.status != "running":
            raise self.lost()
        if now - self.looked < _LOOK:
            return
        self.looked = now
        threads = self.ask(self.client.nthreads)
        for address in self.members.update(threads):
            self.submit(("who", address), eval, _WHO, workers=[address])
        for address in self.revoked.keys() - threads.keys():
            self.items.again += self.revoked.pop(address)
        here = self.members.here
        self.executor.standing = Standing(len(here), sum(threads[address] for address in here), self.retried)
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
        """Yield what has come back; wait a moment where there is nothing."""
        if not self.ready.has_ready():
            with self.ready.thread_condition:
                self.ready.thread_condition.wait(_WAIT)
        while self.ready.has_ready():
            for future, result in self.ready.next_batch(block=False):
                role, about = self.roles.pop(future.key, ("", None))
                status = future.status
                self.futures.pop(future.key, None)
                if role == "item":
                    yield from self.item_done(about, future.key, status, result)
                elif role:
                    self.worker_done(role, about, status, result)

    def end(self) -> None:
        """Cancel what is under way."""
        if self.client.status == "running":
            self.client.unsubscribe_topic("all")
            self.client.cancel(list(self.futures.values()), force=True)
            for address in self.members.here:
                self.submit(("revoked", address), take_part, self.resource, 0, workers=[address])
        self.executor.standing = Standing(0, 0, self.retried)

    # ---- items ----

    def send(self, entry: Pending, workers: list[str] | None = None) -> None:
        """Send an item to whichever worker is free; workers: to one of these."""
        number = next((n for n, there in self.pending.items() if there is entry), None)
        if number is None:
            number = self.taken
            self.taken += 1
            self.pending[number] = entry
        call = Call(self.work.function, entry.item, self.shared, self.resource)
        payload = (self.payload,) if entry.with_shared else ()
        where = {"workers": workers} if workers else {}
        key = self.submit(("item", number), do, call, *payload, resources={self.resource: 1}, **where)
        entry.tasks.append(key)
        entry.since = time.monotonic()

    def item_done(self, number: int, key: Any, status: str, result: Any) -> Iterator[Done]:
        """Yield what came of an item, or see to it that it is done again."""
        entry = self.pending.get(number)
        if entry is None:  # another task was quicker
            return
        entry.tasks.remove(key)
        if status == "finished" and not (result.wrong or result.lacking):
            del self.pending[number]
            self.forget(entry)
            self.longest = max(self.longest, time.monotonic() - entry.since)
            yield Done(entry.item, result.value, self.members.identities[result.address])
            return
        if status == "finished":
            self.answered(number, entry, result)
        elif status == "error" and isinstance(result[1], KilledWorker):
            entry.killed += 1
            if entry.killed >= _KILLS:
                raise ClusterLost(f"{result[1].last_worker.address} and others died of the same networks: {result[1]}")
            self.again(number, entry)
        elif status == "error":
            raise result[1].with_traceback(result[2])
        elif self.client.status != "running" or "connection-lost" in str(result):
            raise self.lost()
        else:
            self.again(number, entry)

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
            self.submit(("revoked", answer.address), take_part, self.resource, 0, workers=[answer.address])
            self.revoked[answer.address] = []
        self.revoked.get(answer.address, self.items.again).append(entry)

    def again(self, number: int, entry: Pending) -> None:
        if not entry.tasks:  # no other task is at it
            self.retried += not entry.with_shared
            del self.pending[number]
            self.items.again.append(entry)

    def forget(self, entry: Pending) -> None:
        """Cancel what else is at an item."""
        others = [self.futures.pop(key) for key in entry.tasks if key in self.futures]
        for key in entry.tasks:
            self.roles.pop(key, None)
        if others:
            self.client.cancel(others, force=True)

    def hurry(self, now: float) -> None:
        """Give items that take far too long to others too: their worker may be paused, or stopped."""
        late = max(_OVERDUE, _TIMES * self.longest)
        overdue = [entry for entry in self.pending.values() if now - entry.since > late]
        if not overdue:
            return
        at = self.ask(self.client.processing)
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

    def worker_done(self, role: str, address: str, status: str, result: Any) -> None:
        """Take a worker one step further, or refuse it."""
        if role == "revoked":
            self.items.again += self.revoked.pop(address, [])
        elif address not in self.members.steps:  # it is gone
            pass
        elif status == "error":
            self.members.refuse(address, f"{type(result[1]).__name__}: {result[1]}")
        elif status != "finished":
            self.members.steps.pop(address)  # to be asked again
        elif role == "who":
            if self.members.introduce(address, result):
                self.probe(address)
        elif role == "probe":
            if result.wrong:
                self.members.refuse(address, result.wrong)
            elif self.members.judge(address, self.of_probe.digest(result.value)):
                self.submit(("admitted", address), take_part, self.resource, 1, workers=[address])
        elif role == "admitted":
            self.admit(address)

    def probe(self, address: str) -> None:
        call = Call(self.work.function, self.of_probe.item, self.shared, self.resource)
        self.submit(("probe", address), do, call, self.payload, workers=[address])

    def admit(self, address: str) -> None:
        """Let a worker take part. Dask does not look again at tasks that no worker could do: these are sent anew."""
        self.members.steps[address] = Step.HERE
        self.admitted = True
        alone = len(set(self.ask(self.client.nthreads)) & set(self.members.here)) <= 1
        if alone:
            for entry in list(self.pending.values()):
                self.forget(entry)
                entry.tasks.clear()
                self.send(entry)

    def hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """Hear of a worker that is lost: what it was doing is done again."""
        about = event[1]
        if isinstance(about, dict) and about.get("action") == "remove-worker":
            self.retried += sum(self.roles.get(key, ("",))[0] == "item" for key in about.get("processing-tasks", ()))

    # ---- Dask ----

    def submit(self, role: tuple[str, Any], function: Callable[..., Any], *arguments: Any, **how: Any) -> Any:
        """Submit a task that is done on a worker; return its key."""
        key = (f"fnn-{role[0]}-{self.name}", self.tasks)
        self.tasks += 1
        self.roles[key] = role
        priority = 0 if role[0] == "item" else 10
        try:
            future = self.client.submit(function, *arguments, key=key, pure=False, priority=priority, **how)
        except Exception as error:
            if self.client.status != "running":
                raise self.lost() from error
            raise
        self.futures[key] = future
        self.ready.add(future)
        return key

    def hold(self, shared: bytes) -> Future:
        """Have Dask hold what is shared, as the result of a task: where it is lost, that is done again.

        What is scattered would not be repaired. The function is Python's own: a worker may hold bytes without `fnn`.
        """
        import dask

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
            return self.client.submit(bytes, shared, key=f"fnn-shared-{self.shared}-{self.name}", pure=False)

    def ask(self, question: Callable[[], Any]) -> Any:
        """Ask the scheduler."""
        try:
            return question()
        except (OSError, TimeoutError) as error:
            raise self.lost() from error

    def lost(self) -> ClusterLost:
        return ClusterLost(f"the scheduler at {self.executor.address} is lost")
