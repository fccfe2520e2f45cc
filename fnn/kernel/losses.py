"""Losses in lane values, and the measures of errors by which training may stop."""

from fnn.kernel.activations import output_slope
from fnn.kernel.arguments import ACTIVATION, FAN_OUT, LOGITS, OUTPUTS, STEP, codes, settings_rows
from fnn.kernel.arrays import flat
from fnn.kernel.jit import inlined, policy
from fnn.kernel.simd import constant, fma, load, magnitude, select, spread, sqrt, store
from fnn.kernel.simd_math import exp, log1p_small
from fnn.kernel.tiles import load_from, store_row
from fnn.network.losses import ERRORS, LOSSES, REDUCTIONS

MSE, BCE = codes(LOSSES, "mse", "bce")
SUM, MEAN = codes(REDUCTIONS, "sum", "mean")
# The rows of `Records.errors`: the largest |p − y|, and the sums that the other measures are made of.
LARGEST, SQUARES, ABSOLUTES = codes(ERRORS, "max_error", "rms", "mean_error")
H_STOP_LOSS, H_STOP_LARGEST, H_STOP_RMS, H_STOP_MEAN = settings_rows(
    "stop_loss", "stop_max_error", "stop_rms", "stop_mean_error"
)


@inlined
def gradient_factor(reduction, count):
    """Return the factor on a gradient that is summed over `count` samples and outputs."""
    if reduction == MEAN:
        factor = 1 / count
    elif reduction == SUM:
        factor = 1.0
    else:
        factor = float("nan")
    return factor


@inlined
def loss_factors(p, z, target, loss):
    """Return two factors of the loss of an output p with the logit z; NaN for a loss that has no branch here."""
    if loss == MSE:
        a = b = p - target
    elif loss == BCE:
        zero = constant(z, 0.0, 0.0)
        above = select(z <= zero, zero, z)  # max(z, 0); NaN stays
        a, b = above - target * z + log1p_small(exp(-magnitude(z))), constant(z, 1.0, 1.0)
    else:
        a = b = constant(z, float("nan"), float("nan"))
    return a, b


@inlined
def loss_gradient(p, target, loss, activation):
    """Return the gradient of an output's loss by its logit."""
    error = p - target
    if loss == MSE:
        gradient = (error + error) * output_slope(p, activation)
    elif loss == BCE:
        gradient = error
    else:
        gradient = constant(p, float("nan"), float("nan"))
    return gradient


@policy
def loss_into(scratch, table, y, weight, first, count, loss, factor, sums):
    """Write the gradient by the logits; return the sums so far, with these samples', of loss and right answers.

    y: (N·O,), weight: (N,) are what `load` takes: numbers, or lane values where samples lie in the lanes.
    """
    values, logits, delta = scratch.values, scratch.logits, scratch.delta
    last, (total, correct) = len(table) - 1, sums
    outputs, width, activation = table[last, OUTPUTS], table[last, FAN_OUT], table[last, ACTIVATION]
    step, logits_start = table[last, STEP], table[last, LOGITS]
    zero, half, scale = spread(values, 0.0), spread(values, 0.5), spread(values, factor)
    for r in range(count):
        hit = times = load(weight, first + r)
        for j in range(width):
            i = r * step + j
            p, z = load(values, outputs + r * width + j), load(logits, logits_start + i)
            target = load(y, (first + r) * width + j)
            a, b = loss_factors(p, z, target, loss)
            total = fma(a * times, b, total)
            store(delta, i, loss_gradient(p, target, loss, activation) * (scale * times))
            hit = select(target > half, select(p > half, hit, zero), select(p <= half, hit, zero))
        correct = correct + hit
    return total, correct


@policy
def gradient_into(scratch, table, targets, count, loss, factor):
    """Write the gradient by the logits for a batch, whose targets are lane values: what `loss_into` writes."""
    values, delta, last = scratch.values, scratch.delta, len(table) - 1
    outputs, width, activation = table[last, OUTPUTS], table[last, FAN_OUT], table[last, ACTIVATION]
    step, scale = table[last, STEP], spread(values, factor)
    for r in range(count):
        for j in range(width):
            p, target = load(values, outputs + r * width + j), load(targets, r * width + j)
            store(delta, r * step + j, loss_gradient(p, target, loss, activation) * scale)


