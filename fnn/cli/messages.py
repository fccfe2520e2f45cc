"""What went wrong, as one line that names what was typed."""

import os
import sqlite3
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import typer

from fnn.errors import InvalidSetting

Parameters = Sequence[Any]
# What a command calls otherwise than the library: a sweep writes its store to --out.
_ALSO = {"store": "out"}


def setting_message(error: InvalidSetting, parameters: Parameters, words: Sequence[str]) -> str:
    """Return what is wrong with a setting, under the option as it was typed; what is no option has its own name.

    parameters: of the command; words: what was typed.
    """
    option = _option(error.name, parameters, words)
    if option is None:
        return str(error)
    expected = f"expected {' '.join(error.expected.split())}"
    if error.got is None:
        return f"{option}: not given; {expected}"
    if isinstance(error.got, bool):  # a flag, of which nothing more was typed
        return f"{option}: {expected}"
    return option + str(error).removeprefix(error.name)


def usage_message(error: typer.TyperException, parameters: Parameters) -> str:
    """Return what is wrong with the words of a command: of an option there is not, the nearest there is."""
    text = error.format_message()
    if unknown := getattr(error, "possibilities", None) is not None and getattr(error, "option_name", None):
        return f"no such option: {unknown}{_nearest(unknown, parameters)}"
    parameter = getattr(error, "param", None)
    if parameter is None or text.startswith("Missing"):
        return text
    name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar
    return f"{name}: {getattr(error, 'message', text)}"


def system_message(error: BaseException) -> str:
    """Return an error of the system: what it is about, and what the system says of it, without its number."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    if isinstance(error, sqlite3.Error):
        return f"{error}; what was committed to the store is kept"
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error) or type(error).__name__
    reason = error.strerror if error.errno is None else os.strerror(error.errno)
    names = " to ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    return f"{names}: {reason}" if names else reason


def _option(name: str, parameters: Parameters, words: Sequence[str]) -> str | None:
    """Return an option by the name of its setting, in the spelling that was typed; None where there is none."""
    options = {p.name.rstrip("_"): p for p in parameters if p.param_type_name == "option"}
    wanted = name.replace("-", "_")
    if parameter := options.get(wanted) or options.get(_ALSO.get(wanted, "")):
        spellings = (*parameter.opts, *parameter.secondary_opts)
        typed = [word.partition("=")[0] for word in words]
        return str(next((spelling for spelling in spellings if spelling in typed), spellings[0]))
    return None


def _nearest(word: str, parameters: Parameters) -> str:
    """Return the option that is nearest to a word, as a question; nothing where none is near."""
    spellings = [spelling for p in parameters for spelling in (*p.opts, *p.secondary_opts)]
    near = get_close_matches(word.lower().replace("_", "-"), spellings, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
