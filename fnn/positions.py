"""Where in a TOML file each key stands: `tomllib` says it for errors of syntax alone."""

import re

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
