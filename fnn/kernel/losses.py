"""Losses in lane values, and the measures of errors by which training may stop."""

from fnn.kernel.activations import output_slope
from fnn.kernel.arguments import ACTIVATION, FAN_OUT, LOGITS, OUTPUTS, STEP, codes, settings_rows
from fnn.kernel.arrays import flat
from fnn.kernel.jit import inlined, policy
from fnn.kernel.plain import load_from, store_row
from fnn.kernel.simd import constant, fma, load, magnitude, select, spread, sqrt, store
from fnn.kernel.simd_math import exp, log1p_small
from fnn.network.losses import ERRORS, LOSSES, REDUCTIONS
from fnn.network.scores import SCORES

MSE, BCE, CROSS_ENTROPY, HUBER = codes(LOSSES, "mse", "bce", "cross-entropy", "huber")
SIDES, LARGEST_OUTPUT, SQUARES_SUM, SIGNS = codes(SCORES, "sides", "largest", "squares", "signs")
SUM, MEAN = codes(REDUCTIONS, "sum", "mean")
# The rows of `Records.errors`: the largest |p − y|, and the sums that the other measures are made of.
LARGEST, SQUARES, ABSOLUTES = codes(ERRORS, "max_error", "rms", "mean_error")
H_DELTA, H_SMOOTHING = settings_rows("huber_delta", "label_smoothing")
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
def loss_settings(settings, loss, outputs):
    """Return what a loss reads of the settings: δ, and what smoothing makes of a target: the factor, and what is added.

    NumPy's `smoothed` spreads over the classes that the loss has.
    """
    smoothing = load(settings, H_SMOOTHING)
    classes = outputs if loss == CROSS_ENTROPY else 2
    return load(settings, H_DELTA), spread(settings, 1.0) - smoothing, smoothing / spread(settings, classes)


@inlined
def loss_factors(p, z, target, loss, h):
    """Return two factors of the loss of an output p with the logit z; NaN for a loss that has no branch here.

    h: see `loss_settings`. Where the output is softmax, z is log p.
    """
    if loss == MSE:
        a = b = p - target
    elif loss == BCE:
        zero = constant(z, 0.0, 0.0)
        above = select(z <= zero, zero, z)  # max(z, 0); NaN stays
        a, b = above - target * z + log1p_small(exp(-magnitude(z))), constant(z, 1.0, 1.0)
    elif loss == CROSS_ENTROPY:
        a, b = target, -z
    elif loss == HUBER:
        error = p - target
        a = clipped_error(error, h[0])
        b = error - constant(z, 0.5, 0.5) * a
    else:
        a = b = constant(z, float("nan"), float("nan"))
    return a, b


@inlined
def clipped_error(error, delta):
    """Return the error, at most δ in size; NaN stays."""
    return select(error > delta, delta, select(error < -delta, -delta, error))


@inlined
def loss_gradient(p, target, loss, activation, h):
    """Return the gradient of an output's loss by its logit; h: see `loss_settings`."""
    if loss == MSE:
        error = p - target
        gradient = (error + error) * output_slope(p, activation)
    elif loss in (BCE, CROSS_ENTROPY):
        gradient = p - (target * h[1] + h[2])
    elif loss == HUBER:
        gradient = clipped_error(p - target, h[0]) * output_slope(p, activation)
    else:
        gradient = constant(p, float("nan"), float("nan"))
    return gradient


@policy
def miss_of(lanes, values, outputs, y, targets, width, score):
    """Return how far from right a sample's answer is: what `network.scores` has under that name.

    lanes: any lane array.
    """
    zero, one, half = spread(lanes, 0.0), spread(lanes, 1.0), spread(lanes, 0.5)
    miss = zero
    if score == SIDES:
        for j in range(width):
            p, target = load(values, outputs + j), load(y, targets + j)
            miss = select(target > half, select(p > half, miss, one), select(p <= half, miss, one))
    elif score == SIGNS:
        for j in range(width):
            p, target = load(values, outputs + j), load(y, targets + j)
            miss = select(target > zero, select(p > zero, miss, one), select(p <= zero, miss, one))
    elif score == LARGEST_OUTPUT:
        best, target = load(values, outputs), load(y, targets)
        largest, at_best = target, target
        for j in range(1, width):
            p, target = load(values, outputs + j), load(y, targets + j)
            greater, best = p > best, select(p > best, p, best)
            at_best = select(greater, target, at_best)
            largest = select(target > largest, target, largest)
        miss = select((at_best >= largest) & (best - best == zero), zero, one)
    elif score == SQUARES_SUM:
        for j in range(width):
            error = load(values, outputs + j) - load(y, targets + j)
            miss = fma(error, error, miss)
    else:
        miss = spread(lanes, float("nan"))
    return miss


