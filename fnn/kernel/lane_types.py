"""Lane values as Numba is told of them: two types whose data model is an LLVM vector, and how an instruction is added.

LLVM's own vectoriser does not get there: it must assume that arrays overlap.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class LanesType(types.Type):
    """A row of `count` numbers of a float type, by itself of 512 bits."""

    def __init__(self, scalar: types.Float, count: int = 0) -> None:
        self.scalar, self.count = scalar, count or 512 // scalar.bitwidth
        super().__init__(name=f"lanes({scalar} x {self.count})")


class MaskType(types.Type):
    """A row of `count` truth values."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(name=f"mask({count})")


def vector_of(lanes: LanesType) -> ir.Type:
    """Return the LLVM vector that a lane value is."""
    return ir.VectorType(ir.FloatType() if lanes.scalar.bitwidth == 32 else ir.DoubleType(), lanes.count)


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: LanesType) -> None:
        super().__init__(manager, fe_type, vector_of(fe_type))


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: MaskType) -> None:
        super().__init__(manager, fe_type, ir.VectorType(ir.IntType(1), fe_type.count))


def instruction(function: Callable[..., Any], arguments: tuple[Any, ...], returns: Callable[..., Any]) -> Decorator:
    """Decorate what emits `function` for arguments of these kinds; `returns` gives the type of the result."""

    class Typing(AbstractTemplate):
        def generic(self, args: tuple[types.Type, ...], kws: Any) -> Any:
            ours = not kws and len(args) == len(arguments) and all(map(isinstance, args, arguments)) and _match(args)
            result = returns(*args) if ours else None
            return result and signature(result, *args)

    infer_global(function)(Typing)
    lowered: Decorator = lower_builtin(function, *arguments)
    return lowered


def _match(args: tuple[types.Type, ...]) -> bool:
    """Return whether all lane values among the arguments are of one type."""
    return len({a for a in args if isinstance(a, LanesType)}) <= 1


def same_lanes(*args: LanesType) -> LanesType:
    """Return the type of a result that is of the arguments' kind."""
    return next(a for a in args if isinstance(a, LanesType))


def mask_of(first: Any, *_: Any) -> MaskType:
    """Return the type of a truth value for each lane of the first argument."""
    return MaskType(first.count)


def lanes_of(array: Any, *_: Any) -> LanesType | None:
    """Return the type of the rows of an array, None where it is none of numbers."""
    return LanesType(array.dtype) if isinstance(array.dtype, types.Float) and array.ndim <= 2 else None


def call_intrinsic(builder: Any, name: str, *args: Any) -> Any:
    """Call an LLVM intrinsic that is overloaded on the type of its arguments."""
    vector = args[0].type
    suffix = f"v{vector.count}{'f32' if vector.element == ir.FloatType() else 'f64'}"
    kind = ir.FunctionType(vector, [a.type for a in args])
    called = builder.module.globals.get(f"llvm.{name}.{suffix}")
    return builder.call(called or ir.Function(builder.module, kind, f"llvm.{name}.{suffix}"), args)


def has_wide_registers(context: Any) -> bool:
    """Return whether the processor that is compiled for has AVX-512: registers of 512 bits, and what works on them."""
    return "+avx512f" in context.codegen().magic_tuple()[2]


def splat(builder: Any, scalar: Any, vector: ir.Type) -> Any:
    """Return a vector with the scalar in every place."""
    single = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None)
    return builder.shuffle_vector(single, ir.Constant(vector, ir.Undefined), zeros)
