"""Activations as operators: those of `fnn.network.activations`, under the same names."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from fnn.network.activations import LEAK, SELU_ALPHA, SELU_SCALE
from fnn.onnx.graph import Graph, Value

# Takes a graph, logits, their dtype, and what stands before the names of its values.
Activate = Callable[[Graph, Value, str, str], Value]

# From so far on e^(−x²) is below 1e-17, and with it all that erfc(x) changes.
_FAR = 6.5
# Of the polynomial for the tail of erfc: of a lower one the error is above rounding.
_DEGREE = 16


def _operator(operator: str, **attributes: Any) -> Activate:
    """Return what one operator says of logits."""
    return lambda graph, z, _dtype, name: graph.add(operator, z, name=f"{name}/{operator.lower()}", **attributes)


def _gelu(graph: Graph, z: Value, dtype: str, name: str) -> Value:
    """Return z·Φ(z)."""
    return graph.add("Mul", z, (_cdf if dtype == "float32" else _cdf_without_erf)(graph, z, name), name=f"{name}/gelu")


def _cdf(graph: Graph, z: Value, name: str) -> Value:
    """Return Φ(z) = ½ (1 + erf(z/√2)), of float32."""
    half, one, root = (graph.constant(f"float32_{v:.4g}", v, np.float32) for v in (0.5, 1.0, math.sqrt(0.5)))
    erf = graph.add("Erf", graph.add("Mul", z, root, name=f"{name}/by_root"), name=f"{name}/erf")
    return graph.add("Mul", graph.add("Add", erf, one, name=f"{name}/sum"), half, name=f"{name}/cdf")


def _cdf_without_erf(graph: Graph, z: Value, name: str) -> Value:
    """Return Φ(z) of float64, for which ONNX Runtime has no Erf.

    Below 0 it is ½ erfc(x), x = −z/√2, and erfc(x) = e^(−x²)·t·p(u) for t = 3/(3 + x), p a polynomial of the place u of
    t between −1 and 1; above 0 it is 1 less that of −z.
    """
    u_slope, u_start, coefficients = _erfc_tail()

    def put(operator: str, *values: Value | float) -> Value:
        named = (graph.constant(f"float64_{v!r}", v) if isinstance(v, float) else v for v in values)
        return graph.add(operator, *named, name=f"{name}/cdf_{operator.lower()}")

    x = put("Min", put("Mul", put("Abs", z), math.sqrt(0.5)), _FAR)
    t = put("Div", 3.0, put("Add", x, 3.0))
    u = put("Add", put("Mul", t, u_slope), u_start)
    *rest, last = coefficients
    tail: Value | float = last
    for c in reversed(rest):
        tail = put("Add", put("Mul", tail, u), c)
    below = put("Mul", put("Mul", put("Exp", put("Neg", put("Mul", x, x))), t), put("Mul", tail, 0.5))
    return put("Where", put("Less", z, 0.0), below, put("Sub", 1.0, below))


def _erfc_tail() -> tuple[float, float, list[float]]:
    """Return slope and start of u as a function of t, and the coefficients of p, as `_cdf_without_erf` has them."""
    low = 3 / (3 + _FAR)
    slope = 2 / (1 - low)

    def p(u: Any) -> Any:
        t = (u + 1) / slope + low
        return np.array([math.exp(x * x) * math.erfc(x) for x in 3 / t - 3]) / t

    return slope, -1 - slope * low, chebyshev.cheb2poly(chebyshev.chebinterpolate(p, _DEGREE)).tolist()


OPERATORS: dict[str, Activate] = {
    "sigmoid": _operator("Sigmoid"),
    "tanh": _operator("Tanh"),
    "relu": _operator("Relu"),
    "leaky-relu": _operator("LeakyRelu", alpha=LEAK),
    "identity": lambda _graph, z, _dtype, _name: z,
    "elu": _operator("Elu"),
    "selu": _operator("Selu", alpha=SELU_ALPHA, gamma=SELU_SCALE),
    "gelu": _gelu,
    "mish": _operator("Mish"),
    "softmax": _operator("Softmax", axis=-1),
}
