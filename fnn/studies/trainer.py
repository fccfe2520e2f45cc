"""A study's networks, trained look by look: more seeds of the arms that undecided claims are about."""

from collections.abc import Callable, Collection, Sequence
from functools import partial

from fnn.cluster.work import Executor
from fnn.studies.kept import Runs
from fnn.studies.looks import Decision, Look, look_at
from fnn.studies.model import Study
from fnn.studies.requests import Key, Requests, networks, run_key
from fnn.studies.runs import ArmResults, arm_results, trained

# Is given the networks trained, those trained once this look is over, and the look.
OnLook = Callable[[float, int, Look], None]


def run(
    study: Study,
    requests: Requests,
    looks: Sequence[Look],
    draws: int,
    executor: Executor | None = None,
    on_look: OnLook | None = None,
) -> tuple[dict[Key, ArmResults], dict[str, Decision], int]:
    """Train a study look by look; return the results of all arms, what is decided by claim, and the networks trained.

    What no claim asks for has the runs of the first look, but published results, which are not tested, have all.
    """
    trainer = _Trainer(requests, executor, on_look)
    decisions: dict[str, Decision] = {}
    for look in looks:
        asked = {run_key(arm.trial, draws) for claim in study.claims if claim.id not in decisions for arm in claim.arms}
        trainer.train(requests if look.number == 1 else asked, look)
        decisions = look_at(study, trainer.results, look, draws, decisions)
    published = {run_key(arm.trial) for result in study.published for arm in result.arms}
    trainer.complete(published, looks[-1])
    return trainer.results, decisions, trainer.networks


class _Trainer:
    """Trains more and more of the seeds of arms, and has their results so far."""

    def __init__(self, requests: Requests, executor: Executor | None, on_look: OnLook | None) -> None:
        self.requests, self.executor, self.on_look = requests, executor, on_look
        self.networks = 0
        self.results: dict[Key, ArmResults] = {}
        self._runs: dict[Key, Runs] = {}
        self._of_draw = dict.fromkeys(requests, 0)

    def train(self, keys: Collection[Key], look: Look) -> None:
        """Train the seeds of a look of some arms, all of which have those of the look before."""
        requests = {key: self.requests[key] for key in self.requests if key in keys}
        before, total = self.networks, self.networks + networks(requests, look.part)
        report = self.on_look and partial(_report, self.on_look, before, total, look)
        for key, runs in trained(requests, look.part, self.executor, report):
            every = self._runs.pop(key).and_more(runs) if key in self._runs else runs
            self.results[key] = arm_results(every, self.requests[key])
            self._of_draw[key] = look.of_draw
            if not look.is_last:
                self._runs[key] = every
        self.networks = total

    def complete(self, keys: Collection[Key], last: Look) -> None:
        """Train all seeds of some arms."""
        for begin in sorted({self._of_draw[key] for key in keys} - {last.of_draw}):
            rest = last._replace(part=last.part._replace(begin=begin))
            self.train({key for key in keys if self._of_draw[key] == begin}, rest)


def _report(on_look: OnLook, before: int, total: int, look: Look, done: float) -> None:
    on_look(before + done, total, look)
