"""The generated parts of the documents: tables of what there is, and of the recorded runs of the benchmark."""

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import quality_tables

import fnn
from fnn import config, data
from fnn.bench import cluster, drawn
from fnn.bench.quality.document import from_document as quality_document
from fnn.bench.run import Row
from fnn.bench.tables import Report, check_lines, closing_lines, duration, from_document
from fnn.bench.targets import EITHER, JAX, RATIOS, TORCH, Target
from fnn.network import activations, hidden, initializers, losses, optimizers, schedules

ROOT = Path(__file__).parents[1]

PARTS: dict[str, tuple[Iterable[str], str]] = {
    "data": (data.DATA, "--data"),
    "hidden layers": (("widths", *hidden.WINDOWED), "--hidden --image"),
    "activations": (activations.ACTIVATIONS, "--activation"),
    "activations of the output": (activations.OUTPUT_ACTIVATIONS, "--output"),
    "losses": (losses.LOSSES, "--loss"),
    "reductions": (losses.REDUCTIONS, "--reduction"),
    "orders of mini-batches": (config.ORDERS, "--order --batch-size"),
    "optimizers": (optimizers.OPTIMIZERS, "--optimizer"),
    "bias corrections": (optimizers.BIAS_CORRECTIONS, "--bias-correction"),
    "places of epsilon": (optimizers.EPSILON_PLACES, "--epsilon-place"),
    "schedules": (schedules.SCHEDULES, "--scheduler"),
    "initializers": (initializers.INITIALIZERS, "--init"),
    "precisions": (config.DTYPES, "--dtype"),
    "stopping rules": (
        [name.removeprefix("stop_").replace("_", " ") for name in config.STOPS],
        " ".join(f"--{name.replace('_', '-')}" for name in config.STOPS),
    ),
}
LOOPS = {
    "numpy-loop": "NumPy, as the lab writes it",
    "torch-loop": "PyTorch `Sequential`, `Adam`, `StepLR`",
    "sklearn": "scikit-learn `MLPClassifier`",
}
Cases = dict[tuple[str, str | None], dict[str, Row]]


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table in Markdown."""
    return "".join(f"| {' | '.join(map(str, cells))} |\n" for cells in (head, ["---"] * len(head), *rows))


def recorded(name: str) -> Any:
    """Return a recorded run of the benchmark, as its file has it."""
    return json.loads((ROOT / "bench" / "results" / f"{name}.json").read_text(encoding="utf-8"))


def report(name: str = "results") -> Report:
    """Return a recorded run of `fnn bench`."""
    return from_document(recorded(name))


def cases(rows: Iterable[Row], *work: str) -> Cases:
    """Return the timed rows of some work: by what it is and the precision, then by contender."""
    timed: Cases = {}
    for row in rows:
        if row.work in work and row.seconds:
            timed.setdefault((row.what, row.dtype), {})[row.contender] = row
    return timed


def fastest(rows: dict[str, Row], forms: Sequence[str]) -> float:
    """Return the networks a second of the fastest form of a peer, 0 where it was over the run's cap of seconds."""
    return max((row.per_second or 0.0 for name, row in rows.items() if name in forms), default=0.0)


def parts() -> str:
    """Return the names in every registry, with the options that take them."""
    rows = [
        (part, ", ".join(names), " ".join(f"`{o}`" for o in options.split()))
        for part, (names, options) in PARTS.items()
    ]
    return table(("part", "names", "option"), rows)


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def rooms() -> str:
    """Return the rooms in reading order: the first line of each, and of a package the order inside."""
    (order,) = re.findall(r"\n\n((?:[a-z_]+[ \n])+)\n", fnn.__doc__ or "")
    rows = []
    for name in order.split():
        folder = ROOT / "fnn" / name
        text = _docstring(folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py"))
        inside = text.rpartition("\n\n")[2].split() if folder.is_dir() else []
        room = "bench/" if name == "bench" else f"fnn/{name}{'/' if folder.is_dir() else '.py'}"
        rows.append((f"`{room}`", text.partition("\n")[0].rstrip("."), " ".join(inside)))
    return table(("room", "what lives there", "in reading order"), rows)


def speed_short() -> str:
    """Return the speed of lab XOR in float32 beside four contenders."""
    results = report("tables")
    rows = cases(results.rows, "xor")["lab XOR", "float32"]
    ours = rows["fnn"].per_second or 0.0
    rates = {
        "JAX, `vmap` + `scan` + `jit`, networks last or in parts on threads, whichever is fastest": fastest(rows, JAX),
        "PyTorch, `baddbmm` with fused Adam or `torch.func`, whichever is faster": fastest(rows, TORCH),
        "PyTorch, one network after the other": fastest(rows, ("torch-loop",)),
        "scikit-learn's `MLPClassifier`, one after the other": fastest(rows, ("sklearn",)),
    }
    lines = [
        (
            name,
            f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}",
            f"{ours / rate:,.1f}" if ours / rate < 10 else f"{ours / rate:,.0f}",
        )
        for name, rate in rates.items()
    ]
    return table(
        ("networks of the lab on XOR (21 points, 500 epochs, float32)", "a second", "`fnn` is faster by"),
        [("`fnn`", f"{ours:,.0f}", ""), *lines],
    )


