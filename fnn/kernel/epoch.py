"""The lab, compiled: the training of L networks at once, in the order and with the names of `fnn/network.py`.

Every array here is a lane array (rows, L), see `fnn/lanes.py`: what reads as one number is that number of L networks.
Arrays of more dimensions are laid out flat, row after row, and found by an offset:

- weights: as `network.flatten` has them, W1 row by row, its bias row last, then W2 and so on: K rows. A layer's rows
  are STEP apart, one more than its width where that is a multiple of 16: rows 4096 bytes apart would all want the
  same few places of the cache. So do the logits, and the errors `delta`, of a sample.
- values: for each layer its inputs, `fan_in` + 1 to a sample, the last of them 1 for the bias; then the outputs. Of the
  first layer's inputs all samples stay there if they are few.
  So a layer is one product, bias and all: logits = inputs · W, gradient = inputsᵀ · delta.

The samples are passed through in parts that fit the cache. Sums run over samples in their order, whatever the parts,
and over lanes never; so a network's bits depend on nothing but itself.

On all samples at once, one pass an epoch both measures and learns. With mini-batches the first pass measures, on all
samples, and one for each batch learns: on inputs and targets that are lane arrays, so that each network may have its
samples in an order of its own.
"""

import numpy as np

from fnn import rng as draws
from fnn.kernel.jit import entry, inlined, policy, standalone
from fnn.kernel.simd import (
    any_lane,
    constant,
    exp,
    fma,
    load,
    log1p_small,
    magnitude,
    select,
    sigmoid,
    spread,
    sqrt,
    store,
    tanh,
)
from fnn.network.activations import ACTIVATIONS, LEAK
from fnn.network.losses import LOSSES, REDUCTIONS
from fnn.network.optimizers import BIAS_CORRECTIONS, EPSILON_PLACES, OPTIMIZERS

# Registries by number: what is looked up by name in Python is switched on by its place here.
SIGMOID, TANH, RELU, LEAKY_RELU, IDENTITY = (
    list(ACTIVATIONS).index(n) for n in ("sigmoid", "tanh", "relu", "leaky-relu", "identity")
)
MSE, BCE = (list(LOSSES).index(n) for n in ("mse", "bce"))
MEAN = list(REDUCTIONS).index("mean")
RUNNING, FIRST = (list(BIAS_CORRECTIONS).index(n) for n in ("running", "first"))
INSIDE = list(EPSILON_PLACES).index("inside")
SGD, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM, ADAMW, RPROP = (
    list(OPTIMIZERS).index(n) for n in ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "rprop")
)

# The columns of the layer table, and the rows of the settings that are lane values.
FAN_IN, FAN_OUT, ACTIVATION, WEIGHTS, INPUTS, OUTPUTS, OUTPUT_STEP, STEP = range(8)
SETTINGS = (
    "base_lr",
    "momentum",
    "beta1",
    "beta2",
    "alpha",
    "epsilon",
    "weight_decay",
    "eta_minus",
    "eta_plus",
    "step_min",
    "step_max",
    "stop_loss",
    "stop_max_error",
    "stop_rms",
    "stop_mean_error",
)
(H_LR, H_MOMENTUM, H_BETA1, H_BETA2, H_ALPHA, H_EPSILON, H_DECAY, H_MINUS, H_PLUS, H_MIN, H_MAX) = range(11)
H_STOP_LOSS, H_STOP_LARGEST, H_STOP_RMS, H_STOP_MEAN = range(11, 15)


# ---- products, by tiles that stay in registers ----


@inlined
def matrix(a, start, row_step, column_step):
    """Return where in a lane array a matrix starts, and the steps to its next row and its next column."""
    # Numba compiles a function anew for each constant it is called with; sums are no constants to it.
    return a, start + 0, row_step + 0, column_step + 0


@inlined
def load4(a, i, step):
    """Return the rows i, i + step, i + 2·step and i + 3·step."""
    return load(a, i), load(a, i + step), load(a, i + 2 * step), load(a, i + 3 * step)


