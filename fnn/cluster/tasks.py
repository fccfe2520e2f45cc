"""Tasks of one work on a Dask cluster: each has a role, by which it is known when it has come back."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from distributed import Client, Future, as_completed

from fnn.errors import ClusterLost

# Seconds of a look at what has come back, where nothing has.
_WAIT = 0.05


class Returned(NamedTuple):
    """A task that has come back. role: what it is for, and about what; status: Dask's; result: or what was raised."""

    key: Any
    role: tuple[str, Any]
    status: str
    result: Any

    @property
    def error(self) -> BaseException:
        """What was raised, where the status is error."""
        error: BaseException = self.result[1]
        return error.with_traceback(self.result[2])


class Tasks:
    """Tasks under way. name: of the work, which their keys have; address: of the scheduler, for who reads an error."""

    def __init__(self, client: Client, name: str, address: str) -> None:
        self.client, self.name, self.address = client, name, address
        self.ready = as_completed(loop=client.loop, with_results=True, raise_errors=False)
        self.roles: dict[Any, tuple[str, Any]] = {}
        self.futures: dict[Any, Future] = {}
        self.submitted = 0

    def submit(self, role: tuple[str, Any], function: Callable[..., Any], *arguments: Any, **how: Any) -> Any:
        """Submit a task that is done on a worker; return its key. Who asks of workers is heard before items."""
        key = (f"fnn-{role[0]}-{self.name}", self.submitted)
        self.submitted += 1
        self.roles[key] = role
        priority = 0 if role[0] == "item" else 10
        try:
            future = self.client.submit(function, *arguments, key=key, pure=False, priority=priority, **how)
        except Exception as error:
            if self.is_lost:
                raise self.lost() from error
            raise
        self.futures[key] = future
        self.ready.add(future)
        return key

    def hold(self, name: str, payload: bytes) -> Future:
        """Have Dask hold bytes, as the result of a task: where they are lost, that is done again.

        What is scattered would not be repaired. The function is Python's own: a worker may hold bytes without `fnn`.
        """
        import dask

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
            return self.client.submit(bytes, payload, key=f"fnn-shared-{name}-{self.name}", pure=False)

    def returned(self) -> Iterator[Returned]:
        """Yield what has come back; wait a moment where nothing has."""
        if not self.ready.has_ready():
            with self.ready.thread_condition:
                self.ready.thread_condition.wait(_WAIT)
        while self.ready.has_ready():
            for future, result in self.ready.next_batch(block=False):
                role = self.roles.pop(future.key, None)
                self.futures.pop(future.key, None)
                if role is not None:
                    yield Returned(future.key, role, future.status, result)

    def forget(self, keys: Iterable[Any]) -> None:
        """Cancel tasks, whose results are no longer of use."""
        keys = list(keys)
        for key in keys:
            self.roles.pop(key, None)
        futures = [future for key in keys if (future := self.futures.pop(key, None)) is not None]
        if futures and not self.is_lost:
            self.client.cancel(futures, force=True)

    def ask(self, question: Callable[[], Any]) -> Any:
        """Ask the scheduler."""
        try:
            return question()
        except (OSError, TimeoutError) as error:
            raise self.lost() from error

    @property
    def is_lost(self) -> bool:
        """Whether the scheduler is no longer there."""
        return bool(self.client.status != "running")

    def lost(self) -> ClusterLost:
        """Return the error of a scheduler that is lost."""
        return ClusterLost(f"the scheduler at {self.address} is lost")
