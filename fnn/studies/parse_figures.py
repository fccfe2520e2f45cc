"""Figures and sections of a study file, and ids that are each there once."""

import re
from collections.abc import Mapping, Sequence

from fnn.checks import one_of
from fnn.report.document import SectionDocument
from fnn.studies.model import Figure, Settings
from fnn.studies.parse_arms import CheckSettings, check_trial, read_arms, read_settings
from fnn.studies.toml_source import TomlTable

FIGURE_KINDS = ("curves", "accuracy", "schedule", "answers", "final")

_FIGURE = ("title", "kind", "alt", "caption", "mark", "settings", "arms")


def check_ids(entries: Sequence[TomlTable]) -> None:
    """Refuse an id that stands twice."""
    ids: set[str] = set()
    for entry in entries:
        if (key := entry.line("id")) in ids:
            entry.fail("id", key, "an id of its own")
        ids.add(key)


def read_figures(
    table: TomlTable, base: Settings, kinds: Sequence[str] = FIGURE_KINDS, check: CheckSettings = check_trial
) -> dict[str, Figure]:
    """Return the figures by name. kinds: that there are, the first by itself; check: of an arm's settings."""
    for key in table.values:
        # A file is named after it.
        if not key.isprintable() or re.search(r"[/\\]|^$", key) or len(key.encode()) > 200:
            table.fail(key, key, "a name that a file may have: printable, short, without / and \\")
    return {key: _figure(table.table(key), key, base, kinds, check) for key in table.values}


def _figure(table: TomlTable, key: str, base: Settings, kinds: Sequence[str], check: CheckSettings) -> Figure:
    table.refuse_other_keys(_FIGURE)
    arms = read_arms(table, read_settings(table, base, check), check)
    if not arms:
        table.fail("arms", [], f"at least one arm, under [[figures.{key}.arms]]")
    kind = table.choice("kind", kinds, kinds[0])
    mark = table.number("mark") if "mark" in table.values else None
    if mark is not None and not (kind == "final" and mark > 0):
        table.fail("mark", mark, "a loss above 0, in a figure of kind final")
    texts = {name: table.get(name, str, "") for name in ("alt", "caption")}
    return Figure(key, table.get("title", str), kind, **texts, arms=arms, mark=mark)


def read_sections(top: TomlTable, figures: Mapping[str, Figure], ids: Sequence[str]) -> tuple[SectionDocument, ...]:
    """Return the sections; without any, one that holds everything. ids: of the claims."""
    if not top.tables("sections"):
        everything = SectionDocument(id="claims", title="Claims", text="", figures=list(figures), claims=list(ids))
        return (everything,) if ids else ()
    check_ids(top.tables("sections"))
    sections = tuple(_section(table, list(figures), ids) for table in top.tables("sections"))
    for claim, table in zip(ids, top.tables("claims"), strict=True):
        if not any(claim in section["claims"] for section in sections):
            table.fail("id", claim, "an id that a section lists under claims")
    return sections


def _section(table: TomlTable, figures: Sequence[str], claims: Sequence[str]) -> SectionDocument:
    table.refuse_other_keys(("id", "title", "text", "figures", "claims"))
    for key, names in (("figures", figures), ("claims", claims)):
        for entry in table.get(key, list, []):
            with table.locating(key):
                one_of(key, entry, names)
    return {
        "id": table.line("id"),
        "title": table.get("title", str),
        "text": table.get("text", str, ""),
        "figures": table.get("figures", list, []),
        "claims": table.get("claims", list, []),
    }
