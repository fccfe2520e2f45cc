"""One case, all its contenders: agreement first, then warm runs in shuffled rounds, then ratios and shares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import fnn
from fnn.formats import setting

from . import peers_images, peers_jax, peers_sklearn, peers_torch
from .contenders import OWN, Array, Contender, each_its_own
from .fann import FANN
from .peak import operations
from .timing import BRIEF, in_rounds, quartiles, repeats_for, seconds_of
from .work import Case

CONTENDERS: dict[str, Contender] = {
    **OWN,
    **peers_torch.PEERS,
    **peers_jax.PEERS,
    **peers_sklearn.PEERS,
    **peers_images.PEERS,
    **FANN,
}

MEASURED, OWN_TRAINING = "measured", "own training"
NOT_INSTALLED, SKIPPED, APART = "not installed", "skipped", "does not agree"

# Mean losses of the same training in another order of summation stay within this share of each other.
LOSS_LEEWAY = 0.1
# A stack may take so many times less than in proportion to a smaller one: then it is worth a try.
STACK_DOUBT = 10
# A loop takes as many networks as come to this share of the cap.
LOOP_SHARE = 1 / 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One contender in one case, or one process (then what depends on networks is None).

    status: `measured`; `own training` where the contender trains differently by its nature; `not installed`,
    `skipped` or `does not agree`, which have no times. networks, samples, epochs, hidden: what was trained; solved:
    the share of networks with accuracy 1, interval: Wilson's of it; loss: the median of mean squared errors. first:
    seconds of the first run, compilation and all; seconds: first quartile, median, third, of `runs` runs, each
    averaged over `repeats`. per_second: networks; epoch_us: microseconds for an epoch of one network. ratio: how
    many times as fast `fnn` is; share: of the machine's FMA peak. accuracy: on rows that were held out, quartiles over
    networks, and ensemble: of them together. counted: what else there is to say, by its name.
    """

    work: str
    what: str
    at: float
    dtype: str | None
    contender: str
    title: str
    status: str = MEASURED
    networks: int | None = None
    samples: int | None = None
    epochs: int | None = None
    hidden: str | None = None
    solved: float | None = None
    interval: list[float] | None = None
    loss: float | None = None
    first: float | None = None
    seconds: list[float] | None = None
    runs: int = 0
    repeats: int = 1
    per_second: float | None = None
    epoch_us: float | None = None
    operations: float | None = None
    ratio: float | None = None
    share: float | None = None
    accuracy: list[float] | None = None
    ensemble: float | None = None
    counted: dict[str, float] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How to measure: rounds of warm runs, their order's seed, threads, and most seconds for a row."""

    runs: int = 5
    seed: int = 0
    threads: int = 1
    cap: float = 60.0


def agree(ours: Row, theirs: Row, solvable: bool) -> bool:
    """Whether two contenders train the same networks.

    Where a network can be right on all samples, the intervals of their solved shares meet; else their losses are alike.
    """
    if not solvable:
        assert ours.loss is not None
        assert theirs.loss is not None
        return abs(theirs.loss - ours.loss) <= LOSS_LEEWAY * ours.loss
    (low, high), (least, most) = ours.interval or (0, 1), theirs.interval or (0, 1)
    return low <= most and least <= high


def squared_errors(output: Array, y: Array) -> Array:
    """Return the mean squared error of each network, (S,). output: (S, N, O)."""
    return np.asarray(((output - each_its_own(y, len(output))) ** 2).mean(axis=(1, 2)))


def outcome(row: Row, output: Array, y: Array) -> Row:
    """Add what became of the networks. output: (S, N, O)."""
    solved = int((fnn.accuracy(output, each_its_own(y, len(output))) == 1).sum())
    return replace(
        row,
        solved=solved / len(output),
        interval=list(fnn.wilson(solved, len(output))),
        loss=float(np.median(squared_errors(output, y))),
    )


def compared(rows: Sequence[Row], reference: str = "fnn") -> list[Row]:
    """Add to the timed rows the ratio of the reference's speed to theirs, by networks or else by seconds."""

    def speed(row: Row) -> float:
        assert row.seconds is not None
        return row.per_second or 1 / row.seconds[1]

    ours = next((row for row in rows if row.contender == reference and row.seconds), None)
    return [replace(row, ratio=speed(ours) / speed(row)) if row.seconds and ours else row for row in rows]


def with_share(row: Row, peaks: dict[str, float]) -> Row:
    """Add the share of the peak to a timed row that trains networks."""
    if row.per_second and row.operations and row.dtype:
        return replace(row, share=row.per_second * row.operations / peaks[row.dtype])
    return row


