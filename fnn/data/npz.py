"""Samples from .npz files that anyone may have made: arrays x (N, I) and, but for predictions, y (N,) or (N, O).

What the headers claim is checked before anything is inflated. An array of objects is refused, so nothing is unpickled.
"""

import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from fnn.checks import fits
from fnn.data.arrays import array_blocks
from fnn.data.blocks import Block
from fnn.data.dialect import Form
from fnn.errors import InvalidSetting

# What a zip archive or a header that someone made may raise; a recursion error is a runtime error.
_DAMAGE = (
    OSError, EOFError, ValueError, TypeError, RuntimeError, MemoryError, OverflowError, SyntaxError,
    struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def npz_blocks(path: Path, form: Form, rows: int, kinds: Mapping[str, str]) -> Iterator[Block]:  # noqa: ARG001
    """Yield the rows of x and y in columns x1, x2, … and y, or y1, y2, …, at most so many at a time.

    Raises InvalidSetting for what is no such file, and for arrays of other dtypes or shapes than numbers, booleans and
    (y) text of as many rows each, or larger than the memory.
    """
    with _guarded(path), zipfile.ZipFile(path) as file:
        columns = _columns(path, {name: _array(path, file, info) for name, info in _members(file).items()})
    yield from array_blocks(columns, rows)


def count_npz_rows(path: Path) -> int:
    """Return how many rows x has, by its header."""
    with _guarded(path), zipfile.ZipFile(path) as file:
        return int(_header(file, _members(file)["x"])[0][0])


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    try:
        yield
    except InvalidSetting:
        raise
    except _DAMAGE as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise InvalidSetting("data", str(path), f"an .npz file of arrays x and y ({why})") from None


def _members(file: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return x and y, which have to be all there is."""
    infos = file.infolist()
    names = sorted(info.filename.removesuffix(".npy") for info in infos)
    if names not in (["x"], ["x", "y"]):
        raise ValueError(f"it has {', '.join(names[:10]) or 'none'}")
    for info in infos:
        shape, dtype = _header(file, info)
        name = info.filename.removesuffix(".npy")
        allowed, sizes = ("buif", (2,)) if name == "x" else ("buifU", (1, 2))
        if dtype.kind not in allowed or len(shape) not in sizes or 0 in shape:
            expected = "numbers (N, I)" if name == "x" else "numbers or text (N,) or (N, O)"
            raise ValueError(f"{name} is {dtype} of shape {shape}, where {expected} are expected")
    return {info.filename.removesuffix(".npy"): info for info in infos}


def _header(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return what an array claims to be, once that agrees with the size its member has."""
    with file.open(info) as opened:
        version = npy.read_magic(opened)
        if version not in _HEADERS:
            raise ValueError(f"{info.filename} is of version {version}")
        shape, _, dtype = _HEADERS[version](opened)
        if dtype.hasobject:
            raise ValueError(f"{info.filename} holds objects of Python, which are not read")
        if any(size < 0 for size in shape) or opened.tell() + math.prod(shape) * dtype.itemsize != info.file_size:
            raise ValueError(f"{info.filename} is not as large as {dtype} of shape {shape}")
    return shape, dtype


def _array(path: Path, file: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    fits("data", str(path), 2 * info.file_size)  # the array, and its columns
    with file.open(info) as opened:
        return np.asarray(npy.read_array(opened, allow_pickle=False))


def _columns(path: Path, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    x = arrays["x"]
    columns = {f"x{place}": column for place, column in enumerate(x.T, 1)}
    if "y" in arrays:
        y = arrays["y"] if arrays["y"].ndim == 2 else arrays["y"][:, None]
        if len(y) != len(x):
            shapes = f"{x.shape} and {arrays['y'].shape}"
            raise InvalidSetting("data", str(path), f"x and y of as many rows; their shapes are {shapes}")
        columns |= {"y": y[:, 0]} if y.shape[1] == 1 else {f"y{place}": column for place, column in enumerate(y.T, 1)}
    return columns
