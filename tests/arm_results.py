"""Results of an arm, made up: what is not given is of runs that all end alike."""

import numpy as np

from fnn.studies.runs import ArmResults


def arm_results(epochs, **fields):
    """Return the results of runs; epochs: to solve, −1 of one that is not solved. fields: over those of the others."""
    epochs = np.asarray(epochs)
    runs, nothing = len(epochs), np.empty((0, 0))
    defaults = {
        "loss": np.ones(runs), "accuracy": np.where(epochs >= 0, 1.0, 0.5), "epochs": epochs,
        "diverged": np.full(runs, -1), "met": np.zeros(runs, bool), "stopped": np.full(runs, 100), "measures": {},
        "curve_epochs": np.arange(0), "loss_levels": nothing, "accuracy_levels": nothing, "outputs": nothing,
        "right": np.empty(0), "answers": np.empty(0),
    }  # fmt: skip
    given = {name: value if name in ("draws", "measures") else np.asarray(value) for name, value in fields.items()}
    return ArmResults(**(defaults | given))
