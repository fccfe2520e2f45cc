"""Answers of trained networks, compiled: a pass forwards, with units in the lanes, one network after the other."""

from fnn.kernel.arguments import FAN_IN, FAN_OUT, OUTPUTS
from fnn.kernel.arrays import flat
from fnn.kernel.jit import entry
from fnn.kernel.units_layers import units_forward_into


@entry
def predict_into(outputs, layout, x, weights, scratch):
    """Write each network's outputs: (S, N·O). x: (N·I + L,), weights: (S, rows, L), as `Samples` and `State` have them.

    scratch: as training has it.
    """
    table, values = layout.table, flat(scratch.values)
    last = len(table) - 1
    fan_in, width, none = table[0, FAN_IN], table[last, FAN_OUT], flat(scratch.spare)[:0]
    N = outputs.shape[1] // width
    for s in range(len(weights)):
        w = flat(weights[s])
        for first in range(0, N, layout.part):
            count = min(layout.part, N - first)
            units_forward_into(scratch, layout, w, x, first * fan_in, count, none)
            for i in range(count * width):
                outputs[s, first * width + i] = values[table[last, OUTPUTS] + i]
