"""How a kernel of many parts is compiled: its parts are only lowered, and optimised once, in the entry that calls them.

Numba takes each function for one that might be called by itself: it is optimised, made into machine code, and linked
into each of its callers, where it is optimised again. Parts of a kernel are called by nothing but the kernel. So a
part's library is linked as it was lowered, and an entry's is optimised as a whole, once. Nothing is reassociated in
either way: the bits are the same.

What is used of Numba is not promised by it; it is the same in its versions 0.61 to 0.68. Where it is not there, parts
and entries are compiled as other functions are, which takes twice as long.
"""

import gc
from collections.abc import Callable
from typing import Any

try:
    from numba import _dynfunc
    from numba.core import config
    from numba.core.codegen import CPUCodegen, JITCodeLibrary
    from numba.core.compiler import CompilerBase, DefaultPassBuilder
    from numba.core.compiler_machinery import register_pass
    from numba.core.typed_passes import NativeLowering

    _HOOKS = ("_optimize_functions", "_optimize_final_module", "_finalize_final_module", "_finalize_dynamic_globals")
    _known = all(hasattr(JITCodeLibrary, hook) for hook in _HOOKS) and hasattr(CPUCodegen, "_module_pass_manager")
except ImportError:
    _known = False

# Passes of Numba's that look for what no kernel has: closures, array expressions, `with`, `literal_unroll`, raised
# errors made from values; and those that write notes about the code.
_UNUSED = {
    "inline_closure_likes",
    "make_function_op_code_to_jit_function",
    "nopython_rewrites",
    "inline_overloads",
    "with_lifting",
    "literal_unroll",
    "find_literally",
    "LiteralPropagation",
    "Rewrite dynamic raises",
    "annotate_types",
    "dump_parfor_diagnostics",
}

# Places for numbers and objects in a frame, of 8 bytes each: a little over half of what is a whole power of 2 of bytes.
_PLACES = 2**17 + 2**6


def with_room(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose calls find room for their frames: a megabyte, taken once for each call of it.

    CPython keeps the frames of calls in chunks of 16 kB; it takes one from the system whenever a call does not fit, and
    gives it back when that returns. A compiler that happens to work at the end of one does so 130,000 times, in more
    than a second. A frame of so many places gets a chunk that is twice as large, in which its calls are too.
    """
    function.__code__ = function.__code__.replace(co_stacksize=_PLACES)
    return function


# What to tell `njit` for a part and for an entry.
PART: dict[str, Any] = {}
ENTRY: dict[str, Any] = {}

if _known:

    class _Library(JITCodeLibrary):
        """What is not optimised function by function."""

        def _optimize_functions(self, ll_module: Any) -> None:
            ll_module.data_layout = self._codegen._data_layout  # what the optimiser will need to know

    class PartLibrary(_Library):
        """A part as it was lowered, for entries to link; there is no machine code of it."""

        def _optimize_final_module(self) -> None:
            pass

        def _finalize_final_module(self) -> None:
            self._finalize_dynamic_globals()
            self._finalized = True

    class EntryLibrary(_Library):
        """An entry with all its parts, optimised once. Numba does it twice, to count references less; here are none."""

        def _optimize_final_module(self) -> None:
            # At level 3 kernels would be no faster: their loops are unrolled, and their numbers vectors, as written.
            passes = self._codegen._module_pass_manager(opt=min(config.OPT, 2))
            manager, *builder = passes if isinstance(passes, tuple) else (passes,)  # a pair since Numba 0.62
            manager.run(self._final_module, *builder)

    @register_pass(mutates_CFG=True, analysis_only=False)
    class _PartLowering(NativeLowering):
        _name = "part_lowering"

        def run_pass(self, state: Any) -> bool:
            state.library = PartLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
            state.flags.no_compile = True
            super().run_pass(state)
            lowered = state["cr"]
            # Callers know a part by the function that Python would call. This one is never called: its address is 0.
            name, module = lowered.fndesc.qualname.rpartition(".")[2], lowered.fndesc.lookup_module()
            function = _dynfunc.make_function(module, name, "a part of a kernel", 0, lowered.env, (state.library,))
            state.targetctx.insert_user_function(function, lowered.fndesc, [state.library])
            state["cr"] = lowered._replace(cfunc=function)
            return True

    @register_pass(mutates_CFG=True, analysis_only=False)
    class _EntryLowering(NativeLowering):
        _name = "entry_lowering"

        def run_pass(self, state: Any) -> bool:
            state.library = EntryLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
            state.library.enable_object_caching()
            lowered: bool = super().run_pass(state)
            return lowered

    class _Compiler(CompilerBase):
        """Numba's own sequence of passes, without the unused, and with another lowering."""

        lowering: type[NativeLowering]

        def define_pipelines(self) -> list[Any]:
            manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
            manager.passes = [
                (self.lowering if step is NativeLowering else step, text)
                for step, text in manager.passes
                if step.name() not in _UNUSED
            ]
            manager.finalize()
            return [manager]

    class PartCompiler(_Compiler):
        """What compiles a part."""

        lowering = _PartLowering

    class EntryCompiler(_Compiler):
        """What compiles an entry, and with it the parts that it calls."""

        lowering = _EntryLowering

        @with_room
        def compile_extra(self, func: Any) -> Any:
            """Compile without collecting garbage: a tenth of the time would go into looking through what is in use."""
            collects = gc.isenabled()
            gc.disable()
            try:
                return super().compile_extra(func)
            finally:
                if collects:
                    gc.enable()

    PART = {"pipeline_class": PartCompiler, "no_cfunc_wrapper": True}
    ENTRY = {"pipeline_class": EntryCompiler, "no_cfunc_wrapper": True}
