"""Samples from .npz files that anyone may have made: arrays x (N, I) and, but for predictions, y (N,) or (N, O).

What the headers claim is checked before anything is inflated. An array of objects is refused, so nothing is unpickled.
"""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fnn.checks import fits
from fnn.data.arrays import array_blocks
from fnn.data.blocks import Block
from fnn.data.dialect import Form
from fnn.data.npy import DAMAGE, Member, check_size, read_header, read_member
from fnn.errors import InvalidSetting


def npz_blocks(path: Path, form: Form, rows: int, kinds: Mapping[str, str]) -> Iterator[Block]:  # noqa: ARG001
    """Yield the rows of x and y in columns x1, x2, … and y, or y1, y2, …, at most so many at a time.

    Raises InvalidSetting for what is no such file, and for arrays of other dtypes or shapes than numbers, booleans and
    (y) text of as many rows each, or larger than the memory.
    """
    with _guarded(path), zipfile.ZipFile(path) as file:
        columns = _columns(path, {name: _array(path, file, member) for name, member in _members(file).items()})
    yield from array_blocks(columns, rows)


def count_npz_rows(path: Path) -> int:
    """Return how many rows x has, by its header."""
    with _guarded(path), zipfile.ZipFile(path) as file:
        return int(_members(file)["x"].shape[0])


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    try:
        yield
    except InvalidSetting:
        raise
    except DAMAGE as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise InvalidSetting("data", str(path), f"an .npz file of arrays x and y ({why})") from None


def _members(file: zipfile.ZipFile) -> dict[str, Member]:
    """Return what x and y claim to be, which have to be all there is."""
    infos = file.infolist()
    names = sorted(info.filename.removesuffix(".npy") for info in infos)
    if names not in (["x"], ["x", "y"]):
        raise ValueError(f"it has {', '.join(names[:10]) or 'none'}")
    return {info.filename.removesuffix(".npy"): _member(file, info) for info in infos}


def _member(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    member, name = read_header(file, info), info.filename.removesuffix(".npy")
    check_size(member)
    allowed, sizes = ("buif", (2,)) if name == "x" else ("buifU", (1, 2))
    if member.dtype.kind not in allowed or len(member.shape) not in sizes or 0 in member.shape:
        expected = "numbers (N, I)" if name == "x" else "numbers or text (N,) or (N, O)"
        raise ValueError(f"{name} is {member.dtype} of shape {member.shape}, where {expected} are expected")
    return member


def _array(path: Path, file: zipfile.ZipFile, member: Member) -> NDArray[Any]:
    fits("data", str(path), 2 * member.info.file_size)  # the array, and its columns
    return read_member(file, member)


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
