"""Counters that threads share, and by them how the threads of a kernel wait for each other."""

import os
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from fnn.kernel.jit import policy
from fnn.kernel.lane_types import instruction


def add_one(counters: NDArray[np.int64], i: int) -> int:
    """Add 1 to a counter, in one step for all threads; return what it was."""
    before = int(counters[i])
    counters[i] = before + 1
    return before


def peek(counters: NDArray[np.int64], i: int) -> int:
    """Return a counter as it is now, with all that was written before it became that."""
    return int(counters[i])


def give_way() -> None:
    """Let another thread have the processor, where the system knows how."""


@instruction(add_one, (types.Array, types.Integer), lambda *_: types.int64)
def _add_one(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    data = context.make_array(sig.args[0])(context, builder, args[0]).data
    return builder.atomic_rmw("add", builder.gep(data, [args[1]]), ir.IntType(64)(1), "seq_cst")


@instruction(peek, (types.Array, types.Integer), lambda *_: types.int64)
def _peek(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    data = context.make_array(sig.args[0])(context, builder, args[0]).data
    return builder.load_atomic(builder.gep(data, [args[1]]), "acquire", 8)


@instruction(give_way, (), lambda: types.none)
def _give_way(context: Any, builder: Any, _sig: Any, _args: Any) -> Any:
    if hasattr(os, "sched_yield"):
        kind = ir.FunctionType(ir.IntType(32), [])
        called = builder.module.globals.get("sched_yield") or ir.Function(builder.module, kind, "sched_yield")
        builder.call(called, [])
    return context.get_dummy_value()


# Turns a thread waits for the others before it gives way.
PATIENCE = 2000


@policy
def meet(gate, threads, cancel):
    """Wait until all threads are here, or training is cancelled. gate: two counters, a cache line apart."""
    if threads == 1:
        return
    turn = peek(gate, 8)
    if add_one(gate, 0) == threads - 1:
        gate[0] = 0
        add_one(gate, 8)
        return
    waited = 0
    while peek(gate, 8) == turn and peek(cancel, 0) == 0:
        waited += 1
        if waited > PATIENCE:
            give_way()
