"""What is installed: the wheel, an editable install, and a clone without either."""

import json
import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OFFLINE = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")


def run(*words, folder, **environment):
    """Run a process with a bare PATH and nothing else of this environment, and give it when it is done."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment}
    words = [str(word) for word in words]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def pip(*words):
    done = subprocess.run([sys.executable, "-m", "pip", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of what is installed from, for building leaves folders behind. `fnn/bench` stays a link."""
    folder = tmp_path_factory.mktemp("source")
    for package in ("fnn", "bench"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, folder / package, symlinks=True, ignore=ignored)
    for name in ("cli.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def link_packages(folder):
    """Link into a folder what this environment has but `fnn`, be it installed or editable."""
    for packages in map(Path, site.getsitepackages()):
        for path in packages.iterdir():
            if "fnn" not in path.name and path.suffix != ".pth" and path.name != "__pycache__":
                (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", *OFFLINE, "--wheel-dir", folder, source)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_has_fnn_at_its_top_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    top = {name.partition("/")[0] for name in names}
    assert top == {"fnn", next(name for name in top if name.endswith(".dist-info"))}
    bench = {path.relative_to(ROOT).as_posix() for path in (ROOT / "bench").rglob("*") if path.suffix in (".py", ".c")}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "fnn").rglob("*.py")}
    studies = {path.relative_to(ROOT).as_posix() for path in (ROOT / "fnn" / "studies").glob("*.toml")}
    page = {path.relative_to(ROOT).as_posix() for path in (ROOT / "fnn" / "play").iterdir() if path.suffix == ".js"}
    data = {"fnn/py.typed", "fnn/report/page.css", "fnn/report/chart.css", "fnn/play/page.css", *studies, *page}
    expected = {f"fnn/{name}" for name in bench} | modules | data
    assert {name for name in names if name.startswith("fnn/")} == expected


@pytest.mark.slow
def test_the_wheel_works_from_an_empty_folder(wheel, tmp_path):
    pip("install", *OFFLINE, "--target", tmp_path / "site", wheel)
    folder = tmp_path / "empty"
    folder.mkdir()
    environment = {"PYTHONPATH": str(tmp_path / "site"), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    command = (sys.executable, tmp_path / "site" / "bin" / "fnn")
    done = run(*command, "train", "--data", "linear", "--backend", "numpy", folder=folder, **environment)
    assert done.returncode == 0, done.stderr
    assert "\n100 " in done.stdout
    words = ("bench", "--work", "size", "--networks", "1", "--cap", "60", "--json", "--out", "here")
    done = run(*command, *words, folder=folder, **environment)
    assert done.returncode == 0, done.stderr
    assert any(row["contender"] == "fnn" and row["seconds"] for row in json.loads(done.stdout)["rows"])
    assert (folder / "here" / "results.json").exists()
    where = run(sys.executable, "-c", "import fnn; print(fnn.__file__)", folder=folder, **environment).stdout
    assert Path(where.strip()) == tmp_path / "site" / "fnn" / "__init__.py"


def test_an_editable_install_has_the_command_and_the_benchmark(source, tmp_path):
    venv.create(tmp_path / "venv", symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    (packages,) = (tmp_path / "venv").glob("lib/python3*/site-packages")
    link_packages(packages)  # so that nothing is downloaded
    done = run(python, "-m", "pip", "install", *OFFLINE, "--editable", source, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    where = "import fnn.bench.suite, fnn.cli.main; print(fnn.bench.__file__, fnn.cli.__file__)"
    done = run(python, "-c", where, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [Path(path).resolve() for path in done.stdout.split()] == [
        source / "bench" / "__init__.py",
        source / "fnn" / "cli" / "__init__.py",
    ]
    done = run(tmp_path / "venv" / "bin" / "fnn", "bench", "--runs", "1", folder=tmp_path)
    assert (done.returncode, done.stderr.partition(":")[0]) == (2, "fnn")
    assert "--runs: got 1; expected a whole number of at least 5" in done.stderr


def test_a_clone_needs_no_installation(source, tmp_path):
    (tmp_path / "packages").mkdir()
    packages = str(link_packages(tmp_path / "packages"))
    for words, environment in (
        ((source / "cli.py", "--version"), {"PYTHONPATH": packages}),
        (("-m", "fnn", "--version"), {"PYTHONPATH": os.pathsep.join((str(source), packages))}),
    ):
        done = run(sys.executable, "-S", *words, folder=tmp_path, **environment)
        assert done.stdout.startswith("fnn "), done.stderr


def test_without_the_benchmark_its_command_says_how_to_get_it(source, tmp_path):
    shutil.copytree(source / "fnn", tmp_path / "fnn", ignore=shutil.ignore_patterns("bench"))
    shutil.copytree(source / "fnn" / "cli", tmp_path / "fnn" / "cli", dirs_exist_ok=True)
    (tmp_path / "packages").mkdir()
    packages = link_packages(tmp_path / "packages")
    done = run(sys.executable, "-S", "-m", "fnn", "bench", folder=tmp_path, PYTHONPATH=str(packages))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "fnn: bench: fnn.bench is not installed here; pip install . in a clone of fnn installs it\n"