class _Entry:
    """One contender getting ready for a case."""

    def __init__(self, case: Case, name: str) -> None:
        self.case, self.contender = case, CONTENDERS[name]
        self.run: Callable[[], Any] | None = None
        self.brief = False
        self.losses: Array = np.empty(0)
        config, (points, inputs) = case.config, case.x.shape[-2:]
        self.row = Row(
            work=case.work, what=case.what, at=case.at, dtype=config.dtype, contender=name, title=self.contender.title,
            samples=points, epochs=config.epochs, hidden=setting(config.hidden),
            operations=operations(config, inputs, case.y.shape[-1], points, self.contender.measures),
            status=OWN_TRAINING if self.contender.differs else MEASURED, note=self.contender.differs,
        )  # fmt: skip

    def leave(self, status: str, note: str) -> None:
        self.run, self.row = None, replace(self.row, status=status, note=note)

    def build(self, networks: int, threads: int) -> tuple[Callable[[], Any], Callable[[Any], Array]]:
        case = self.case
        each = max(1, networks // case.folds)
        params = fnn.init(case.layers, [k % each for k in range(networks)], case.config.init, case.config.init_scale)
        return self.contender.build(case.config, params, case.x, case.y, threads)

    def affordable(self, method: Method, rate: float) -> int:
        """Return how many networks to train, at so many a second: 0 where the row would take too long."""
        if self.case.whole:
            doubt = 1 if self.contender.probe else STACK_DOUBT
            return self.case.networks if self.case.networks / rate * method.runs <= method.cap * doubt else 0
        most = method.cap * LOOP_SHARE / (method.runs + 1) * rate
        return max(1, min(self.case.networks, int(most)))

    def probe(self, method: Method) -> float:
        """Return how many networks a second a loop trains, from a few of them, warm."""
        few = min(self.contender.probe, self.case.networks)
        run, _ = self.build(few, method.threads)
        run()
        return few / seconds_of(run)

    def prepare(self, method: Method, known_rate: float | None) -> None:
        """Build it, run it once, and see what its networks became; known_rate: networks a second of a like stack."""
        networks = self.case.networks
        try:
            rate = self.probe(method) if self.contender.probe else known_rate if self.case.whole else None
            if rate:
                networks = self.affordable(method, rate)
                if networks == 0:
                    self.leave(SKIPPED, f"it would take about {self.case.networks / rate:,.0f} s a run")
                    return
            run, answers = self.build(networks, method.threads)
        except ImportError as error:
            self.leave(NOT_INSTALLED, str(error))
            return
        result: list[Any] = []
        first = seconds_of(lambda: result.append(run()))
        output = answers(result[0])
        self.losses = squared_errors(output, self.case.y)
        self.row = outcome(replace(self.row, networks=networks, first=first), output, self.case.y)
        warm = first if first < 1 else seconds_of(run)  # the first run compiles
        if warm * method.runs > method.cap:
            self.leave(SKIPPED, f"one run takes {warm:,.0f} s")
            return
        warm = seconds_of(run) if warm < 1 else warm
        self.run, self.brief, self.row = run, warm < BRIEF, replace(self.row, repeats=repeats_for(warm))

    def agrees(self, ours: "_Entry") -> bool:
        """Whether it trains the networks of fnn; a loop takes the first of them, and is compared with those alone."""
        if self.contender.differs or not len(ours.losses):  # where even fnn would take too long
            return True
        same = replace(ours.row, loss=float(np.median(ours.losses[: len(self.losses)])))
        return agree(same, self.row, self.case.solvable)

    def timed(self, seconds: list[float]) -> Row:
        quarter, middle, last = quartiles(seconds)
        assert self.row.networks is not None
        each = middle / self.row.networks
        return replace(
            self.row, seconds=[quarter, middle, last], runs=len(seconds), per_second=1 / each,
            epoch_us=each / self.case.config.epochs * 1e6,
        )  # fmt: skip


def measure(
    case: Case, names: Sequence[str], method: Method, known: dict[str, float], tell: Callable[[str], None]
) -> list[Row]:
    """Return a row for each contender of the case. names: those wanted; fnn is always the first of them.

    known: networks a second by contender of a smaller stack of the same work, from which it is seen beforehand what
    would take too long; the rates of this case are put there. tell hears whose turn it is.
    """
    entries = [_Entry(case, name) for name in case.contenders if name in names]
    for entry in entries:
        if not entry.contender.takes(case.config):
            entry.leave(SKIPPED, "it cannot train this")
            continue
        tell(entry.row.title)
        entry.prepare(method, known.get(entry.row.contender))
        if entry.run and not entry.agrees(entries[0]):
            entry.leave(APART, "its networks are not those of fnn: its time would say nothing")
    ready = {e.row.contender: e for e in entries if e.run}
    seconds = in_rounds(
        {name: e.run for name, e in ready.items() if e.run},
        {name: e.row.repeats for name, e in ready.items()},
        {name for name, e in ready.items() if e.brief},
        method.runs,
        method.seed,
        lambda name: tell(ready[name].row.title),
    )
    rows = compared([e.timed(seconds[e.row.contender]) if e.run else e.row for e in entries])
    known.update({row.contender: row.per_second for row in rows if row.per_second})
    behind = case.behind or "not yet explained"
    return [
        replace(row, note="; ".join(filter(None, (row.note, f"fnn is behind: {behind}"))))
        if row.ratio and row.ratio < 1 and row.contender != "fnn-own"
        else row
        for row in rows
    ]