@policy
def units_loss_into(scratch, table, samples, first, count, loss, factor, sums):
    """Do as `loss_into` does where units lie in the lanes, all outputs of all samples side by side.

    The sums are taken in the order of `loss_into`.
    """
    values, logits, delta = flat(scratch.values), flat(scratch.logits), flat(scratch.delta)
    last, (total, correct) = len(table) - 1, sums
    outputs, width, activation = table[last, OUTPUTS], table[last, FAN_OUT], table[last, ACTIVATION]
    start, terms, i0 = table[last, LOGITS], len(delta) // 2, first * width
    zero, half, scale = spread(scratch.values, 0.0), spread(scratch.values, 0.5), spread(scratch.values, factor)
    for i in range(0, count * width, scratch.values.shape[1]):
        p, z, target = load_from(values, outputs + i), load_from(logits, start + i), load_from(samples.y, i0 + i)
        times = load_from(samples.output_weight, i0 + i)
        store_row(delta, i, loss_gradient(p, target, loss, activation) * (scale * times))
        a, b = loss_factors(p, z, target, loss)
        store_row(logits, start + i, a * times)  # in the place of the logits, which nobody asks for again
        store_row(delta, terms + i, b)
    for r in range(count):
        hit = load(samples.weight, first + r)
        for i in range(r * width, (r + 1) * width):
            p, target = load(values, outputs + i), load(samples.y, i0 + i)
            total = fma(load(logits, start + i), load(delta, terms + i), total)
            hit = select(target > half, select(p > half, hit, zero), select(p <= half, hit, zero))
        correct = correct + hit
    return total, correct


@policy
def units_gradient_into(scratch, table, targets, first, count, loss, factor):
    """Do as `gradient_into` does where units lie in the lanes. targets: of all samples, (·O,)."""
    values, delta, last = flat(scratch.values), flat(scratch.delta), len(table) - 1
    outputs, width, activation = table[last, OUTPUTS], table[last, FAN_OUT], table[last, ACTIVATION]
    scale = spread(scratch.values, factor)
    for i in range(0, count * width, scratch.values.shape[1]):
        p, target = load_from(values, outputs + i), load_from(targets, first * width + i)
        store_row(delta, i, loss_gradient(p, target, loss, activation) * scale)


@policy
def errors_into(errors, values, table, y, weight, first, count):
    """Add these samples to the rows of `errors`: the largest |p − y|, and the sums of (p − y)² and |p − y|."""
    last = len(table) - 1
    outputs, width = table[last, OUTPUTS], table[last, FAN_OUT]
    largest, squares, total = load(errors, LARGEST), load(errors, SQUARES), load(errors, ABSOLUTES)
    for r in range(count):
        times = load(weight, first + r)
        for j in range(width):
            error = magnitude(load(values, outputs + r * width + j) - load(y, (first + r) * width + j))
            largest = select(error > largest, error, largest)
            squares = fma(error * times, error, squares)
            total = fma(error, times, total)
    store(errors, LARGEST, largest)
    store(errors, SQUARES, squares)
    store(errors, ABSOLUTES, total)


@inlined
def meets_rule(loss, errors, settings, by_errors, count):
    """Return which networks meet a stopping rule. errors: sums over `count` outputs, looked at where `by_errors`."""
    met = loss <= load(settings, H_STOP_LOSS)
    if by_errors:
        outputs = spread(errors, count)
        met = met | (load(errors, LARGEST) <= load(settings, H_STOP_LARGEST))
        met = met | (sqrt(load(errors, SQUARES) / outputs) <= load(settings, H_STOP_RMS))
        met = met | (load(errors, ABSOLUTES) / outputs <= load(settings, H_STOP_MEAN))
    return met