@inlined
def store4_into(a, i, step, v):
    """Put four lane values where `load4` finds them."""
    store(a, i, v[0])
    store(a, i + step, v[1])
    store(a, i + 2 * step, v[2])
    store(a, i + 3 * step, v[3])


@inlined
def fma4(a, b, c):
    """Return a·b + c for four b and c."""
    return fma(a, b[0], c[0]), fma(a, b[1], c[1]), fma(a, b[2], c[2]), fma(a, b[3], c[3])


@inlined
def product_into(c_matrix, a_matrix, b_matrix, rows, columns, depth, add):
    """Write c = a·b, or c += a·b where `add`: c[r, j] = Σₖ a[r, k]·b[k, j], summed in the order of k.

    A matrix is its lane array, where in it it starts, and the steps to the next row and to the next column.
    Tiles of 4×4 use every loaded value four times; what is left over goes by tiles of 1×4,
    4×2, 4×1 and 1×1. Columns come outermost, so that a strip of b stays in the cache while a passes by.
    """
    c, c0, cr, cc = c_matrix
    a, a0, ar, ak = a_matrix
    b, b0, bk, bc = b_matrix
    zero = spread(c, 0.0)
    zeros = (zero, zero, zero, zero)
    j = 0
    while j + 4 <= columns:
        r = 0
        while r + 4 <= rows:
            ci, ai, bi = c0 + r * cr + j * cc, a0 + r * ar, b0 + j * bc
            c_0 = c_1 = c_2 = c_3 = zeros
            if add:
                c_0, c_1 = load4(c, ci, cc), load4(c, ci + cr, cc)
                c_2, c_3 = load4(c, ci + 2 * cr, cc), load4(c, ci + 3 * cr, cc)
            for _ in range(depth):
                b_k = load4(b, bi, bc)
                c_0 = fma4(load(a, ai), b_k, c_0)
                c_1 = fma4(load(a, ai + ar), b_k, c_1)
                c_2 = fma4(load(a, ai + 2 * ar), b_k, c_2)
                c_3 = fma4(load(a, ai + 3 * ar), b_k, c_3)
                ai += ak
                bi += bk
            store4_into(c, ci, cc, c_0)
            store4_into(c, ci + cr, cc, c_1)
            store4_into(c, ci + 2 * cr, cc, c_2)
            store4_into(c, ci + 3 * cr, cc, c_3)
            r += 4
        while r < rows:
            ci, ai, bi = c0 + r * cr + j * cc, a0 + r * ar, b0 + j * bc
            c_0 = zeros
            if add:
                c_0 = load4(c, ci, cc)
            for _ in range(depth):
                c_0 = fma4(load(a, ai), load4(b, bi, bc), c_0)
                ai += ak
                bi += bk
            store4_into(c, ci, cc, c_0)
            r += 1
        j += 4
    while j < columns:
        two = j + 2 <= columns
        r = 0
        while r + 4 <= rows and two:
            ci, ai, bi = c0 + r * cr + j * cc, a0 + r * ar, b0 + j * bc
            c_0 = c_1 = zeros
            if add:
                c_0, c_1 = load4(c, ci, cr), load4(c, ci + cc, cr)
            for _ in range(depth):
                a_k = load4(a, ai, ar)
                c_0 = fma4(load(b, bi), a_k, c_0)
                c_1 = fma4(load(b, bi + bc), a_k, c_1)
                ai += ak
                bi += bk
            store4_into(c, ci, cr, c_0)
            store4_into(c, ci + cc, cr, c_1)
            r += 4
        while r + 4 <= rows and not two:
            ci, ai, bi = c0 + r * cr + j * cc, a0 + r * ar, b0 + j * bc
            c_0 = zeros
            if add:
                c_0 = load4(c, ci, cr)
            for _ in range(depth):
                c_0 = fma4(load(b, bi), load4(a, ai, ar), c_0)
                ai += ak
                bi += bk
            store4_into(c, ci, cr, c_0)
            r += 4
        while r < rows:
            for jj in range(j, j + 1 + two):
                ci, ai, bi = c0 + r * cr + jj * cc, a0 + r * ar, b0 + jj * bc
                total = zero
                if add:
                    total = load(c, ci)
                for _ in range(depth):
                    total = fma(load(a, ai), load(b, bi), total)
                    ai += ak
                    bi += bk
                store(c, ci, total)
            r += 1
        j += 1 + two


