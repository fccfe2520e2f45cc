"""From settings and points to the file of a page."""

from collections.abc import Sequence
from pathlib import Path

from fnn.errors import InvalidSetting
from fnn.files import replacing
from fnn.play.frames import MOST_BYTES, Fidelity
from fnn.play.page import page
from fnn.play.points import Points
from fnn.play.recording import Recording


def writable_page(name: str, path: Path) -> Path:
    """Return the path of a page if it can be written there. Raises InvalidSetting under `name` where not."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise InvalidSetting(name, str(path), "a file that ends in .html")
    if not path.parent.is_dir():
        raise InvalidSetting(name, str(path), "a file in a folder that is there")
    if path.is_dir():
        raise InvalidSetting(name, str(path), "a file; this is a folder")
    return path


def write_page(path: Path, points: Points, recordings: Sequence[Recording], fidelity: Fidelity) -> int:
    """Write the page of these networks; return its bytes, which are fewer than `MOST_BYTES`."""
    text = page(points, recordings, fidelity).encode()
    assert len(text) <= MOST_BYTES, len(text)  # which `fidelity_for` has seen to
    with replacing(path) as part:
        part.write_bytes(text)
    return len(text)
