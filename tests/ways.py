"""Training by a way to fill the lanes that is named, whichever is the faster."""

import pytest

from fnn.training import lanes
from fnn.training.train import train_parts

KERNELS = ("networks", "units")
WAYS = ("numpy", *KERNELS)


def train_by(way, configs, parts, **options):
    """Return what `train_parts` returns, on the NumPy path or with networks or units in the lanes."""
    if way == "numpy":
        return train_parts(configs, parts, backend="numpy", **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "units_are_faster", lambda _work: way == "units")
        return train_parts(configs, parts, **options)
