"""The workers of a cluster: each is asked who it is and does the probe before it takes part."""

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any

from fnn.cluster.identity import differences


class Step(Enum):
    """How far a worker is: asked who it is, at the probe, about to take part, taking part, or refused."""

    ASKED = auto()
    PROBED = auto()
    ADMITTED = auto()
    HERE = auto()
    REFUSED = auto()


class Members:
    """Which workers there are and how far each is. notice: is told, in a line, of those that are refused."""

    def __init__(self, ours: Mapping[str, Any], *, allow_mixed: bool, notice: Callable[[str], None]) -> None:
        self.ours, self.allow_mixed, self.notice = ours, allow_mixed, notice
        self.steps: dict[str, Step] = {}
        self.identities: dict[str, dict[str, Any]] = {}
        self.reasons: dict[str, str] = {}

    def update(self, addresses: Mapping[str, Any]) -> list[str]:
        """Take note of which workers there are now; return those that are new."""
        for gone in self.steps.keys() - addresses.keys():
            del self.steps[gone]
        new = [address for address in addresses if address not in self.steps]
        self.steps |= dict.fromkeys(new, Step.ASKED)
        return new

    def introduce(self, address: str, identity: dict[str, Any]) -> bool:
        """Take note of who a worker is; return whether it is to do the probe."""
        self.identities[address] = identity
        other = differences(identity, self.ours)
        if other:
            self.refuse(address, other)
            return False
        self.steps[address] = Step.PROBED
        return True

    def judge(self, address: str, probe: str) -> bool:
        """Take note of the bits of a worker's probe; return whether it may take part."""
        identity, ours = self.identities[address], self.ours
        identity["probe"] = probe
        if probe != ours["probe"] and not self.allow_mixed:
            words = f"{identity['processor']} trains other bits than {ours['processor']} here"
            self.refuse(address, f"{words}; --allow-mixed takes them all the same")
            return False
        self.steps[address] = Step.ADMITTED
        return True

    def refuse(self, address: str, reason: str) -> None:
        """Let a worker take no part, or no more."""
        self.steps[address] = Step.REFUSED
        self.reasons[address] = reason
        host = self.identities.get(address, {}).get("host")
        self.notice(f"{address}{f' ({host})' if host else ''} takes no part: {reason}")

    @property
    def here(self) -> list[str]:
        """The addresses of those that take part."""
        return [address for address, step in self.steps.items() if step is Step.HERE]

    @property
    def all_refused(self) -> bool:
        """Whether there is no worker that takes part or may come to."""
        return all(step is Step.REFUSED for step in self.steps.values())
