"""The line of each key of a TOML file, and its tables read so that an error names the line.

`tomllib` gives lines for errors of syntax alone.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

from fnn.checks import one_of
from fnn.errors import InvalidSetting

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=(.*)$""")


def line_numbers(text: str) -> dict[Path, int]:
    """Return the line, from 1, of each table and key of a valid TOML file; entries of an array of tables by number.

    What stands inside an inline table or array has no entry: it is where its key is.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    quote, depth = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if not quote and depth == 0:
            if header := _HEADER.match(line):
                table = _table_path(_names(header[2]), counts, header[1] == "[[")
                lines.setdefault(table, number)
                continue
            if key := _KEY.match(line):
                lines.setdefault((*table, *_names(key[1])), number)
                line = key[2]  # noqa: PLW2901
        quote, depth = _unclosed(line, quote, depth)
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Return the line of a path, or of what it stands in: 1 at least."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _names(name: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"""[\w-]+|"[^"]*"|'[^']*'""", name))


def _table_path(names: Path, counts: dict[Path, int], new_entry: bool) -> Path:
    """Return the path of a table: within the last entry of each array of tables on the way, or in a new entry."""
    path: Path = ()
    for k, name in enumerate(names):
        path = (*path, name)
        if new_entry and k == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _unclosed(line: str, quote: str, depth: int) -> tuple[str, int]:
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


class TomlTable(NamedTuple):
    """A table of the file with its path in it, so that errors name file and line. lines: of all paths of the file."""

    file: str
    lines: dict[Path, int]
    path: Path
    values: Mapping[str, Any]

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """Return the value of a key, of a kind; without a default it has to be there."""
        value = self.values.get(key, default)
        wrong = not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)
        if value is None or (value is not default and wrong):
            self.fail(key, value, _KIND_WORDS[kind])
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """Return the value of a key that is a finite number, whole or not."""
        value: float = self.get(key, (int, float), default)
        try:
            finite = math.isfinite(value)
        except OverflowError:  # a whole number that no float holds
            finite = False
        if not finite:
            self.fail(key, value, "a finite number")
        return value

    def line(self, key: str) -> str:
        """Return the value of a key that is text in one line, as a name in an error message has to be."""
        text: str = self.get(key, str)
        if text.splitlines() != [text]:
            self.fail(key, text, "a line of text")
        return text

    def fail(self, key: str, got: object, expected: str) -> NoReturn:
        """Raise InvalidSetting for a key, with file and line."""
        raise InvalidSetting(f"{self.where(key)}: {key}", got, expected)

    def where(self, key: str = "") -> str:
        """Return file and line of a key."""
        return f"{self.file}, line {line_of(self.lines, (*self.path, key))}"

    @contextmanager
    def locating(self, key: str = "") -> Iterator[None]:
        """Give an InvalidSetting raised inside the file and line of the key, or of the one that it names."""
        try:
            yield
        except InvalidSetting as error:
            if error.name.startswith(f"{self.file}, line "):
                raise
            named = key or (error.got if error.name == "setting" and isinstance(error.got, str) else error.name)
            raise InvalidSetting(f"{self.where(named)}: {error.name}", error.got, error.expected) from None

    def refuse_other_keys(self, names: Sequence[str]) -> None:
        """Raise InvalidSetting for a key that is none of these, with the nearest one."""
        for key in self.values:
            with self.locating(key):
                one_of("key", key, names)

    def choice(self, key: str, names: Sequence[str] | Mapping[str, Any], default: str | None = None) -> str:
        """Return the value of a key that is one of some names."""
        value = self.get(key, str, default)
        with self.locating(key):
            return one_of(key, value, names)

    def table(self, key: str) -> "TomlTable":
        """Return a table within; an empty one where the key is not there."""
        return self._replace(path=(*self.path, key), values=self.get(key, dict, {}))

    def tables(self, key: str) -> "list[TomlTable]":
        """Return the tables of an array of tables."""
        entries = self.get(key, list, [])
        for entry in entries:
            if not isinstance(entry, dict):
                self.fail(key, entry, f"tables, each under [[{key}]]")
        return [self._replace(path=(*self.path, key, k), values=entry) for k, entry in enumerate(entries)]
