"""Samples in the lanes: one network and thousands of samples at once, L of them to a row, shared by threads.

For one tiny network, which leaves lanes empty otherwise.

The samples are cut into chunks, by their number and the network's shape alone, and the chunks' sums are added in the
order of the chunks. So a network has the same bits on any number of threads, and in any stack: whether samples or
networks lie in the lanes is never up to the size of the stack.
"""

from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.config import Config
from fnn.data.samples import Part
from fnn.kernel.arguments import SETTINGS, TOTAL_SCORE, Curves, Epochs, Records, Samples, Scratch, State, Team
from fnn.kernel.samples_epoch import train_shared_into
from fnn.kernel.simd import WIDTH
from fnn.network.functions import Array, flatten, weights
from fnn.network.layers import Layers
from fnn.network.losses import ERRORS
from fnn.network.schedules import rates
from fnn.training.blocks import numeric_rows, totals, uneven_rates
from fnn.training.grouping import Stack
from fnn.training.layout import CUTS, aligned, plan, rules, sideways
from fnn.training.outcome import Outcome, outcome, score_totals
from fnn.training.progress import Report
from fnn.training.snapshots import spans

# From so many samples on, they lie in the lanes, where networks have fewer weights than this: with more, units in the
# lanes are as fast (at 337 weights samples take 0.9 of their time, at 37 weights 0.4). So many chunks, if there are
# samples and memory (bytes) enough.
LEAST_SAMPLES, MOST_WEIGHTS, _CHUNKS, _MEMORY = 1024, 1000, 16, 2**26


def suits(config: Config, layers: Layers, part: Part) -> bool:
    """Return whether samples are to lie in the lanes: never up to the size of the stack.

    Not for mini-batches, and not with what only the other ways know: samples that are held out, dropout, clipping.
    """
    plain = not (part.held_out or config.dropout or config.clip_norm)
    whole = part.training >= LEAST_SAMPLES and (config.batch_size or part.training) >= part.training
    return plain and whole and weights(layers) < MOST_WEIGHTS