def _lead(rows: dict[str, Row]) -> float:
    """Return how many times as fast fnn is as the fastest stacked form of JAX or PyTorch."""
    return (rows["fnn"].per_second or 0.0) / fastest(rows, (*JAX, *TORCH))


def machine() -> str:
    """Return the machine of the recorded run, and where the lead is smallest."""
    results = report()
    width, lead = min(
        ((what, _lead(rows)) for (what, _), rows in cases(results.rows, "width").items()), key=lambda p: p[1]
    )
    return (
        f"{_measured_on(results)}. Wide layers fill a "
        f"processor anyhow: at {width} the lead over the faster of JAX and PyTorch is {lead:.1f}.\n"
    )


def _measured_on(results: Report) -> str:
    called = {"numba": "Numba", "jax": "JAX", "torch": "PyTorch", "scikit-learn": "scikit-learn"}
    versions = ", ".join(f"{name} {results.machine['packages'][package]}" for package, name in called.items())
    return (
        f"Measured on {results.machine['cpu']}, {results.method['threads']} threads, Python "
        f"{results.machine['python']}, {versions}; medians of {results.method['runs']} runs"
    )


def machine_of_tables(name: str = "tables") -> str:
    """Return the machine of a recorded run on tables."""
    results = report(name)
    peaks = " and ".join(f"{results.method['peaks'][dtype] / 1e9:.0f} GFLOP/s in {dtype}" for dtype in config.DTYPES)
    return f"{_measured_on(results)}; FMA peak {peaks}.\n"


def speed(name: str = "results", *work: str) -> str:
    """Return networks a second, of each peer its fastest form."""
    lines = []
    for (what, dtype), rows in cases(report(name).rows, *(work or ("xor", "linear", "width", "depth"))).items():
        if "fnn" not in rows:
            continue
        ours, best = rows["fnn"], [fastest(rows, forms) for forms in (JAX, TORCH)]
        slow, fast = ((ours.networks or 0) / (ours.seconds or [])[at] for at in (2, 0))
        peers = [f"{rate:,.0f}" if rate else "–" for rate in best]
        lead = f"{_lead(rows):.1f}" if max(best) else "–"
        lines.append(
            (f"{what}, {dtype}", f"{ours.per_second:,.0f} ({slow:,.0f}–{fast:,.0f})", *peers, lead, f"{ours.share:.0%}")
        )
    head = ("work", "fnn (quartiles)", "JAX", "PyTorch", "fnn is faster than either by", "share of the FMA peak")
    return table(head, lines)


def _table_line(target: Target, rows: dict[str, Row]) -> tuple[str, ...]:
    """Return the times of a stack on a table; of each peer its fastest form, of scikit-learn one network's."""
    ours, rivals = rows["fnn"], [name for name in target.contenders if name in rows]
    networks = ours.networks or 0

    def shown(names: Sequence[str], count: int) -> str:
        rate = fastest(rows, names)
        return duration(count / rate) if rate else "–"

    torch = [name for name in target.contenders if name not in JAX]
    ratio = (ours.per_second or 0.0) / fastest(rows, rivals) if rivals else 0.0
    return (
        f"{target.what}, {target.dtype}", shown(("fnn",), networks), shown(torch, networks), shown(JAX, networks),
        shown(("sklearn",), 1), f"{ratio:.1f}" if ratio else "–", f"{target.bound:g}", f"{ours.share:.0%}",
    )  # fmt: skip


