"""Arrays from an .npz file that anyone may have made: what it claims is checked before any of it is read.

An .npz file is a zip archive of .npy files, which `fnn.data.npy` reads; of what it reads, no more is taken than
`numpy.savez` writes for a model. Members are stored, not compressed, so no file grows beyond its own size in memory.
Nothing is evaluated or unpickled.
"""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.checks import fits
from fnn.data.npy import DAMAGE, Member, Shape, check_size, claim, read_header, read_member
from fnn.errors import InvalidSetting


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
    except DAMAGE as error:
        if isinstance(error, InvalidSetting) and error.got == str(path):
            raise
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InvalidSetting("model", str(path), f"a model.npz of fnn ({why})") from None


def read_text(archive: Archive, name: str) -> str:
    """Return the one text under that name. Raises ValueError."""
    member = _member(archive, name)
    if member.dtype.kind != "U" or member.shape != ():
        raise ValueError(f"{name} is {member.claim}, where a text is expected")
    return archive.file.read(member.info)[member.offset :].decode("utf-32-le").rstrip("\0")


def read_arrays(archive: Archive, expected: Mapping[str, tuple[str, Shape]], *texts: str) -> dict[str, NDArray[Any]]:
    """Return the arrays, none of them writable, that are all there is in the file beside the texts.

    expected: the dtype, as `<f8`, and the shape of each. All are compared before one is read. Raises ValueError.
    """
    for name, (dtype, shape) in expected.items():
        member = _member(archive, name)
        if member.dtype != np.dtype(dtype) or member.shape != shape:
            raise ValueError(f"{name} is {member.claim}, where {claim(np.dtype(dtype), shape)} is expected")
    for name in archive.members:
        if name not in expected and name not in texts:
            raise ValueError(f"{name} is one array too many")
    return {name: read_member(archive.file, archive.members[name]) for name in expected}


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
    return {info.filename.removesuffix(".npy"): _plain_member(file, info) for info in infos}


def _plain_member(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    """Return what an array claims, which has to be what fnn writes."""
    member = read_header(file, info)
    if member.dtype.kind not in "iufU" or not member.dtype.isnative or member.order != "C":
        raise ValueError(f"{info.filename} is no array of plain numbers or text in C order")
    check_size(member)
    return member
