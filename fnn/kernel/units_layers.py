"""Layers with units in the lanes: one network, L outputs of a layer side by side.

Everything is a plain array, row after row without gaps, and found by an offset of `Layout.table`: the weights as
`flatten` has them, and of each sample the values, the logits and the errors `delta` of a layer. So what is done number
by number (activations, slopes) runs over full lanes whatever a layer's width, by the functions of `activations`; each
sum is taken in the order of `layers`, and has the same bits.
"""

from fnn.kernel.activations import SOFTMAX, activate_into, times_slope_into, units_softmax_into
from fnn.kernel.arguments import (
    ACTIVATION,
    CHANNELS,
    FAN_IN,
    FAN_OUT,
    INPUTS,
    KIND,
    LOGITS,
    MASKS,
    OUTPUTS,
    SIZE,
    TRANSPOSED,
    WEIGHTS,
)
from fnn.kernel.arrays import flat, matrix
from fnn.kernel.jit import policy
from fnn.kernel.layers import CONV, DENSE, MAX_POOL, MEAN_POOL, SCALE, undrop_into
from fnn.kernel.plain import half, load_from, row_of, store_row, transpose_into
from fnn.kernel.simd import fma, spread
from fnn.kernel.units_products import product_into
from fnn.kernel.units_windows import (
    units_conv_gradient_into,
    units_conv_input_gradient_into,
    units_conv_into,
    units_conv_transposed_into,
    units_max_pool_input_gradient_into,
    units_max_pool_into,
    units_mean_pool_input_gradient_into,
    units_mean_pool_into,
)


