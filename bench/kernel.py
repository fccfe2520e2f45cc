"""How fast the kernel trains stacks, than what, and what share of the machine that is.

    python -m bench.kernel [--out bench/results/kernel.json] [--runs 5] [--quick]

Every row is measured in this one run: agreement in the share of solved networks first, then warm runs in an order
shuffled by a seed, of which the median and the quartiles are kept. Needs the extra `peers` and `jax`.
"""

import argparse
import json
import os
import platform
import random
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

import fnn
from bench import contenders
from bench.peak import operations, peak

THREADS = len(os.sched_getaffinity(0))
# Rivals that the targets name, with the least ratio for each precision.
STACKED = {"jax": {"float32": 12, "float64": 5}, "torch": {"float32": 15, "float64": 5}}
# The loops people write, in the precision they come in.
LOOPS = {"float32": {"torch loop": 2000}, "float64": {"numpy loop": 250, "sklearn loop": 1000}}
NETWORKS_IN_LOOP = {"torch loop": 8, "numpy loop": 40, "sklearn loop": 20}
WIDTHS = {4: 0, 8: 0, 16: 5, 32: 3, 64: 2.5, 128: 2}

CONTENDERS: dict[str, Callable[..., Any]] = {
    "fnn": contenders.kernel,
    "jax": contenders.jax_vmap,
    "torch": contenders.torch_stacked,
    "numpy loop": contenders.numpy_loop,
    "torch loop": contenders.torch_loop,
    "sklearn loop": contenders.sklearn_loop,
}


def measure(names: dict[str, int], config: fnn.Config, samples: Any, runs: int) -> dict[str, Any]:
    """Return for each contender, and its number of networks: solved share with interval, seconds, networks a second."""
    x, y = samples
    layers = config.layers(x.shape[1], y.shape[1])
    timed, rows = {}, {}
    for name, networks in names.items():
        params = fnn.init(layers, range(networks))
        timed[name], answers = CONTENDERS[name](config, params, x, y, THREADS)
        start = time.perf_counter()
        result = timed[name]()
        cold = time.perf_counter() - start
        output = answers(result)
        solved = int((fnn.accuracy(output, y) == 1).sum())
        rows[name] = {
            "networks": networks,
            "solved": solved / networks,
            "interval": fnn.wilson(solved, networks),
            "cold": cold,
        }
        print(
            f"    {name}: {networks} networks, first run {cold:.2f} s, solved {solved / networks:.1%}", file=sys.stderr
        )
    seconds: dict[str, list[float]] = {name: [] for name in names}
    order = random.Random(0)
    for _ in range(runs):
        for name in order.sample(list(names), len(names)):
            start = time.perf_counter()
            timed[name]()
            seconds[name].append(time.perf_counter() - start)
    for name, row in rows.items():
        low, mid, high = np.quantile(seconds[name], [0.25, 0.5, 0.75])
        row |= {"seconds": [low, mid, high], "per_second": row["networks"] / mid}
        # The interval of the one meets that of the other.
        own, ours = row["interval"], rows["fnn"]["interval"]
        row["agrees"] = own[0] <= ours[1] and ours[0] <= own[1]
    return rows


def lab(dtype: str, runs: int, networks: int) -> dict[str, Any]:
    """The lab's XOR, 500 epochs, against the stacked peers and the loops people write."""
    names = {"fnn": networks, "jax": networks, "torch": networks}
    targets = {name: least[dtype] for name, least in STACKED.items()}
    names |= {name: NETWORKS_IN_LOOP[name] for name in LOOPS[dtype]}
    targets |= LOOPS[dtype]
    config = fnn.Config(dtype=dtype)
    return finish(f"lab XOR, {dtype}", config, fnn.data.xor(), measure(names, config, fnn.data.xor(), runs), targets)


