"""Training with networks in the lanes, compiled: L networks at once, in the order and with the names of the lab.

What reads as one number is that number of L networks. The samples are passed through in parts that fit the cache.
Sums run over samples in their order, chunk by chunk (see `chunks`), whatever the parts, and over lanes never; so a
network's bits depend on nothing but itself.

On all samples at once, one pass an epoch both measures and learns. With mini-batches the first pass measures, on all
samples, and one for each batch learns: on inputs and targets that are lane arrays, so that each network may have its
samples in an order of its own. Where not every epoch is measured, a last pass, number `passes`, measures the weights
that are kept.
"""

from fnn.kernel.arguments import INPUTS, MEAN_GRADIENT
from fnn.kernel.chunks import add_errors_into, add_into, batch_of, chunk_size
from fnn.kernel.clipping import clip_into, rows_sum, squares_into
from fnn.kernel.jit import entry, merged
from fnn.kernel.layers import backward_into, batch_into, forward_into, inputs_into, ones_into
from fnn.kernel.losses import errors_into, gradient_factor, gradient_into, loss_into
from fnn.kernel.optimizers import H_LR, update_into
from fnn.kernel.records import close_epoch_into, close_network_into
from fnn.kernel.rng import dropout_into, order_into
from fnn.kernel.simd import load, spread, store


@merged
def pass_into(gradient, network, layout, samples, batches, rules, scratch, errors, span, learns):
    """Pass a chunk of samples through a block, all to measure or of a batch to learn; span: which, and how.

    network: the block's weights, settings and seeds. Write the gradient where it learns; return the sums of loss and
    misses where it measures. (Not the whole state, of which a call would hand on a hundred numbers.)
    """
    table, values, (weights, settings, seeds), (measures, low, high, factor, epoch) = (
        layout.table, scratch.values, network, span
    )  # fmt: skip
    first_inputs, inputs_width = table[0, INPUTS], samples.x.shape[1] + 1
    total = misses = spread(values, 0.0)
    for i in range(3 if rules.by_errors and measures else 0):
        store(errors, i, total)
    for first in range(low, high, layout.part):
        count, inputs = min(layout.part, high - first), first_inputs
        masks = batches.masks[:0]
        if not measures:
            inputs += (samples.count + samples.held_out) * inputs_width if layout.kept else 0
            batch_into(values, batches, inputs, samples, first, count)
            if batches.units > 0:
                masks = batches.masks
                dropout_into(masks, batches.words, seeds, settings, table, first, count, epoch, samples.count)
        elif layout.kept:
            inputs += first * inputs_width
        else:
            inputs_into(values, samples.x, first, count, table)
        forward_into(scratch, layout, weights, values, inputs, count, masks)
        if measures:
            total, misses = loss_into(scratch, table, samples, settings, first, count, rules, factor, (total, misses))
            if rules.by_errors:
                errors_into(errors, values, table, samples.y, samples.weight, first, count)
        else:
            gradient_into(scratch, table, batches.targets, settings, count, rules.loss, factor)
        if learns:
            backward_into(
                gradient, scratch, layout, (weights, settings), values, inputs, count, first > low, masks
            )  # fmt: skip
    return total, misses


@entry
def train_into(layout, samples, batches, rules, state, epochs, records, curves, scratch):
    """Train every block of `state` from epoch `begin` to before `end`; write weights, state, records and curves."""
    N, M, size, gradient, errors = samples.count, samples.held_out, batches.size, state.gradient, records.errors
    passes, together = 1 if batches.together else 1 + (N + size - 1) // size, batches.together
    every = batches.measured_every
    ones_into(scratch.values, layout.table, layout.part)
    if layout.kept:
        inputs_into(scratch.values, samples.x, 0 * N, N + M, layout.table)  # a constant 0 would be compiled for anew
    for b in range(len(state.weights)):
        weights, slots, powers, settings = state.weights[b], state.slots[b], state.powers[b], state.settings[b]
        factors, network = epochs.factors[b if len(epochs.factors) > 1 else 0], (weights, settings, state.seeds[b])
        for epoch in range(epochs.begin, epochs.end):
            if epochs.cancel[0]:
                return
            goes_on, measured = True, epoch % every == 0 or epoch == epochs.total
            checked = checked_misses = spread(scratch.values, 0.0)
            for batch in range(-1 if M > 0 else 0, passes + (every > 1)):
                last = batch == passes
                if batch > 0 and last == goes_on:
                    continue
                learns = (batch > 0 and not last) or (batch == 0 and together and epoch < epochs.total)
                low, high = batch_of(0 if last else batch, size, N, M)
                end = low if batch == 0 and not measured else high
                if last and rules.keeps:
                    network = state.kept[b], settings, state.seeds[b]
                factor = gradient_factor(rules.reduction, (high - low) * samples.totals[MEAN_GRADIENT])
                chunk, total = chunk_size(high - low), spread(scratch.values, 0.0)
                misses = total
                for first in range(low, end, chunk):
                    place = int(first > low)
                    span = batch <= 0 or last, first, min(first + chunk, high), factor, epoch
                    sums = pass_into(
                        gradient[place], network, layout, samples, batches, rules, scratch, errors[place], span, learns
                    )
                    if place == 0:
                        total, misses = sums
                    else:
                        total, misses = total + sums[0], misses + sums[1]
                        add_into(gradient[0], gradient[1], 0, len(weights) if learns else 0)
                        if rules.by_errors and batch == 0:
                            add_errors_into(errors[0], errors[1])
                if batch < 0:
                    checked, checked_misses = total, misses
                elif batch == 0:
                    goes_on = close_epoch_into(
                        records, curves, state, samples, rules, epochs, b, epoch,
                        (total, misses, checked, checked_misses), measured,
                    )  # fmt: skip
                    if goes_on and batches.shuffled:
                        order_into(batches.order, state.seeds[b], epoch, N)
                elif last:
                    close_network_into(records, samples, b, total, misses)
                if learns and goes_on:
                    rate = load(settings, H_LR) * load(factors, epochs.epoch_index[epoch - epochs.begin])
                    first_step, active, rows = epoch == 0 and batch < 2, load(state.active, b), (0, len(weights))
                    if rules.clips:
                        squares_into(scratch.spare, gradient[0], layout.table)
                        clip_into(gradient[0], settings, rows_sum(scratch.spare), rows)
                    moved = weights, slots, gradient[0], powers, state.rates
                    update_into(moved, settings, active, rate, rules, first_step, rows)
            if not goes_on:
                break
