"""Training with networks in the lanes, compiled: L networks at once, in the order and with the names of the lab.

What reads as one number is that number of L networks. The samples are passed through in parts that fit the cache.
Sums run over samples in their order, whatever the parts, and over lanes never; so a network's bits depend on nothing
but itself.

On all samples at once, one pass an epoch both measures and learns. With mini-batches the first pass measures, on all
samples, and one for each batch learns: on inputs and targets that are lane arrays, so that each network may have its
samples in an order of its own.
"""

from fnn.kernel.arguments import INPUTS
from fnn.kernel.jit import entry, inlined
from fnn.kernel.layers import backward_into, batch_into, forward_into, inputs_into, ones_into
from fnn.kernel.losses import errors_into, gradient_factor, gradient_into, loss_into
from fnn.kernel.optimizers import H_LR, update_into
from fnn.kernel.records import close_epoch_into
from fnn.kernel.rng import order_into
from fnn.kernel.simd import load, spread, store


@inlined
def pass_into(layout, samples, batches, rules, state, scratch, errors, b, batch, learns):
    """Pass samples through block b: all of them to measure, where `batch` is 0, else those of a batch to learn.

    Write the gradient where it learns; return the sums of loss and right answers where it measures.
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
            batch_into(values, inputs, samples, batches, first, count)
        elif layout.kept:
            inputs += first * inputs_width
        else:
            inputs_into(values, samples.x, first, count, table)
        forward_into(scratch, table, state.weights[b], values, inputs, count)
        if measures:
            total, correct = loss_into(scratch, table, samples, first, count, rules.loss, factor, (total, correct))
            if rules.by_errors:
                errors_into(errors, values, table, samples, first, count)
        else:
            gradient_into(scratch, table, batches.targets, count, rules.loss, factor)
        if learns:
            backward_into(state.gradient, scratch, table, state.weights[b], values, inputs, count, first > low)
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
        factors = schedule.factors[b if len(schedule.factors) > 1 else 0]
        for epoch in range(epochs.begin, epochs.end):
            if epochs.cancel[0]:
                return
            goes_on = True
            for batch in range(passes):
                learns = batch > 0 or (size == count and epoch < epochs.total)
                sums = pass_into(layout, samples, batches, rules, state, scratch, records.errors, b, batch, learns)
                if batch == 0:
                    goes_on = close_epoch_into(records, curves, state, samples, rules, epochs, b, epoch, sums)
                    if not goes_on:
                        break
                    if batches.shuffled:
                        order_into(batches.order, state.seeds[b], epoch, count)
                if learns:
                    rate = load(state.settings[b], H_LR) * load(factors, schedule.epoch_index[epoch - epochs.begin])
                    update_into(state, b, rate, rules, epoch == 0 and batch < 2)
            if not goes_on:
                break