# ---- activations: `apply` and `slope` ----


@policy
def activate_into(a_matrix, z_matrix, rows, columns, activation):
    """Write the outputs a of the logits z."""
    a, a0, ar, _ = a_matrix
    z, z0, zr, _ = z_matrix
    for r in range(rows):
        i, k = a0 + r * ar, z0 + r * zr
        if activation == SIGMOID:
            for j in range(columns):
                store(a, i + j, sigmoid(load(z, k + j)))
        elif activation == TANH:
            for j in range(columns):
                store(a, i + j, tanh(load(z, k + j)))
        elif activation == IDENTITY:
            for j in range(columns):
                store(a, i + j, load(z, k + j))
        elif activation == RELU:
            for j in range(columns):
                v = load(z, k + j)
                store(a, i + j, select(v < spread(z, 0.0), spread(z, 0.0), v))  # NaN is not below 0, and stays
        else:
            for j in range(columns):
                v = load(z, k + j)
                store(a, i + j, select(v > spread(z, 0.0), v, spread(z, LEAK) * v))


@inlined
def slope(a, activation):
    """Return da/dz from the output a."""
    one, zero = constant(a, 1.0, 1.0), constant(a, 0.0, 0.0)
    if activation == SIGMOID:
        s = a * (one - a)
    elif activation == TANH:
        s = one - a * a
    elif activation == RELU:
        s = select(a > zero, one, zero)
    elif activation == LEAKY_RELU:
        s = select(a > zero, one, constant(a, LEAK, LEAK))
    else:
        s = one
    return s


@policy
def times_slope_into(delta_matrix, a_matrix, rows, columns, activation):
    """Multiply delta by the activation's slope at its outputs a."""
    delta, d0, dr, _ = delta_matrix
    a, a0, ar, _ = a_matrix
    if activation == IDENTITY:
        return
    for r in range(rows):
        i, k = d0 + r * dr, a0 + r * ar
        for j in range(columns):
            store(delta, i + j, load(delta, i + j) * slope(load(a, k + j), activation))


# ---- forward, loss, backward, update ----


@policy
def forward_into(values, logits, layers, w, x, inputs, samples):
    """Write the outputs of every layer, and the last one's logits; the first one's inputs are x from row `inputs`."""
    for d in range(len(layers)):
        fan_in, fan_out, step = layers[d, FAN_IN], layers[d, FAN_OUT], layers[d, STEP]
        h = matrix(values if d > 0 else x, layers[d, INPUTS] if d > 0 else inputs, fan_in + 1, 1)
        z = matrix(logits, 0, step, 1)
        # `d < 0` is never true, but no constant: for those, see `matrix`.
        product_into(z, h, matrix(w, layers[d, WEIGHTS], step, 1), samples, fan_out, fan_in + 1, d < 0)
        into = matrix(values, layers[d, OUTPUTS], layers[d, OUTPUT_STEP], 1)
        activate_into(into, z, samples, fan_out, layers[d, ACTIVATION])


@inlined
def gradient_factor(reduction, count):
    """Return the factor on a gradient that is summed over `count` samples and outputs."""
    return 1 / count if reduction == MEAN else 1.0


@policy
def loss_into(delta, values, logits, layers, y, weight, first, samples, loss, factor, total, right):
    """Write the gradient by the logits; return the sums so far, with these samples', of loss and right answers.

    y: (N·O,) the labels, weight: (N,) how often each sample counts; both are what `load` takes.
    """
    last = len(layers) - 1
    outputs, width, activation = layers[last, OUTPUTS], layers[last, FAN_OUT], layers[last, ACTIVATION]
    step = layers[last, STEP]
    zero, half, scale = spread(values, 0.0), spread(values, 0.5), spread(values, factor)
    for r in range(samples):
        hit = count = load(weight, first + r)
        for j in range(width):
            i = r * step + j
            p, z, target = load(values, outputs + r * width + j), load(logits, i), load(y, (first + r) * width + j)
            if loss == MSE:
                error = p - target
                total = fma(error * count, error, total)
                store(delta, i, (error + error) * slope(p, activation) * (scale * count))
            else:
                above = select(z <= zero, zero, z)  # max(z, 0); NaN stays
                total = total + (above - target * z + log1p_small(exp(-magnitude(z)))) * count
                store(delta, i, (p - target) * (scale * count))
            hit = select(target > half, select(p > half, hit, zero), select(p <= half, hit, zero))
        right = right + hit
    return total, right


