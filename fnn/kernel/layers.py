"""Layers in lane values: passing samples forwards and errors backwards, kind by kind.

Arrays of more dimensions are laid out flat, row after row, and found by an offset of `Layout.table`:

- weights: as `flatten` has them, W1 row by row, its bias row last, then W2 and so on: K rows. A layer's rows are STEP
  apart, one more than its width where that is a multiple of 16: rows 4096 bytes apart would all want the same few
  places of the cache. So do the logits, and the errors `delta`, of a sample.
- values: for each layer its inputs, `fan_in` + 1 to a sample, the last of them 1 for the bias; then the outputs. Of the
  first layer's inputs all samples stay there if they are few.
- logits: of each layer whose activation asks for them again backwards, else where the last layer's are.

So a dense layer is one product, bias and all: logits = inputs · W, gradient = inputsᵀ · delta.
"""

from fnn.kernel.activations import activate_into, times_slope_into
from fnn.kernel.arguments import (
    ACTIVATION,
    FAN_IN,
    FAN_OUT,
    INPUTS,
    KIND,
    LOGITS,
    MASKS,
    OUTPUT_STEP,
    OUTPUTS,
    STEP,
    WEIGHTS,
    codes,
    settings_rows,
)
from fnn.kernel.arrays import matrix
from fnn.kernel.jit import policy
from fnn.kernel.products import product_into
from fnn.kernel.simd import fma, load, spread, store
from fnn.kernel.windows import (
    conv_gradient_into,
    conv_input_gradient_into,
    conv_into,
    max_pool_input_gradient_into,
    max_pool_into,
    mean_pool_input_gradient_into,
    mean_pool_into,
)
from fnn.network.layers import LAYER_KINDS
from fnn.rng import CHANCES

DENSE, SCALE, CONV, MAX_POOL, MEAN_POOL = codes(LAYER_KINDS, "dense", "scale", "conv", "max-pool", "mean-pool")
(H_DROPOUT,) = settings_rows("dropout")


@policy
def forward_into(scratch, layout, weights, x, inputs, count, masks):
    """Write the outputs of every layer for `count` samples, and logits; the first one's inputs are x from a row on.

    masks: what to multiply outputs by, an array without rows where nothing is dropped.
    """
    values, logits, table, offsets = scratch.values, scratch.logits, layout.table, layout.offsets
    for d in range(len(table)):
        fan_in, fan_out, step = table[d, FAN_IN], table[d, FAN_OUT], table[d, STEP]
        h = matrix(values if d > 0 else x, table[d, INPUTS] if d > 0 else inputs, fan_in + 1, 1)
        z = matrix(logits, table[d, LOGITS], step, 1)
        if table[d, KIND] == DENSE:
            # `d < 0` is never true, but no constant, for which the product would be compiled anew.
            product_into(z, h, matrix(weights, table[d, WEIGHTS], step, 1), count, fan_out, fan_in + 1, d < 0)
        elif table[d, KIND] == SCALE:
            scale_into(z, h, weights, table[d, WEIGHTS], count, fan_in)
        elif table[d, KIND] == CONV:
            conv_into(z, h, values, weights, table[d], offsets, count)
        elif table[d, KIND] == MAX_POOL:
            max_pool_into(z, h, table[d], offsets, count)
        elif table[d, KIND] == MEAN_POOL:
            mean_pool_into(z, h, table[d], offsets, count)
        a = matrix(values, table[d, OUTPUTS], table[d, OUTPUT_STEP], 1)
        activate_into(a, z, count, fan_out, table[d, ACTIVATION])
        if len(masks) > 0 and table[d, MASKS] >= 0:
            times_into(a, masks, table[d, MASKS], count, fan_out)


@policy
def scale_into(z_matrix, h_matrix, weights, w, count, fan_in):
    """Write z = h · w, number by number, w the row of weights from `w` on."""
    (z, z0, zr, _), (h, h0, hr, _) = z_matrix, h_matrix
    for r in range(count):
        for j in range(fan_in):
            store(z, z0 + r * zr + j, load(h, h0 + r * hr + j) * load(weights, w + j))


@policy
def scale_gradient_into(gradient, w, error_matrix, h_matrix, count, fan_in, add):
    """Write the sum of error · h over samples to the rows of gradient from w on, or add it."""
    (error, e0, er, _), (h, h0, hr, _) = error_matrix, h_matrix
    for j in range(fan_in):
        total = load(gradient, w + j) if add else spread(gradient, 0.0)
        for r in range(count):
            total = fma(load(h, h0 + r * hr + j), load(error, e0 + r * er + j), total)
        store(gradient, w + j, total)


@policy
def times_into(a_matrix, masks, m0, rows, columns):
    """Multiply a by the masks from row m0 on, row after row without gaps."""
    a, a0, ar, _ = a_matrix
    for r in range(rows):
        for j in range(columns):
            store(a, a0 + r * ar + j, load(a, a0 + r * ar + j) * load(masks, m0 + r * columns + j))


