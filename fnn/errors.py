"""The one error of bad input: it names the setting, what came and what is accepted."""

from collections.abc import Iterable
from difflib import get_close_matches


class InvalidSetting(ValueError):
    """A setting that cannot be used. `name` is the setting's, so that a caller can name its own option."""

    def __init__(self, name: str, got: object, expected: str) -> None:
        super().__init__(f"{name}: got {got!r}; expected {expected}")
        self.name, self.got, self.expected = name, got, expected


def one_of(name: str, got: object, accepted: Iterable[str]) -> str:
    """Return `got` if it is one of the accepted names; else raise `InvalidSetting` with the nearest of them."""
    names = list(accepted)
    if isinstance(got, str) and got in names:
        return got
    near = get_close_matches(str(got).lower().replace("_", "-"), names, n=1, cutoff=0.5)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise InvalidSetting(name, got, f"one of {', '.join(names)}{hint}")