def on_tables(measured: Iterable[Row], *whats: str) -> str:
    """Return the times on tables in float32 of these cases, or of all in both precisions with what was asked."""
    rows = cases(measured, "tables")
    lines = [
        _table_line(target, rows[target.what, target.dtype])
        for target in RATIOS
        if target.work == "tables"
        and target.against == EITHER
        and (not whats or (target.what in whats and target.dtype == "float32"))
        and "fnn" in rows.get((target.what, target.dtype), {})
    ]
    head = (
        "work",
        "fnn",
        "PyTorch",
        "JAX",
        "one of scikit-learn's",
        "fnn is faster by",
        "asked",
        "share of the FMA peak",
    )
    if whats:  # what was asked is the project's concern, not a newcomer's
        head, lines = (*head[:6], *head[7:]), [(*line[:6], *line[7:]) for line in lines]
    return table(head, lines)


def ensembles(short: bool = False) -> str:
    """Return the times of ensembles on tables, beside one network of scikit-learn's, and of reading their tables.

    short: without what was asked, which is the project's concern, and what comes after it.
    """
    measured = report("ensembles").rows
    rows, read = cases(measured, "ensembles"), cases(measured, "reading")
    lines = []
    for target in RATIOS:
        if target.work == "ensembles" and target.against == EITHER:
            of_case = rows[target.what, target.dtype]
            what, ours, *others = _table_line(target, of_case)
            preset = of_case.get("fnn-table")
            reading = read[f"reading {target.what}", None]["fnn"]
            shown = [duration((row.seconds or [])[1]) if row else "–" for row in (preset, reading)]
            at_peak = fastest(of_case, (*TORCH, *JAX)), of_case["fnn"]
            faster = (at_peak[1].per_second or 0.0) / at_peak[0] / at_peak[1].share
            lines.append((what, ours, shown[0], *others[:-1], shown[1], others[-1], f"{faster:.1f}"))
    head = ("work", "fnn", "with the preset for tables", "PyTorch", "JAX", "one of scikit-learn's", "fnn is faster by")
    if short:
        return table(head, [line[: len(head)] for line in lines])
    return table((*head, "asked", "reading and encoding", "share of the FMA peak", "at the peak, faster by"), lines)


def images() -> str:
    """Return the times on images, of PyTorch the faster form, and what the FMA peak would give."""
    rows, lines = cases(report("images").rows, "images"), []
    for target in RATIOS:
        if target.work == "images":
            of_case = rows[target.what, target.dtype]
            ours, torch = of_case["fnn"], ("torch-grouped", "torch-images-loop")
            rates = [ours.per_second or 0.0, fastest(of_case, torch), fastest(of_case, ("jax-images",))]
            against = rates[1] if target.against == "PyTorch" else max(rates[1:])
            share, ahead = ours.share or 1.0, rates[0] / against
            lines.append(
                (target.what, *(duration((ours.networks or 0) / rate) for rate in rates), f"{ahead:.1f}",
                 f"{target.bound:g}", f"{share:.0%}", f"{ahead / share:.1f}")
            )  # fmt: skip
    head = ("work", "fnn", "PyTorch", "JAX", "fnn is faster by", "asked", "share of the FMA peak", "at the peak, by")
    return table(head, lines)


def accuracy() -> str:
    """Return what is right of images that packages ship, held out."""
    results = report("accuracy")
    asked = {(check.what, check.against): f"{check.bound:.1%}" for check in results.checks}
    lines = [
        (
            row.what, row.hidden, f"{low:.2%} to {high:.2%}", f"{median:.2%}",
            asked.get((row.what, "all held out, in the median"), "–"), f"{row.ensemble:.2%}",
            asked.get((row.what, "all held out, together"), "–"),
        )
        for row in results.rows
        for low, median, high in [row.accuracy or [0.0, 0.0, 0.0]]
    ]  # fmt: skip
    head = ("images", "hidden", "right, quartiles over networks", "median", "asked", "together", "asked")
    return table(head, lines)


def search() -> str:
    """Return how long searches take, and how right the best setting is."""
    results = report("search")
    lines = [
        (
            row.title, duration((row.seconds or [0.0, 0.0])[1]), "–" if row.ratio is None else f"{row.ratio:,.3g}",
            f"{score:.1%} ({low:.1%} to {high:.1%})",
        )
        for row in results.rows
        for low, score, high in [row.accuracy or [0.0, 0.0, 0.0]]
    ]  # fmt: skip
    return table(("search", "time", "times that of the first", "right by its best setting (95%)"), lines)


