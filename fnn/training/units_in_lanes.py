"""Units in the lanes: L outputs of a layer side by side, one network at a time.

Threads train a network each; where there are fewer networks than threads and batches are cut into chunks, they share
each network.
"""

import numpy as np
from numpy.typing import NDArray

from fnn.kernel.arguments import Samples, Team
from fnn.kernel.chunks import size_of_chunks
from fnn.kernel.simd import WIDTH
from fnn.kernel.units_epoch import train_units_into
from fnn.network.functions import Array
from fnn.training.blocks import Blocks, Filling, batch_size, share_out, train_all
from fnn.training.grouping import Stack
from fnn.training.layout import CUTS, Cuts, aligned, units_plan
from fnn.training.progress import Report
from fnn.training.results import Outcome

# As in `networks_in_lanes`, of a network.
_AT_ONCE, _ALONE = 32, 2**30


def filling(stack: Stack, cuts: Cuts) -> Filling:
    """Return how the units of one network fill the lanes."""
    (N, outputs), dtype = stack.y.shape, stack.x.dtype
    L = WIDTH[dtype]
    plan, ones = units_plan(stack.layers, N, L, cuts), np.ones((N, outputs), dtype)
    K = len(plan.places)

    def laid(rows: NDArray[np.generic]) -> NDArray[np.generic]:
        blocks = aligned((*rows.shape, L), rows.dtype)
        blocks[:] = rows[:, :, None]
        return blocks

    def weights(flat: Array) -> Array:
        blocks = aligned((len(flat), plan.weights, L), dtype)
        blocks.reshape(len(flat), -1)[:, :K] = flat
        return blocks

    return Filling(
        networks=1,
        plan=plan,
        laid=laid,
        weights=weights,
        gathered=lambda blocks: blocks.reshape(len(blocks), -1)[:, :K].copy(),
        samples=Samples(_padded(stack.x, L), _padded(stack.y, L), ones[:, 0].copy(), _padded(ones, L), N, outputs),
        targets=(plan.layout.part * outputs + L,),
    )


def _padded(numbers: Array, L: int) -> Array:
    """Return numbers in a row, and L zeros behind them."""
    row = aligned((numbers.size + L,), numbers.dtype)
    row[: numbers.size] = numbers.ravel()
    return row


class Shared:
    """What threads share that train one network."""

    def __init__(self, blocks: Blocks, threads: int) -> None:
        N, K = len(blocks.stack.x), blocks.weights.shape[1]
        chunks = max(-(-count // size_of_chunks(count)) for count in (N, blocks.size))
        self.blocks, self.threads, self.gate = blocks, threads, np.zeros(16, np.int64)
        self.gradients = blocks.array(chunks if threads > 1 else 0, K)  # one thread has two of its own
        self.sums, self.errors = blocks.array(chunks, 2), blocks.array(chunks, 3)

    def train(self, some: slice, thread: int, cancel: NDArray[np.int64]) -> None:
        """Train these networks to the end, as one of the threads."""
        blocks = self.blocks
        state, scratch, batches = blocks.state(some), blocks.scratch(), blocks.batches()
        records, curves, filling = blocks.records(some), blocks.curves(some), blocks.filling
        gradients = self.gradients if self.threads > 1 else state.gradient
        team = Team(thread, self.threads, self.gate, gradients, self.sums, self.errors)
        for epochs in blocks.spans(some, cancel):
            train_units_into(
                team, filling.plan.layout, filling.samples, batches, blocks.rules, state, epochs, records, curves,
                scratch,
            )  # fmt: skip


def fit(stack: Stack, report: Report | None = None, *, threads: int, cuts: Cuts = CUTS) -> Outcome:
    """Train a stack as `numpy_path.fit` does, on so many threads. Ctrl-C ends them at their next epoch."""
    blocks = Blocks(stack, filling(stack, cuts), cuts)

    def train(some: slice, cancel: NDArray[np.int64]) -> None:
        Shared(blocks, 1).train(some, 0, cancel)

    together = len(blocks) < threads and batch_size(stack) > size_of_chunks(batch_size(stack))
    if together:
        shared, every = Shared(blocks, threads), slice(0, len(blocks))

        def join(some: slice, cancel: NDArray[np.int64]) -> None:
            shared.train(every, some.start, cancel)

        share_out(blocks, join, [slice(t, t) for t in range(threads)], threads, report)
    else:
        train_all(blocks, train, threads, report, at_once=_AT_ONCE, alone=_ALONE)
    return blocks.outcome()
