"""The lane functions against long double (64 bits of mantissa), compiled; and their NumPy meaning beside them."""

import numpy as np
import pytest

from fnn.kernel import simd as lanes

KINDS = [np.float32, np.float64]


def compiled(function, arguments=1):
    """Return a function of lane arrays that applies a lane function row by row."""
    names = ", ".join("abc"[:arguments])
    loads = ", ".join(f"load({n}, i)" for n in "abc"[:arguments])
    code = f"def rows_into({names}, out):\n    for i in range(len(out)):\n        store(out, i, function({loads}))"
    scope = {"function": function, "load": lanes.load, "store": lanes.store}
    exec(code, scope)
    into = lanes.standalone(scope["rows_into"])

    def run(*values):
        width = lanes.WIDTH[values[0].dtype]
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
    "exp": (lanes.exp, np.exp, 2),
    "sigmoid": (lanes.sigmoid, lambda z: np.where(z > 0, 1, np.exp(-np.abs(z))) / (1 + np.exp(-np.abs(z))), 4),
    "tanh": (lanes.tanh, np.tanh, 4),
    "log1p_small": (lanes.log1p_small, np.log1p, 4),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_within_their_ulps_on_a_million_points(name, kind, rng):
    function, exact, limit = FUNCTIONS[name]
    x = everywhere(kind, rng)
    if name == "log1p_small":
        x = np.abs(x)[np.abs(x) <= 1]
    with np.errstate(over="ignore", under="ignore"):
        distance = ulps(compiled(function)(x), exact(x.astype(np.longdouble)), kind)
    worst = distance.argmax()
    assert distance[worst] <= limit, f"{name}({x[worst]!r})"


@pytest.mark.parametrize("kind", KINDS)
def test_infinities_nan_and_zero(kind):
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0], kind)
    assert np.array_equal(compiled(lanes.exp)(x), np.array([np.inf, 0, np.nan, 1, 1], kind), equal_nan=True)
    assert np.array_equal(compiled(lanes.sigmoid)(x), np.array([1, 0, np.nan, 0.5, 0.5], kind), equal_nan=True)
    assert np.array_equal(compiled(lanes.tanh)(x), np.array([1, -1, np.nan, 0, 0], kind), equal_nan=True)


SPECIAL = [0.0, -0.0, 1.0, -1.5, 2.5, 3.5, np.inf, -np.inf, np.nan, 1e-40, 1e30]
ONE_TO_ONE = {"sqrt": lanes.sqrt, "magnitude": lanes.magnitude, "rounded": lanes.rounded}
OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "negative": lambda a, b: -a + b,
    "<": lambda a, b: lanes.select(a < b, a, b),
    "<=": lambda a, b: lanes.select(a <= b, a, b),
    ">": lambda a, b: lanes.select(a > b, a, b),
    ">=": lambda a, b: lanes.select(a >= b, a, b),
    "==": lambda a, b: lanes.select(a == b, a, -b),
    "and": lambda a, b: lanes.select((a < b) & (b > a), a, -b),
    "or": lambda a, b: lanes.select((a < b) | (b < a), a, -b),
    "constant": lambda a, b: a + lanes.constant(b, 0.1, 0.2),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*ONE_TO_ONE, *OPERATIONS])
def test_compiled_and_uncompiled_mean_the_same(name, kind):
    grid = [v.ravel() for v in np.meshgrid(np.array(SPECIAL, kind), np.array(SPECIAL, kind))]
    if name in OPERATIONS:
        function = lanes.inlined(OPERATIONS[name])
        ours, plain = compiled(function, 2)(*grid), OPERATIONS[name]
    else:
        grid, plain = grid[:1], ONE_TO_ONE[name]
        ours = compiled(plain)(*grid)
    with np.errstate(all="ignore"):
        assert np.array_equal(ours, plain(*grid), equal_nan=True)


@pytest.mark.parametrize("kind", KINDS)
def test_fma_rounds_once(kind):
    a = np.array([1 + np.finfo(kind).eps], kind)
    assert compiled(lanes.fma, 3)(a, a, -a * a).item() == np.finfo(kind).eps ** 2


@pytest.mark.parametrize("by", ["instruction", "halves"])
@pytest.mark.parametrize("kind", KINDS)
def test_scale_is_ldexp_down_into_the_subnormals(kind, by, monkeypatch, rng):
    from llvmlite import binding

    if by == "halves":
        monkeypatch.setattr(lanes, "_scale_by_instruction", None)
        monkeypatch.setattr(lanes, "has_scalef", lambda context: False)
    elif "avx512f" not in binding.get_host_cpu_features() or not binding.get_host_cpu_features()["avx512f"]:
        pytest.skip("this processor has no such instruction")
    bits = np.finfo(kind)
    a = rng.uniform(0.7, 1.42, 20_000).astype(kind)
    n = rng.integers(bits.minexp - bits.nmant - 2, bits.maxexp + 1, 20_000).astype(kind)
    with np.errstate(all="ignore"):
        assert np.array_equal(compiled(lanes.scale, 2)(a, n), np.ldexp(a, n.astype(np.int32)))