@policy
def gradient_into(delta, values, targets, layers, samples, loss, factor):
    """Write the gradient by the logits for a batch, whose targets are lane values: what `loss_into` writes."""
    last = len(layers) - 1
    outputs, width, activation = layers[last, OUTPUTS], layers[last, FAN_OUT], layers[last, ACTIVATION]
    step, scale = layers[last, STEP], spread(values, factor)
    for r in range(samples):
        for j in range(width):
            p = load(values, outputs + r * width + j)
            error = p - load(targets, r * width + j)
            if loss == MSE:
                error = (error + error) * slope(p, activation)
            store(delta, r * step + j, error * scale)


@policy
def errors_into(errors, values, layers, y, weight, first, samples):
    """Add these samples to the rows of `errors`: the largest |p − y|, and the sums of (p − y)² and |p − y|.

    y, weight: as in `loss_into`.
    """
    last = len(layers) - 1
    outputs, width = layers[last, OUTPUTS], layers[last, FAN_OUT]
    largest, squares, total = load(errors, 0), load(errors, 1), load(errors, 2)
    for r in range(samples):
        count = load(weight, first + r)
        for j in range(width):
            error = magnitude(load(values, outputs + r * width + j) - load(y, (first + r) * width + j))
            largest = select(error > largest, error, largest)
            squares = fma(error * count, error, squares)
            total = fma(error, count, total)
    store(errors, 0, largest)
    store(errors, 1, squares)
    store(errors, 2, total)


@policy
def backward_into(g, delta, values, layers, w, x, inputs, samples, add):
    """Write the gradient by each weight, or add it to that of earlier samples; delta: by the last layer's logits."""
    here, there = 0, len(delta) // 2
    for d in range(len(layers) - 1, -1, -1):
        fan_in, fan_out, step = layers[d, FAN_IN], layers[d, FAN_OUT], layers[d, STEP]
        h = matrix(values if d > 0 else x, layers[d, INPUTS] if d > 0 else inputs, fan_in + 1, 1)
        error = matrix(delta, here, 1, step)
        # The transpose of hᵀ·error, so that the gradient is passed through row by row.
        product_into(matrix(g, layers[d, WEIGHTS], 1, step), error, h, fan_out, fan_in + 1, samples, add)
        if d > 0:
            error, before = matrix(delta, here, step, 1), matrix(delta, there, layers[d - 1, STEP], 1)
            transposed = matrix(w, layers[d, WEIGHTS], 1, step)
            product_into(before, error, transposed, samples, fan_in, fan_out, d < 0)
            times_slope_into(before, h, samples, fan_in, layers[d - 1, ACTIVATION])
            here, there = there, here


