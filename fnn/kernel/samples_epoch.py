"""Training with samples in the lanes, compiled: one network, its samples L to a row, shared by threads.

Rows of L samples pass through the same functions as a stack's single samples do, with the network's weights as plain
numbers that `load` spreads. Each lane sums the gradient over its own samples; at the end of the epoch the lanes are
summed too. Rows are cut into chunks, whose sums are added in the order of the chunks.
"""

from fnn.kernel.arguments import MEAN_GRADIENT
from fnn.kernel.arrays import flat
from fnn.kernel.atomics import meet, peek
from fnn.kernel.jit import entry, inlined, merged, policy
from fnn.kernel.layers import backward_into, forward_into, ones_into
from fnn.kernel.losses import ABSOLUTES, LARGEST, SQUARES, errors_into, gradient_factor, loss_into
from fnn.kernel.optimizers import H_LR, update_into
from fnn.kernel.records import close_epoch_into
from fnn.kernel.simd import load, select, spread, store


@policy
def lanes_sum(row):
    """Return the sum over the lanes of row 0 of a lane array, halves onto halves; the row is used up."""
    half = row.shape[1] // 2
    while half > 0:
        for k in range(half):
            row[0, k] += row[0, k + half]
        half //= 2
    return row[0, 0]


@policy
def lanes_largest(row):
    """Return the largest number in row 0 of a lane array."""
    largest = row[0, 0]
    for k in range(1, row.shape[1]):
        largest = max(largest, row[0, k])
    return largest


@inlined
def chunks_sum(parts, i, spare):
    """Return the sum of row i of all chunks' lane arrays (C, ·, L) over chunks, in their order, and over lanes."""
    v = load(parts[0], i)
    for c in range(1, len(parts)):
        v = v + load(parts[c], i)
    store(spare, 0, v)
    return lanes_sum(spare)


@policy
def errors_of_chunks_into(errors, parts, spare):
    """Write what `errors_into` says of all chunks, (C, 3, L), into every lane of `errors`."""
    v = load(parts[0], LARGEST)
    for c in range(1, len(parts)):
        other = load(parts[c], LARGEST)
        v = select(other > v, other, v)
    store(spare, 0, v)
    store(errors, LARGEST, spread(spare, lanes_largest(spare)))
    for i in (SQUARES, ABSOLUTES):
        store(errors, i, spread(spare, chunks_sum(parts, i, spare)))


@merged
def pass_chunks_into(team, network, layout, samples, rules, scratch, learns):
    """Pass this thread's chunks through the network; write their sums, and their gradients where it learns.

    network: its weights and settings.
    """
    table, rows, (weights, settings) = layout.table, len(samples.weight), network
    undropped = scratch.spare[:0]
    chunk = (rows + len(team.sums) - 1) // len(team.sums)
    inputs = len(samples.x) // rows
    factor = gradient_factor(rules.reduction, samples.count * samples.totals[MEAN_GRADIENT])
    for c in range(team.thread, len(team.sums), team.threads):
        total = misses = spread(scratch.values, 0.0)
        for i in range(3 if rules.by_errors else 0):
            store(team.errors[c], i, total)
        low, high = c * chunk, min(rows, (c + 1) * chunk)
        for first in range(low, high, layout.part):
            count = min(layout.part, high - first)
            forward_into(scratch, layout, weights, samples.x, first * inputs, count, undropped)
            total, misses = loss_into(scratch, table, samples, settings, first, count, rules, factor, (total, misses))
            if rules.by_errors:
                errors_into(team.errors[c], scratch.values, table, samples.y, samples.weight, first, count)
            if learns:
                gradient = team.gradients[c]
                backward_into(
                    gradient, scratch, layout, network, samples.x, first * inputs, count, first > low, undropped
                )
        store(team.sums[c], 0, total)
        store(team.sums[c], 1, misses)


@policy
def update_alone_into(moved, h, active, rate, rules, first_step, rows):
    """Do as `update_into` does, apart from the loop of the threads, which is a fifth slower with it inside."""
    update_into(moved, h, active, rate, rules, first_step, rows)


@entry
def train_shared_into(team, layout, samples, rules, state, epochs, records, curves, scratch):
    """Train one network from epoch `begin` to before `end`, as one of `team.threads` threads that all call this.

    samples: x, y, weight are lane arrays, the last row filled up by samples of weight 0. state: one block, whose
    lanes hold the K weights in a row; records and curves are of one lane.
    """
    weights, slots, powers, settings = state.weights[0], state.slots[0], state.powers[0], state.settings[0]
    K, spare, factors, gradient = team.gradients.shape[1], scratch.transposed, epochs.factors[0], flat(state.gradient)
    ones_into(scratch.values, layout.table, layout.part)
    for epoch in range(epochs.begin, epochs.end):
        network = flat(weights), settings
        pass_chunks_into(team, network, layout, samples, rules, scratch, epoch < epochs.total)
        meet(team.gate, team.threads, epochs.cancel)
        if epochs.cancel[0]:
            return
        for k in range(team.thread * K // team.threads, (team.thread + 1) * K // team.threads):
            gradient[k] = chunks_sum(team.gradients, k, spare)
        meet(team.gate, team.threads, epochs.cancel)
        if team.thread == 0:
            total = spread(spare, chunks_sum(team.sums, 0, spare))
            misses = spread(spare, chunks_sum(team.sums, 1, spare))
            if rules.by_errors:
                errors_of_chunks_into(records.errors[0], team.errors, spare)
            none = spread(spare, 0.0)
            sums = total, misses, none, none
            # No constant, for which the closing would be compiled anew.
            measured = epoch >= 0
            if close_epoch_into(records, curves, state, samples, rules, epochs, 0, epoch, sums, measured):
                rate = load(settings, H_LR) * load(factors, epochs.epoch_index[epoch - epochs.begin])
                active, rows = load(state.active, 0), (0, len(weights))
                moved = weights, slots, state.gradient[0], powers, state.rates
                update_alone_into(moved, settings, active, rate, rules, epoch == 0, rows)
        meet(team.gate, team.threads, epochs.cancel)
        if epochs.cancel[0] or peek(records.reached, 0) == epochs.total:
            return
