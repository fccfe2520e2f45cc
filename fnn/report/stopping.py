"""What the document of a study has of its looks, and of where training stopped."""

from typing import TypedDict


class LookDocument(TypedDict):
    """A look that was planned: runs of each arm by then, over so many draws of the data, and what it may err.

    decided, given_up: how many claims there.
    """

    number: int
    runs: int
    draws: int
    level: float
    decided: int
    given_up: int


class StoppedDocument(TypedDict):
    """Where the training for a claim stopped: at a look, after so many runs of each arm.

    level: 1 − that of the claim's interval. decided: whether there is a verdict; given_up: whether the runs planned
    would not bring one, going on as they did.
    """

    look: int
    runs: int
    level: float
    decided: bool
    given_up: bool


class TrainingsDocument(TypedDict):
    """How many networks were trained for claims, figures and what stands beside them, of those that could have been."""

    done: int
    planned: int