@policy
def update_into(w, s, g, active, b, powers, h, rate, optimizer, bias_correction, epsilon_place, first_step):
    """Take one step of the optimizer; networks of block b that are not active keep their weights.

    s: 2K rows, the optimizer's state, one or two numbers a weight; powers: β₁ᵗ and β₂ᵗ; h: the settings.
    """
    K = len(w)
    moving = load(active, b) > spread(w, 0.0)
    one, zero = spread(w, 1.0), spread(w, 0.0)
    momentum = load(h, H_MOMENTUM)
    # Nothing is changed by a 0 at the other place.
    inside, outside = zero, load(h, H_EPSILON)
    if epsilon_place == INSIDE:
        inside, outside = outside, zero
    if optimizer == SGD:
        for i in range(K):
            v = load(w, i)
            store(w, i, select(moving, v - rate * load(g, i), v))
    elif optimizer in (MOMENTUM, NESTEROV):
        for i in range(K):
            v, gradient = load(w, i), load(g, i)
            velocity = fma(momentum, load(s, i), gradient)
            store(s, i, velocity)
            step = fma(momentum, velocity, gradient) if optimizer == NESTEROV else velocity
            store(w, i, select(moving, v - rate * step, v))
    elif optimizer == ADAGRAD:
        for i in range(K):
            v, gradient = load(w, i), load(g, i)
            square = fma(gradient, gradient, load(s, i))
            store(s, i, square)
            store(w, i, select(moving, v - rate * gradient / (sqrt(square + inside) + outside), v))
    elif optimizer == RMSPROP:
        alpha = load(h, H_ALPHA)
        for i in range(K):
            v, gradient = load(w, i), load(g, i)
            square = fma(alpha, load(s, i), (one - alpha) * gradient * gradient)
            store(s, i, square)
            store(w, i, select(moving, v - rate * gradient / (sqrt(square + inside) + outside), v))
    elif optimizer in (ADAM, ADAMW):
        beta1, beta2 = load(h, H_BETA1), load(h, H_BETA2)
        power1, power2 = zero, zero
        if bias_correction == RUNNING:
            power1, power2 = load(powers, 0) * beta1, load(powers, 1) * beta2
            store(powers, 0, power1)
            store(powers, 1, power2)
        elif bias_correction == FIRST:
            power1, power2 = beta1, beta2
        keep = one - rate * load(h, H_DECAY) if optimizer == ADAMW else one
        step, correction = rate / (one - power1), one / (one - power2)
        for i in range(K):
            v, gradient = load(w, i), load(g, i)
            m = fma(beta1, load(s, i), (one - beta1) * gradient)
            square = fma(beta2, load(s, K + i), (one - beta2) * gradient * gradient)
            store(s, i, m)
            store(s, K + i, square)
            root = sqrt(fma(square, correction, inside)) + outside
            store(w, i, select(moving, v * keep - step * m / root, v))
    else:
        low, high, minus, plus = load(h, H_MIN), load(h, H_MAX), load(h, H_MINUS), load(h, H_PLUS)
        for i in range(K):
            v, gradient = load(w, i), load(g, i)
            turn = gradient * load(s, i)
            size = (rate if first_step else load(s, K + i)) * select(turn > zero, plus, select(turn < zero, minus, one))
            size = select(size < low, low, select(size > high, high, size))
            gradient = select(turn < zero, zero, gradient)
            sign = select(gradient > zero, one, select(gradient < zero, -one, gradient))  # 0 and NaN stay
            store(s, i, gradient)
            store(s, K + i, size)
            store(w, i, select(moving, v - sign * size, v))


# ---- random numbers ----

# What `draws` does with arrays, does for numbers: the multiplication is the same function, compiled.
_multiply = inlined(draws.multiply)
ORDER = draws.ORDER
MULTIPLIER0, MULTIPLIER1 = draws.MULTIPLIERS
KEY_STEP0, KEY_STEP1 = draws.KEY_STEPS


@inlined
def philox_block(seed, stream, counter):
    """Return four of the random words of `draws.philox`, those of one count from 1; all uint64."""
    w0, w1, w2, w3 = counter, np.uint64(0), np.uint64(0), np.uint64(0)
    key0, key1 = seed, stream
    for _ in range(10):
        high0, low0 = _multiply(MULTIPLIER0, w0)
        high1, low1 = _multiply(MULTIPLIER1, w2)
        w0, w1, w2, w3 = high1 ^ w1 ^ key0, low1, high0 ^ w3 ^ key1, low0
        key0, key1 = key0 + KEY_STEP0, key1 + KEY_STEP1
    return w0, w1, w2, w3


