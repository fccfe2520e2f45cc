"""Where in a TOML file each key stands, and its tables read so that what is wrong is said with its line.

`tomllib` says lines for errors of syntax alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from fnn.checks import one_of
from fnn.errors import InvalidSetting

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=(.*)$""")


def positions(text: str) -> dict[Path, int]:
    """Return the line, from 1, of each table and key of a valid TOML file; entries of an array of tables by number.

    What stands inside an inline table or array has no entry: it is where its key is.
    """
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    quote, depth = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not quote and depth == 0:
            if header := _HEADER.match(line):
                table = _resolved(_parts(header[2]), counts, header[1] == "[[")
                found.setdefault(table, number)
                continue
            if key := _KEY.match(line):
                found.setdefault((*table, *_parts(key[1])), number)
                line = key[2]  # noqa: PLW2901
        quote, depth = _open(line, quote, depth)
    return found


def line_of(found: dict[Path, int], path: Path) -> int:
    """Return the line of a path, or of what it stands in: 1 at least."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


def _parts(name: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"""[\w-]+|"[^"]*"|'[^']*'""", name))


def _resolved(parts: Path, counts: dict[Path, int], another: bool) -> Path:
    """Return the path of a table: within the last entry of each array of tables on the way, or in a new entry."""
    path: Path = ()
    for k, part in enumerate(parts):
        path = (*path, part)
        if another and k == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _open(line: str, quote: str, depth: int) -> tuple[str, int]:
    """Return the quotes that a line leaves open, and how many brackets."""
    k = 0
    while k < len(line):
        if quote:
            if quote[0] == '"' and line[k] == "\\":
                k += 1
            elif line.startswith(quote, k):
                k += len(quote) - 1
                quote = ""
        elif line[k] in "\"'":
            quote = line[k] * (3 if line.startswith(line[k] * 3, k) else 1)
            k += len(quote) - 1
        elif line[k] == "#":
            break
        else:
            depth += (line[k] in "[{") - (line[k] in "]}")
        k += 1
    return (quote if len(quote) == 3 else ""), depth


# ---- tables ----


_KIND_WORDS: dict[Any, str] = {
    str: "text", list: "a list", dict: "a table", int: "a whole number", (int, float): "a number",
}  # fmt: skip


class At(NamedTuple):
    """A table of the file with its place in it: what is wrong with it is said with file and line."""

    file: str
    lines: dict[Path, int]
    place: Path
    table: Mapping[str, Any]

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = None, expected: str = "") -> Any:
        """Return the value of a key, of a kind; without a default it has to be there."""
        value = self.table.get(key, default)
        bad = not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)
        if value is not default and bad:
            self.fail(key, value, expected or _KIND_WORDS[kind])
        if value is None:
            self.fail(key, None, expected or _KIND_WORDS[kind])
        return value

    def fail(self, key: str, got: object, expected: str) -> None:
        """Raise InvalidSetting for a key, with file and line."""
        raise InvalidSetting(f"{self.where(key)}: {key}", got, expected)

    def where(self, key: str = "") -> str:
        """Return file and line of a key."""
        return f"{self.file}, line {line_of(self.lines, (*self.place, key))}"

    @contextmanager
    def checking(self, key: str = "") -> Iterator[None]:
        """Say with file and line what an InvalidSetting raised inside says; of a key, or of the one it names."""
        try:
            yield
        except InvalidSetting as error:
            if error.name.startswith(f"{self.file}, line "):
                raise
            said = key or (error.got if error.name == "setting" and isinstance(error.got, str) else error.name)
            raise InvalidSetting(f"{self.where(said)}: {error.name}", error.got, error.expected) from None

    def known(self, names: Sequence[str]) -> None:
        """Refuse keys other than these, with the nearest one."""
        for key in self.table:
            with self.checking(key):
                one_of("key", key, names)

    def choice(self, key: str, names: Sequence[str] | Mapping[str, Any], default: str | None = None) -> str:
        """Return the value of a key that is one of some names."""
        value = self.get(key, str, default)
        with self.checking(key):
            return one_of(key, value, names)

    def inside(self, key: str) -> "At":
        """Return a table within."""
        return self._replace(place=(*self.place, key), table=self.get(key, dict, {}))

    def each(self, key: str) -> "list[At]":
        """Return the tables of an array of tables."""
        entries = self.get(key, list, [])
        for entry in entries:
            if not isinstance(entry, dict):
                self.fail(key, entry, f"tables, each under [[{key}]]")
        return [self._replace(place=(*self.place, key, k), table=entry) for k, entry in enumerate(entries)]
