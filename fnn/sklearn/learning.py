"""Learning: lessons in stacks, and lessons that are collected first, so that all of them are one stack."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import joblib  # type: ignore[import-untyped, import-not-found, unused-ignore]
import numpy as np

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
    places: dict[tuple[str, tuple[int, ...]], int] = {}
    of_lesson = [places.setdefault((lesson.digest, tuple(lesson.seeds.tolist())), len(places)) for lesson in lessons]
    of_place = dict(zip(of_lesson, lessons, strict=True))
    # A stack is every config on all rows of it: so configs that learn the same rows go together.
    wanted: dict[Config, list[int]] = {}
    for place, lesson in zip(of_lesson, lessons, strict=True):
        of_config = wanted.setdefault(lesson.config, [])
        of_config.extend([place] * (place not in of_config))
    stacks: dict[tuple[int, ...], list[Config]] = {}
    for config, some in wanted.items():
        alike: dict[Any, list[int]] = {}
        for place in sorted(some):
            alike.setdefault(_kind(of_place[place]), []).append(place)
        for some_alike in alike.values():
            stacks.setdefault(tuple(some_alike), []).append(config)
    done: dict[tuple[Config, int], Results] = {}
    for together, configs in stacks.items():
        results = _train([of_place[place] for place in together], configs, threads)
        each = len(results) // (len(configs) * len(together))
        for k, (config, place) in enumerate((config, place) for config in configs for place in together):
            done[config, place] = results[k * each : (k + 1) * each]
    return [done[lesson.config, place] for place, lesson in zip(of_lesson, lessons, strict=True)]


def _kind(lesson: Lesson) -> tuple[Any, ...]:
    """Return what lessons have alike that train in one stack: inputs, and seeds where they share the rows."""
    inputs, count = lesson.prepared[0].part.x.shape[1], len(lesson.seeds)
    return (inputs, count) if lesson.apart else (inputs, tuple(lesson.seeds.tolist()))


def _train(lessons: Sequence[Lesson], configs: Sequence[Config], threads: int) -> Results:
    """Train every config on what each lesson has prepared: config by config, lesson by lesson."""
    apart = lessons[0].apart
    parts = [each.part for lesson in lessons for each in lesson.prepared]
    seeds = np.concatenate([lesson.seeds for lesson in lessons]) if apart else lessons[0].seeds
    networks = len(configs) * (len(seeds) if apart else len(seeds) * len(parts))
    curves = int(max(config.epochs for config in configs) * networks <= MOST_POINTS)
    return train_parts(configs, parts, per_seed=apart, seeds=seeds.tolist(), threads=threads, curve_every=curves)


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
