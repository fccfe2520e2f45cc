"""Optimizers in lane values: `update` of `fnn/network/optimizers.py`."""

from fnn.kernel.arguments import codes, settings_rows
from fnn.kernel.jit import inlined
from fnn.kernel.simd import fma, load, select, spread, sqrt, store
from fnn.network.optimizers import BIAS_CORRECTIONS, EPSILON_PLACES, OPTIMIZERS

RUNNING, FIRST, NONE = codes(BIAS_CORRECTIONS, "running", "first", "none")
OUTSIDE, INSIDE = codes(EPSILON_PLACES, "outside", "inside")
SGD, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM, ADAMW, RPROP = codes(
    OPTIMIZERS, "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "rprop"
)
H_LR, H_MOMENTUM, H_BETA1, H_BETA2, H_ALPHA, H_EPSILON, H_DECAY = settings_rows(
    "base_lr", "momentum", "beta1", "beta2", "alpha", "epsilon", "weight_decay"
)
H_MINUS, H_PLUS, H_MIN, H_MAX = settings_rows("eta_minus", "eta_plus", "step_min", "step_max")


@inlined
def update_into(moved, h, active, rate, rules, first_step, rows):
    """Take one step of the optimizer; networks that are not active keep their weights.

    moved: weights, slots, the gradient, powers and rates; h: settings; of a block of `State`. active, rate: lane
    values. rows: the first of the weights that are moved, and the one after the last.
    """
    (w, s, g, powers, rates), optimizer, (first, end) = moved, rules.optimizer, rows
    K, last = len(w), len(rates) - 1
    moving = active > spread(w, 0.0)
    one, zero = spread(w, 1.0), spread(w, 0.0)
    momentum = load(h, H_MOMENTUM)
    # Nothing is changed by a 0 at the other place.
    inside, outside = zero, load(h, H_EPSILON)
    if rules.epsilon_place == INSIDE:
        inside, outside = outside, zero
    elif rules.epsilon_place != OUTSIDE:
        outside = spread(w, float("nan"))
    if optimizer == SGD:
        for i in range(first, end):
            v = load(w, i)
            store(w, i, select(moving, v - rate * load(rates, min(i, last)) * load(g, i), v))
    elif optimizer in (MOMENTUM, NESTEROV):
        for i in range(first, end):
            v, gradient = load(w, i), load(g, i)
            velocity = fma(momentum, load(s, i), gradient)
            store(s, i, velocity)
            step = fma(momentum, velocity, gradient) if optimizer == NESTEROV else velocity
            store(w, i, select(moving, v - rate * load(rates, min(i, last)) * step, v))
    elif optimizer == ADAGRAD:
        for i in range(first, end):
            v, gradient = load(w, i), load(g, i)
            square = fma(gradient, gradient, load(s, i))
            store(s, i, square)
            weight_rate = rate * load(rates, min(i, last))
            store(w, i, select(moving, v - weight_rate * gradient / (sqrt(square + inside) + outside), v))
    elif optimizer == RMSPROP:
        alpha = load(h, H_ALPHA)
        for i in range(first, end):
            v, gradient = load(w, i), load(g, i)
            square = fma(alpha, load(s, i), (one - alpha) * gradient * gradient)
            store(s, i, square)
            weight_rate = rate * load(rates, min(i, last))
            store(w, i, select(moving, v - weight_rate * gradient / (sqrt(square + inside) + outside), v))
    elif optimizer in (ADAM, ADAMW):
        beta1, beta2 = load(h, H_BETA1), load(h, H_BETA2)
        power1, power2 = zero, zero
        if rules.bias_correction == RUNNING:
            power1, power2 = load(powers, 0) * beta1, load(powers, 1) * beta2
            store(powers, 0, power1)
            store(powers, 1, power2)
        elif rules.bias_correction == FIRST:
            power1, power2 = beta1, beta2
        elif rules.bias_correction != NONE:
            power1 = spread(w, float("nan"))
        decay, correction = load(h, H_DECAY) if optimizer == ADAMW else zero, one / (one - power2)
        step = rate / (one - power1)
        for i in range(first, end):
            v, gradient = load(w, i), load(g, i)
            m = fma(beta1, load(s, i), (one - beta1) * gradient)
            square = fma(beta2, load(s, K + i), (one - beta2) * gradient * gradient)
            store(s, i, m)
            store(s, K + i, square)
            root = sqrt(fma(square, correction, inside)) + outside
            factor = load(rates, min(i, last))
            keep = one - rate * factor * decay
            store(w, i, select(moving, v * keep - step * factor * m / root, v))
    elif optimizer == RPROP:
        low, high, minus, plus = load(h, H_MIN), load(h, H_MAX), load(h, H_MINUS), load(h, H_PLUS)
        for i in range(first, end):
            v, gradient = load(w, i), load(g, i)
            turn = gradient * load(s, i)
            size = (rate * load(rates, min(i, last)) if first_step else load(s, K + i)) * select(
                turn > zero, plus, select(turn < zero, minus, one)
            )
            size = select(size < low, low, select(size > high, high, size))
            gradient = select(turn < zero, zero, gradient)
            sign = select(gradient > zero, one, select(gradient < zero, -one, gradient))  # 0 and NaN stay
            store(s, i, gradient)
            store(s, K + i, size)
            store(w, i, select(moving, v - sign * size, v))
    else:
        for i in range(first, end):
            store(w, i, spread(w, float("nan")))
