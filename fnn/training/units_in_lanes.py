"""Units in the lanes: L outputs of a layer side by side, one network at a time.

Threads train a network each; where there are fewer networks than threads and batches are cut into chunks, they share
each network.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fnn.kernel.arguments import Samples, Team
from fnn.kernel.chunks import size_of_chunks
from fnn.kernel.simd import WIDTH
from fnn.kernel.units_epoch import train_units_into
from fnn.network import functions
from fnn.network.functions import Array
from fnn.training.blocks import Blocks, Filling, Job, batch_size, share_out, totals, train_all
from fnn.training.grouping import Stack
from fnn.training.layout import CUTS, Cuts, aligned, units_plan
from fnn.training.outcome import Outcome
from fnn.training.progress import Report

# As in `networks_in_lanes`, of a network.
_AT_ONCE, _ALONE = 32, 2**30


def filling(stack: Stack, cuts: Cuts) -> Filling:
    """Return how the units of one network fill the lanes."""
    part, dtype, outputs = stack.part, stack.part.x.dtype, stack.part.y.shape[1]
    L = WIDTH[dtype]
    plan, K = units_plan(stack.layers, len(part.x), L, cuts), functions.weights(stack.layers)

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
        samples=Samples(
            _padded(part.x, L), _padded(part.y, L), part.weight, _padded(np.repeat(part.weight, outputs), L),
            _padded(np.repeat(part.emphasis, outputs), L), totals(stack), part.training, part.held_out, outputs,
        ),
        targets=(2 * (plan.layout.part * outputs + L),),
        masks=(plan.masks + L if stack.drops else 0, 1),
    )  # fmt: skip


def _padded(numbers: Array, L: int) -> Array:
    """Return numbers in a row, and L zeros behind them."""
    row = aligned((numbers.size + L,), numbers.dtype)
    row[: numbers.size] = numbers.ravel()
    return row


class Shared:
    """What threads share that train one network."""

    def __init__(self, blocks: Blocks, threads: int) -> None:
        part, K = blocks.stack.part, blocks.weights.shape[1]
        counts = part.training, blocks.size, max(part.held_out, 1)
        chunks = max(-(-count // size_of_chunks(count)) for count in counts)
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


def job(stack: Stack, cuts: Cuts) -> Job:
    """Return a stack's networks, a block each, and what trains them."""
    blocks = Blocks(stack, filling(stack, cuts), cuts)

    def train(some: slice, cancel: NDArray[np.int64]) -> None:
        Shared(blocks, 1).train(some, 0, cancel)

    return Job(blocks, train)


def fit(stacks: Sequence[Stack], report: Report | None = None, *, threads: int, cuts: Cuts = CUTS) -> list[Outcome]:
    """Train stacks as `numpy_path.fit` does one, on so many threads. Ctrl-C ends them at their next epoch."""
    jobs = [job(stack, cuts) for stack in stacks]
    networks, size = sum(len(job.blocks) for job in jobs), batch_size(stacks[0])
    # Threads that share a network are not done with an epoch at the same time, as snapshots need it.
    if networks < threads and size > size_of_chunks(size) and not stacks[0].snapshots:
        for blocks, _ in jobs:
            _train_together(blocks, threads, report)
    else:
        train_all(jobs, threads, report, at_once=_AT_ONCE, alone=_ALONE)
    return [job.blocks.outcome() for job in jobs]


def _train_together(blocks: Blocks, threads: int, report: Report | None) -> None:
    """Let all threads train each network."""
    shared, every = Shared(blocks, threads), slice(0, len(blocks))

    def join(thread: slice, cancel: NDArray[np.int64]) -> None:
        shared.train(every, thread.start, cancel)

    job = Job(blocks, join)
    share_out([(job, slice(t, t)) for t in range(threads)], threads, report)
