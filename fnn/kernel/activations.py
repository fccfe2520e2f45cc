"""Activations in lane values: `apply` and `slope` of `fnn/network/activations.py`."""

from fnn.kernel.arguments import codes
from fnn.kernel.jit import inlined, policy
from fnn.kernel.plain import load_from, store_row
from fnn.kernel.simd import constant, load, select, spread, store
from fnn.kernel.simd_math import exp, expm1_below_zero, log_from_one, normal_cdf, sigmoid, tanh
from fnn.network.activations import ACTIVATIONS, LEAK, OUTPUT_ACTIVATIONS, SELU_ALPHA, SELU_SCALE

REGISTRY = {**ACTIVATIONS, **OUTPUT_ACTIVATIONS}
SIGMOID, TANH, RELU, LEAKY_RELU, IDENTITY, ELU, SELU, GELU, MISH, SOFTMAX = codes(
    REGISTRY, "sigmoid", "tanh", "relu", "leaky-relu", "identity", "elu", "selu", "gelu", "mish", "softmax"
)
SELU_LOW = SELU_SCALE * SELU_ALPHA
# φ(0), the normal density's largest value.
DENSITY = 0.3989422804014327
# From here on tanh(log(1 + eᶻ)) is 1 in either precision, and its square is still finite.
MISH_LINEAR = 40.0


@policy
def _softmax_into(a, i, z, k, columns):
    """Write the softmax of a sample's logits from row k of z on; the logits become logarithms of it."""
    largest, total = load(z, k), spread(z, 0.0)
    for j in range(1, columns):
        v = load(z, k + j)
        largest = select(v > largest, v, largest)
    for j in range(columns):
        e = exp(load(z, k + j) - largest)
        store(a, i + j, e)
        total = total + e
    log_total = log_from_one(total)
    for j in range(columns):
        store(a, i + j, load(a, i + j) / total)
        store(z, k + j, (load(z, k + j) - largest) - log_total)


@policy
def units_softmax_into(values, outputs, logits, start, spare, rows, columns):
    """Do as `_softmax_into` does where units lie in the lanes, for samples row after row. All are plain arrays.

    spare: scratch of two numbers a sample, and L more.
    """
    L = 64 // values.itemsize
    count = (rows + L - 1) // L * L
    for r in range(rows):
        k = start + r * columns
        largest = logits[k]
        for j in range(1, columns):
            largest = logits[k + j] if logits[k + j] > largest else largest
        for j in range(columns):
            logits[k + j] -= largest
    for i in range(0, rows * columns, L):
        store_row(values, outputs + i, exp(load_from(logits, start + i)))
    for r in range(rows):
        total = values[outputs + r * columns]
        for j in range(1, columns):
            total += values[outputs + r * columns + j]
        spare[r] = total
    for i in range(0, rows, L):
        store_row(spare, count + i, log_from_one(load_from(spare, i)))
    for r in range(rows):
        for j in range(r * columns, (r + 1) * columns):
            values[outputs + j] /= spare[r]
            logits[start + j] -= spare[count + r]


@policy
def activate_into(a_matrix, z_matrix, rows, columns, activation):
    """Write the outputs a of the logits z; NaN for an activation that has no branch here."""
    a, a0, ar, _ = a_matrix
    z, z0, zr, _ = z_matrix
    zero, one = spread(z, 0.0), spread(z, 1.0)
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
                store(a, i + j, select(v < zero, zero, v))  # NaN is not below 0, and stays
        elif activation == LEAKY_RELU:
            for j in range(columns):
                v = load(z, k + j)
                store(a, i + j, select(v > zero, v, spread(z, LEAK) * v))
        elif activation in (ELU, SELU):
            above, below = (one, one) if activation == ELU else (spread(z, SELU_SCALE), spread(z, SELU_LOW))
            for j in range(columns):
                v = load(z, k + j)
                store(a, i + j, select(v > zero, above * v, below * expm1_below_zero(select(v > zero, zero, v))))
        elif activation == GELU:
            for j in range(columns):
                v = load(z, k + j)
                store(a, i + j, v * normal_cdf(v))
        elif activation == MISH:
            for j in range(columns):
                v = load(z, k + j)
                store(a, i + j, v * _mish_parts(v)[0])
        elif activation == SOFTMAX:
            _softmax_into(a, i, z, k, columns)
        else:
            for j in range(columns):
                store(a, i + j, spread(z, float("nan")))


