"""How large an item is to be, by what those before took: about a second, which is what a lost worker costs."""

from collections.abc import Sequence

# Seconds of an item.
_SECONDS = 1.0
# Networks of the first item, and as few as one is cut to.
_FIRST, _LEAST = 1024, 64


class Sizes:
    """How many networks of each kind are to be trained together. costs: of a network of each kind, in one unit.

    What a network takes is its cost times what items before took of that. most: networks of an item.
    """

    def __init__(self, costs: Sequence[float], most: int) -> None:
        self.costs, self.most = costs, most
        self.cost = min(_FIRST, most) * costs[0]

    def networks(self, kind: int) -> int:
        """Return how many networks of that kind are to be trained together."""
        return max(1, min(max(_LEAST, int(self.cost / self.costs[kind])), self.most))

    def learn(self, cost: float, seconds: float) -> None:
        """Note what an item of that cost took, but for compiling."""
        self.cost = min(cost * _SECONDS / max(seconds, 1e-9), 4 * max(self.cost, cost))
