"""HTML and SVG as text. What is not already markup is escaped, so that no string of a study can become a tag.

What comes out is well-formed XML too: attributes have values, void elements close themselves.
"""

from html import escape

VOID = frozenset({"meta", "link", "img", "input", "br", "col"})
# XML has no way to write these characters.
UNWRITABLE = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "�")


class Html(str):
    """Text that is markup already. Only `element`, `fragment` and constants make it."""

    __slots__ = ()


Child = str | None


def element(name: str, /, *children: Child, **attributes: str | float | None) -> Html:
    """Return `<name ...>children</name>`; children that are plain text are escaped, None is left out.

    A trailing underscore of an attribute's name goes, others become hyphens; an attribute that is None is left out.
    """
    pairs = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    start = "".join([name, *(f' {key}="{_escaped(str(value))}"' for key, value in pairs)])
    return Html(f"<{start} />" if name in VOID else f"<{start}>{fragment(*children)}</{name}>")


def fragment(*children: Child) -> Html:
    """Return the children one after the other; those that are plain text are escaped, None is left out."""
    return Html("".join(child if isinstance(child, Html) else _escaped(child) for child in children if child))


def _escaped(text: str) -> str:
    return escape(text.translate(UNWRITABLE))
