"""How a table of text is written: its encoding, delimiter, quote, decimal and header, given or found by looking."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO

from fnn.data.words import is_missing, is_number, kind_of
from fnn.errors import InvalidSetting

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# In this order: what is valid UTF-8 is hardly ever meant as anything else, and Latin-1 takes every byte.
_ENCODINGS = ("utf-8", "cp1252", "latin-1")
# A comma comes last: where decimal commas stand, or words have commas, each row may have as many of them.
_DELIMITERS = ("\t", ";", "|", ",")
_SAMPLE = 2**16  # so many characters are looked at, all but for the encoding


class Form(NamedTuple):
    """How a table of text is written; None: found by looking at the file. quote "": none."""

    delimiter: str | None = None
    header: bool | None = None
    decimal: str | None = None
    quote: str | None = None
    encoding: str | None = None


class Dialect(NamedTuple):
    """How a table of text is written."""

    delimiter: str
    header: bool
    decimal: str
    quote: str
    encoding: str


def find_dialect(path: Path, form: Form) -> Dialect:
    """Return how a file is written, as the form has it or by looking. Raises InvalidSetting for what is no text."""
    checked = _check(form)
    encoding = checked.encoding or _find_encoding(path)
    lines = _first_lines(path, encoding)
    quote = checked.quote if checked.quote is not None else _find_quote(lines)
    delimiter = checked.delimiter or _find_delimiter(lines, quote)
    rows = _rows(lines, delimiter, quote)
    decimal = checked.decimal or _find_decimal(rows, delimiter)
    header = checked.header if checked.header is not None else _find_header(rows, decimal)
    return Dialect(delimiter, header, decimal, quote, encoding)


def _first_lines(path: Path, encoding: str) -> list[str]:
    """Return whole lines of at least so many characters; of a table with very long ones, enough to compare."""
    with open_text(path, encoding) as file:
        text = file.read(_SAMPLE) + "".join(islice(file, 10))
    return list(StringIO(text, newline=""))  # splits lines as files do, which splitlines does not


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a file of text as the csv reader wants it. Raises InvalidSetting where its bytes are of another encoding."""
    try:
        # What is called UTF-8 may begin with a byte order mark, which is no part of the first name.
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
            yield file
    except UnicodeError:
        raise InvalidSetting("encoding", encoding, f"the encoding of {path}, which has other bytes") from None


def csv_options(delimiter: str, quote: str) -> dict[str, object]:
    """Return the standard library's options for a delimiter and a quote. A quote that is not closed is an error."""
    options = {"delimiter": delimiter, "strict": True, "skipinitialspace": delimiter != " "}
    return options | ({"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE})


def _check(form: Form) -> Form:
    for name, got in (("delimiter", form.delimiter), ("decimal", form.decimal), ("quote", form.quote)):
        if got is None or (name == "quote" and got == ""):
            continue
        if not isinstance(got, str) or len(got) != 1 or got in "\r\n\0":
            raise InvalidSetting(name, got, "one character")
    if form.decimal not in (None, ".", ","):
        raise InvalidSetting("decimal", form.decimal, "a point or a comma")
    if form.delimiter is not None and form.delimiter in (form.quote, form.decimal):
        raise InvalidSetting("delimiter", form.delimiter, "another character than quote and decimal")
    if form.header not in (None, True, False):
        raise InvalidSetting("header", form.header, "true or false")
    try:
        "".encode(form.encoding or "utf-8")
    except (LookupError, TypeError, ValueError):
        raise InvalidSetting("encoding", form.encoding, "an encoding that Python knows, such as utf-8") from None
    return form


# ---- encoding ----


def _find_encoding(path: Path) -> str:
    """Return the encoding of a file of text; all of it is looked at."""
    with path.open("rb") as file:
        start = file.read(4)
        for bom, encoding in _BOMS:
            if start.startswith(bom):
                return encoding
        file.seek(0)
        decoders = {name: codecs.getincrementaldecoder(name)() for name in _ENCODINGS}
        while part := file.read(2**20):
            if _binary(part):
                raise InvalidSetting("data", str(path), "a table of text such as CSV; this file is binary")
            _decode(decoders, part)
        _decode(decoders, b"", final=True)
    return next(iter(decoders))


def _binary(part: bytes) -> bool:
    """Whether bytes have control characters that no text has."""
    return b"\0" in part or len(part.translate(None, _CONTROL)) < len(part)


_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))


def _decode(decoders: dict[str, codecs.IncrementalDecoder], part: bytes, final: bool = False) -> None:
    """Take out of the decoders, before the last, the first ones that cannot decode what comes next."""
    for name in list(decoders):
        try:
            decoders[name].decode(part, final)
        except UnicodeDecodeError:
            del decoders[name]
        else:
            if name == _ENCODINGS[0]:
                return


# ---- rows ----


def _rows(lines: Iterable[str], delimiter: str, quote: str) -> list[list[str]]:
    """Return the rows that are not empty, up to where they cannot be read."""
    return list(_readable(csv.reader(lines, **csv_options(delimiter, quote))))  # type: ignore[arg-type]


def _readable(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from filter(None, reader)
    except csv.Error:
        return


def _find_quote(lines: Iterable[str]) -> str:
    text = "".join(lines)
    single = re.findall(r"(?:^|[\t;|,])'[^'\r\n]*'(?=$|[\t;|,\r])", text, re.MULTILINE)
    return "'" if '"' not in text and single and 2 * len(single) == text.count("'") else '"'


def _find_delimiter(lines: list[str], quote: str) -> str:
    """Return the delimiter that gives each row as many fields, or most rows, or else a comma."""
    best, most = ",", 0.0
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in _rows(lines, delimiter, quote)]
        usual = max(set(widths), key=widths.count, default=1)
        share = widths.count(usual) / len(widths) if usual > 1 else 0.0
        if share > most:
            best, most = delimiter, share
    return best


def _find_decimal(rows: list[list[str]], delimiter: str) -> str:
    """Return a comma where more fields are numbers with one than with a point."""
    if delimiter == ",":
        return "."
    fields = [field for row in rows for field in row]
    commas = sum("," in field and is_number(field, ",") for field in fields)
    points = sum("." in field and is_number(field) for field in fields)
    return "," if commas > points else "."


def _find_header(rows: list[list[str]], decimal: str) -> bool:
    """Whether the first row names the columns.

    It does if a column of numbers begins with a word; without columns of numbers, if all its words differ and none is
    empty, a number, a boolean or a date.
    """
    first, *others = rows or [[]]
    votes = [
        not is_number(word, decimal)
        for word, *column in zip(first, *others, strict=False)
        if not is_missing(word) and _numbers(column, decimal)
    ]
    if votes:
        return any(votes)
    words = [word.strip() for word in first]
    plain = all(word and not is_number(word, decimal) and kind_of([word]) == "text" for word in words)
    return plain and len(set(words)) == len(words)


def _numbers(column: list[str], decimal: str) -> bool:
    """Whether all of the words that are not missing are numbers, and there are some."""
    words = [word for word in column if not is_missing(word)]
    return bool(words) and all(is_number(word, decimal) for word in words)