def machine_of_cluster() -> str:
    """Return the machine of the recorded sweeps on clusters."""
    results = report("cluster")
    called = {"numba": "Numba", "dask": "Dask", "distributed": "distributed"}
    versions = ", ".join(f"{name} {results.machine['packages'][package]}" for package, name in called.items())
    return (
        f"Measured on {results.machine['cpu']}, {results.method['threads']} threads, Python "
        f"{results.machine['python']}, {versions}; medians of {results.method['runs']} runs.\n"
    )


def on_cluster() -> str:
    """Return the times of sweeps on a cluster of this machine, beside the same in one process."""
    lines = []
    for rows in cases(report("cluster").rows, "cluster").values():
        for name, row in rows.items():
            if "fnn" in rows:
                (low, middle, high), more = row.seconds or [0.0, 0.0, 0.0], row.counted or {}
                ours = name == "fnn"
                lines.append(
                    (row.what, row.title, f"{middle:.1f} s ({low:.1f}–{high:.1f})", f"{row.per_second:,.0f}",
                     "–" if ours else f"{more['percent more']:+.1f}%",
                     "–" if ours else f"{more['µs more a network']:+.1f} µs", f"{row.first:.1f} s")
                )  # fmt: skip
    head = ("sweep of lab XOR, float32", "by", "time (quartiles)", "networks a second", "longer by", "a network",
            "starting")  # fmt: skip
    return table(head, lines)


def _drawn_rows() -> dict[str, Row]:
    return {row.contender: row for row in report("cluster").rows if row.what == cluster.DRAWN}


def drawn_results() -> str:
    """Return what drawn results cost on their way into a store."""
    rows, lines = _drawn_rows(), []
    for row in rows.values():
        told = row.counted
        if told is None:
            lines.append((row.title, f"{row.per_second:,.0f}", *["–"] * 6))
            continue
        chunks, networks = told["chunks"], told["networks"]
        lines.append(
            (row.title, f"{row.per_second:,.0f}", f"{chunks:,.0f}", f"{told['messages'] / chunks:.1f}",
             *(f"{1e3 * told[name] / chunks:.2f} ms" for name in cluster.EACH),
             f"{told['worker bytes'] / networks:.0f}")
        )  # fmt: skip
    head = ("drawn results", "networks a second", "chunks", "messages a chunk", "client a chunk", "scheduler a chunk",
            "writing a chunk", "bytes a network")  # fmt: skip
    return table(head, lines)


def drawn_memory() -> str:
    """Return the memory of client and scheduler while drawn results came back."""
    row = _drawn_rows()["large"]
    told = row.counted or {}
    lines = [
        (f"{(row.networks or 0) * share:,.0f} networks",
         *(f"{told[f'{who} memory at {share:.0%}'] / 1e6:.0f} MB" for who in ("client", "scheduler")))
        for share in (0.1, 0.5, 1.0)
    ]  # fmt: skip
    return table(("resident memory after", "client, which writes", "scheduler"), lines)


# Seconds of a network on a thread of a worker, for which it is told what many workers would do.
NETWORKS = (5e-5, 5e-4, 5e-3, 5e-2, 0.5, 5.0)


def thousand() -> str:
    """Return how busy a thousand workers would keep writer, client, scheduler and network, and what they would do."""
    costs = cluster.costs(report("cluster").rows)
    lines = []
    for network in NETWORKS:
        shares = drawn.busy(costs, network)
        done, asked = drawn.done(costs, network), drawn.MANY / network
        bound = max(shares, key=shares.__getitem__) if max(shares.values()) > 1 else "workers"
        told = [f"{share:.0%}" if share < 1 else f"{share:,.1f} times" for share in shares.values()]
        lines.append((duration(network), f"{asked:,.0f}", *told, bound, f"{done:,.0f}"))
    head = ("a network on a worker", "asked for a second", *drawn.busy(costs, 1.0), "bound", "done a second")
    return table(head, lines)


