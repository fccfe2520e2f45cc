"""The data sets of a study of tables: which table, and what is to be learnt of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fnn.data.dialect import Form
from fnn.data.packaged import is_packaged, packaged_table, packaged_target
from fnn.ensembles.problem import Problem, Roles, read_problem
from fnn.errors import InvalidSetting
from fnn.studies.table_model import Dataset
from fnn.studies.toml_source import TomlTable

_DATASET = ("data", *Roles._fields, *Form._fields)


def read_datasets(table: TomlTable, folder: Path, meant: Mapping[str, str]) -> dict[str, Dataset]:
    """Return the data sets of a study, read. folder: that their paths begin at; meant: roles where none are said."""
    return {key: _dataset(table.table(key), key, folder, meant) for key in table.values}


def _dataset(table: TomlTable, key: str, folder: Path, meant: Mapping[str, str]) -> Dataset:
    table.refuse_other_keys(_DATASET)
    source = table.line("data")
    if key.splitlines() != [key]:
        table.fail(key, key, "a name in one line")
    with table.locating():
        problem = _problem(table, source, folder, meant)
    return Dataset(key, source, problem)


def _problem(table: TomlTable, source: str, folder: Path, meant: Mapping[str, str]) -> Problem:
    roles: dict[str, Any] = {**meant, **{name: _checked(table, name) for name in Roles._fields if name in table.values}}
    form = Form(**{name: _checked(table, name) for name in Form._fields if name in table.values})
    if is_packaged(source):
        roles.setdefault("target", packaged_target(source))
        return read_problem(packaged_table(source), Roles(**roles))
    if "target" not in roles:
        raise InvalidSetting("target", None, "the column to learn, by name or place (-1 is the last)")
    path = folder / source
    if not path.is_file():
        raise InvalidSetting("data", source, "a file that is there, by its path from the study's file, or sklearn:NAME")
    return read_problem(path, Roles(**roles), form)


_KINDS: dict[str, Any] = {"target": (str, int, list), "ignore": (str, int, list), "header": bool}


def _checked(table: TomlTable, name: str) -> Any:
    kinds = _KINDS.get(name, str)
    value = table.values[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
        table.fail(name, value, "true or false" if kinds is bool else "text" if kinds is str else "names or places")
    return value
