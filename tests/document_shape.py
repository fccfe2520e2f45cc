"""Whether a document has the shape that its types state."""

from types import UnionType
from typing import Any, NotRequired, get_args, get_origin, get_type_hints


def mismatches(value, kind, path="document"):
    """Return what of a value is not as its type: a TypedDict, a list, a dict, a union or a plain type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is NotRequired:
        return mismatches(value, arguments[0], path)
    if origin is UnionType:
        found = [] if any(not mismatches(value, argument, path) for argument in arguments) else [f"{path}: {value!r}"]
    elif origin is list and isinstance(value, list):
        found = [m for k, v in enumerate(value) for m in mismatches(v, arguments[0], f"{path}[{k}]")]
    elif origin is dict and isinstance(value, dict):
        found = [m for k, v in value.items() for m in mismatches(v, arguments[1], f"{path}.{k}")]
    elif hasattr(kind, "__required_keys__") and isinstance(value, dict):
        found = _key_mismatches(value, kind, path)
    else:
        found = [] if _is_plain(value, kind) else [f"{path}: {value!r}"]
    return found


def _key_mismatches(value, kind, path):
    hints = get_type_hints(kind, include_extras=True)
    missing = [f"{path}.{key}: not there" for key in sorted(kind.__required_keys__ - value.keys())]
    unknown = [f"{path}.{key}: not stated" for key in sorted(value.keys() - hints.keys())]
    known = [(key, inner) for key, inner in value.items() if key in hints]
    return missing + unknown + [m for key, inner in known for m in mismatches(inner, hints[key], f"{path}.{key}")]


def _is_plain(value, kind):
    if kind is Any:
        return True
    if get_origin(kind) or hasattr(kind, "__required_keys__"):  # and the value is no list, or no dict
        return False
    return isinstance(value, (int, float) if kind is float else kind) and (kind is bool or not isinstance(value, bool))
