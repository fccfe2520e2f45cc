"""Learning: lessons in stacks, and lessons that are collected first, so that all of them are one stack."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import joblib  # type: ignore[import-untyped, import-not-found, unused-ignore]

from fnn.config import Config
from fnn.errors import InvalidSetting
from fnn.machine import processors
from fnn.sklearn.lessons import Lesson, Plan, prepared_alike, with_plan
from fnn.training.results import Results
from fnn.training.train import train_parts

# Points of curves that are kept of one stack at most.
MOST_POINTS = 20_000_000


def threads_of(n_jobs: int | None) -> int:
    """Return how many threads train: by itself one for each processor, or fewer where joblib's workers share them.

    Joblib tells its workers their share of the processors in the environment. Raises ValueError for 0.
    """
    if n_jobs is not None:
        return int(joblib.effective_n_jobs(n_jobs))
    share = os.environ.get("NUMBA_NUM_THREADS", "")
    return min(processors(), max(int(share), 1)) if share.isdigit() else processors()


def learn(lessons: Sequence[Lesson], threads: int) -> list[Results]:
    """Return what became of the networks of each lesson; those of one shape train in one stack."""
    parts: dict[str, int] = {}
    places = [parts.setdefault(lesson.digest, len(parts)) for lesson in lessons]
    of_place = {place: lesson.prepared.part for place, lesson in zip(places, lessons, strict=True)}
    # A stack is every config on every part with every seed: so configs that learn the same parts go together.
    wanted: dict[tuple[Config, tuple[int, ...]], list[int]] = {}
    for place, lesson in zip(places, lessons, strict=True):
        shape = wanted.setdefault((lesson.config, tuple(lesson.seeds.tolist())), [])
        shape.extend([place] * (place not in shape))
    stacks: dict[tuple[tuple[int, ...], tuple[int, ...], int], list[Config]] = {}
    for (config, seeds), some in wanted.items():
        for inputs in dict.fromkeys(of_place[place].x.shape[1] for place in some):
            alike = tuple(sorted(place for place in some if of_place[place].x.shape[1] == inputs))
            stacks.setdefault((alike, seeds, inputs), []).append(config)
    done: dict[tuple[Config, tuple[int, ...], int], Results] = {}
    for (alike, seeds, _), configs in stacks.items():
        curves = int(max(config.epochs for config in configs) * len(configs) * len(alike) * len(seeds) <= MOST_POINTS)
        results = train_parts(
            configs, [of_place[place] for place in alike], seeds=list(seeds), threads=threads, curve_every=curves
        )
        for k, (config, place) in enumerate((config, place) for config in configs for place in alike):
            done[config, seeds, place] = results[k * len(seeds) : (k + 1) * len(seeds)]
    keys = ((lesson.config, tuple(lesson.seeds.tolist()), place) for lesson, place in zip(lessons, places, strict=True))
    return [done[key] for key in keys]


# ---- many at once ----


class Stacked:
    """Lessons that are first collected and then learnt together; after that, each has its results.

    prepared: what rows were prepared to, with what an estimator has of them, so that it is done once for all settings.
    """

    def __init__(self) -> None:
        self.prepared: dict[str, tuple[Lesson, dict[str, Any]]] = {}
        self.lessons: dict[Any, Lesson] = {}
        self.results: dict[Any, Results] | None = None

    def learn(self, threads: int) -> None:
        """Learn what was collected; where that cannot be, as of memory, each is left to be learnt by itself."""
        try:
            self.results = dict(zip(self.lessons, learn(list(self.lessons.values()), threads), strict=True))
        except InvalidSetting:
            self.results = {}


_stacked: ContextVar[Stacked | None] = ContextVar("stacked", default=None)


@contextmanager
def stacking(stacked: Stacked) -> Iterator[None]:
    """Let what is asked for here be collected, or be what was learnt already."""
    token = _stacked.set(stacked)
    try:
        yield
    finally:
        _stacked.reset(token)


def prepare_once(estimator: Any, given: tuple[Any, ...], plan: Plan, prepare_rows: Callable[[], Lesson]) -> Lesson:
    """Return what is to be learnt of what is given, and let the estimator have its attributes of it.

    While lessons are collected, rows that are given again are not prepared again.
    """
    stacked = _stacked.get()
    if stacked is None:
        return prepare_rows()
    key = joblib.hash((type(estimator).__name__, given, prepared_alike(plan)))
    if key not in stacked.prepared:
        lesson = prepare_rows()
        learnt = {name: value for name, value in vars(estimator).items() if name.endswith("_")}
        stacked.prepared[key] = lesson, learnt
    lesson, learnt = stacked.prepared[key]
    vars(estimator).update(learnt)
    return with_plan(lesson, plan)


def obtain(lesson: Lesson, threads: int) -> Results | None:
    """Return what became of the networks of a lesson; None while lessons are only collected."""
    stacked = _stacked.get()
    if stacked is not None:
        key = lesson.digest, lesson.config, tuple(lesson.seeds.tolist())
        if stacked.results is None:
            stacked.lessons[key] = lesson
            return None
        if key in stacked.results:
            return stacked.results[key]
    return learn([lesson], threads)[0]
