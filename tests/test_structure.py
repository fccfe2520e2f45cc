"""The house: what imports what, and what is imported when."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import fnn

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "fnn"


def module_or_room(path):
    """Whether a dotted name within `fnn`, with slashes for dots, is a module or a package."""
    return (HOUSE / f"{path}.py").exists() or (HOUSE / path / "__init__.py").exists()


def imports(path, room):
    """Return the modules of `fnn` that a file imports, wherever in it; room: the package it stands in, "" for fnn."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found |= {"/".join(parts[1:]) for parts in names if parts[0] == "fnn" and len(parts) > 1}
        elif isinstance(node, ast.ImportFrom):
            parts = (node.module or "").split(".")
            if node.level == 0 and parts[0] != "fnn":
                continue
            inside = "/".join(filter(None, [room, *parts] if node.level else parts[1:]))
            inner = {"/".join(filter(None, (inside, alias.name))) for alias in node.names}
            modules = {name for name in inner if module_or_room(name)}
            found |= modules | ({inside} if inside and len(modules) < len(inner) else set())
    return found


def reading_order(path):
    """Return the reading order at the end of a package's docstring."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).strip().rpartition("\n\n")[2].split()


def rooms():
    """Yield the modules of `fnn` in reading order, as paths in it: a package's are in the order it gives."""
    (order,) = re.findall(r"\n\n((?:[a-z_]+[ \n])+)\n", fnn.__doc__)
    for name in order.split():
        folder = HOUSE / name
        if folder.is_dir():
            inside = reading_order(folder / "__init__.py")
            assert sorted(inside) == sorted(p.stem for p in folder.glob("*.py") if p.stem != "__init__"), name
            yield from (f"{name}/{module}" for module in inside)
        yield name


def file_of(name):
    """Return the file of a module or a package."""
    path = HOUSE / f"{name}.py"
    return path if path.exists() else HOUSE / name / "__init__.py"


def test_what_stands_in_a_room_imports_only_what_comes_before_it():
    order = list(rooms())
    there = {path.relative_to(HOUSE) for pattern in ("*.py", "*/*.py") for path in HOUSE.glob(pattern)}
    assert {file_of(name).relative_to(HOUSE) for name in order} == there - {Path("__init__.py")}
    for place, name in enumerate(order):
        path = file_of(name)
        room = name if path.stem == "__init__" else name.rpartition("/")[0]
        later = imports(path, room) & set(order[place:])
        assert not later, f"{name} imports {later}, which comes after it"


def test_imports_are_seen_however_they_are_written(tmp_path):
    (tmp_path / "module.py").write_text(
        "import fnn\nimport fnn.rng\nfrom fnn import data\nfrom fnn.config import Config\nimport numpy\n"
        "def later():\n    from .peak import peak\n    from fnn.sweeps import query, grid\n"
    )
    seen = {"rng", "data", "config", "bench/peak", "sweeps/query", "sweeps/grid"}
    assert imports(tmp_path / "module.py", "bench") == seen


def python(code, folder):
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_the_numpy_path_needs_neither_numba_nor_scipy(tmp_path):
    code = """
import sys
sys.modules["numba"] = sys.modules["scipy"] = None  # importing them fails from now on
from fnn.cli.main import run
words = ["train", "--data", "xor", "--backend", "numpy"]
codes = [run([*words, *more]) for more in (["--no-plots"], ["--seeds", "20"])]
sys.exit(max(codes))
"""
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "\n21 " in done.stdout
    assert "solved            " in done.stdout
    assert (tmp_path / "fnn-xor" / "decision-boundary.png").exists()


def test_help_imports_nothing_slow(tmp_path):
    code = """
import sys
from fnn.cli.main import run
assert run(["--help"]) == 0
slow = {"matplotlib", "numba", "scipy", "rich.progress", "fnn.bench"} & set(sys.modules)
sys.exit(f"imported: {slow}" if slow else 0)
"""
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "train" in done.stdout


def test_training_without_figures_imports_nothing_that_it_does_not_use(tmp_path):
    code = """
import sys
from fnn.cli.main import run
assert run(["train", "--data", "linear", "--epochs", "1", "--no-plots"]) == 0
idle = {"matplotlib", "scipy.linalg", "numpy.f2py", "rich", "fnn.bench"} & set(sys.modules)
sys.exit(f"imported: {idle}" if idle else 0)
"""
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr


def test_linear_algebra_is_compiled_as_ever_beside_a_kernel(tmp_path):
    """Numba looks for SciPy's linear algebra when it loads, and is not let: others who compile must still get it."""
    code = """
import numpy as np
import fnn.kernel.epoch
from numba import njit
a = np.arange(6.0).reshape(2, 3)
assert np.allclose(njit(lambda a: np.cov(a))(a), np.cov(a))
assert np.allclose(njit(lambda a: np.linalg.inv(a @ a.T))(a), np.linalg.inv(a @ a.T))
"""
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_package_alone_loads_no_room(tmp_path):
    code = """
import sys
import fnn
rooms = [name for name in sys.modules if name.startswith("fnn.")]
sys.exit(f"imported: {rooms}" if rooms or "numpy" in sys.modules else 0)
"""
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr
