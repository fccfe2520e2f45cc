"""The closing of an epoch, the same however the lanes are filled: the loss, stopping rules, records, curves."""

import numpy as np

from fnn.kernel.jit import inlined, merged, policy
from fnn.kernel.losses import meets_rule
from fnn.kernel.simd import any_lane, constant, load, select, spread, store

# Epochs after which records are written at the latest, for those who watch.
WATCHED = 64


@inlined
def has_news(row, loss, correct, count, met):
    """Return whether a network was solved or no longer is, diverged or met a rule; row: the epoch before's."""
    one, zero, all_right = constant(loss, 1.0, 1.0), constant(loss, 0.0, 0.0), spread(row, count)
    before, now = select(load(row, 1) >= all_right, one, zero), select(correct >= all_right, one, zero)
    finite = loss - loss == zero
    return any_lane((before < now) | (now < before) | (select(finite, zero, one) > zero) | met)


@policy
def record_into(records, active, b, epoch, count):
    """Write what the last epoch's `Records.row` says of each network of block b; return how many go on.

    Lanes beyond those that are recorded hold copies of the first network.
    """
    row, recorded, going = records.row, records.loss.shape[1], 0
    epochs_to_solve, diverged, stopped = records.epochs_to_solve[b], records.diverged[b], records.stopped[b]
    for k in range(recorded):
        records.loss[b, k], records.correct[b, k] = row[0, k], row[1, k]
        if stopped[k] >= epoch:
            if not np.isfinite(row[0, k]):
                diverged[k] = stopped[k] = epoch
            elif row[2, k] > 0:
                records.met[b, k], stopped[k] = True, epoch
        if row[1, k] == count and diverged[k] < 0:
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
def write_epoch_into(records, curves, active, b, epoch, total, count, due):
    """Write records where they are due, and the points of curves; return whether a network of block b goes on."""
    row, going = records.row, 1
    if due:
        going = record_into(records, active, b, epoch, count)
    point = curves.next_point[b]
    while point < len(curves.epochs) and (curves.epochs[point] == epoch or going == 0):
        for k in range(curves.loss.shape[1]):
            curves.loss[b, k, point] = row[0, k]
            curves.accuracy[b, k, point] = row[1, k] / count
        point += 1
    curves.next_point[b] = point
    records.reached[b] = total if going == 0 else epoch
    return records.reached[b] < total


@merged
def close_epoch_into(records, curves, state, samples, rules, epochs, b, epoch, sums):
    """Write what an epoch's sums of loss and right answers say of block b; return whether a network of it goes on.

    Records are written where there is news, and now and then without, for those who watch.
    """
    row, outputs, point = records.row, samples.count * samples.outputs, curves.next_point[b]
    loss, correct = sums[0] / spread(row, outputs), sums[1]
    met = meets_rule(loss, records.errors[0], state.settings[b], rules.by_errors, outputs)
    due = epoch in (epochs.begin, epochs.total) or epoch % WATCHED == 0
    due = due or has_news(row, loss, correct, samples.count, met)
    store(row, 0, loss)
    store(row, 1, correct)
    store(row, 2, select(met, spread(row, 1.0), spread(row, 0.0)))
    # Most epochs have nothing to write: a call would take longer than this whole function.
    if due or (point < len(curves.epochs) and curves.epochs[point] == epoch):
        return write_epoch_into(records, curves, state.active, b, epoch, epochs.total, samples.count, due)
    records.reached[b] = epoch
    return True
