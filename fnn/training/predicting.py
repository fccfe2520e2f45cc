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
# Products below which threads take longer to start than they save.
_WORK = 2**22


def predict_stack(layers: Layers, params: Params, x: NDArray[np.floating], threads: int | None = None) -> Array:
    """Return the answers of S networks, (S, N, O), of the dtype of their parameters.

    x: (N, I), of all networks, or (S, N, I), of each its own. Answers are those of `network.functions.predict`, but for
    rounding; where a network diverged, inf or NaN. threads: by itself one for each processor, where there is enough to
    do for them.
    """
    flat, (N, inputs), own = flatten(params), x.shape[-2:], x.ndim == 3
    L, (S, K) = WIDTH[flat.dtype], flat.shape
    if threads is None:
        threads = processors() if S * N * K > _WORK else 1
    plan, width = units_plan(layers, N, L), layers[-1].fan_out
    weights = aligned((S, plan.weights, L), flat.dtype)
    weights.reshape(S, -1)[:, :K] = flat
    part = plan.layout.part
    at_once = min(N, part * max(1, _SAMPLES // part))  # whole parts, so that all are cut as they would be together
    answers = np.empty((S, N, width), flat.dtype)
    rows = plan.values, plan.logits, plan.delta, plan.transposed, plan.spare
    size = -(-S // threads)
    turns = [slice(s, s + size) for s in range(0, S, size)]

    def predict(first: int, numbers: Array, some: slice) -> None:
        scratch = Scratch(*(aligned((count, L), flat.dtype) for count in rows))
        # One call for all networks that have the same inputs.
        for alike in [slice(s, s + 1) for s in range(*some.indices(S))] if own else [some]:
            if own:
                samples = x[alike.start, first : first + at_once]
                numbers[: samples.size] = samples.ravel()
            into = answers[alike, first : first + at_once]
            outputs = np.empty((len(into), into[0].size), flat.dtype)
            predict_into(outputs, plan.layout, numbers, weights[alike], scratch)
            into[:] = outputs.reshape(into.shape)

    buffers = [aligned((at_once * inputs + L,), flat.dtype) for _ in (turns if own else turns[:1])]
    with ThreadPoolExecutor(threads) as pool:  # which starts no thread for one turn
        for first in range(0, N, at_once):
            if not own:
                samples = x[first : first + at_once]
                buffers[0][: samples.size] = samples.ravel()
            if len(turns) == 1:
                predict(first, buffers[0], turns[0])
            else:
                list(pool.map(partial(predict, first), buffers if own else buffers * len(turns), turns))
    return answers
