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
    OUTPUT_STEP,
    OUTPUTS,
    STEP,
    WEIGHTS,
    codes,
)
from fnn.kernel.arrays import matrix
from fnn.kernel.jit import policy
from fnn.kernel.products import product_into
from fnn.kernel.simd import load, spread, store
from fnn.network.layers import LAYER_KINDS

(DENSE,) = codes(LAYER_KINDS, "dense")


@policy
def forward_into(scratch, table, weights, x, inputs, count):
    """Write the outputs of every layer for `count` samples, and logits; the first one's inputs are x from a row on."""
    values, logits = scratch.values, scratch.logits
    for d in range(len(table)):
        fan_in, fan_out, step = table[d, FAN_IN], table[d, FAN_OUT], table[d, STEP]
        h = matrix(values if d > 0 else x, table[d, INPUTS] if d > 0 else inputs, fan_in + 1, 1)
        z = matrix(logits, table[d, LOGITS], step, 1)
        if table[d, KIND] == DENSE:
            # `d < 0` is never true, but no constant, for which the product would be compiled anew.
            product_into(z, h, matrix(weights, table[d, WEIGHTS], step, 1), count, fan_out, fan_in + 1, d < 0)
        a = matrix(values, table[d, OUTPUTS], table[d, OUTPUT_STEP], 1)
        activate_into(a, z, count, fan_out, table[d, ACTIVATION])


@policy
def backward_into(gradient, scratch, table, weights, x, inputs, count, add):
    """Write the gradient by each weight, or add it to that of earlier samples; delta: by the last layer's logits."""
    values, logits, delta = scratch.values, scratch.logits, scratch.delta
    here, there = 0, len(delta) // 2
    for d in range(len(table) - 1, -1, -1):
        fan_in, fan_out, step = table[d, FAN_IN], table[d, FAN_OUT], table[d, STEP]
        h = matrix(values if d > 0 else x, table[d, INPUTS] if d > 0 else inputs, fan_in + 1, 1)
        if table[d, KIND] == DENSE:
            # The transpose of hᵀ·error, so that the gradient is passed through row by row.
            error, transposed = matrix(delta, here, 1, step), matrix(gradient, table[d, WEIGHTS], 1, step)
            product_into(transposed, error, h, fan_out, fan_in + 1, count, add)
        if d > 0:
            error, before = matrix(delta, here, step, 1), matrix(delta, there, table[d - 1, STEP], 1)
            if table[d, KIND] == DENSE:
                transposed = matrix(weights, table[d, WEIGHTS], 1, step)
                product_into(before, error, transposed, count, fan_in, fan_out, d < 0)
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
def batch_into(values, targets, begin, x, y, order, shuffled, first, count):
    """Write a batch's inputs, each with the 1 beside it, from row `begin`, and its targets; in order if shuffled."""
    fan_in, width = x.shape[1], len(y) // len(x)
    for r in range(count):
        i, t = begin + r * (fan_in + 1), r * width
        store(values, i + fan_in, spread(values, 1.0))
        if shuffled:
            for k in range(values.shape[1]):
                n = order[first + r, k]
                for j in range(fan_in):
                    values[i + j, k] = x[n, j]
                for j in range(width):
                    targets[t + j, k] = y[n * width + j]
        else:
            for j in range(fan_in):
                store(values, i + j, spread(values, x[first + r, j]))
            for j in range(width):
                store(targets, t + j, load(y, (first + r) * width + j))
