"""What trained networks answer, compiled: many networks on many samples."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fnn.kernel.arguments import Scratch
from fnn.kernel.predicting import predict_into
from fnn.kernel.simd import WIDTH
from fnn.machine import processors
from fnn.network.functions import Array, Params, flatten
from fnn.network.layers import Layers
from fnn.training.layout import aligned, units_plan

# Samples that are laid out at a time, about: beside them there are only answers.
_SAMPLES = 2**16


def predict_stack(layers: Layers, params: Params, x: NDArray[np.floating], threads: int | None = None) -> Array:
    """Return the answers of S networks, (S, N, O), of the dtype of their parameters. x: (N, I).

    They are those of `network.functions.predict`, but for rounding; where a network diverged, inf or NaN.
    """
    flat, (N, inputs) = flatten(params), x.shape
    L, threads = WIDTH[flat.dtype], threads or processors()
    plan, (S, K), width = units_plan(layers, N, L), flat.shape, layers[-1].fan_out
    weights = aligned((S, plan.weights, L), flat.dtype)
    weights.reshape(S, -1)[:, :K] = flat
    part = plan.layout.part
    at_once = min(N, part * max(1, _SAMPLES // part))  # whole parts, so that all are cut as they would be together
    numbers, answers = aligned((at_once * inputs + L,), flat.dtype), np.empty((S, N, width), flat.dtype)
    rows = plan.values, plan.logits, plan.delta, plan.transposed, plan.spare
    size = -(-S // threads)
    turns = [slice(s, s + size) for s in range(0, S, size)]

    def predict(first: int, some: slice) -> None:
        scratch = Scratch(*(aligned((count, L), flat.dtype) for count in rows))
        into = answers[some, first : first + at_once]
        outputs = np.empty((len(into), into[0].size), flat.dtype)
        predict_into(outputs, plan.layout, numbers, weights[some], scratch)
        into[:] = outputs.reshape(into.shape)

    with ThreadPoolExecutor(threads) as pool:  # which starts no thread for one turn
        for first in range(0, N, at_once):
            samples = x[first : first + at_once]
            numbers[: samples.size] = samples.ravel()
            if len(turns) == 1:
                predict(first, turns[0])
            else:
                list(pool.map(partial(predict, first), turns))
    return answers
