"""pytabkit's RealMLP-TD-S and TabM by their defaults; both hold a fifth out to choose epochs by."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Their matrices are small: on two cores with other work two threads took twice to eight times as long as one.
THREADS = 1


class Prepared:
    """A model that is given what it takes: numbers without gaps, and categories."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.medians: Any = None

    def fit(self, x: Any, y: Any) -> "Prepared":
        """Learn from a frame."""
        self.medians = x.select_dtypes("number").median()
        with _quiet():
            self.model.fit(self._frame(x), y)
        return self

    def predict(self, x: Any) -> Any:
        """Return numbers."""
        with _quiet():
            return self.model.predict(self._frame(x))

    def predict_proba(self, x: Any) -> Any:
        """Return probabilities."""
        with _quiet():
            return self.model.predict_proba(self._frame(x))

    def _frame(self, x: Any) -> Any:
        words = x.select_dtypes(exclude="number").columns
        return x.fillna(self.medians).fillna(dict.fromkeys(words, "missing")).astype(dict.fromkeys(words, "category"))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep lightning, which says how far it is and that there is no GPU, from printing."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _make(name: str, numbers: bool, seed: int, device: str = "cpu") -> Prepared:
    with _quiet():
        import pytabkit

        model = getattr(pytabkit, f"{name}_{'Regressor' if numbers else 'Classifier'}")
        return Prepared(model(device=device, n_threads=THREADS, random_state=seed))


def realmlp(numbers: bool, seed: int, threads: int) -> Any:  # noqa: ARG001
    """Return RealMLP-TD-S, the simple variant, whose settings the preset for tables has."""
    return _make("RealMLP_TD_S", numbers, seed)


def tabm(numbers: bool, seed: int, threads: int) -> Any:  # noqa: ARG001
    """Return TabM."""
    return _make("TabM_D", numbers, seed)


def tabm_gpu(numbers: bool, seed: int, threads: int) -> Any:  # noqa: ARG001
    """Return TabM on a GPU, where its matrices take seconds that take it minutes here."""
    return _make("TabM_D", numbers, seed, "cuda")


MODELS: dict[str, Callable[[bool, int, int], Any]] = {"realmlp": realmlp, "tabm": tabm}
