"""Training with units in the lanes, compiled: one network at a time, L outputs of a layer in a lane value.

The same arithmetic in the same order as with networks in the lanes, so that a network has the same bits either way.
The chunks of samples, whose sums are added in their order, are shared by threads where there is more than one: each
passes its chunks through, and then moves a part of the weights.
"""

from fnn.kernel.arguments import FAN_IN, INPUTS
from fnn.kernel.arrays import flat
from fnn.kernel.atomics import meet, peek
from fnn.kernel.chunks import add_errors_into, add_into, batch_of, chunk_size
from fnn.kernel.jit import entry, merged
from fnn.kernel.losses import errors_into, gradient_factor, units_gradient_into, units_loss_into
from fnn.kernel.optimizers import H_LR, update_into
from fnn.kernel.records import close_epoch_into
from fnn.kernel.rng import order_into
from fnn.kernel.simd import load, spread, store
from fnn.kernel.units_layers import transposed_into, units_backward_into, units_batch_into, units_forward_into


@merged
def units_pass_into(gradient, weights, layout, samples, batches, rules, scratch, errors, span, learns):
    """Pass a chunk of samples through a network as `epoch.pass_into` does. weights: a plain array."""
    table, values, (measures, low, high, factor) = layout.table, flat(scratch.values), span
    fan_in = table[0, FAN_IN]
    total = correct = spread(scratch.values, 0.0)
    for i in range(3 if rules.by_errors and measures else 0):
        store(errors, i, total)
    for first in range(low, high, layout.part):
        count, x, inputs, targets, target = min(layout.part, high - first), samples.x, first * fan_in, samples.y, first
        if batches.shuffled and not measures:
            x, inputs, targets, target = values, table[0, INPUTS], batches.targets, 0
            units_batch_into(values, targets, inputs, samples, batches.order, first, count, fan_in)
        units_forward_into(scratch, table, weights, x, inputs, count)
        if measures:
            total, correct = units_loss_into(
                scratch, table, samples, first, count, rules.loss, factor, (total, correct)
            )
            if rules.by_errors:
                errors_into(errors, values, table, samples.y, samples.weight, first, count)
        else:
            units_gradient_into(scratch, table, targets, target, count, rules.loss, factor)
        if learns:
            units_backward_into(flat(gradient), scratch, table, weights, x, inputs, count, first > low)
    return total, correct


@entry
def train_units_into(team, layout, samples, batches, rules, state, epochs, records, curves, scratch):
    """Train the networks of `state`, a block each, from epoch `begin` to before `end`, as one of `team.threads`."""
    N, size, gradients, sums, errors = samples.count, batches.size, team.gradients, team.sums, team.errors
    passes, table, alone = 1 if size == N else 1 + (N + size - 1) // size, layout.table, team.threads == 1
    for b in range(len(state.weights)):
        weights, slots, powers, settings = state.weights[b], state.slots[b], state.powers[b], state.settings[b]
        factors, K = epochs.factors[b if len(epochs.factors) > 1 else 0], len(weights)
        rows = team.thread * K // team.threads, (team.thread + 1) * K // team.threads
        transposed_into(flat(scratch.transposed), table, flat(weights))
        for epoch in range(epochs.begin, epochs.end):
            goes_on = True
            for batch in range(passes):
                learns = batch > 0 or (size == N and epoch < epochs.total)
                low, high = batch_of(batch, size, N)
                factor, chunk = gradient_factor(rules.reduction, (high - low) * samples.outputs), chunk_size(high - low)
                chunks = (high - low + chunk - 1) // chunk
                for c in range(team.thread, chunks, team.threads):
                    first, place = low + c * chunk, min(c, 1) if alone else c
                    span = batch == 0, first, min(first + chunk, high), factor
                    total, correct = units_pass_into(
                        gradients[place], flat(weights), layout, samples, batches, rules, scratch, errors[c], span,
                        learns,
                    )  # fmt: skip
                    store(sums[c], 0, total)
                    store(sums[c], 1, correct)
                    if alone and c > 0 and learns:
                        add_into(gradients[0], gradients[1], N - N, K)
                meet(team.gate, team.threads, epochs.cancel)
                if epochs.cancel[0]:
                    return
                if batch == 0:
                    if team.thread == 0:
                        total, correct = load(sums[0], 0), load(sums[0], 1)
                        for i in range(3):
                            store(records.errors[0], i, load(errors[0], i))
                        for c in range(1, chunks):
                            total, correct = total + load(sums[c], 0), correct + load(sums[c], 1)
                            add_errors_into(records.errors[0], errors[c])
                        close_epoch_into(records, curves, state, samples, rules, epochs, b, epoch, (total, correct))
                    meet(team.gate, team.threads, epochs.cancel)
                    goes_on = peek(records.reached, b) < epochs.total
                    if not goes_on:
                        break
                    if batches.shuffled:
                        order_into(batches.order, state.seeds[b], epoch, N)
                if learns:
                    if not alone:
                        for c in range(1, chunks):
                            add_into(gradients[0], gradients[c], rows[0], rows[1])
                    rate = load(settings, H_LR) * load(factors, epochs.epoch_index[epoch - epochs.begin])
                    first_step, active = epoch == 0 and batch < 2, load(state.active, b)
                    update_into(weights, slots, gradients[0], powers, settings, active, rate, rules, first_step, rows)
                    meet(team.gate, team.threads, epochs.cancel)
                    transposed_into(flat(scratch.transposed), table, flat(weights))
            if not goes_on:
                break
