"""Figures: functions that take arrays and an `ax`, draw, and return the `ax`; they compute no statistics.

The public ones, of results, are those of `gallery`: they come when they are first asked for, as Matplotlib is slow.

palette style labels lines tiles channels hardest images image_results classification regression decision_map run
sweep_groups sweep table gallery
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fnn.plots.gallery import (
        decision_boundary,
        epochs_to_solve,
        feature_maps,
        heat_map,
        kernels,
        learning_curve,
        learning_rate,
        misclassified,
        predictions,
        solved_shares,
    )

__all__ = [
    "decision_boundary",
    "epochs_to_solve",
    "feature_maps",
    "heat_map",
    "kernels",
    "learning_curve",
    "learning_rate",
    "misclassified",
    "predictions",
    "solved_shares",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'fnn.plots' has no attribute {name!r}")
    from fnn.plots import gallery

    return getattr(gallery, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
