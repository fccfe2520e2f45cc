"""Optimizers, as PyTorch defines them: `init` makes the state of one array of weights, `update` takes one step.

`h` holds the hyperparameters: a `Config`, or for a stack a record of arrays (S, 1, 1) under the same names. `lr` is
the rate at this epoch, `t` the number of the step, from 1. Weights w and gradient g: (..., I+1, O).
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
State = tuple[Array, ...]


# Adam's running means start at zero, and are divided by 1 − βᵗ. At which t: `running` at the step's own, as published;
# `first` at that of the first step always, a constant 1 − β; `none` at infinity, where nothing is left to correct.
BIAS_CORRECTIONS: dict[str, Callable[[int], float]] = {
    "running": lambda t: t,
    "first": lambda _t: 1,
    "none": lambda _t: math.inf,
}


# What a step is divided by, from the mean square v and ε.
EPSILON_PLACES: dict[str, Callable[[Array, Any], Any]] = {
    "outside": lambda v, epsilon: np.sqrt(v) + epsilon,
    "inside": lambda v, epsilon: np.sqrt(v + epsilon),
}


class Optimizer(NamedTuple):
    """`init(w)` gives the state; `update(w, g, state, t, lr, h)` gives the new weights and the new state.

    uses: the hyperparameters it reads from h, beside the rate.
    """

    init: Callable[[Array], State]
    update: Callable[[Array, Array, State, int, Any, Any], tuple[Array, State]]
    uses: tuple[str, ...]


def sgd(w: Array, g: Array, _state: State, _t: int, lr: Any, _h: Any) -> tuple[Array, State]:
    """Gradient descent."""
    return w - lr * g, ()


def momentum(w: Array, g: Array, state: State, _t: int, lr: Any, h: Any) -> tuple[Array, State]:
    """Heavy ball (Polyak 1964), without dampening: v ← μv + g; w ← w − lr·v."""
    v = h.momentum * state[0] + g
    return w - lr * v, (v,)


def nesterov(w: Array, g: Array, state: State, _t: int, lr: Any, h: Any) -> tuple[Array, State]:
    """Nesterov's momentum in Sutskever's form (ICML 2013): v ← μv + g; w ← w − lr·(g + μv)."""
    v = h.momentum * state[0] + g
    return w - lr * (g + h.momentum * v), (v,)


def adagrad(w: Array, g: Array, state: State, _t: int, lr: Any, h: Any) -> tuple[Array, State]:
    """Duchi, Hazan & Singer (JMLR 2011): rates fall with the sum of the squared gradients."""
    total = state[0] + g * g
    return w - lr * g / EPSILON_PLACES[h.epsilon_place](total, h.epsilon), (total,)


def rmsprop(w: Array, g: Array, state: State, _t: int, lr: Any, h: Any) -> tuple[Array, State]:
    """Tieleman & Hinton (2012): rates fall with the running mean of the squared gradients."""
    v = h.alpha * state[0] + (1 - h.alpha) * g * g
    return w - lr * g / EPSILON_PLACES[h.epsilon_place](v, h.epsilon), (v,)


def adam(w: Array, g: Array, state: State, t: int, lr: Any, h: Any) -> tuple[Array, State]:
    """Kingma & Ba (ICLR 2015): running means of gradient and square, both corrected for their start at zero."""
    m = h.beta1 * state[0] + (1 - h.beta1) * g
    v = h.beta2 * state[1] + (1 - h.beta2) * g * g
    power = BIAS_CORRECTIONS[h.bias_correction](t)
    root = EPSILON_PLACES[h.epsilon_place](v / (1 - h.beta2**power), h.epsilon)
    return w - lr / (1 - h.beta1**power) * m / root, (m, v)


def adamw(w: Array, g: Array, state: State, t: int, lr: Any, h: Any) -> tuple[Array, State]:
    """Loshchilov & Hutter (ICLR 2019): weight decay apart from the gradient, then Adam's step."""
    return adam(w * (1 - lr * h.weight_decay), g, state, t, lr, h)


def rprop(w: Array, g: Array, state: State, t: int, lr: Any, h: Any) -> tuple[Array, State]:
    """Riedmiller & Braun (1993), iRprop−: a step of its own for each weight, from the gradient's sign alone.

    The first step has size lr; the schedule has no say after that.
    """
    previous, step = state
    turn = g * previous
    scale = np.where(turn > 0, h.eta_plus, np.where(turn < 0, h.eta_minus, 1))
    step = np.clip((step if t > 1 else lr) * scale, h.step_min, h.step_max).astype(w.dtype)
    g = np.where(turn < 0, 0, g)
    return w - np.sign(g) * step, (g, step)


def _zeros(count: int) -> Callable[[Array], State]:
    return lambda w: tuple(np.zeros_like(w) for _ in range(count))


_ADAM = ("beta1", "beta2", "epsilon", "bias_correction", "epsilon_place")

OPTIMIZERS = {
    "sgd": Optimizer(_zeros(0), sgd, ()),
    "momentum": Optimizer(_zeros(1), momentum, ("momentum",)),
    "nesterov": Optimizer(_zeros(1), nesterov, ("momentum",)),
    "adagrad": Optimizer(_zeros(1), adagrad, ("epsilon", "epsilon_place")),
    "rmsprop": Optimizer(_zeros(1), rmsprop, ("alpha", "epsilon", "epsilon_place")),
    "adam": Optimizer(_zeros(2), adam, _ADAM),
    "adamw": Optimizer(_zeros(2), adamw, (*_ADAM, "weight_decay")),
    "rprop": Optimizer(_zeros(2), rprop, ("eta_minus", "eta_plus", "step_min", "step_max")),
}
