"""What the figures of convolutional networks draw, made from what `fnn.train` gives of images as arrays."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn import checks
from fnn.errors import InvalidSetting
from fnn.formats import setting
from fnn.network.functions import flatten
from fnn.network.layers import Layers
from fnn.plots.channels import MOST_SAMPLES, FeatureMaps, Kernels
from fnn.plots.hardest import MOST_SAMPLES as MOST_HARD
from fnn.plots.hardest import Misclassified
from fnn.plots.images import feature_maps_of, hardest_of, kernels_of, one_of_each
from fnn.plots.labels import settings_line
from fnn.stats.channels import median_network
from fnn.training.results import Results

Array = NDArray[np.floating[Any]]
Places = NDArray[np.int64]

# Networks that answer at a time.
_AT_ONCE = 32
_CONFIG = "those of a config such as Config(hidden='conv8:3-16', image=(8, 8))"


def kernels_of_results(results: Results) -> Kernels:
    """Return the windows of the first convolution. Raises InvalidSetting where there is none."""
    layers, loss, name = _ranked_by(results)
    known = len(results.configs) == 1
    content = kernels_of(results.configs[0], layers, results.params, results.seeds.tolist(), loss, known=known)
    if content is None:
        raise InvalidSetting("results", "networks without a convolution", _CONFIG)
    return content._replace(about=_networks(results), of=name)


def feature_maps_of_results(results: Results, x: Any, y: Any = None) -> FeatureMaps:
    """Return what the median network makes of the first images, or with y of one of each class that it answers rightly.

    Raises InvalidSetting for networks without layers that have a window, and for samples that are none of theirs.
    """
    layers, loss, name = _ranked_by(results)
    rows, images = _images(results, x)
    place = median_network(loss)
    assert place is not None
    some, names = np.arange(min(len(rows), MOST_SAMPLES)), [f"sample {k}" for k in range(len(rows))]
    if y is not None:
        true, p = _classes(results, y, len(rows)), _mean_probabilities(results[place], rows)
        some, names = one_of_each(true, p.argmax(axis=1) == true, MOST_SAMPLES), [str(c) for c in true]
        if not len(some):
            raise InvalidSetting("y", f"{len(rows):,} samples", "some that the median network answers rightly")
    config, params = results.config(place), results.network(place)
    typed = rows[some].astype(params[0].dtype)
    content = feature_maps_of(config, layers, params, typed, images[some], [names[k] for k in some])
    if content is None:
        raise InvalidSetting("results", "networks without a convolution", _CONFIG)
    median = f", the median of {len(results):,} by {name}" if len(results) > 1 else ""
    return content._replace(about=f"seed {config.seed}{median}\n{settings_line(config)}")


def misclassified_of_results(results: Results, x: Any, y: Any) -> Misclassified:
    """Return the samples that networks find hardest; those whose weights are not finite are left out.

    Raises InvalidSetting for networks without images, and for labels that are no classes.
    """
    _ranked_by(results)
    rows, images = _images(results, x)
    true = _classes(results, y, len(rows))
    sound = results[np.isfinite(flatten(results.params)).all(axis=1)]
    mean = _mean_probabilities(sound, rows)

    def answers(places: Places) -> Sequence[Array]:
        return list(np.swapaxes(_class_probabilities(sound.predict(rows[places])), 0, 1))

    hard = hardest_of(mean, true, answers, MOST_HARD)
    shown, wrong = [each.row for each in hard], int((mean.argmax(axis=1) != true).sum())
    return Misclassified(
        _networks(results), images[shown], hard, [f"sample {k:,}" for k in shown],
        [str(c) for c in range(mean.shape[1])], wrong, len(rows), "samples",
    )  # fmt: skip


def _networks(results: Results) -> str:
    """Return how many networks there are, and in a second line their settings."""
    diverged = int((results.diverged >= 0).sum())
    networks = f"seed {results.seeds[0]}" if len(results) == 1 else f"{len(results):,} networks"
    words = settings_line(results.configs[0]) if len(results.configs) == 1 else f"of {len(results.configs)} settings"
    return f"{networks}{f', {diverged:,} diverged' if diverged else ''}\n{words}"


def _ranked_by(results: Results) -> tuple[Layers, Array, str]:
    """Return the layers that networks share, the loss that orders them, (S,), and what it is called.

    Raises InvalidSetting for networks of several shapes, without images, and where all diverged.
    """
    layers = results.layers[0]
    if any(other != layers for other in results.layers):
        raise InvalidSetting("results", "networks of several shapes", "of one, such as results.where(hidden=…)")
    if results.configs[0].image is None:
        raise InvalidSetting("results", "networks without images", _CONFIG)
    held_out = bool(np.isfinite(results.validation_loss).any())
    loss, name = (results.validation_loss, "validation loss") if held_out else (results.loss, "loss")
    if not np.isfinite(loss).any():
        raise InvalidSetting("results", "networks that all diverged", "at least one with a finite loss")
    return layers, loss, name


def _images(results: Results, x: Any) -> tuple[Array, Array]:
    """Return samples as rows, (N, I), and as images, (N, H, W, C). Raises InvalidSetting for those of another size."""
    rows, shape = checks.inputs(x), results.configs[0].image or ()
    if rows.shape[1] != math.prod(shape):
        raise InvalidSetting("x", f"shape {np.shape(x)}", f"images of {setting(shape)}, or rows of as many numbers")
    return rows, rows.reshape(-1, *shape)


def _classes(results: Results, y: Any, count: int) -> Places:
    """Return the class of each of so many samples, (N,), by the networks' outputs. Raises InvalidSetting for others."""
    labels, outputs, loss = checks.table("y", y), results.layers[0][-1].fan_out, results.configs[0].loss
    classes = 2 if outputs == 1 else outputs
    if results.score_name != "accuracy":
        raise InvalidSetting("results", "networks that answer with numbers", "networks that answer with classes")
    if len(labels) != count:
        raise InvalidSetting("y", f"shape {np.shape(y)}", f"a class for each of {count:,} samples")
    if loss == "cross-entropy" and labels.shape[1] == classes:
        labels = labels.argmax(axis=1, keepdims=True)
    told_apart = outputs == 1 or loss == "cross-entropy"
    if not told_apart or labels.shape[1] != 1 or not np.isin(labels, np.arange(classes)).all():
        words = "classes: 0 and 1 of networks of one output, 0, 1, 2 … of those with loss cross-entropy"
        raise InvalidSetting("y", labels[0].tolist(), words)
    places: Places = labels[:, 0].astype(np.int64)
    return places


def _class_probabilities(output: Array) -> Array:
    """Return the probability of each class, (…, C), from outputs (…, O): of one output those of 0 and of 1."""
    return np.concatenate((1 - output, output), axis=-1) if output.shape[-1] == 1 else output


def _mean_probabilities(results: Results, x: Array) -> Array:
    """Return the mean probability of each class over networks, (N, C); some networks answer at a time."""
    total = np.zeros(())
    for first in range(0, len(results), _AT_ONCE):
        total = total + results[first : first + _AT_ONCE].predict(x).sum(axis=0, dtype=np.float64)
    return _class_probabilities(total / len(results))
