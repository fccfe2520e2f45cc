"""A graph of ONNX while it is written: operators, constants, inputs and outputs, each value with a name of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

# Operators as of ONNX 1.13 (2022), and what reads these; of another domain only what gives words their places.
OPSET, IR_VERSION = 18, 8
WORDS_DOMAIN, WORDS_OPSET = "ai.onnx.ml", 3
# What the first axis of all inputs and outputs is called, whose length is anyone's.
ROWS = "rows"

# The name of a value.
Value = str


@dataclass(frozen=True)
class Graph:
    """What is written so far, in the order in which it is computed.

    inputs, outputs: as ONNX describes them; constants: arrays by their names; taken: all names there are, and those
    that are reserved for outputs.
    """

    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def add(self, operator: str, *inputs: Value, name: str, domain: str = "", **attributes: Any) -> Value:
        """Add an operator, and return the name of its output: that name, or the next that is free."""
        from onnx import helper

        output = self._new(name)
        self.nodes.append(helper.make_node(operator, list(inputs), [output], output, domain=domain, **attributes))
        return output

    def constant(self, name: str, values: Any, dtype: DTypeLike | None = None) -> Value:
        """Add an array, or a number, and return its name; of numbers alike there is one."""
        array = np.asarray(values, dtype)
        if array.dtype.kind == "U":
            array = array.astype(object)  # as ONNX has texts
        there = self.constants.get(name)
        if there is not None and there.dtype == array.dtype and np.array_equal(there, array):
            return name
        value = self._new(name)
        self.constants[value] = array
        return value

    def input(self, name: str, dtype: DTypeLike, columns: int) -> Value:
        """Add an input (rows, columns) of a dtype, `str` for texts, and return its name."""
        value = self._new(name or "column")  # to ONNX no name is no input
        self.inputs.append(_described(value, dtype, (columns,)))
        return value

    def output(self, name: str, value: Value, dtype: DTypeLike, *shape: int) -> None:
        """Give a value out under a name that is reserved. shape: of a row."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [value], [name], name))
        self.outputs.append(_described(name, dtype, shape))

    def cast(self, value: Value, dtype: DTypeLike, name: str) -> Value:
        """Return a value as another dtype."""
        return self.add("Cast", value, name=name, to=element_type(dtype))

    def reshape(self, value: Value, shape: Sequence[int], name: str) -> Value:
        """Return a value in another shape; 0 leaves the length of an axis as it is."""
        return self.add("Reshape", value, self.constant(f"{name}_shape", shape, np.int64), name=name)

    def reduce(self, operator: str, value: Value, axis: int, name: str, keepdims: bool = False) -> Value:
        """Return what an operator such as ReduceMean makes of an axis."""
        axes = self.constant(f"axis_{axis}", [axis], np.int64)
        return self.add(operator, value, axes, name=name, keepdims=int(keepdims))

    def any_of(self, flags: Sequence[Value], name: str) -> Value:
        """Return which rows have any of these flags: (N, k) each → (N, 1)."""
        each = flags[0] if len(flags) == 1 else self.add("Concat", *flags, name=f"{name}_each", axis=1)
        most = self.reduce("ReduceMax", self.cast(each, np.int32, f"{name}_numbers"), 1, f"{name}_most", keepdims=True)
        return self.cast(most, np.bool_, name)

    def _new(self, name: str) -> str:
        free, count = name, 1
        while free in self.taken:
            count += 1
            free = f"{name}_{count}"
        self.taken.add(free)
        return free


def element_type(dtype: DTypeLike) -> int:
    """Return ONNX's number of a dtype."""
    from onnx import TensorProto, helper

    kind = np.dtype(dtype)
    return int(TensorProto.STRING if kind.kind in "UO" else helper.np_dtype_to_tensor_dtype(kind))


def _described(value: Value, dtype: DTypeLike, shape: Sequence[int]) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(value, element_type(dtype), [ROWS, *shape])
