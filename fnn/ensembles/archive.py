"""Arrays from an .npz file that anyone may have made: what it claims is checked before any of it is read.

An .npz file is a zip archive of .npy files, and `numpy.savez` writes both in one form, which is all that is taken.
Members are stored, not compressed, so no file grows beyond its own size in memory. A header is matched by a pattern,
so nothing is evaluated, and an array of objects has no place in it, so nothing is unpickled.
"""

import math
import re
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from fnn.checks import fits
from fnn.errors import InvalidSetting

Shape = tuple[int, ...]

# What `numpy.save` writes for an array in C order: a dict of three literals, padded with spaces to a multiple of 64.
_HEADER = re.compile(
    rb"\{'descr': '([<|][A-Za-z][0-9]{0,9})', 'fortran_order': False, "
    rb"'shape': \((|[0-9]{1,18},|[0-9]{1,18}(?:, [0-9]{1,18})+)\), \} *\n"
)
# What a zip archive, a header or JSON that someone made may raise; a recursion error is a runtime error.
_DAMAGE = (OSError, EOFError, ValueError, RuntimeError, MemoryError, OverflowError, struct.error, zipfile.BadZipFile)


class Member(NamedTuple):
    """What an array claims to be: its place in the zip archive, the bytes before its data, its dtype and its shape."""

    info: zipfile.ZipInfo
    offset: int
    dtype: np.dtype[Any]
    shape: Shape


class Archive(NamedTuple):
    """An open .npz file whose claims agree with each other and with the file's size."""

    file: zipfile.ZipFile
    members: dict[str, Member]


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open an .npz file without reading its arrays.

    Raises InvalidSetting for what is no such file, and for what goes wrong in the block: as setting `model`, with
    the path and one line of what is wrong.
    """
    try:
        if path.exists() and not path.is_file():
            raise ValueError("this is no file")
        with zipfile.ZipFile(path) as file:
            yield Archive(file, _members(path, file))
    except FileNotFoundError:
        raise InvalidSetting("model", str(path), "a file that is there") from None
    except _DAMAGE as error:
        if isinstance(error, InvalidSetting) and error.got == str(path):
            raise
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InvalidSetting("model", str(path), f"a model.npz of fnn ({why})") from None


def read_text(archive: Archive, name: str) -> str:
    """Return the one text under that name. Raises ValueError."""
    member = _member(archive, name)
    if member.dtype.kind != "U" or member.shape != ():
        raise ValueError(f"{name} is {_claim(member.dtype, member.shape)}, where a text is expected")
    return archive.file.read(member.info)[member.offset :].decode("utf-32-le").rstrip("\0")


def read_arrays(archive: Archive, expected: Mapping[str, tuple[str, Shape]], *texts: str) -> dict[str, NDArray[Any]]:
    """Return the arrays, none of them writable, that are all there is in the file beside the texts.

    expected: the dtype, as `<f8`, and the shape of each. All are compared before one is read. Raises ValueError.
    """
    for name, (dtype, shape) in expected.items():
        member = _member(archive, name)
        if member.dtype != np.dtype(dtype) or member.shape != shape:
            claim = _claim(member.dtype, member.shape)
            raise ValueError(f"{name} is {claim}, where {_claim(np.dtype(dtype), shape)} is expected")
    for name in archive.members:
        if name not in expected and name not in texts:
            raise ValueError(f"{name} is one array too many")
    return {name: _array(archive, archive.members[name]) for name in expected}


def _member(archive: Archive, name: str) -> Member:
    if name not in archive.members:
        raise ValueError(f"it has no {name}")
    return archive.members[name]


def _members(path: Path, file: zipfile.ZipFile) -> dict[str, Member]:
    """Return the members by name, once their sizes agree with what the file can hold and with their headers."""
    infos = file.infolist()
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & 1:
            raise ValueError(f"{info.filename} is compressed or encrypted")
        if not info.filename.endswith(".npy"):
            raise ValueError(f"{info.filename} is no array")
    if len({info.filename for info in infos}) < len(infos):
        raise ValueError("two arrays have one name")
    total = sum(info.file_size for info in infos)
    if total > path.stat().st_size:
        raise ValueError("it claims more than the file holds")
    fits("model", str(path), total)
    return {info.filename.removesuffix(".npy"): _read_header(file, info) for info in infos}


def _read_header(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    """Return what an array's header claims."""
    name = info.filename
    with file.open(info) as opened:
        if npy.read_magic(opened) != (1, 0):
            raise ValueError(f"{name} is of a version that fnn does not write")
        length = int.from_bytes(opened.read(2), "little")
        match = _HEADER.fullmatch(opened.read(length))
    dtype = _plain_dtype(match[1].decode()) if match else None
    if match is None or dtype is None:
        raise ValueError(f"{name} is no array of plain numbers or text in C order")
    shape = tuple(int(size) for size in match[2].replace(b",", b"").split())
    offset = npy.MAGIC_LEN + 2 + length
    if offset + math.prod(shape) * dtype.itemsize != info.file_size:
        raise ValueError(f"{name} is not as large as {_claim(dtype, shape)}")
    return Member(info, offset, dtype, shape)


def _plain_dtype(word: str) -> np.dtype[Any] | None:
    """Return the dtype of whole numbers, floating-point numbers or text that a header names, None for others."""
    try:
        dtype = np.dtype(word)
    except (TypeError, ValueError):
        return None
    return dtype if dtype.kind in "iufU" else None


def _claim(dtype: np.dtype[Any], shape: Shape) -> str:
    return f"{'text' if dtype.kind == 'U' else dtype.name} of shape {shape}"


def _array(archive: Archive, member: Member) -> NDArray[Any]:
    """Return a member's array; reading it to its end compares its checksum."""
    data = archive.file.read(member.info)
    return np.frombuffer(data, member.dtype, offset=member.offset).reshape(member.shape)
