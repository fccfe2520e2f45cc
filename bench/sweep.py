"""What a sweep costs beside its training, and a million networks in one of them.

    python -m fnn.bench.sweep [--out bench/results/sweep.json] [--networks 1000000] [--runs 5]

The cost of the store: the same networks trained in chunks of the same size without it, in turns, medians. The
million: one process, from the shell prompt; its time, its file and the most memory it had.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import fnn
import fnn.sweeps.run
from fnn.machine import processor, processors
from fnn.sweeps.connect import open_store
from fnn.sweeps.plan import plan

sweep_run: Any = fnn.sweeps.run  # its `train` is replaced while it is timed


def cost_of_the_store(runs: int, networks: int, points: int) -> dict[str, Any]:
    """Return the seconds of sweeps and of training alone, and what the sweep takes more, as a share."""
    seconds: dict[str, list[float]] = {"sweep": [], "training": []}
    x, y = fnn.data.xor()
    config = fnn.Config(dtype="float32")
    every = -(-config.epochs // points) if points else 0
    for _ in range(runs + 1):
        with TemporaryDirectory() as folder:
            sizes: list[int] = []
            train = sweep_run.train_chunk

            def counted(*args: Any, train: Any = train, sizes: list[int] = sizes, **options: Any) -> Any:
                runs = train(*args, **options)
                sizes.append(len(runs.seeds))
                return runs

            sweep_run.train_chunk = counted
            start = time.perf_counter()
            planned = plan(seeds=networks, curve_points=points, data="xor", dtype="float32")
            with open_store(Path(folder) / "runs.db", create=True) as connection:
                sweep_run.fill(connection, planned)
            seconds["sweep"].append(time.perf_counter() - start)
            sweep_run.train_chunk = train
        start, first = time.perf_counter(), 0
        for size in sizes:
            fnn.train(config, x, y, seeds=range(first, first + size), curve_every=every)
            first += size
        seconds["training"].append(time.perf_counter() - start)
    ratios = np.array(seconds["sweep"][1:]) / np.array(seconds["training"][1:])
    low, mid, high = np.quantile(ratios, [0.25, 0.5, 0.75]) - 1
    rate = networks / float(np.median(seconds["training"][1:]))
    return {"networks": networks, "points": points, "per_second": rate, "cost": mid, "quartiles": [low, high]}


def million(networks: int) -> dict[str, Any]:
    """Return time, file and most memory of one process that sweeps so many networks, and of one a tenth as large."""
    measured = {}
    for count in (networks // 10, networks):
        with TemporaryDirectory() as folder:
            words = ["sweep", "--data", "xor", "--dtype", "float32", "--seeds", str(count), "--curve-points", "0"]
            words += ["--out", "runs.db", "--json"]
            # A process of its own, so that its most memory is nobody else's.
            code = (
                "import json, resource, subprocess, sys\n"
                f"words = [sys.executable, '-m', 'fnn', *{words!r}]\n"
                f"done = subprocess.run(words, cwd={folder!r}, stdout=subprocess.PIPE)\n"
                "print(json.dumps([json.loads(done.stdout), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))"
            )
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
            )
            seconds = time.perf_counter() - start
            document, memory = json.loads(done.stdout)
        measured[str(count)] = {
            "networks": count,
            "seconds": seconds,
            "bytes": document["bytes"],
            "peak_bytes": memory * 1024,
            "trained": document["trained"],
        }
    return measured


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--networks", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    document: dict[str, Any] = {"processor": processor(), "threads": processors(), "costs": []}
    for points in (0, 100):
        cost = cost_of_the_store(options.runs, 100_000, points)
        document["costs"].append(cost)
        low, high = cost["quartiles"]
        print(
            f"{'met   ' if cost['cost'] < 0.1 else 'MISSED'} the store with {points} points a curve costs "
            f"{cost['cost']:.1%} ({low:.1%} to {high:.1%}) of training at {cost['per_second']:,.0f} networks a second"
        )
    document["sweeps"] = million(options.networks)
    for row in document["sweeps"].values():
        print(
            f"{row['networks']:,} networks: {row['seconds']:.1f} s, file {row['bytes'] / 1e6:.0f} MB, "
            f"most memory {row['peak_bytes'] / 1e6:.0f} MB"
        )
    if options.out:
        options.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
