"""What was promised of answers, and whether a run keeps it."""

from collections.abc import Iterator, Sequence

from fnn.bench.targets import Check

from .contenders import NEURAL, TITLES
from .summary import OURS, Overall, Score

WORK = "quality"
# The ensemble's error to one network's of scikit-learn's; how many times its speed others are to take.
LESS_ERROR, TIMES_BAGGING, TIMES_TABULAR = 0.9, 100.0, 10.0


def checks(scores: Sequence[Score], overall: Sequence[Overall]) -> list[Check]:
    """Return every promise on which these scores have something to say."""
    by = {each.who: each for each in overall}
    found = list(_errors(by.get("mlp"), LESS_ERROR))
    found += _within([score for score in scores if score.who == "bagging" and score.difference])
    found += [*_errors(by.get("bagging"), 1.0), *_speed(by.get("bagging"), TIMES_BAGGING)]
    for who in ("realmlp", "tabm"):
        found += [*_errors(by.get(who), 1.0), *_speed(by.get(who), TIMES_TABULAR)]
    return [*found, *_log_loss(overall)]


def _over(sets: int) -> str:
    return f"over {sets} set{'s' * (sets > 1)}"


def _errors(its: Overall | None, bound: float) -> Iterator[Check]:
    if its and its.error:
        yield _check(f"error {_over(its.sets)}", TITLES[its.who], bound, its.error[0], least=False, percent=True)


def _speed(its: Overall | None, bound: float) -> Iterator[Check]:
    if its and its.speed:
        yield _check(f"learning {_over(its.timed)}", TITLES[its.who], bound, its.speed)


def _within(scores: Sequence[Score]) -> Iterator[Check]:
    """Yield on what share of the sets the ensemble is as good, within the interval of the difference."""
    if scores:
        share = sum(score.difference[1] <= 0 for score in scores if score.difference) / len(scores)
        yield _check(f"as good, {_over(len(scores))}", TITLES["bagging"], 1.0, share, percent=True)


def _log_loss(overall: Sequence[Overall]) -> Iterator[Check]:
    """Yield the log loss to that of the best of all other networks."""
    others = [each for each in overall if each.who in NEURAL and each.who != OURS and each.log_loss]
    if others:
        best = max(others, key=lambda each: each.log_loss[0] if each.log_loss else 0.0)
        measured = best.log_loss[0] if best.log_loss else 0.0
        yield _check("log loss", f"the best, {TITLES[best.who]}", 1.0, measured, least=False, percent=True)


def _check(
    what: str, against: str, bound: float, measured: float, *, least: bool = True, percent: bool = False
) -> Check:
    met = measured >= bound if least else measured <= bound
    return Check(WORK, what, "float32", against, bound, measured, met, least, percent)
