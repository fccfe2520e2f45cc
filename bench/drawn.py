"""Millions of results that workers draw instead of training: what they cost on their way into a store.

A cost is so much for each chunk and so much for each network; two sweeps, of small chunks and of large ones, tell both.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from fnn.cluster.connect import Cluster, opened
from fnn.cluster.work import Done, Probe, Work
from fnn.sweeps.chunks import Chunk, ChunkRuns
from fnn.sweeps.connect import open_store
from fnn.sweeps.plan import CHUNK, plan
from fnn.sweeps.run import fill
from fnn.sweeps.schema import Connection
from fnn.sweeps.write import Batch, add_settings, begin_session, write_results

from .local_cluster import Noted, Started, noting

# Seconds that a network is said to have taken, by which a sweep sizes its chunks: to a second, or the fewest networks.
LARGE, SMALL = 1 / 20_000, 1.0
# Workers of which a table says what they could do, bits a second of their network, and the fewest networks of a chunk.
MANY, NETWORK, LEAST = 1000, 1e9, 64
# What is counted of a sweep: processor time, messages, bytes by who sends them; and the seconds of the writer, who
# commits each chunk to the disk.
_SENT = ("client", "scheduler", "messages", "worker bytes", "scheduler bytes", "client bytes")
COUNTED = (*_SENT, "writing")

# What each chunk and each network costs, of each that is counted.
Costs = dict[str, tuple[float, float]]


def drawn(item: Chunk, cost: float, _threads: int | None, _on_progress: object) -> ChunkRuns:
    """Return results as `train_chunk` gives them, of numbers that depend on the seeds. cost: seconds of a network."""
    seeds = np.asarray(item.seeds)
    count, epochs, curves = len(seeds), np.empty(0, np.int64), np.empty((len(seeds), 0), np.float32)
    to_solve, none = _to_solve(seeds), np.full(len(seeds), -1)
    return ChunkRuns(
        seeds, seeds * 0.6180339887498949 % 1, seeds * 0.7548776662466927 % 1, to_solve, none, np.full(count, 500),
        to_solve >= 0, epochs, curves, curves, None, cost * count, 0.0,
    )  # fmt: skip


def _to_solve(seeds: Any) -> Any:
    return seeds * 7919 % 1000 - 500


_sent = [0, 0]


def count_messages() -> None:
    """Count from now on what this process sends over TCP, which Dask does not."""
    from distributed.comm.tcp import TCP

    write = TCP.write
    if getattr(write, "counts", False):
        return

    async def counted(self: Any, *arguments: Any, **options: Any) -> int:
        size = await write(self, *arguments, **options)
        _sent[0] += 1
        _sent[1] += size
        return int(size)

    counted.counts = True  # type: ignore[attr-defined]
    TCP.write = counted


def sent() -> tuple[int, int]:
    """Return the messages that this process has sent since it counts, and their bytes."""
    return _sent[0], _sent[1]


class Passage(NamedTuple):
    """A sweep of drawn results, in so many chunks. counted: what is in COUNTED, in seconds, messages and bytes.

    memory: of client and scheduler, in bytes, when a tenth, a half and all of the networks had come back.
    """

    networks: int
    chunks: int
    seconds: float
    counted: dict[str, float]
    memory: list[list[int]]


def passage(there: Started, networks: int, cost: float) -> Passage:
    """Sweep so many networks on a cluster, whose workers draw. Raises RuntimeError where the store lacks any."""
    import psutil  # type: ignore[import-untyped]
    from distributed import Client

    planned = plan(seeds=networks, curve_points=0, data="xor", dtype="float32")
    processes = [psutil.Process(), psutil.Process(there.scheduler)]
    marks, seen = [max(1, networks // 10), networks // 2, networks], [0, 0]
    memory, kept = list[list[int]](), list[Noted]()

    def at(done: Done) -> None:
        seen[0] += len(done.value.seeds)
        seen[1] += 1
        while len(memory) < len(marks) and seen[0] >= marks[len(memory)]:
            memory.append([process.memory_info().rss for process in processes])

    def draw(_work: Work) -> Work:
        chunk = Chunk([0], planned.seeds[:1])
        return Work(drawn, cost, Probe(chunk, drawn(chunk, cost, None, None).digest, attrgetter("digest")))

    with ExitStack() as stack:
        client = stack.enter_context(Client(there.address, set_as_default=False))
        count_messages()
        client.run(count_messages)
        client.run_on_scheduler(count_messages)

        def so_far() -> dict[str, float]:
            workers = list(client.run(sent).values())
            of_all = [*workers, client.run_on_scheduler(sent), sent()]
            seconds = [sum(process.cpu_times()[:2]) for process in processes]
            by_whom = sum(one[1] for one in workers), of_all[-2][1], of_all[-1][1]
            return dict(zip(_SENT, (*seconds, sum(one[0] for one in of_all), *by_whom), strict=True))

        folder = stack.enter_context(TemporaryDirectory(prefix="fnn-bench-"))
        connection = stack.enter_context(open_store(Path(folder) / "runs.db", create=True))
        before = so_far()
        cluster = opened(Cluster(there.address, notice=print), None)
        swept, _ = fill(connection, planned, executor=noting(cluster, kept, change=draw, at=at))
        after = so_far()
        check(connection, planned.seeds)
    counted = {name: after[name] - before[name] for name in _SENT} | {"writing": swept.writing}
    return Passage(networks, seen[1], kept[0].seconds, counted, memory)


def check(connection: Connection, seeds: Sequence[int]) -> None:
    """Raise RuntimeError where a store has not exactly the runs that are drawn of these seeds."""
    found = connection.execute("SELECT count(*), min(seed), max(seed), sum(solved), sum(epochs_to_solve) FROM results")
    to_solve = _to_solve(np.asarray(seeds))
    solved = to_solve[to_solve >= 0]
    expected = len(seeds), seeds[0], seeds[-1], len(solved), int(solved.sum())
    there = found.fetchone()
    if there != expected:
        raise RuntimeError(f"the store has runs {there}, and not {expected}")


def writer_alone(networks: int) -> float:
    """Return the networks a second that are written to a store, in chunks as a sweep has them, by one process."""
    planned = plan(seeds=networks, curve_points=0, data="xor", dtype="float32")
    size = round(1 / LARGE)
    with TemporaryDirectory(prefix="fnn-bench-") as folder, open_store(Path(folder) / "runs.db", create=True) as store:
        ids = add_settings(store, planned.trials, planned.backend)
        session, seconds = begin_session(store, "bench", {}), 0.0
        for begin in range(0, networks, size):
            runs = drawn(Chunk([0], planned.seeds[begin : begin + size]), LARGE, None, None)
            start = time.perf_counter()
            write_results(store, [Batch(session, ids, runs)])
            seconds += time.perf_counter() - start
        check(store, planned.seeds)
    return networks / seconds


def split(small: Mapping[str, float], large: Mapping[str, float]) -> Costs:
    """Return what each chunk and each network costs of all that is counted, from two sweeps of other chunks.

    Each has `chunks` and `networks` too; what comes out below 0 is 0.
    """
    sizes = np.array([[one["chunks"], one["networks"]] for one in (small, large)])
    costs: Costs = {}
    for name in COUNTED:
        chunk, network = np.linalg.lstsq(sizes, [small[name], large[name]], rcond=None)[0]
        costs[name] = max(float(chunk), 0.0), max(float(network), 0.0)
    return costs


def busy(costs: Costs, network: float) -> dict[str, float]:
    """Return how busy MANY workers of one thread keep who is behind them, as shares of what each can do.

    costs: as `split` gives them; network: seconds of one on a worker.
    """
    each = min(max(1 / network, LEAST), CHUNK)
    networks = MANY / network
    chunks = networks / each

    def share(name: str) -> float:
        return chunks * costs[name][0] + networks * costs[name][1]

    return {
        "writer": share("writing"), "client": share("client"), "scheduler": share("scheduler"),
        "network": 8 * max(share("worker bytes"), share("scheduler bytes")) / NETWORK,
    }  # fmt: skip


def done(costs: Costs, network: float) -> float:
    """Return the networks a second that MANY workers train, where each waits for who is behind them."""
    return MANY / network / max(1.0, *busy(costs, network).values())


def turning_point(costs: Costs, name: str) -> float:
    """Return the seconds of a network below which MANY workers ask for more of writer, client, … than there is."""
    low, high = 1e-9, 1e6
    for _ in range(200):  # how busy it is falls with what a network takes
        middle = (low * high) ** 0.5
        low, high = (middle, high) if busy(costs, middle)[name] > 1 else (low, middle)
    return high