def bounds() -> str:
    """Return from which cost of a network on each of those behind a thousand workers keeps up with them."""
    costs = cluster.costs(report("cluster").rows)
    points = {name: drawn.turning_point(costs, name) for name in drawn.busy(costs, 1.0)}
    told = ", ".join(f"{name} from {duration(at)}" for name, at in sorted(points.items(), key=lambda p: -p[1]))
    chunk = ", ".join(f"{name} {1e3 * costs[name][0]:.2f} ms" for name in cluster.EACH)
    network = ", ".join(f"{name} {1e6 * costs[name][1]:.2f} µs" for name in cluster.EACH)
    return (
        f"A chunk costs {chunk}, and each network of it besides {network}. "
        f"They keep up with a thousand workers if a network takes these so long at least: {told}.\n"
    )


def loops() -> str:
    """Return how many times as fast a network in a stack is as one in a loop."""
    lines = [
        (f"{LOOPS[name]}, {dtype}", f"{row.per_second:,.1f}", f"{row.ratio:,.0f}")
        for (_, dtype), rows in cases(report().rows, "xor").items()
        for name, row in rows.items()
        if name in LOOPS
    ]
    return table(("one after the other", "networks a second", "fnn is faster by"), lines)


def _times(work: Sequence[str], head: str, name: str = "results") -> str:
    """Return the time of every contender in every case of some work, and how many times that of fnn it is."""
    lines = [
        (f"{what}, {dtype}" if dtype else what, row.title, duration((row.seconds or [])[1]), f"{row.ratio:.3g}")
        for (what, dtype), rows in cases(report(name).rows, *work).items()
        for row in rows.values()
    ]
    return table((head, "contender", "time", "times fnn's"), lines)


def sweeps() -> str:
    """Return what sweeps took."""
    lines = [
        (
            f"{row['networks']:,} networks",
            f"{row['seconds']:.0f} s",
            f"{row['bytes'] / 1e6:.0f} MB",
            f"{row['peak_bytes'] / 1e6:.0f} MB",
        )
        for row in recorded("sweep")["sweeps"].values()
    ]
    return table(("one sweep of lab XOR, float32", "time", "file", "most memory"), lines)


def quality(part: Callable[[Any], tuple[Sequence[str], Iterable[Sequence[Any]]]]) -> str:
    """Return a part of what the answers of a recorded run are worth, as a table."""
    return table(*part(quality_document(recorded("quality"))))


def _fenced(lines: Iterator[str]) -> str:
    return "```text\n" + "\n".join(lines) + "\n```\n"


BLOCKS: dict[str, Callable[[], str]] = {
    "parts": parts,
    "rooms": rooms,
    "speed-short": speed_short,
    "machine": machine,
    "speed": speed,
    "widths": lambda: speed("widths", "width"),
    "machine-of-tables": machine_of_tables,
    "tables": lambda: on_tables(report("tables").rows),
    "machine-of-ensembles": lambda: machine_of_tables("ensembles"),
    "ensembles": ensembles,
    "ensembles-short": lambda: ensembles(short=True),
    "promises-of-ensembles": lambda: _fenced(check_lines(report("ensembles").checks)),
    "machine-of-images": lambda: machine_of_tables("images"),
    "images": images,
    "accuracy": accuracy,
    "search": search,
    "machine-of-quality": lambda: quality_tables.machine(quality_document(recorded("quality"))),
    "quality": lambda: quality(quality_tables.over_sets),
    "quality-by-set": lambda: quality(quality_tables.by_set),
    "quality-sets": lambda: quality(quality_tables.sets),
    "reliability": lambda: quality(quality_tables.reliability),
    "quality-in-words": lambda: quality_tables.in_words(quality_document(recorded("quality"))),
    "promises-of-quality": lambda: quality_tables.promises(quality_document(recorded("quality"))),
    "machine-of-cluster": machine_of_cluster,
    "cluster": on_cluster,
    "promises-of-cluster": lambda: _fenced(check_lines(report("cluster").checks)),
    "drawn": drawn_results,
    "drawn-memory": drawn_memory,
    "thousand": thousand,
    "bounds": bounds,
    "today": lambda: _times(("xor", "chains", "start"), "work", "tables"),
    "layouts": lambda: _fenced(closing_lines(report("tables").rows)),
    "promises-of-tables": lambda: _fenced(check_lines(report("tables").checks)),
    "loops": loops,
    "sizes": lambda: _times(("size",), "lab XOR, float32"),
    "samples": lambda: _times(("samples", "chains"), "samples"),
    "processes": lambda: _times(("start", "sweep"), "a process"),
    "sweeps": sweeps,
    "ahead": lambda: _fenced(closing_lines(report().rows)),
    "promises": lambda: _fenced(check_lines(report().checks)),
}
