"""The closing of an epoch, the same however the lanes are filled: losses, the best epoch, stopping rules, records."""

import numpy as np

from fnn.kernel.arguments import (
    BEST_EPOCH,
    ENDS,
    HELD_OUT_LOSS,
    HELD_OUT_MISSES,
    LOSS_ROW,
    MISSES_ROW,
    SINCE,
    TOTAL_HELD_OUT_LOSS,
    TOTAL_LOSS,
    TOTAL_OUTPUTS,
    TOTAL_SCORE,
    codes,
    settings_rows,
)
from fnn.kernel.jit import inlined, merged, policy
from fnn.kernel.losses import meets_rule
from fnn.kernel.simd import any_lane, constant, load, select, spread, store
from fnn.network.scores import MONITORS

# Epochs after which records are written at the latest, for those who watch.
WATCHED = 64
# How a network ends: a stopping rule is met, or it has waited too long for a better epoch.
MET, WAITED = 1, 2
BY_LOSS, BY_SCORE = codes(MONITORS, "loss", "score")
(H_PATIENCE,) = settings_rows("patience")


@inlined
def has_news(row, loss, misses):
    """Return whether a network was solved or no longer is, or diverged; row: the epoch before's."""
    one, zero = constant(loss, 1.0, 1.0), constant(loss, 0.0, 0.0)
    before, now = select(load(row, MISSES_ROW) == zero, one, zero), select(misses == zero, one, zero)
    finite = loss - loss == zero
    return any_lane((before < now) | (now < before) | (select(finite, zero, one) > zero))


@policy
def record_into(records, active, b, epoch):
    """Write what the last epoch's `Records.row` says of each network of block b; return how many go on.

    Lanes beyond those that are recorded hold copies of the first network.
    """
    row, measures, recorded, going = records.row, records.measures, records.measures.shape[2], 0
    epochs_to_solve, diverged, stopped = records.epochs_to_solve[b], records.diverged[b], records.stopped[b]
    for k in range(recorded):
        for i in range(measures.shape[1]):
            measures[b, i, k] = row[i, k]
        if stopped[k] >= epoch:
            if not np.isfinite(row[LOSS_ROW, k]):
                diverged[k] = stopped[k] = epoch
            elif row[ENDS, k] > 0:
                records.met[b, k], stopped[k] = row[ENDS, k] == MET, epoch
        if row[MISSES_ROW, k] == 0 and diverged[k] < 0:
            epochs_to_solve[k] = epoch if epochs_to_solve[k] < 0 else epochs_to_solve[k]
        else:
            epochs_to_solve[k] = -1
        goes_on = stopped[k] > epoch
        active[b, k] = goes_on
        going += goes_on
    for k in range(recorded, active.shape[1]):
        active[b, k] = active[b, 0]
    return going


@policy
def write_epoch_into(records, curves, totals, active, b, epoch, total, due):
    """Write records where they are due, and the points of curves; return whether a network of block b goes on."""
    row, measures, going = records.row, curves.measures, 1
    if due:
        going = record_into(records, active, b, epoch)
    point = curves.next_point[b]
    while point < len(curves.epochs) and (curves.epochs[point] == epoch or going == 0):
        for i in range(0, measures.shape[1], 2):
            of_score = totals[TOTAL_SCORE + i]
            for k in range(measures.shape[2]):
                measures[b, i, k, point] = row[i, k]
                measures[b, i + 1, k, point] = (of_score - row[i + 1, k]) / of_score
        point += 1
    curves.next_point[b] = point
    records.reached[b] = total if going == 0 else epoch
    return records.reached[b] < total


@policy
def compare_into(best, kept, weights, row, active, rules, patience, epoch):
    """Note in `best` the networks that are no worse than ever before on what is held out, and keep their weights.

    Return 1 for those that have waited for `patience` epochs for a better one, else 0. Of epochs that are as good, the
    last is kept, and the first counts.
    """
    zero, one, now_epoch = spread(row, 0.0), spread(row, 1.0), spread(row, epoch)
    monitored = HELD_OUT_LOSS if rules.monitor == BY_LOSS else HELD_OUT_MISSES
    now, before, running = load(row, monitored), load(best, monitored), active > zero
    if rules.monitor not in (BY_LOSS, BY_SCORE):
        now = spread(row, float("nan"))
    since = select(running & (now < before), now_epoch, load(best, SINCE))
    improved = running & (now <= before)
    for i in range(LOSS_ROW, HELD_OUT_MISSES + 1):
        store(best, i, select(improved, load(row, i), load(best, i)))
    store(best, BEST_EPOCH, select(improved, now_epoch, load(best, BEST_EPOCH)))
    store(best, SINCE, since)
    if rules.keeps and any_lane(improved):
        for i in range(len(weights)):
            store(kept, i, select(improved, load(weights, i), load(kept, i)))
    return select(running & (patience >= zero) & (now_epoch - since >= patience), one, zero)


@policy
def recall_into(row, measures):
    """Write to `Records.row` what was measured last of a block's networks; lanes beyond them get the first one's."""
    for i in range(len(measures)):
        for k in range(row.shape[1]):
            row[i, k] = measures[i, k if k < measures.shape[1] else 0]


@merged
def close_epoch_into(records, curves, state, samples, rules, epochs, b, epoch, sums, measured):
    """Write what an epoch's sums of loss and misses say of block b; return whether a network of it goes on.

    sums: on what is learnt from, and on what is held out. measured: whether the former are there; else what was
    measured last goes on to hold, as it does for networks that have ended, and no rule is met. Records are written
    where there is news, and now and then without, for those who watch.
    """
    row, totals, point = records.row, samples.totals, curves.next_point[b]
    if epoch == epochs.begin:
        recall_into(row, records.measures[b])
    loss, misses, zero = load(row, LOSS_ROW), load(row, MISSES_ROW), spread(row, 0.0)
    ends, running = zero, load(state.active, b) > zero
    if measured:
        loss = select(running, sums[0] / spread(row, totals[TOTAL_LOSS]), loss)
        misses = select(running, sums[1], misses)
        met = meets_rule(loss, records.errors[0], state.settings[b], rules.by_errors, totals[TOTAL_OUTPUTS])
        ends = select(met, spread(row, MET), zero)
    due = epoch in (epochs.begin, epochs.end - 1) or epoch % WATCHED == 0 or has_news(row, loss, misses)
    store(row, LOSS_ROW, loss)
    store(row, MISSES_ROW, misses)
    if samples.held_out > 0:
        store(row, HELD_OUT_LOSS, sums[2] / spread(row, totals[TOTAL_HELD_OUT_LOSS]))
        store(row, HELD_OUT_MISSES, sums[3])
        waited = compare_into(
            records.best[b], state.kept[b], state.weights[b], row, load(state.active, b), rules,
            load(state.settings[b], H_PATIENCE), epoch,
        )  # fmt: skip
        ends = select(ends > zero, ends, waited * spread(row, WAITED))
    due = due or any_lane(ends > zero)
    store(row, ENDS, ends)
    # Most epochs have nothing to write: a call would take longer than this whole function.
    if due or (point < len(curves.epochs) and curves.epochs[point] == epoch):
        return write_epoch_into(records, curves, totals, state.active, b, epoch, epochs.total, due)
    records.reached[b] = epoch
    return True


@policy
def close_network_into(records, samples, b, total, misses):
    """Write to `Records.best` what these sums of loss and misses say of the weights that block b ends with."""
    best = records.best[b]
    store(best, LOSS_ROW, total / spread(best, samples.totals[TOTAL_LOSS]))
    store(best, MISSES_ROW, misses)