@inlined
def output_slope(a, activation):
    """Return da/dz from the output a of an output layer; NaN for an activation that has no branch here."""
    one, zero = constant(a, 1.0, 1.0), constant(a, 0.0, 0.0)
    if activation == SIGMOID:
        s = a * (one - a)
    elif activation == TANH:
        s = one - a * a
    elif activation == RELU:
        s = select(a > zero, one, zero)
    elif activation == LEAKY_RELU:
        s = select(a > zero, one, constant(a, LEAK, LEAK))
    elif activation == IDENTITY:
        s = one
    else:
        s = constant(a, float("nan"), float("nan"))
    return s


@inlined
def _gelu_slope(z):
    """Return Φ(z) + z·φ(z)."""
    density = exp(z * z * constant(z, -0.5, -0.5)) * constant(z, DENSITY, DENSITY)
    return normal_cdf(z) + z * density


@inlined
def _mish_parts(z):
    """Return t = tanh(log(1 + eᶻ)) and (1 − t²) · sigmoid(z).

    With n = eᶻ(eᶻ + 2): t = n / (n + 2), and the other is 4eᶻ(1 + eᶻ) / (n + 2)².
    """
    one, two, four = constant(z, 1.0, 1.0), constant(z, 2.0, 2.0), constant(z, 4.0, 4.0)
    most = constant(z, MISH_LINEAR, MISH_LINEAR)
    e = exp(select(z > most, most, z))
    n = e * (e + two)
    return n / (n + two), four * e * (one + e) / (n + two) / (n + two)


@inlined
def _mish_slope(z):
    """Return t + z·(1 − t²)·sigmoid(z)."""
    t, rest = _mish_parts(z)
    return t + z * rest


@policy
def times_slope_into(delta_matrix, a_matrix, z_matrix, rows, columns, activation):
    """Multiply delta by the activation's slope at its outputs a, or at its logits z."""
    delta, d0, dr, _ = delta_matrix
    a, a0, ar, _ = a_matrix
    z, z0, zr, _ = z_matrix
    one, zero = spread(delta, 1.0), spread(delta, 0.0)
    if activation == IDENTITY:
        return
    for r in range(rows):
        i, k, m = d0 + r * dr, a0 + r * ar, z0 + r * zr
        # A loop for each activation: LLVM does not take so many branches out of one.
        if activation == SIGMOID:
            for j in range(columns):
                v = load(a, k + j)
                store(delta, i + j, load(delta, i + j) * (v * (one - v)))
        elif activation == TANH:
            for j in range(columns):
                v = load(a, k + j)
                store(delta, i + j, load(delta, i + j) * (one - v * v))
        elif activation == RELU:
            for j in range(columns):
                store(delta, i + j, load(delta, i + j) * select(load(a, k + j) > zero, one, zero))
        elif activation == LEAKY_RELU:
            for j in range(columns):
                store(delta, i + j, load(delta, i + j) * select(load(a, k + j) > zero, one, spread(delta, LEAK)))
        elif activation in (ELU, SELU):
            above, below = (one, one) if activation == ELU else (spread(a, SELU_SCALE), spread(a, SELU_LOW))
            for j in range(columns):
                v = load(a, k + j)
                store(delta, i + j, load(delta, i + j) * select(v > zero, above, v + below))
        elif activation == GELU:
            for j in range(columns):
                store(delta, i + j, load(delta, i + j) * _gelu_slope(load(z, m + j)))
        elif activation == MISH:
            for j in range(columns):
                store(delta, i + j, load(delta, i + j) * _mish_slope(load(z, m + j)))
        else:
            for j in range(columns):
                store(delta, i + j, spread(delta, float("nan")))
