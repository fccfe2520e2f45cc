"""Options: one for every field of `Config`, with alternatives where a command takes several, and their parsers."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import Field, fields
from functools import partial
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import typer

from fnn.config import Config
from fnn.formats import setting

T = TypeVar("T")

data_option = partial(typer.Option, rich_help_panel="Data")
run_option = partial(typer.Option, rich_help_panel="Run")
rows_option = partial(typer.Option, rich_help_panel="Rows")


def config_options(command: Callable[..., None], *, several: bool = False) -> Callable[..., None]:
    """Give a command an option for every field of Config; it receives their values as the dict `settings`.

    several: each but the seed takes alternatives with commas between; `settings` has a list for each that is given.
    """
    signature = inspect.signature(command, eval_str=True)
    parameters = [p for p in signature.parameters.values() if p.name != "settings"]
    hints = get_type_hints(Config)
    added = [field for field in fields(Config) if field.name not in signature.parameters]
    options = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None if several else _as_word(field.default),
            annotation=_option(field, hints[field.name], several),
        )
        for field in added
    ]

    def run(**values: Any) -> None:
        settings = {field.name: values.pop(field.name) for field in added}
        given = {name: value for name, value in settings.items() if value is not None}
        command(settings=given if several else settings, **values)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = signature.replace(parameters=[*parameters, *options])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in (*parameters, *options)}
    return run


def whole(text: str) -> int:
    """Parse a whole number; what is wrong is said in the words of the other messages."""
    return _parsed(int, text, "a whole number")


def number(text: str) -> float:
    """Parse a number."""
    return _parsed(float, text, "a number")


def _parsed(parse: Callable[[str], T], text: str, expected: str) -> T:
    try:
        return parse(text)
    except ValueError:
        raise typer.BadParameter(f"got {text!r}; expected {expected}") from None


def listed(parser: Callable[[str], Any] | None) -> Callable[[str], list[Any]]:
    """Return a parser of alternatives with commas between."""
    return lambda text: [parser(word) if parser else word for word in text.split(",")]


def _option(field: Field[Any], hint: Any, several: bool) -> Any:
    """Return the annotation of the option for a field of that type; Config checks what is parsed."""
    kinds = {hint, *get_args(hint)}
    parser = whole if int in kinds else number if float in kinds else None
    meta = field.metadata
    if several:
        text = f"{meta['help']} [default: {_as_word(field.default)}]" if field.default is not None else meta["help"]
        return Annotated[
            str | None,
            typer.Option(parser=listed(parser), metavar="A,B,…", help=text, rich_help_panel=meta["panel"]),
        ]
    return Annotated[
        hint if parser else str if field.default is not None else str | None,
        typer.Option(parser=parser, help=meta["help"], rich_help_panel=meta["panel"]),
    ]


def _as_word(default: Any) -> Any:
    """Return a default as the shell would say it: widths with x between them."""
    return setting(default) if isinstance(default, tuple) else default


several_options = partial(config_options, several=True)


def typed_settings(context: typer.Context, names: Iterable[str]) -> set[str]:
    """Return which of these options were typed, and are not at their default."""
    return {name for name in names if getattr(context.get_parameter_source(name), "name", "DEFAULT") != "DEFAULT"}


Threads = Annotated[int | None, run_option(parser=whole, help="Of the kernel; by itself one a processor.")]
cluster_option = partial(typer.Option, rich_help_panel="Cluster")
Cluster = Annotated[
    str | None,
    cluster_option(help="Address of a Dask scheduler, such as tcp://host:8786; or local: a process for each thread."),
]
AllowMixed = Annotated[
    bool | None, cluster_option("--allow-mixed", help="Let processors take part that train other bits than this one.")
]
Json = Annotated[bool, run_option("--json", help="Print one JSON document and nothing else.")]
Rows = Annotated[bool, run_option("--rows", help="A row for each network too, in the JSON document or as a table.")]