@entry
def philox_into(words, seeds, stream):
    """Write the random words of `draws.philox`. words: (S, 4·blocks), seeds: (S,), all uint64."""
    for s in range(len(seeds)):
        for block in range(words.shape[1] // 4):
            drawn = philox_block(seeds[s], stream, np.uint64(block + 1))
            for i in range(4):
                words[s, 4 * block + i] = drawn[i]


@standalone
def order_into(order, seeds, epoch, N):
    """Write `draws.permutations` of each network: order: (N, L), seeds: (L,)."""
    blocks = (N + 3) // 4
    for k in range(len(seeds)):
        for block in range(blocks):
            words = philox_block(seeds[k], np.uint64(ORDER), np.uint64(epoch * blocks + block + 1))
            for i in range(4 * block, min(4 * block + 4, N)):
                place, _ = _multiply(np.uint64(i + 1), words[i - 4 * block])
                order[i, k] = order[np.int64(place), k]
                order[np.int64(place), k] = i


# ---- training ----


@inlined
def meets(loss, errors, h, rules, count):
    """Return which networks meet a stopping rule. errors: the sums over `count` outputs, looked at where `rules`."""
    met = loss <= load(h, H_STOP_LOSS)
    if rules:
        outputs = spread(errors, count)
        met = met | (load(errors, 0) <= load(h, H_STOP_LARGEST))
        met = met | (sqrt(load(errors, 1) / outputs) <= load(h, H_STOP_RMS))
        met = met | (load(errors, 2) / outputs <= load(h, H_STOP_MEAN))
    return met


@inlined
def has_news(row, loss, right, N, met):
    """Return whether a network was solved or no longer is, diverged or met a rule; row: the epoch before's."""
    one, zero, all_right = constant(loss, 1.0, 1.0), constant(loss, 0.0, 0.0), spread(row, N)
    before, now = select(load(row, 1) >= all_right, one, zero), select(right >= all_right, one, zero)
    finite = loss - loss == zero
    return any_lane((before < now) | (now < before) | (select(finite, zero, one) > zero) | met)


@policy
def record_into(active, row, epoch, N, losses, rights, since, diverged, stopped, met):
    """Write what an epoch's losses, right answers and rules met (1 or 0), the rows of `row`, say of each network: (L,).

    Return how many networks go on.
    """
    going = 0
    for k in range(len(active)):
        losses[k], rights[k] = row[0, k], row[1, k]
        if stopped[k] >= epoch:
            if not np.isfinite(losses[k]):
                diverged[k] = stopped[k] = epoch
            elif row[2, k] > 0:
                met[k], stopped[k] = True, epoch
        if rights[k] == N and diverged[k] < 0:
            since[k] = epoch if since[k] < 0 else since[k]
        else:
            since[k] = -1
        goes_on = stopped[k] > epoch
        active[k] = goes_on
        going += goes_on
    return going


@policy
def inputs_into(values, x, first, samples, layers):
    """Write samples x: (N, I), from the first, and the 1 beside them into the first layer's inputs."""
    i = layers[0, INPUTS]
    for r in range(samples):
        for j in range(x.shape[1]):
            store(values, i, spread(values, x[first + r, j]))
            i += 1
        store(values, i, spread(values, 1.0))
        i += 1


@policy
def ones_into(values, layers, samples):
    """Write the 1 beside the inputs of every layer but the first."""
    for d in range(1, len(layers)):
        for r in range(samples):
            store(values, layers[d, INPUTS] + r * (layers[d, FAN_IN] + 1) + layers[d, FAN_IN], spread(values, 1.0))


@policy
def batch_into(values, targets, begin, x, y, order, shuffled, first, samples):
    """Write a batch's inputs, each with the 1 beside it, from row `begin`, and its targets; in order if `shuffled`."""
    fan_in, width = x.shape[1], len(y) // len(x)
    for r in range(samples):
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


@entry
# Numba's cache looks at the bytecode of this function and at its closure, not at what it calls: so `sources`.
def train_into(
    w, s, powers, h, factors, of_epoch, seeds, layers, x, y, weight, part, kept, size, shuffled,
    loss, reduction, rules, optimizer, bias_correction, epsilon_place, epochs, begin, end,
    values, logits, delta, g, targets, order, errors, row, active,
    losses, rights, since, diverged, stopped, met, reached, curve_epochs, loss_curve, accuracy_curve, cancel,
):  # fmt: skip
    """Train B blocks of L networks from epoch `begin` to before `end`; write weights, state and records.

    w: (B, K, L); s: (B, 2K, L), the optimizer's state; powers: (B, 2, L); h: (B, 15, L), the settings; factors:
    (1 or B, F, L), the schedule's, of which `of_epoch`: (end − begin,) names the row; seeds: (B, L); x: (N, I),
    y: (N·O,), weight: (N,), passed through `part` samples at a time, all of x kept in `values` where `kept`. An
    update is made on `size` samples, `shuffled` or not; rules: whether networks stop by their errors.
    values, logits, delta, g, targets: scratch; order: (N, L), errors, row: (3, L), active: (B, L).
    losses, rights, since, diverged, stopped, met: (B, L); reached: (B,), epochs so far; curves: (B, L, P).
    """
    N, width = len(x), layers[-1, FAN_OUT]
    passes = 1 if size == N else 1 + (N + size - 1) // size
    ones_into(values, layers, part)
    if kept:
        inputs_into(values, x, 0 * N, N, layers)  # no constant 0: see `matrix`
    for b in range(len(w)):
        point, going = 0, row.shape[1]
        while point < len(curve_epochs) and curve_epochs[point] < begin:
            point += 1
        for epoch in range(begin, end):
            if cancel[0]:
                return
            # The first pass, over all samples, measures; with mini-batches it does not learn, and one for each
            # batch does after it.
            for batch in range(passes):
                measures, learns = batch == 0, batch > 0 or (size == N and epoch < epochs)
                low = (batch - 1) * size if batch > 0 else 0
                high = min(low + size, N) if batch > 0 else N
                factor = gradient_factor(reduction, (high - low) * width)
                total = right = spread(g, 0.0)
                for i in range(3 if rules and measures else 0):
                    store(errors, i, total)
                for first in range(low, high, part):
                    samples, inputs = min(part, high - first), layers[0, INPUTS]
                    if not measures:
                        inputs += N * (x.shape[1] + 1) if kept else 0
                        batch_into(values, targets, inputs, x, y, order, shuffled, first, samples)
                    elif kept:
                        inputs += first * (x.shape[1] + 1)
                    else:
                        inputs_into(values, x, first, samples, layers)
                    forward_into(values, logits, layers, w[b], values, inputs, samples)
                    if measures:
                        total, right = loss_into(
                            delta, values, logits, layers, y, weight, first, samples, loss, factor, total, right
                        )
                        if rules:
                            errors_into(errors, values, layers, y, weight, first, samples)
                    else:
                        gradient_into(delta, values, targets, layers, samples, loss, factor)
                    if learns:
                        backward_into(g, delta, values, layers, w[b], values, inputs, samples, first > low)
                if measures:
                    total = total / spread(g, N * width)
                    now_met = meets(total, errors, h[b], rules, N * width)
                    # Now and then without news, for those who watch.
                    tell = epoch in (begin, epochs) or epoch % 64 == 0
                    tell = tell or has_news(row, total, right, N, now_met)
                    store(row, 0, total)
                    store(row, 1, right)
                    store(row, 2, select(now_met, spread(row, 1.0), spread(row, 0.0)))
                    if tell:
                        going = record_into(
                            active[b], row, epoch, N,
                            losses[b], rights[b], since[b], diverged[b], stopped[b], met[b],
                        )  # fmt: skip
                    while point < len(curve_epochs) and (curve_epochs[point] == epoch or going == 0):
                        for k in range(row.shape[1]):
                            loss_curve[b, k, point] = row[0, k]
                            accuracy_curve[b, k, point] = row[1, k] / N
                        point += 1
                    reached[b] = epochs if going == 0 else epoch
                    if reached[b] == epochs:
                        break
                    if shuffled:
                        order_into(order, seeds[b], epoch, N)
                if learns:
                    rate = load(h[b], H_LR) * load(factors[b if len(factors) > 1 else 0], of_epoch[epoch - begin])
                    update_into(
                        w[b], s[b], g, active, b, powers[b], h[b], rate, optimizer, bias_correction, epsilon_place,
                        epoch == 0 and low == 0,
                    )  # fmt: skip
            if reached[b] == epochs:
                break
