"""What a page's script is given: the points, the networks' course and what became of them, as JSON."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fnn.play.frames import Fidelity
from fnn.play.points import Points
from fnn.play.recording import Recording

# Of the square that is drawn, beyond the outermost points on each side.
MARGIN = 0.12


def payload(points: Points, recordings: Sequence[Recording], fidelity: Fidelity) -> str:
    """Return the document. Arrays are little-endian bytes in base64; seeds, which may be beyond 2^53, are text."""
    seeds = recordings[0].results.seeds
    longest = max(recordings, key=lambda recording: recording.config.epochs)
    document = {
        "data": _data(points),
        "firstSeed": str(seeds[0]),
        "seeds": len(seeds),
        "frames": longest.epochs.tolist(),
        "epochs": longest.config.epochs,
        "bytes": fidelity.bytes,
        "settings": [_setting(recording, fidelity) for recording in recordings],
    }
    return json.dumps(document, allow_nan=False, separators=(",", ":"))


def square(x: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return the part of the plane that is drawn around points (N, 2): left, right, bottom, top."""
    low, high = x.min(axis=0), x.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    return (*map(float, np.stack((low - MARGIN * span, high + MARGIN * span), axis=1).ravel()),)  # type: ignore[return-value]


def _data(points: Points) -> dict[str, Any]:
    return {
        "x": _base64(points.x, "<f4"),
        "labels": _base64(points.labels, "u1"),
        "classes": list(points.classes),
        "names": list(points.x_names),
        "square": square(points.x),
        "center": points.center.tolist(),
        "factor": points.factor.tolist(),
    }


def _setting(recording: Recording, fidelity: Fidelity) -> dict[str, Any]:
    results = recording.results
    return {
        "name": recording.name,
        "layers": [layer._asdict() for layer in results.layers[0]],
        "sides": recording.config.loss != "cross-entropy",
        "epochs": recording.config.epochs,
        "frames": recording.epochs.tolist(),
        "weights": _base64(recording.flat, f"<f{fidelity.bytes}"),
        "last": _base64(results.flat[0], "<f4"),
        "curveEpochs": recording.curve_epochs.tolist(),
        "losses": _base64(recording.losses, "<f4"),
        "loss": _base64(results.loss, "<f8"),
        "solved": _base64(results.epochs_to_solve, "<i4"),
        "diverged": _base64(results.diverged, "<i4"),
        "stopped": _base64(results.stopped, "<i4"),
    }


def _base64(values: NDArray[Any], dtype: DTypeLike) -> str:
    with np.errstate(over="ignore"):  # what is too large for two bytes is infinite, as it is to be seen
        return base64.b64encode(np.ascontiguousarray(values, dtype).tobytes()).decode("ascii")