@policy
def undrop_into(a_matrix, settings, rows, columns):
    """Multiply a by the chance to stay: what was not dropped is then, but for its last bit, as it was."""
    a, a0, ar, _ = a_matrix
    stay = spread(a, 1.0) - load(settings, H_DROPOUT) * spread(a, 1.0 / CHANCES)
    for r in range(rows):
        for j in range(columns):
            store(a, a0 + r * ar + j, load(a, a0 + r * ar + j) * stay)


@policy
def backward_into(gradient, scratch, layout, network, x, inputs, count, add, masks):
    """Write the gradient by each weight, or add it to that of earlier samples; delta: by the last layer's logits.

    network: its weights and settings. masks: as in `forward_into`.
    """
    (weights, settings), table, offsets = network, layout.table, layout.offsets
    values, logits, delta = scratch.values, scratch.logits, scratch.delta
    here, there = 0, len(delta) // 2
    for d in range(len(table) - 1, -1, -1):
        fan_in, fan_out, step = table[d, FAN_IN], table[d, FAN_OUT], table[d, STEP]
        h = matrix(values if d > 0 else x, table[d, INPUTS] if d > 0 else inputs, fan_in + 1, 1)
        if table[d, KIND] == DENSE:
            # The transpose of hᵀ·error, so that the gradient is passed through row by row.
            error, transposed = matrix(delta, here, 1, step), matrix(gradient, table[d, WEIGHTS], 1, step)
            product_into(transposed, error, h, fan_out, fan_in + 1, count, add)
        elif table[d, KIND] == SCALE:
            scale_gradient_into(gradient, table[d, WEIGHTS], matrix(delta, here, step, 1), h, count, fan_in, add)
        elif table[d, KIND] == CONV:
            conv_gradient_into(gradient, table[d], matrix(delta, here, step, 1), h, values, offsets, count, add)
        if d > 0:
            error, before = matrix(delta, here, step, 1), matrix(delta, there, table[d - 1, STEP], 1)
            if table[d, KIND] == DENSE:
                transposed = matrix(weights, table[d, WEIGHTS], 1, step)
                product_into(before, error, transposed, count, fan_in, fan_out, d < 0)
            elif table[d, KIND] == SCALE:
                scale_into(before, error, weights, table[d, WEIGHTS], count, fan_in)
            elif table[d, KIND] == CONV:
                conv_input_gradient_into(before, error, values, weights, table[d], offsets, count)
            elif table[d, KIND] == MAX_POOL:
                a = matrix(values, table[d, OUTPUTS], table[d, OUTPUT_STEP], 1)
                max_pool_input_gradient_into(before, error, a, h, table[d], offsets, count)
            elif table[d, KIND] == MEAN_POOL:
                mean_pool_input_gradient_into(before, error, table[d], offsets, count)
            if len(masks) > 0 and table[d - 1, MASKS] >= 0:
                times_into(before, masks, table[d - 1, MASKS], count, fan_in)
                undrop_into(h, settings, count, fan_in)
            z = matrix(logits, table[d - 1, LOGITS], table[d - 1, STEP], 1)
            times_slope_into(before, h, z, count, fan_in, table[d - 1, ACTIVATION])
            here, there = there, here


@policy
def ones_into(values, table, count):
    """Write the 1 beside the inputs of every layer but the first."""
    for d in range(1, len(table)):
        for r in range(count):
            store(values, table[d, INPUTS] + r * (table[d, FAN_IN] + 1) + table[d, FAN_IN], spread(values, 1.0))


@policy
def inputs_into(values, x, first, count, table):
    """Write `count` samples of x: (N, I), from the first, and the 1 beside them into the first layer's inputs."""
    i = table[0, INPUTS]
    for r in range(count):
        for j in range(x.shape[1]):
            store(values, i, spread(values, x[first + r, j]))
            i += 1
        store(values, i, spread(values, 1.0))
        i += 1


@policy
def batch_into(values, batches, begin, samples, first, count):
    """Write a batch's inputs, each with the 1 beside it, from row `begin`, its targets and what each sample counts.

    In order if shuffled.
    """
    x, y, emphasis, targets, order = samples.x, samples.y, samples.emphasis, batches.targets, batches.order
    fan_in, width = x.shape[1], samples.outputs
    for r in range(count):
        i, t = begin + r * (fan_in + 1), r * (width + 1)
        store(values, i + fan_in, spread(values, 1.0))
        if batches.shuffled:
            for k in range(values.shape[1]):
                n = order[first + r, k]
                for j in range(fan_in):
                    values[i + j, k] = x[n, j]
                for j in range(width):
                    targets[t + j, k] = y[n * width + j]
                targets[t + width, k] = emphasis[n]
        else:
            for j in range(fan_in):
                store(values, i + j, spread(values, x[first + r, j]))
            for j in range(width):
                store(targets, t + j, load(y, (first + r) * width + j))
            store(targets, t + width, load(emphasis, first + r))
