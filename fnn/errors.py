"""The error of bad input, which names the setting, what came and what is accepted; and that of a lost cluster."""

# Of what came, so much is shown: a table of samples would hide what is said of it.
_MOST = 420


class InvalidSetting(ValueError):
    """A setting that cannot be used. `name` is the setting's, so that a caller can name its own option."""

    def __init__(self, name: str, got: object, expected: str) -> None:
        super().__init__(f"{name}: got {_shown(got)}; expected {' '.join(expected.split())}")
        self.name, self.got, self.expected = name, got, expected


def _shown(got: object) -> str:
    """Return what came in one line."""
    try:
        text = " ".join(repr(got).split())
    except Exception:  # what came may be of any class, and a whole number of thousands of digits has no repr
        text = f"a value of type {type(got).__name__}"
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"


class ClusterLost(RuntimeError):
    """A cluster that cannot go on, in one line. What came back before is kept."""
