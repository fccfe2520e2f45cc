"""How kernels are compiled and kept: what the cache's key covers, and that registries and kernel agree."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fnn
from fnn.kernel import arguments, jit

HOUSE = Path(fnn.__file__).parent


def python(code, folder, *arguments):
    """Run code in a process of its own that finds the package in a folder; return what it prints."""
    words = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def copy(tmp_path):
    """A copy of the package, whose sources may be changed and which keeps what it compiles beside them."""
    shutil.copytree(HOUSE, tmp_path / "fnn", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


# ---- the cache's key ----


def imported(path):
    """Return the files of the package that a module imports, at its top or inside."""
    files = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "fnn":
            base = HOUSE / node.module.partition(".")[2].replace(".", "/")
            files |= {f for name in node.names if (f := base / f"{name.name}.py").exists()}
            files |= {f for f in (base.with_suffix(".py"),) if f.exists()}
    return files


def test_the_key_covers_all_that_a_kernel_is_made_of():
    """Whatever the modules of the kernel import, and what that imports, are among the sources."""
    reached, waiting = set(), set((HOUSE / "kernel").glob("*.py"))
    while waiting:
        reached |= waiting
        waiting = set().union(*map(imported, waiting)) - reached
    assert reached <= set(jit.SOURCES)
    assert HOUSE / "rng.py" in reached
    assert HOUSE / "network" / "activations.py" in reached


def test_a_change_in_any_source_is_another_key(copy):
    code = """
import sys
from pathlib import Path
from fnn.kernel import jit
keys = [jit.sources_digest()]
for path in jit.SOURCES:
    text = path.read_text()
    path.write_text(text + "# changed")
    jit.sources_digest.cache_clear()
    keys.append(jit.sources_digest())
    path.write_text(text)
jit.sources_digest.cache_clear()
print(len(jit.SOURCES), len(set(keys)), keys[0] == jit.sources_digest())
"""
    count = len(jit.SOURCES)
    assert count > 15
    assert python(code, copy).split() == [str(count), str(count + 1), "True"]


def test_what_is_kept_bears_the_key_in_its_name():
    code = (
        "import fnn; fnn.train(fnn.Config(epochs=1), *fnn.data.xor4()); from fnn.kernel.epoch import train_into as t;"
    )
    assert jit.sources_digest() in python(code + "print(t._cache._impl.filename_base)", HOUSE.parent)


TRAIN = """
import fnn
r = fnn.train(fnn.Config(activation="tanh", epochs=5), *fnn.data.xor4())
from fnn.kernel.units_epoch import train_units_into
stats = train_units_into.stats
print(r.loss[0], sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


@pytest.mark.slow
def test_the_cache_notices_a_change_in_what_the_kernel_calls(copy):
    """A copy of the package whose tanh is made wrong after its kernel was cached must train with the wrong one."""
    loss, *counts = python(TRAIN, copy).split()
    assert counts == ["0", "1"]
    assert python(TRAIN, copy).split() == [loss, "1", "0"]
    file = copy / "fnn" / "kernel" / "simd_math.py"
    file.write_text(file.read_text().replace("return t / (t + constant(z, 2.0, 2.0))", "return t"))
    other, *counts = python(TRAIN, copy).split()
    assert counts == ["0", "1"]
    assert other != loss


@pytest.mark.slow
def test_a_cache_written_under_other_groups_of_arguments_does_not_break_a_start(copy):
    """What is kept names the classes of its arguments: here one is called otherwise, and has its fields otherwise."""
    for path in (copy / "fnn").rglob("*.py"):
        path.write_text(re.sub(r"\bRules\b", "Choices", path.read_text()))
    loss, *_ = python(TRAIN, copy).split()
    for path in (copy / "fnn").rglob("*.py"):
        path.write_text(re.sub(r"\bChoices\b", "Rules", path.read_text()))
    assert python(TRAIN, copy).split() == [loss, "0", "1"]


@pytest.mark.slow
def test_where_nothing_can_be_written_the_kernel_is_compiled_all_the_same():
    code = """
from numba.core import caching
def refuse(self): raise PermissionError("read-only")
caching._CacheLocator.ensure_cache_path = refuse
import fnn
from fnn.kernel.units_epoch import train_units_into
print(fnn.train(fnn.Config(epochs=1), *fnn.data.xor4()).loss[0], type(train_units_into._cache).__name__)
"""
    loss, cache = python(code, HOUSE.parent).split()
    assert cache == "NullCache"
    assert float(loss) == fnn.train(fnn.Config(epochs=1), *fnn.data.xor4()).loss[0]


# ---- registries and kernel ----


REGISTRIES = {
    "activations": ("ACTIVATIONS", "activations"),
    "losses": ("LOSSES", "losses"),
    "losses ": ("REDUCTIONS", "losses"),
    "losses  ": ("ERRORS", "losses"),
    "optimizers": ("OPTIMIZERS", "optimizers"),
    "optimizers ": ("BIAS_CORRECTIONS", "optimizers"),
    "optimizers  ": ("EPSILON_PLACES", "optimizers"),
    "layers": ("LAYER_KINDS", "layers"),
}


@pytest.mark.parametrize(("registry", "module"), REGISTRIES.values())
def test_an_entry_that_the_kernel_does_not_know_is_told_at_import(registry, module):
    code = f"""
from fnn.network.{module} import {registry}
{registry}["another"] = next(iter({registry}.values()))
try:
    import fnn.kernel.{module}
except ImportError as error:
    print(error)
"""
    assert "another" in python(code, HOUSE.parent)


def test_an_entry_that_the_registry_has_not_is_told_too():
    with pytest.raises(ImportError, match="the kernel knows one, two; the registry has one"):
        arguments.codes({"one": 1}, "one", "two")


# ---- arguments ----


def is_command(function):
    """Return whether a function is a command, whose parameters are annotated as options."""
    return any(a.annotation and "Annotated" in ast.dump(a.annotation) for a in function.args.args)


def test_no_function_takes_more_than_ten_arguments():
    functions = [
        (path, node)
        for path in HOUSE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert len(functions) > 500
    for path, function in functions:
        taken = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        names = [a.arg for a in taken if a.arg not in ("self", "cls")]
        where = f"{path.relative_to(HOUSE)}: {function.name} takes {len(names)}"
        # Of an estimator scikit-learn reads the settings off its constructor's arguments.
        is_estimator = path.parent.name == "sklearn" and function.name == "__init__"
        assert len(names) <= 10 or is_command(function) or is_estimator, where


def test_groups_hold_at_most_ten_fields():
    groups = [value for value in vars(arguments).values() if isinstance(value, type) and issubclass(value, tuple)]
    assert {group.__name__: len(group._fields) for group in groups if len(group._fields) > 10} == {}
    assert len(groups) > 5
