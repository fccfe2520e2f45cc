"""Work that is cut into items, and what does them: this process, or the workers of a cluster."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol


class Probe(NamedTuple):
    """An item that every worker does before its first: `digest(value)` has to be what it is here."""

    item: Any
    expected: str
    digest: Callable[[Any], str]


class Work(NamedTuple):
    """What is to be done with each item: `function(item, shared, threads, on_progress)`, a function of a module.

    shared: what all items need, which a worker is sent once. probe: of the workers, None in one process.
    """

    function: Callable[..., Any]
    shared: Any
    probe: Probe | None = None


class Done(NamedTuple):
    """An item with what came of it, and the identity of the worker that did it, None for this process."""

    item: Any
    value: Any
    worker: dict[str, Any] | None = None


class Standing(NamedTuple):
    """How a cluster stands: workers that take part, and items that had to be done again."""

    workers: int = 0
    retried: int = 0


class Executor(Protocol):
    """What does items: `each` yields them as they are done, in any order, and each of them once.

    Items are taken one by one, a few more than can be done at once. standing: of the cluster, None for this process.
    """

    @property
    def standing(self) -> Standing | None: ...  # noqa: D102

    def each(  # noqa: D102
        self, work: Work, items: Iterable[Any], on_progress: Callable[[Any], None] | None = None
    ) -> Iterator[Done]: ...


class InProcess:
    """Does items here, one after the other, each on so many threads."""

    standing: Standing | None = None

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads

    def each(
        self, work: Work, items: Iterable[Any], on_progress: Callable[[Any], None] | None = None
    ) -> Iterator[Done]:
        """Yield each item as it is done; on_progress: is given what the function says meanwhile."""
        for item in items:
            yield Done(item, work.function(item, work.shared, self.threads, on_progress))


# What opens an executor, so that a cluster is there for as long as it is needed.
Opened = AbstractContextManager[Executor]


@contextmanager
def in_process(threads: int | None) -> Iterator[Executor]:
    """Open this process as an executor."""
    yield InProcess(threads)
