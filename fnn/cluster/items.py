"""Items under way on a cluster: which are still to be done, by which tasks, and since when."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Pending:
    """An item that is under way. tasks: keys of those that are at it; killed: how often its workers died."""

    number: int
    item: Any
    tasks: list[Any] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)
    killed: int = 0
    with_shared: bool = False


class Items:
    """Items in the order in which they are to be done: those that have to be done again before new ones."""

    def __init__(self, items: Iterable[Any]) -> None:
        self.fresh: Iterator[tuple[int, Any]] = enumerate(items)
        self.again: list[Pending] = []
        self.exhausted = False

    def next(self) -> Pending | None:
        """Return an item to do, None where there is none."""
        if self.again:
            return self.again.pop(0)
        if not self.exhausted:
            for number, item in self.fresh:
                return Pending(number, item)
            self.exhausted = True
        return None