def wide(dtype: str, width: int, runs: int) -> dict[str, Any]:
    """Two hidden layers of that width, 100 samples, 256 networks; fewer epochs the wider they are."""
    config = fnn.Config(
        dtype=dtype, hidden=(width, width), epochs=max(25, min(500, 6400 // width)), lr=0.01, init="normal"
    )
    samples = fnn.data.linear()
    least = WIDTHS[width] if dtype == "float32" else 1
    rows = measure({"fnn": 256, "jax": 256, "torch": 256}, config, samples, runs)
    return finish(f"width {width}, {dtype}", config, samples, rows, {"faster peer": least} if least else {})


@cache
def best_peak(dtype: str) -> float:
    """Return the best of ten: what the machine can do, whoever else is on it."""
    return max(peak(dtype, THREADS) for _ in range(10))


def finish(
    what: str, config: fnn.Config, samples: Any, rows: dict[str, Any], targets: dict[str, float]
) -> dict[str, Any]:
    """Add ratios, the share of the peak, and what is missed."""
    now = best_peak(config.dtype)
    work = operations(config, 2, 1, len(samples.x))
    for row in rows.values():
        row["ratio"] = rows["fnn"]["per_second"] / row["per_second"]
        row["share_of_peak"] = row["per_second"] * work / now
    ratios = {name: row["ratio"] for name, row in rows.items()} | {
        "faster peer": min(rows[n]["ratio"] for n in ("jax", "torch"))
    }
    if config.dtype == "float32" and 4 <= config.hidden[0] <= 64 and what.startswith("width"):
        ratios["half the peak"] = 2 * rows["fnn"]["share_of_peak"]
        targets = {**targets, "half the peak": 1}
    checks = {
        name: {"least": least, "measured": ratios[name], "met": bool(ratios[name] >= least)}
        for name, least in targets.items()
    }
    print(f"{what}   (peak {now / 1e9:.0f} GFLOP/s)")
    for name, row in rows.items():
        low, mid, high = row["seconds"]
        apart = "" if row["agrees"] else "   DOES NOT AGREE"
        print(
            f"  {name:13} {row['per_second']:10,.1f} networks/s   {mid:8.3f} s ({low:.3f} to {high:.3f})"
            f"   ratio {row['ratio']:8.1f}   {row['share_of_peak']:6.1%} of peak   solved {row['solved']:.1%}{apart}"
        )
    for name, check in checks.items():
        print(f"  {'met   ' if check['met'] else 'MISSED'} {check['least']}x {name}: {check['measured']:.1f}x")
    return {"what": what, "peak": now, "operations": work, "rows": rows, "checks": checks}


def own_settings(dtype: str, runs: int, networks: int) -> dict[str, Any]:
    """What it costs that every network of the stack has numeric settings of its own."""
    x, y = fnn.data.xor()
    config, rng = fnn.Config(dtype=dtype), np.random.default_rng(0)
    own = [
        replace(config, seed=k, lr=a, beta1=b, beta2=c, epsilon=1e-5 * a, gamma=g)
        for k, (a, b, c, g) in enumerate(rng.uniform(0.1, 0.101, (networks, 4)) + np.array([0, 0.8, 0.8, 0.85]))
    ]
    seconds: dict[str, list[float]] = {"uniform": [], "own": []}
    for _ in range(2 * runs + 1):
        seconds["uniform"].append(fnn.train(config, x, y, seeds=range(networks), curve_every=0).seconds)
        seconds["own"].append(fnn.train(own, x, y, curve_every=0).seconds)
    cost = float(np.median(np.array(seconds["own"][1:]) / np.array(seconds["uniform"][1:]))) - 1
    print(f"own settings in every network, {dtype}: {cost:+.1%}   {'met' if cost <= 0.05 else 'MISSED'} (at most 5%)")
    return {"what": f"own settings, {dtype}", "cost": cost, "met": cost <= 0.05}


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    packages = {}
    for name in ("numpy", "numba", "llvmlite", "jax", "torch", "scikit-learn"):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "not installed"
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = next((line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")), "")
    return {"cpu": model or platform.processor(), "threads": THREADS, "python": platform.python_version(), **packages}


def main() -> None:
    """Run everything and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="fewer networks and widths")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    networks = 2048 if arguments.quick else 10240
    widths = (4, 16, 64) if arguments.quick else tuple(WIDTHS)
    results: list[dict[str, Any]] = []
    for dtype in ("float32", "float64"):
        results += [lab(dtype, arguments.runs, networks), own_settings(dtype, arguments.runs, networks)]
        results += [wide(dtype, width, arguments.runs) for width in widths]
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        document = {"machine": machine(), "runs": arguments.runs, "results": results}
        arguments.out.write_text(json.dumps(document, indent=1, default=float) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
