"""What trained networks answer, compiled: many networks on many samples."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from fnn.kernel.arguments import Scratch
from fnn.kernel.predicting import predict_into
from fnn.kernel.simd import WIDTH
from fnn.machine import processors
from fnn.network.functions import Array, Params, flatten
from fnn.network.layers import Layers
from fnn.training.layout import aligned, units_plan


def predict_stack(layers: Layers, params: Params, x: NDArray[np.floating], threads: int | None = None) -> Array:
    """Return the answers of S networks, (S, N, O), of the dtype of their parameters. x: (N, I).

    They are those of `network.functions.predict`, but for rounding; where a network diverged, inf or NaN.
    """
    flat, (N, _) = flatten(params), x.shape
    L, threads = WIDTH[flat.dtype], threads or processors()
    plan, (S, K) = units_plan(layers, N, L), flat.shape
    weights = aligned((S, plan.weights, L), flat.dtype)
    weights.reshape(S, -1)[:, :K] = flat
    numbers = aligned((x.size + L,), flat.dtype)
    numbers[: x.size] = x.ravel()
    outputs = np.empty((S, N * layers[-1].fan_out), flat.dtype)
    rows = plan.values, plan.logits, plan.delta, plan.transposed, plan.spare

    def predict(some: slice) -> None:
        scratch = Scratch(*(aligned((count, L), flat.dtype) for count in rows))
        predict_into(outputs[some], plan.layout, numbers, weights[some], scratch)

    size = -(-S // threads)
    turns = [slice(s, s + size) for s in range(0, S, size)]
    if len(turns) == 1:
        predict(turns[0])
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(predict, turns))
    return outputs.reshape(S, N, -1)
