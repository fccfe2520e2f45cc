"""The lane functions against long double (64 bits of mantissa), compiled; and their NumPy meaning beside them."""

import numpy as np
import pytest
from scipy import special

from fnn.kernel import simd, simd_math
from fnn.kernel.jit import inlined, standalone

KINDS = [np.float32, np.float64]


def compiled(function, arguments=1):
    """Return a function of lane arrays that applies a lane function row by row."""
    names = ", ".join("abc"[:arguments])
    loads = ", ".join(f"load({n}, i)" for n in "abc"[:arguments])
    code = f"def rows_into({names}, out):\n    for i in range(len(out)):\n        store(out, i, function({loads}))"
    scope = {"function": function, "load": simd.load, "store": simd.store}
    exec(code, scope)
    into = standalone(scope["rows_into"])

    def run(*values):
        width = simd.WIDTH[values[0].dtype]
        padded = [np.resize(v, (-(-v.size // width), width)) for v in values]
        out = np.empty_like(padded[0])
        into(*padded, out)
        return out.ravel()[: values[0].size]

    return run


def ulps(ours, exact, kind):
    """Return the distance in units in the last place; where the answer overflows, 0 if ours did too."""
    rounded = exact.astype(kind)
    spacing = np.maximum(np.spacing(np.abs(rounded)), np.finfo(kind).smallest_subnormal)
    distance = np.abs(ours.astype(np.longdouble) - exact) / spacing
    return np.where(np.isinf(rounded), np.where(ours == rounded, 0, np.inf), distance)


def everywhere(kind, rng):
    """Return a million numbers: over the whole range, near 0 on a log scale, and around every edge."""
    edge = 104 if kind == np.float32 else 746
    edges = [0.0, *np.arange(-edge, edge, 0.5 * np.log(2)), 88.72283, 709.782712893384, -87.33654, -708.3964185322641]
    edges += [-103.97208, -745.1332191019411, 18.0, 22.0, 44.0, 500.0]
    around = [np.nextafter(np.array(edges, kind), kind(side)) for side in (-np.inf, np.inf)]
    tiny = np.exp(rng.uniform(np.log(np.finfo(kind).smallest_subnormal), 4, 400_000)) * rng.choice([-1, 1], 400_000)
    return np.concatenate([rng.uniform(-edge, edge, 600_000), tiny, edges, *around]).astype(kind)


FUNCTIONS = {
    "exp": (simd_math.exp, np.exp, 2),
    "sigmoid": (simd_math.sigmoid, lambda z: np.where(z > 0, 1, np.exp(-np.abs(z))) / (1 + np.exp(-np.abs(z))), 4),
    "tanh": (simd_math.tanh, np.tanh, 4),
    "log1p_small": (simd_math.log1p_small, np.log1p, 4),
    "expm1_below_zero": (simd_math.expm1_below_zero, np.expm1, 4),
}
DOMAINS = {"log1p_small": lambda x: np.abs(x)[np.abs(x) <= 1], "expm1_below_zero": lambda x: -np.abs(x)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_within_their_ulps_on_a_million_points(name, kind, rng):
    function, exact, limit = FUNCTIONS[name]
    x = DOMAINS.get(name, np.array)(everywhere(kind, rng))
    with np.errstate(over="ignore", under="ignore"):
        distance = ulps(compiled(function)(x), exact(x.astype(np.longdouble)), kind)
    worst = distance.argmax()
    assert distance[worst] <= limit, f"{name}({x[worst]!r})"


@pytest.mark.parametrize("kind", KINDS)
def test_the_normal_distribution_function_is_scipys_on_a_million_points(kind, rng):
    z = np.concatenate([rng.normal(scale=3, size=900_000), rng.uniform(-45, 45, 100_000)]).astype(kind)
    ours, theirs = compiled(simd_math.normal_cdf)(z), special.ndtr(z.astype(np.float64))
    assert np.abs(ours - theirs).max() <= 2 * np.finfo(kind).eps
    near = np.abs(z) < 4  # far out below, the rounding of z² counts
    assert (np.abs(ours - theirs)[near] / theirs[near]).max() <= 16 * np.finfo(kind).eps
    assert compiled(simd_math.normal_cdf)(np.array([np.inf, -np.inf], kind)).tolist() == [1, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_infinities_nan_and_zero(kind):
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0], kind)
    assert np.array_equal(compiled(simd_math.exp)(x), np.array([np.inf, 0, np.nan, 1, 1], kind), equal_nan=True)
    assert np.array_equal(compiled(simd_math.sigmoid)(x), np.array([1, 0, np.nan, 0.5, 0.5], kind), equal_nan=True)
    assert np.array_equal(compiled(simd_math.tanh)(x), np.array([1, -1, np.nan, 0, 0], kind), equal_nan=True)


SPECIAL = [0.0, -0.0, 1.0, -1.5, 2.5, 3.5, np.inf, -np.inf, np.nan, 1e-40, 1e30]
ONE_TO_ONE = {"sqrt": simd.sqrt, "magnitude": simd.magnitude, "rounded": simd.rounded}
OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "negative": lambda a, b: -a + b,
    "<": lambda a, b: simd.select(a < b, a, b),
    "<=": lambda a, b: simd.select(a <= b, a, b),
    ">": lambda a, b: simd.select(a > b, a, b),
    ">=": lambda a, b: simd.select(a >= b, a, b),
    "==": lambda a, b: simd.select(a == b, a, -b),
    "and": lambda a, b: simd.select((a < b) & (b > a), a, -b),
    "or": lambda a, b: simd.select((a < b) | (b < a), a, -b),
    "constant": lambda a, b: a + simd.constant(b, 0.1, 0.2),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*ONE_TO_ONE, *OPERATIONS])
def test_compiled_and_uncompiled_mean_the_same(name, kind):
    grid = [v.ravel() for v in np.meshgrid(np.array(SPECIAL, kind), np.array(SPECIAL, kind))]
    if name in OPERATIONS:
        function = inlined(OPERATIONS[name])
        ours, plain = compiled(function, 2)(*grid), OPERATIONS[name]
    else:
        grid, plain = grid[:1], ONE_TO_ONE[name]
        ours = compiled(plain)(*grid)
    with np.errstate(all="ignore"):
        assert np.array_equal(ours, plain(*grid), equal_nan=True)


@pytest.mark.parametrize("kind", KINDS)
def test_fma_rounds_once(kind):
    a = np.array([1 + np.finfo(kind).eps], kind)
    assert compiled(simd.fma, 3)(a, a, -a * a).item() == np.finfo(kind).eps ** 2


@pytest.mark.parametrize("function", [simd.scale, simd.scale_by_halves], ids=["the processor's", "by halves"])
@pytest.mark.parametrize("kind", KINDS)
def test_scale_is_ldexp_down_into_the_subnormals(kind, function, rng):
    bits = np.finfo(kind)
    a = rng.uniform(0.7, 1.42, 20_000).astype(kind)
    n = rng.integers(bits.minexp - bits.nmant - 2, bits.maxexp + 1, 20_000).astype(kind)
    with np.errstate(all="ignore"):
        assert np.array_equal(compiled(function, 2)(a, n), np.ldexp(a, n.astype(np.int32)))
