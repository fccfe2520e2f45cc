"""Training with units in the lanes, compiled: one network at a time, L outputs of a layer in a lane value.

The same arithmetic in the same order as with networks in the lanes, so that a network has the same bits either way.
The chunks of samples, whose sums are added in their order, are shared by threads where there is more than one: each
passes its chunks through, and then moves a part of the weights.
"""

from fnn.kernel.arguments import FAN_IN, INPUTS, MEAN_GRADIENT
from fnn.kernel.arrays import flat
from fnn.kernel.atomics import meet, peek
from fnn.kernel.chunks import add_errors_into, add_into, batch_of, chunk_size
from fnn.kernel.clipping import clip_into, numbers_sum, units_squares_into
from fnn.kernel.jit import entry, merged, policy
from fnn.kernel.losses import errors_into, gradient_factor, units_gradient_into, units_loss_into
from fnn.kernel.optimizers import H_LR, update_into
from fnn.kernel.records import close_epoch_into, close_network_into
from fnn.kernel.rng import dropout_into, order_into
from fnn.kernel.simd import load, spread, store
from fnn.kernel.units_layers import transposed_into, units_backward_into, units_batch_into, units_forward_into


@merged
def units_pass_into(gradient, network, layout, samples, batches, rules, scratch, errors, span, learns):
    """Pass a chunk of samples through a network as `epoch.pass_into` does. network: as there, weights a plain array."""
    table, values, (measures, low, high, factor, epoch) = layout.table, flat(scratch.values), span
    (weights, settings, seeds), fan_in, width = network, table[0, FAN_IN], samples.outputs
    total = misses = spread(scratch.values, 0.0)
    for i in range(3 if rules.by_errors and measures else 0):
        store(errors, i, total)
    for first in range(low, high, layout.part):
        count, x, inputs = min(layout.part, high - first), samples.x, first * fan_in
        targets, places, masks = (samples.y, samples.emphasis), (first * width, first * width), batches.masks[:0]
        if not measures:
            if batches.shuffled:
                x, inputs = values, table[0, INPUTS]
                units_batch_into(values, batches, inputs, samples, first, count, fan_in)
                targets, places = (batches.targets, batches.targets), (0 * first, len(batches.targets) // 2)
            if batches.units > 0:
                masks = batches.masks
                dropout_into(masks, batches.words, seeds, settings, table, first, count, epoch, samples.count)
        units_forward_into(scratch, layout, weights, x, inputs, count, flat(masks))
        if measures:
            total, misses = units_loss_into(
                scratch, table, samples, settings, first, count, rules, factor, (total, misses)
            )
            if rules.by_errors:
                errors_into(errors, values, table, samples.y, samples.weight, first, count)
        else:
            units_gradient_into(scratch, table, targets, settings, places, count, rules.loss, factor)
        if learns:
            units_backward_into(
                flat(gradient), scratch, layout, (weights, settings), x, inputs, count, first > low, flat(masks)
            )  # fmt: skip
    return total, misses


@policy
def sum_chunks(sums, errors, into, chunks):
    """Return the sums of loss and misses over chunks, in their order; write the measures of errors likewise."""
    total, misses = load(sums[0], 0), load(sums[0], 1)
    for i in range(3):
        store(into, i, load(errors[0], i))
    for c in range(1, chunks):
        total, misses = total + load(sums[c], 0), misses + load(sums[c], 1)
        add_errors_into(into, errors[c])
    return total, misses


@entry
def train_units_into(team, layout, samples, batches, rules, state, epochs, records, curves, scratch):
    """Train the networks of `state`, a block each, from epoch `begin` to before `end`, as one of `team.threads`."""
    N, M, size, gradients, sums = samples.count, samples.held_out, batches.size, team.gradients, team.sums
    every, passes, table, alone = (
        batches.measured_every, 1 if batches.together else 1 + (N + size - 1) // size, layout.table, team.threads == 1
    )  # fmt: skip
    for b in range(len(state.weights)):
        weights, slots, powers, settings = state.weights[b], state.slots[b], state.powers[b], state.settings[b]
        factors, K = epochs.factors[b if len(epochs.factors) > 1 else 0], len(weights)
        rows = team.thread * K // team.threads, (team.thread + 1) * K // team.threads
        network = flat(weights), settings, state.seeds[b]
        transposed_into(flat(scratch.transposed), table, flat(weights))
        for epoch in range(epochs.begin, epochs.end):
            goes_on, measured = True, epoch % every == 0 or epoch == epochs.total
            checked = checked_misses = spread(scratch.values, 0.0)
            for batch in range(-1 if M > 0 else 0, passes + (every > 1)):
                last = batch == passes
                if batch > 0 and last == goes_on:
                    continue
                learns = (batch > 0 and not last) or (batch == 0 and batches.together and epoch < epochs.total)
                low, high = batch_of(0 if last else batch, size, N, M)
                if last and rules.keeps:
                    network = flat(state.kept[b]), settings, state.seeds[b]
                factor = gradient_factor(rules.reduction, (high - low) * samples.totals[MEAN_GRADIENT])
                chunk = chunk_size(high - low)
                chunks = (high - low + chunk - 1) // chunk if measured or batch != 0 else 0
                for c in range(team.thread, chunks, team.threads):
                    first, place = low + c * chunk, min(c, 1) if alone else c
                    span = batch <= 0 or last, first, min(first + chunk, high), factor, epoch
                    total, misses = units_pass_into(
                        gradients[place], network, layout, samples, batches, rules, scratch, team.errors[c], span,
                        learns,
                    )  # fmt: skip
                    store(sums[c], 0, total)
                    store(sums[c], 1, misses)
                    if alone and c > 0 and learns:
                        add_into(gradients[0], gradients[1], N - N, K)
                meet(team.gate, team.threads, epochs.cancel)
                if epochs.cancel[0]:
                    return
                if batch <= 0 or last:
                    if team.thread == 0:
                        total, misses = sum_chunks(sums, team.errors, records.errors[0], chunks)
                        if batch == 0:
                            close_epoch_into(
                                records, curves, state, samples, rules, epochs, b, epoch,
                                (total, misses, checked, checked_misses), measured,
                            )  # fmt: skip
                        elif last:
                            close_network_into(records, samples, b, total, misses)
                        else:
                            checked, checked_misses = total, misses
                    meet(team.gate, team.threads, epochs.cancel)
                if batch == 0:
                    goes_on = peek(records.reached, b) < epochs.total
                    if goes_on and batches.shuffled:
                        order_into(batches.order, state.seeds[b], epoch, N)
                if learns and goes_on:
                    if not alone:
                        for c in range(1, chunks):
                            add_into(gradients[0], gradients[c], rows[0], rows[1])
                    if rules.clips:
                        meet(team.gate, team.threads, epochs.cancel)
                        units_squares_into(scratch.spare, gradients[0])
                        squares = numbers_sum(scratch.spare)
                        meet(team.gate, team.threads, epochs.cancel)
                        clip_into(gradients[0], settings, squares, rows)
                    rate = load(settings, H_LR) * load(factors, epochs.epoch_index[epoch - epochs.begin])
                    first_step, active = epoch == 0 and batch < 2, load(state.active, b)
                    moved = weights, slots, gradients[0], powers, state.rates
                    update_into(moved, settings, active, rate, rules, first_step, rows)
                    meet(team.gate, team.threads, epochs.cancel)
                    transposed_into(flat(scratch.transposed), table, flat(weights))
            if not goes_on:
                break