@policy
def units_forward_into(scratch, layout, weights, x, inputs, count, masks):
    """Write the outputs of every layer for `count` samples, and logits; the first one's inputs are x from a number on.

    weights, x, masks: plain arrays. masks: what to multiply outputs by, without numbers where nothing is dropped.
    """
    L, table, offsets = scratch.values.shape[1], layout.table, layout.offsets
    values, logits, transposed = flat(scratch.values), flat(scratch.logits), flat(scratch.transposed)
    for d in range(len(table)):
        fan_in, fan_out, z = table[d, FAN_IN], table[d, FAN_OUT], table[d, LOGITS]
        h, h0 = (values, table[d, INPUTS]) if d > 0 else (x, inputs)
        if table[d, KIND] == DENSE:
            w, rows, columns, depth, biased = table[d, WEIGHTS], count, fan_out, fan_in, d >= 0
            a, b = matrix(h, h0, fan_in, 1), matrix(weights, w, fan_out, 1)
            if d > 0 and fan_out == 1 and 2 * fan_in >= L:  # samples in the lanes: a column of logits is a row
                t = table[d, TRANSPOSED]
                inputs_transposed_into(scratch.transposed, t, values, h0, fan_in, count)
                a, b = matrix(weights, w, 0, 1), matrix(transposed, t, row_of(count, L), 1)
                rows, columns, depth, biased = fan_out, count, fan_in + 1, d < 0
            # `d < 0` is never true, but no constant, for which the product would be compiled anew.
            product_into(matrix(logits, z, fan_out, 1), a, b, rows, columns, depth, (d < 0, biased))
        elif table[d, KIND] == SCALE:
            units_scale_into(logits, z, h, h0, weights, table[d, WEIGHTS], count, fan_in)
        elif table[d, KIND] == CONV:
            units_conv_into(logits, z, h, h0, values, weights, table[d], offsets, count)
        elif table[d, KIND] == MAX_POOL:
            units_max_pool_into(logits, z, h, h0, table[d], offsets, count, half(spread(scratch.values, 1.0)))
        elif table[d, KIND] == MEAN_POOL:
            share = spread(scratch.values, 1.0) / spread(scratch.values, table[d, SIZE] // table[d, CHANNELS])
            units_mean_pool_into(logits, z, h, h0, table[d], offsets, count, half(share))
        rows = (count * fan_out + L - 1) // L
        if table[d, ACTIVATION] == SOFTMAX:
            units_softmax_into(values, table[d, OUTPUTS], logits, z, flat(scratch.delta), count, fan_out)
        else:
            a = scratch.values, table[d, OUTPUTS] // L, 0, 1
            activate_into(a, (scratch.logits, z // L, 0, 1), 1, rows, table[d, ACTIVATION])
        if len(masks) > 0 and table[d, MASKS] >= 0:
            units_times_into(values, table[d, OUTPUTS], masks, table[d, MASKS], rows * L)


@policy
def units_scale_into(z, z0, h, h0, weights, w, count, fan_in):
    """Write z = h · w, number by number, w the row of weights from `w` on. All are plain arrays.

    What lies behind a row's last number is written too: in all rows but the last, the next one's first numbers, first.
    """
    L = 64 // z.itemsize
    for r in range(count):
        for j in range(0, fan_in, L):
            store_row(z, z0 + r * fan_in + j, load_from(h, h0 + r * fan_in + j) * load_from(weights, w + j))


@policy
def units_scale_gradient_into(gradient, w, scratch, here, h, h0, count, fan_in, add):
    """Write the sum of error · h over samples to the numbers of gradient from w on, or add it."""
    L, delta, spare = scratch.values.shape[1], flat(scratch.delta), flat(scratch.spare)
    for j in range(0, fan_in, L):
        total = load_from(gradient, w + j) if add else spread(scratch.values, 0.0)
        for r in range(count):
            i = r * fan_in + j
            total = fma(load_from(h, h0 + i), load_from(delta, here + i), total)
        store_row(spare, 0, total)
        for i in range(min(L, fan_in - j)):  # behind, another layer's gradient lies
            gradient[w + j + i] = spare[i]


@policy
def units_times_into(a, a0, masks, m0, count):
    """Multiply `count` numbers of a by those of masks."""
    for i in range(0, count, 64 // a.itemsize):
        store_row(a, a0 + i, load_from(a, a0 + i) * load_from(masks, m0 + i))


@policy
def units_backward_into(gradient, scratch, layout, network, x, inputs, count, add, masks):
    """Write the gradient by each weight, or add it to that of earlier samples; delta: by the last layer's logits.

    network: its weights and settings. gradient, weights, x, masks: plain arrays, masks as in `units_forward_into`.
    """
    L, (weights, settings), table, offsets = scratch.values.shape[1], network, layout.table, layout.offsets
    values, delta, transposed = flat(scratch.values), flat(scratch.delta), flat(scratch.transposed)
    here, there, zero = 0, len(delta) // 2, spread(scratch.values, 0.0)
    for d in range(len(table) - 1, -1, -1):
        fan_in, fan_out, w = table[d, FAN_IN], table[d, FAN_OUT], table[d, WEIGHTS]
        h, h0 = (values, table[d, INPUTS]) if d > 0 else (x, inputs)
        if table[d, KIND] == DENSE:
            if fan_out == 1:  # inputs in the lanes: a column of weights is a row
                a, b, rows, columns = matrix(delta, here, 1, 1), matrix(h, h0, fan_in, 1), fan_out, fan_in
            else:
                a, b, rows, columns = matrix(h, h0, 1, fan_in), matrix(delta, here, fan_out, 1), fan_in, fan_out
            product_into(matrix(gradient, w, columns, 1), a, b, rows, columns, count, (add, d < 0))
            # The bias's input is 1, as the first number of `transposed` is.
            a, b = matrix(transposed, 0, 0, 0), matrix(delta, here, fan_out, 1)
            bias = matrix(gradient, w + fan_in * fan_out, fan_out, 1)
            product_into(bias, a, b, 1 + 0 * d, fan_out, count, (add, d < 0))
        elif table[d, KIND] == SCALE:
            units_scale_gradient_into(gradient, w, scratch, here, h, h0, count, fan_in, add)
        elif table[d, KIND] == CONV:
            units_conv_gradient_into(
                gradient, table[d], delta, h, (here, h0), values, transposed, offsets, count, add
            )  # fmt: skip
        if d > 0:
            if table[d, KIND] == DENSE:
                if fan_out == 1:
                    b = matrix(weights, w, fan_in, 1)
                else:
                    b = matrix(transposed, table[d, TRANSPOSED], row_of(fan_in, L), 1)
                a, before = matrix(delta, here, fan_out, 1), matrix(delta, there, fan_in, 1)
                product_into(before, a, b, count, fan_in, fan_out, (d < 0, d < 0))
            elif table[d, KIND] == SCALE:
                units_scale_into(delta, there, delta, here, weights, w, count, fan_in)
            elif table[d, KIND] == CONV:
                units_conv_input_gradient_into(
                    delta, there, here, values, transposed, table[d], offsets, count, zero
                )  # fmt: skip
            elif table[d, KIND] == MAX_POOL:
                starts, one = (there, here, h0, table[d, OUTPUTS]), half(spread(scratch.values, 1.0))
                units_max_pool_input_gradient_into(delta, values, h, starts, table[d], offsets, count, one, zero)
            elif table[d, KIND] == MEAN_POOL:
                share = spread(scratch.values, 1.0) / spread(scratch.values, table[d, SIZE] // table[d, CHANNELS])
                units_mean_pool_input_gradient_into(
                    delta, values, there, here, table[d], offsets, count, half(share), zero
                )  # fmt: skip
            rows = (count * fan_in + L - 1) // L
            if len(masks) > 0 and table[d - 1, MASKS] >= 0:
                units_times_into(delta, there, masks, table[d - 1, MASKS], rows * L)
                undrop_into((scratch.values, h0 // L, 0, 1), settings, 1, rows)
            a, z = (scratch.values, h0 // L, 0, 1), (scratch.logits, table[d - 1, LOGITS] // L, 0, 1)
            times_slope_into((scratch.delta, there // L, 0, 1), a, z, 1, rows, table[d - 1, ACTIVATION])
            here, there = there, here


@policy
def transposed_into(transposed, table, weights):
    """Write the transposed weights of each layer but the first, and a 1 before them. All are plain arrays."""
    L = 64 // weights.itemsize
    transposed[0] = 1
    for d in range(1, len(table)):
        fan_in, fan_out, w, t = table[d, FAN_IN], table[d, FAN_OUT], table[d, WEIGHTS], table[d, TRANSPOSED]
        step = row_of(fan_in, L)
        if table[d, KIND] == CONV:
            units_conv_transposed_into(transposed, table[d], weights)
        if fan_out == 1 or table[d, KIND] != DENSE:
            continue
        for i in range(0, fan_in, L):
            for j in range(0, fan_out, L):
                if i + L <= fan_in and j + L <= fan_out:
                    block = matrix(weights, w + i * fan_out + j, fan_out, 1)
                    transpose_into(matrix(transposed, t + j * step + i, step, 1), block)
                else:
                    for row in range(i, min(i + L, fan_in)):
                        for column in range(j, min(j + L, fan_out)):
                            transposed[t + column * step + row] = weights[w + row * fan_out + column]


@policy
def inputs_transposed_into(lanes, begin, values, h0, fan_in, count):
    """Write the inputs of `count` samples transposed, from number `begin` on, and a row of 1 for the bias below.

    Lanes beyond the last sample, and rows but the last one beyond the last input, get what lies there.
    """
    L, step, transposed = lanes.shape[1], row_of(count, lanes.shape[1]), flat(lanes)
    for r in range(0, count, L):
        for k in range(0, fan_in, L):
            block = matrix(values, h0 + r * fan_in + k, fan_in, 1)
            transpose_into(matrix(transposed, begin + k * step + r, step, 1), block)
    for r in range(0, count, L):
        store_row(transposed, begin + fan_in * step + r, spread(lanes, 1.0))


@policy
def units_batch_into(values, batches, begin, samples, first, count, inputs):
    """Write the inputs of a batch's samples, in order, from number `begin` of values on; their targets and emphasis."""
    x, y, emphasis, width, targets = samples.x, samples.y, samples.emphasis, samples.outputs, batches.targets
    half = len(targets) // 2
    for r in range(count):
        n = batches.order[first + r, 0]
        for i in range(inputs):
            values[begin + r * inputs + i] = x[n * inputs + i]
        for j in range(width):
            targets[r * width + j] = y[n * width + j]
            targets[half + r * width + j] = emphasis[n * width + j]