@policy
def loss_into(scratch, table, samples, settings, first, count, rules, factor, sums):
    """Write the gradient by the logits; return the sums so far, with these samples', of loss and misses.

    samples: y and weights are what `load` takes: numbers, or lane values where samples lie in the lanes.
    """
    values, logits, delta, loss = scratch.values, scratch.logits, scratch.delta, rules.loss
    last, (total, misses) = len(table) - 1, sums
    outputs, width, activation = table[last, OUTPUTS], table[last, FAN_OUT], table[last, ACTIVATION]
    step, logits_start, h = table[last, STEP], table[last, LOGITS], loss_settings(settings, loss, width)
    scale, learns = spread(values, factor), first < samples.count
    for r in range(count):
        times, n = load(samples.weight, first + r), (first + r) * width
        emphasis = scale * load(samples.emphasis, first + r if learns else 0)
        for j in range(width):
            i = r * step + j
            p, z, target = load(values, outputs + r * width + j), load(logits, logits_start + i), load(samples.y, n + j)
            a, b = loss_factors(p, z, target, loss, h)
            total = fma(a * times, b, total)
            store(delta, i, loss_gradient(p, target, loss, activation, h) * emphasis)
        misses = fma(miss_of(values, values, outputs + r * width, samples.y, n, width, rules.score), times, misses)
    return total, misses


@policy
def gradient_into(scratch, table, targets, settings, count, loss, factor):
    """Write the gradient by the logits for a batch, whose targets are lane values: what `loss_into` writes."""
    values, delta, last = scratch.values, scratch.delta, len(table) - 1
    outputs, width, activation = table[last, OUTPUTS], table[last, FAN_OUT], table[last, ACTIVATION]
    step, scale, h = table[last, STEP], spread(values, factor), loss_settings(settings, loss, width)
    for r in range(count):
        t = r * (width + 1)
        emphasis = scale * load(targets, t + width)
        for j in range(width):
            p, target = load(values, outputs + r * width + j), load(targets, t + j)
            store(delta, r * step + j, loss_gradient(p, target, loss, activation, h) * emphasis)


@policy
def units_loss_into(scratch, table, samples, settings, first, count, rules, factor, sums):
    """Do as `loss_into` does where units lie in the lanes, all outputs of all samples side by side.

    The sums are taken in the order of `loss_into`.
    """
    values, logits, delta, loss = flat(scratch.values), flat(scratch.logits), flat(scratch.delta), rules.loss
    last, (total, misses) = len(table) - 1, sums
    outputs, width, activation = table[last, OUTPUTS], table[last, FAN_OUT], table[last, ACTIVATION]
    start, terms, i0 = table[last, LOGITS], len(delta) // 2, first * width
    h, scale, learns = loss_settings(settings, loss, width), spread(scratch.values, factor), first < samples.count
    for i in range(0, count * width, scratch.values.shape[1]):
        p, z, target = load_from(values, outputs + i), load_from(logits, start + i), load_from(samples.y, i0 + i)
        times = load_from(samples.output_weight, i0 + i)
        emphasis = scale * load_from(samples.emphasis, i0 + i if learns else 0)
        store_row(delta, i, loss_gradient(p, target, loss, activation, h) * emphasis)
        a, b = loss_factors(p, z, target, loss, h)
        store_row(logits, start + i, a * times)  # in the place of the logits, which nobody asks for again
        store_row(delta, terms + i, b)
    for r in range(count):
        for i in range(r * width, (r + 1) * width):
            total = fma(load(logits, start + i), load(delta, terms + i), total)
        miss = miss_of(scratch.values, values, outputs + r * width, samples.y, i0 + r * width, width, rules.score)
        misses = fma(miss, load(samples.weight, first + r), misses)
    return total, misses


@policy
def units_gradient_into(scratch, table, targets, settings, places, count, loss, factor):
    """Do as `gradient_into` does where units lie in the lanes. targets: of all samples and their emphasis, (·O,) each.

    places: the first sample's targets, and its emphasis.
    """
    (targets, emphases), (first, second) = targets, places
    values, delta, last = flat(scratch.values), flat(scratch.delta), len(table) - 1
    outputs, width, activation = table[last, OUTPUTS], table[last, FAN_OUT], table[last, ACTIVATION]
    scale, h = spread(scratch.values, factor), loss_settings(settings, loss, width)
    for i in range(0, count * width, scratch.values.shape[1]):
        p, target = load_from(values, outputs + i), load_from(targets, first + i)
        emphasis = scale * load_from(emphases, second + i)
        store_row(delta, i, loss_gradient(p, target, loss, activation, h) * emphasis)


@policy
def errors_into(errors, values, table, y, weight, first, count):
    """Add these samples to the rows of `errors`: the largest |p − y|, and the sums of (p − y)² and |p − y|."""
    last = len(table) - 1
    outputs, width = table[last, OUTPUTS], table[last, FAN_OUT]
    largest, squares, total = load(errors, LARGEST), load(errors, SQUARES), load(errors, ABSOLUTES)
    for r in range(count):
        times = load(weight, first + r)
        counts = times > spread(errors, 0.0)
        for j in range(width):
            error = magnitude(load(values, outputs + r * width + j) - load(y, (first + r) * width + j))
            largest = select((error > largest) & counts, error, largest)
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
