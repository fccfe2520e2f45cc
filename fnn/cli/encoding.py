"""Text for streams whose encoding lacks letters: `−` becomes `-`, `×` becomes `x`, and nothing becomes a traceback."""

import codecs
import sys
import unicodedata
from typing import Any, TextIO

# The name of the error handler, as `codecs` knows it.
HANDLER = "fnn.plain"

_PLAIN = {
    "−": "-", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "·": "*", "•": "*", "×": "x", "√": "sqrt",
    "≤": "<=", "≥": ">=", "±": "+-", "→": "->", "←": "<-", "…": "...", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
    "π": "pi", "Σ": "sum", "α": "alpha", "β": "beta", "δ": "delta", "λ": "lambda", "μ": "mu", "ε": "epsilon",
    "∞": "inf", "½": "1/2", "ß": "ss", "─": "-", "━": "-", "│": "|", "╭": "+", "╮": "+", "╰": "+", "╯": "+",
    "╸": "-", "╺": "-",
}  # fmt: skip


def plain(text: str, encoding: str | None) -> str:
    """Return text with what an encoding lacks put in other letters; `?` where there are none. None: it has all."""
    try:
        text.encode(encoding or "utf-8")
        return text
    except UnicodeEncodeError:
        return "".join(_plain(letter, encoding or "utf-8") for letter in text)


def prepare(stream: TextIO) -> None:
    """Let a stream take any text, whatever its encoding; a stream of someone's own is left as it is."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors=HANDLER)


def echo(text: str, err: bool = False) -> None:
    """Print a line at once. (Typer's `echo` writes UTF-8 to a terminal of ASCII, which cannot show it.)"""
    print(text, file=sys.stderr if err else sys.stdout, flush=True)


def data_stream() -> TextIO:
    """Return stdout for data, which are UTF-8 wherever they go: other letters would be other data."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    return sys.stdout


def plain_help(command: Any, encoding: str | None) -> None:
    """Put the help of a command and of its own commands in letters of an encoding, a line each paragraph.

    So it is set in columns by what it takes of them. A flag takes no value, and is not shown with one.
    """
    for holder in (command, *command.params):
        for name in ("help", "short_help", "metavar"):
            if isinstance(text := getattr(holder, name, None), str):
                paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
                setattr(holder, name, plain("\n\n".join(paragraphs), encoding))
        if getattr(holder, "is_flag", False):
            holder.metavar = ""
    for inner in getattr(command, "commands", {}).values():
        plain_help(inner, encoding)


def _plain(letter: str, encoding: str) -> str:
    for text in (letter, _PLAIN.get(letter, ""), unicodedata.normalize("NFKD", letter)):
        kept = text.encode(encoding, "ignore").decode(encoding)
        if kept and (text == kept or text != letter):
            return kept
    return "?"


def _handle(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    # Of most encodings Python says no more here than that they are a table: what all of them have is ASCII.
    return "".join(_plain(letter, "ascii") for letter in error.object[error.start : error.end]), error.end


codecs.register_error(HANDLER, _handle)
