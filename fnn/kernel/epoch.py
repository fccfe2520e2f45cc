"""Training with networks in the lanes, compiled: L networks at once, in the order and with the names of the lab.

What reads as one number is that number of L networks. The samples are passed through in parts that fit the cache.
Sums run over samples in their order, whatever the parts, and over lanes never; so a network's bits depend on nothing
but itself.

On all samples at once, one pass an epoch both measures and learns. With mini-batches the first pass measures, on all
samples, and one for each batch learns: on inputs and targets that are lane arrays, so that each network may have its
samples in an order of its own.
"""

from fnn.kernel.arguments import INPUTS
from fnn.kernel.jit import entry, merged
from fnn.kernel.layers import backward_into, batch_into, forward_into, inputs_into, ones_into
from fnn.kernel.losses import errors_into, gradient_factor, gradient_into, loss_into
from fnn.kernel.optimizers import H_LR, update_into
from fnn.kernel.records import close_epoch_into
from fnn.kernel.rng import order_into
from fnn.kernel.simd import load, spread, store


@merged
def pass_into(gradient, weights, layout, samples, batches, rules, scratch, errors, batch, learns):
    """Pass samples through a block: all of them to measure, where `batch` is 0, else those of a batch to learn.

    Write the gradient where it learns; return the sums of loss and right answers where it measures. (Not the whole
    state, of which a call would hand on a hundred numbers.)
    """
    table, values, measures = layout.table, scratch.values, batch == 0
    first_inputs, inputs_width = table[0, INPUTS], samples.x.shape[1] + 1
    low = 0 if measures else (batch - 1) * batches.size
    high = samples.count if measures else min(low + batches.size, samples.count)
    factor = gradient_factor(rules.reduction, (high - low) * samples.outputs)
    total = correct = spread(values, 0.0)
    for i in range(3 if rules.by_errors and measures else 0):
        store(errors, i, total)
    for first in range(low, high, layout.part):
        count, inputs = min(layout.part, high - first), first_inputs
        if not measures:
            inputs += samples.count * inputs_width if layout.kept else 0
            batch_into(
                values, batches.targets, inputs, samples.x, samples.y, batches.order, batches.shuffled, first, count
            )
        elif layout.kept:
            inputs += first * inputs_width
        else:
            inputs_into(values, samples.x, first, count, table)
        forward_into(scratch, table, weights, values, inputs, count)
        if measures:
            total, correct = loss_into(
                scratch, table, samples.y, samples.weight, first, count, rules.loss, factor, (total, correct)
            )
            if rules.by_errors:
                errors_into(errors, values, table, samples.y, samples.weight, first, count)
        else:
            gradient_into(scratch, table, batches.targets, count, rules.loss, factor)
        if learns:
            backward_into(gradient, scratch, table, weights, values, inputs, count, first > low)
    return total, correct


@entry
def train_into(layout, samples, batches, rules, state, schedule, epochs, records, curves, scratch):
    """Train every block of `state` from epoch `begin` to before `end`; write weights, state, records and curves."""
    count, size = samples.count, batches.size
    passes = 1 if size == count else 1 + (count + size - 1) // size
    ones_into(scratch.values, layout.table, layout.part)
    if layout.kept:
        inputs_into(scratch.values, samples.x, 0 * count, count, layout.table)  # no constant 0: see `matrix`
    for b in range(len(state.weights)):
        weights, slots, powers, settings = state.weights[b], state.slots[b], state.powers[b], state.settings[b]
        factors = schedule.factors[b if len(schedule.factors) > 1 else 0]
        for epoch in range(epochs.begin, epochs.end):
            if epochs.cancel[0]:
                return
            goes_on = True
            for batch in range(passes):
                learns = batch > 0 or (size == count and epoch < epochs.total)
                sums = pass_into(
                    state.gradient, weights, layout, samples, batches, rules, scratch, records.errors, batch, learns
                )
                if batch == 0:
                    goes_on = close_epoch_into(records, curves, state, samples, rules, epochs, b, epoch, sums)
                    if not goes_on:
                        break
                    if batches.shuffled:
                        order_into(batches.order, state.seeds[b], epoch, count)
                if learns:
                    rate = load(settings, H_LR) * load(factors, schedule.epoch_index[epoch - epochs.begin])
                    first_step, active = epoch == 0 and batch < 2, load(state.active, b)
                    update_into(weights, slots, state.gradient, powers, settings, active, rate, rules, first_step)
            if not goes_on:
                break