class LaidOut:
    """Samples laid into the lanes, how they are cut into chunks, and what all networks on them share."""

    def __init__(self, stack: Stack, segment: int) -> None:
        part, (N, width), dtype = stack.part, stack.part.y.shape, stack.part.x.dtype
        self.segment = segment
        L = WIDTH[dtype]
        rows = -(-N // L)
        # A row of samples is to the plan what a sample is to a stack's.
        self.stack, self.plan = stack, plan(stack.layers, rows, L)
        chunks = max(1, min(_CHUNKS, rows // self.plan.layout.part, _MEMORY // (64 * self.plan.weights)))
        self.chunks = -(-rows // -(-rows // chunks))
        inputs = np.concatenate((part.x, np.ones((N, 1), dtype)), axis=1)
        columns = inputs, part.y, part.weight[:, None], part.emphasis[:, None]
        x, y, weight, emphasis = (_in_lanes(column, L) for column in columns)
        for counts in (weight, emphasis):
            counts.reshape(-1)[N:] = 0  # copies that fill the last row count for nothing
        self.samples = Samples(x, y, weight, weight, emphasis, totals(stack), N, 0, width)

    def array(self, *shape: int) -> Array:
        """Return a lane array of zeros."""
        dtype = self.stack.part.x.dtype
        return aligned((*shape, WIDTH[dtype]), dtype)

    def sums(self) -> tuple[Array, Array, Array]:
        """Return what the threads that train one network share: the gradients, sums and errors of all chunks."""
        return self.array(self.chunks, self.plan.weights), self.array(self.chunks, 2), self.array(self.chunks, 3)

    def scratch(self) -> Scratch:
        """Return a thread's own arrays."""
        plan = self.plan
        rows = plan.values, plan.logits, plan.delta, plan.transposed, plan.spare
        return Scratch(*map(self.array, rows))


def _in_lanes(columns: Array, L: int) -> Array:
    """Lay samples (N, I) into rows of lanes, (R·I, L), the I numbers of L samples after each other."""
    blocks = sideways(columns, L)
    return blocks.reshape(-1, L)


class Network:
    """Network k of a stack under training."""

    def __init__(self, laid_out: LaidOut, k: int) -> None:
        stack, self.laid_out, self.k = laid_out.stack, laid_out, k
        config, dtype, P = stack.config, stack.part.x.dtype, len(stack.curve_epochs)
        numeric = {name: float(values[k]) for name, values in stack.numeric.items()}
        L, K = WIDTH[dtype], laid_out.plan.weights
        rows = laid_out.array(1, -(-K // L))
        self.weights = rows.reshape(-1)[:K]
        self.weights[:] = laid_out.plan.spread_out(flatten(tuple(w[k : k + 1] for w in stack.params)))[0]
        settings, powers = laid_out.array(1, len(SETTINGS)), laid_out.array(1, 2)
        settings[:] = numeric_rows(stack)[k].astype(dtype)[:, None]
        powers[:] = 1
        slots, active, uneven = laid_out.array(1, 2 * rows.shape[1]), laid_out.array(1) + 1, uneven_rates(stack)
        weight_rates = laid_out.array(1 if uneven is None else rows.shape[1]) + 1
        if uneven is not None:
            weight_rates.reshape(-1)[:K] = laid_out.plan.spread_out(uneven)[0]
        self.state = State(
            rows, slots, powers, settings, np.zeros((1, L), np.uint64), active, laid_out.array(1, rows.shape[1]),
            weight_rates, laid_out.array(1, 1),
        )  # fmt: skip
        by_errors = any(numeric[f"stop_{name}"] >= 0 for name in ERRORS)
        self.rules = rules(config, stack.part.score, by_errors=by_errors, clips=False)
        self.records = Records(
            measures=np.zeros((1, 2, 1)),
            epochs_to_solve=np.full((1, 1), -1),
            diverged=np.full((1, 1), -1),
            stopped=np.full((1, 1), config.epochs),
            met=np.zeros((1, 1), np.bool_),
            reached=np.full(1, -1),
            row=laid_out.array(5),
            best=laid_out.array(1, 6),
            errors=laid_out.array(1, 3),
        )
        self.curves = Curves(stack.curve_epochs, np.empty((1, 2, 1, P), np.float32), np.zeros(1, np.int64))
        self.rate_settings = SimpleNamespace(**{**numeric, "lr": 1.0, "base_lr": 1.0})
        self.gate = np.zeros(16, np.int64)

    def train(self, thread: int, threads: int, cancel: NDArray[np.int64], sums: tuple[Array, Array, Array]) -> None:
        """Train to the end, as one of so many threads."""
        laid_out, total = self.laid_out, self.laid_out.stack.config.epochs
        gradients, totals, errors = sums
        team = Team(thread, threads, self.gate, gradients, totals, errors)
        scratch, snapshots = laid_out.scratch(), laid_out.stack.snapshots
        for begin, end in spans(total, laid_out.segment, snapshots):
            if snapshots:
                snapshots.take_into(begin, self.k, self.weights[laid_out.plan.places][None])
            epochs = Epochs(begin, end, total, cancel, self._factors(begin, end), np.arange(end - begin))
            train_shared_into(
                team, laid_out.plan.layout, laid_out.samples, self.rules, self.state, epochs, self.records, self.curves,
                scratch,
            )  # fmt: skip
            if (self.records.reached[0] == total and not snapshots) or cancel[0]:
                return

    def _factors(self, begin: int, end: int) -> Array:
        """Return the factors on the rate in these epochs."""
        config, dtype = self.laid_out.stack.config, self.laid_out.stack.part.x.dtype
        factors = rates(config.scheduler, np.arange(begin, end), config.epochs, self.rate_settings)
        return np.array(factors, dtype)[None]


def fit(
    stacks: Sequence[Stack], report: Report | None = None, *, threads: int, segment: int = CUTS.segment
) -> list[Outcome]:
    """Train stacks as `numpy_path.fit` does one, network by network: each on all threads, or many on a thread each.

    segment: epochs for which the schedule is laid out in advance.
    """
    all_networks = []
    for stack in stacks:
        laid_out = LaidOut(stack, segment)
        all_networks.append([Network(laid_out, k) for k in range(len(stack.params[0]))])
    networks = [network for each in all_networks for network in each]
    # Threads that share a network are not done with an epoch at the same time, as snapshots need it.
    shared = len(networks) < threads and not stacks[0].snapshots
    cancel, together = np.zeros(1, np.int64), threads if shared else 1
    with ThreadPoolExecutor(threads) as pool:

        def train_alone(network: Network) -> None:
            network.train(0, 1, cancel, network.laid_out.sums())

        try:
            if together == 1:
                _wait({pool.submit(train_alone, network) for network in networks}, networks, report)
            else:
                for network in networks:
                    sums = network.laid_out.sums()
                    begun = {pool.submit(network.train, t, together, cancel, sums) for t in range(together)}
                    _wait(begun, networks, report)
        except BaseException:
            cancel[0] = 1
            pool.shutdown(cancel_futures=True)
            raise
    return [_outcome(each) for each in all_networks]


def _wait(waiting: set[Future[None]], networks: Sequence[Network], report: Report | None) -> None:
    while waiting:
        done, waiting = wait(waiting, timeout=0.1, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        if report:
            _report(networks, report)


def _report(networks: Sequence[Network], report: Report) -> None:
    stack, total = networks[0].laid_out.stack, networks[0].laid_out.samples.totals[TOTAL_SCORE]
    records = [network.records for network in networks if network.records.reached[0] >= 0]
    if records:
        reached = np.array([r.reached[0] / max(stack.config.epochs, 1) for r in records])
        loss, misses = (np.array([r.measures[0, row, 0] for r in records]) for row in range(2))
        report(float(np.minimum(reached, 1).sum()), loss, (total - misses) / total)


def _outcome(networks: Sequence[Network]) -> Outcome:
    laid_out = networks[0].laid_out

    def each(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(network.records, name)[0] for network in networks])

    measures = np.concatenate([network.records.measures[0] for network in networks], axis=1)
    curves = np.concatenate([network.curves.measures[0] for network in networks], axis=1)
    flat = np.stack([network.weights[laid_out.plan.places] for network in networks])
    return outcome(
        flat, measures, score_totals(laid_out.stack.part), list(curves), each("epochs_to_solve"), each("diverged"),
        each("stopped"), each("met"), np.full(len(networks), -1),
    )  # fmt: skip
