"""Files that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from fnn.errors import InvalidSetting


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to; it takes the place of `path` once all is written, and goes on an error."""
    part = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        if error.filename == str(part):  # who reads it knows the file by the name that was asked for
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def made_folder(name: str, path: Path) -> Iterator[Path]:
    """Make the folder as `writable_folder` does, and take it away again where what goes into it is then refused."""
    absent = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        yield writable_folder(name, path)
    except InvalidSetting:
        with suppress(OSError):  # what someone else has put something into stays
            for folder in absent:
                folder.rmdir()
        raise


def writable_folder(name: str, path: Path) -> Path:
    """Make the folder if it is not there. Raises InvalidSetting under `name` where nothing can be written."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            return path
    except OSError as error:
        raise InvalidSetting(name, str(path), f"a folder that can be written ({error.strerror})") from error
