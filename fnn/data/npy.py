"""Arrays of .npz files that anyone may have made, zip archives of .npy files: what one claims, then what it holds.

A header is matched by a pattern, so nothing is evaluated, and an array of objects is not read, so nothing is unpickled.
"""

import math
import re
import struct
import zipfile
import zlib
from typing import Any, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

Shape = tuple[int, ...]

# What a zip archive, a header or text that someone made may raise; a recursion error is a runtime error.
DAMAGE = (
    OSError, EOFError, ValueError, RuntimeError, MemoryError, OverflowError, struct.error, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip
# A dict of three literals, as `numpy.save` and its kin in other languages write it, which differ in spaces and commas.
_HEADER = re.compile(
    rb"\{ *'descr': *'([<>|][A-Za-z][0-9]{0,9}(?:\[[0-9A-Za-z]{1,9}\])?)', *'fortran_order': *(True|False), *"
    rb"'shape': *\( *(|[0-9]{1,18} *,|[0-9]{1,18}(?: *, *[0-9]{1,18})+ *,?) *\) *,? *\} *\n?"
)
# Bytes of a header's length, by the format's version; a dict of three literals is shorter than the longest.
_LENGTH_BYTES = {(1, 0): 2, (2, 0): 4}
_LONGEST = 2**16


class Member(NamedTuple):
    """What an array claims to be: its place in the archive, the bytes before its data, dtype, shape; order: C or F."""

    info: zipfile.ZipInfo
    offset: int
    dtype: np.dtype[Any]
    shape: Shape
    order: str

    @property
    def claim(self) -> str:
        """What it claims to be, in words."""
        return claim(self.dtype, self.shape)


def claim(dtype: np.dtype[Any], shape: Shape) -> str:
    """Return in words what such an array is."""
    return f"{'text' if dtype.kind == 'U' else dtype} of shape {shape}"


def read_header(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    """Return what an array of an archive claims to be. Raises one of `DAMAGE`, ValueError for what is no header."""
    with file.open(info) as opened:
        version = npy.read_magic(opened)
        if version not in _LENGTH_BYTES:
            raise ValueError(f"{info.filename} is of version {version}")
        size = _LENGTH_BYTES[version]
        length = int.from_bytes(opened.read(size), "little")
        match = _HEADER.fullmatch(opened.read(min(length, _LONGEST)))
    if match is None:
        raise ValueError(f"{info.filename} is no array of plain numbers or text")
    try:
        dtype = np.dtype(match[1].decode())
    except (TypeError, ValueError):
        raise ValueError(f"{info.filename} is no array of plain numbers or text") from None
    shape = tuple(int(size) for size in match[3].replace(b",", b" ").split())
    return Member(info, npy.MAGIC_LEN + size + length, dtype, shape, "F" if match[2] == b"True" else "C")


def check_size(member: Member) -> None:
    """Refuse an array of objects, and one whose claim disagrees with what the archive says of it. Raises ValueError."""
    name = member.info.filename
    if member.dtype.hasobject:
        raise ValueError(f"{name} holds objects of Python, which are not read")
    if member.offset + math.prod(member.shape) * member.dtype.itemsize != member.info.file_size:
        raise ValueError(f"{name} is not as large as {member.claim}")


def read_member(file: zipfile.ZipFile, member: Member) -> NDArray[Any]:
    """Return an array of an archive, not writable; reading it to its end compares its checksum.

    Raises one of `DAMAGE`.
    """
    data = file.read(member.info)
    return np.frombuffer(data, member.dtype, offset=member.offset).reshape(member.shape, order=member.order)  # type: ignore[call-overload,no-any-return]
