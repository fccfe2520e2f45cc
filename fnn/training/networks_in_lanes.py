"""Networks in the lanes: a stack is laid sideways into blocks of L networks, which threads train."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fnn.kernel.arguments import Samples
from fnn.kernel.epoch import train_into
from fnn.kernel.simd import WIDTH
from fnn.training.blocks import Blocks, Filling, Job, together, totals, train_all
from fnn.training.grouping import Stack
from fnn.training.layout import CUTS, Cuts, plan, sideways, upright
from fnn.training.outcome import Outcome
from fnn.training.progress import Report

# Blocks a thread takes at a time. One block of less work than this, in weights × samples × epochs, is done in less than
# the fifth of a second for which Ctrl-C may wait: it is not worth a thread.
_AT_ONCE, _ALONE = 32, 2**26


def filling(stack: Stack, cuts: Cuts) -> Filling:
    """Return how L networks of a stack fill the lanes."""
    part, S = stack.part, len(stack.params[0])
    L, outputs = WIDTH[part.x.dtype], part.y.shape[1]
    laid_out = plan(stack.layers, len(part.x), L, batches=not together(stack), cuts=cuts)
    return Filling(
        networks=L,
        plan=laid_out,
        laid=lambda rows: sideways(rows, L),
        weights=lambda flat: sideways(laid_out.spread_out(flat), L),
        gathered=lambda blocks: laid_out.gathered(upright(blocks, S)),
        samples=Samples(
            part.x, part.y.ravel(), part.weight, part.weight, part.emphasis, totals(stack),
            part.training, part.held_out, outputs,
        ),
        targets=(laid_out.layout.part * (outputs + 1), L),
        masks=(laid_out.masks if stack.drops else 0, L),
    )  # fmt: skip


def job(stack: Stack, cuts: Cuts) -> Job:
    """Return a stack's blocks, and what trains them."""
    laid = filling(stack, cuts)
    blocks = Blocks(stack, laid, cuts)

    def train(some: slice, cancel: NDArray[np.int64]) -> None:
        state, scratch, batches = blocks.state(some), blocks.scratch(), blocks.batches()
        records, curves = blocks.records(some), blocks.curves(some)
        for epochs in blocks.spans(some, cancel):
            train_into(laid.plan.layout, laid.samples, batches, blocks.rules, state, epochs, records, curves, scratch)

    return Job(blocks, train)


def fit(stacks: Sequence[Stack], report: Report | None = None, *, threads: int, cuts: Cuts = CUTS) -> list[Outcome]:
    """Train stacks as `numpy_path.fit` does one, on so many threads. Ctrl-C ends them at their next epoch."""
    jobs = [job(stack, cuts) for stack in stacks]
    train_all(jobs, threads, report, at_once=_AT_ONCE, alone=_ALONE)
    return [job.blocks.outcome() for job in jobs]
