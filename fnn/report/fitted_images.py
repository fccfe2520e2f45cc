"""What the figures of images draw of an ensemble that learnt a table: windows, feature maps, and the hardest rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.data.scaling import scale
from fnn.ensembles.answers import class_places, probabilities
from fnn.ensembles.evaluation import SplitNetworks, answers, evaluate, out_of_sample, rows_of
from fnn.ensembles.fit import Fit
from fnn.formats import number
from fnn.network.functions import flatten
from fnn.plots.channels import MOST_SAMPLES, FeatureMaps, Kernels
from fnn.plots.hardest import MOST_SAMPLES as MOST_HARD
from fnn.plots.hardest import Misclassified
from fnn.plots.images import feature_maps_of, hardest_of, kernels_of, one_of_each
from fnn.stats.channels import median_network

Places = NDArray[np.int64]


def image_figures(fit: Fit, about: str) -> dict[str, Any]:
    """Return what the figures of images draw, None where there is nothing; none at all of rows that are no images.

    about: what they say of data and networks, in two lines.
    """
    if fit.config.image is None:
        return {}
    return {"kernels": _kernels(fit, about), "maps": _maps(fit, about), "misclassified": _misclassified(fit, about)}


def _loss(fit: Fit) -> tuple[NDArray[np.float64], str]:
    """Return the loss that networks are ordered by, and what it is called: on what is held out, if anything is."""
    held_out = fit.results.validation_loss
    if np.isfinite(held_out).any():
        return held_out, "loss on held-out rows"
    return fit.results.loss, "training loss"


def _images(fit: Fit, rows: Places) -> NDArray[np.float64]:
    """Return rows of the table as images, (n, H, W, C), in the numbers of the table."""
    return fit.problem.x[rows].reshape(-1, *(fit.config.image or ()))


def _kernels(fit: Fit, about: str) -> Kernels | None:
    r, (loss, word) = fit.results, _loss(fit)
    content = kernels_of(fit.config, r.layers[0], r.params, r.seeds.tolist(), loss)
    return content and content._replace(about=about, of=word)


def _maps(fit: Fit, about: str) -> FeatureMaps | None:
    loss, word = _loss(fit)
    place = median_network(loss)
    if place is None:
        return None
    of_split = fit.networks[int(fit.results.split[place])]
    within = int(np.flatnonzero(of_split.places == place)[0])
    rows, names, words = _shown_rows(fit, of_split, within)
    if not len(rows):
        return None
    params = tuple(w[within] for w in of_split.params)
    x = scale(of_split.prepared.scaling, fit.problem.x, params[0].dtype, rows)
    content = feature_maps_of(fit.config, of_split.layers, params, x, _images(fit, rows), names)
    first, _, settings = about.partition("\n")
    network = f"seed {fit.results.seeds[place]}" + (f", the median by {word}" if len(fit) > 1 else "")
    return content and content._replace(about=f"{first}\n{network}; {words}\n{settings}")


def _shown_rows(fit: Fit, of_split: SplitNetworks, within: int) -> tuple[Places, list[str], str]:
    """Return rows that a network did not learn from, if there are any, what each is called, and how they were chosen.

    One of each class that it answers rightly; of other tasks some, evenly along the numbers.
    """
    part, problem = fit.evaluation.held_out, fit.problem
    rows, labels = np.unique(rows_of(of_split.split, part)), problem.labels
    if labels is None:
        y = problem.target.y[rows, 0]
        order = np.argsort(y, kind="stable")
        some = rows[order[np.linspace(0, len(rows) - 1, min(8, len(rows))).astype(int)]] if len(rows) else rows
        return some, [number(float(value)) for value in problem.target.y[some, 0]], f"{part} rows"
    mean = answers(of_split, problem.x, slice(within, within + 1), numba=fit.numba, rows=rows)[0]
    right = class_places(problem.target.task, mean)[:, 0] == labels[rows]
    some = rows[one_of_each(labels[rows], right, MOST_SAMPLES)]
    return some, [problem.target.classes[labels[row]] for row in some], f"{part} rows that it answers rightly"


def _misclassified(fit: Fit, about: str) -> Misclassified | None:
    task, labels = fit.problem.target.task, fit.problem.labels
    networks = _without_diverged(fit)
    if labels is None or not networks:
        return None
    part, held_out = fit.evaluation.held_out, fit.held_out
    if sum(len(each.places) for each in networks) < len(fit):  # of which there is no mean with the others
        held_out = out_of_sample(evaluate(fit.problem, networks, len(fit), numba=fit.numba), networks, fit.problem.rows)
    rows, true = held_out.rows, labels[held_out.rows]

    def of_each(places: Places) -> list[NDArray[Any]]:
        return _answers_to(fit, networks, part, rows[places])

    hard = hardest_of(probabilities(task, held_out.mean), true, of_each, MOST_HARD)
    wrong = int((class_places(task, held_out.mean)[:, 0] != true).sum())
    where = f"{part} rows"
    shown = rows[[each.row for each in hard]]
    return Misclassified(
        about, _images(fit, shown), hard, [f"row {row + 1:,}" for row in shown], fit.problem.target.classes, wrong,
        len(rows), where,
    )  # fmt: skip


def _without_diverged(fit: Fit) -> list[SplitNetworks]:
    """Return the networks of each split whose weights are all finite, as the model has them; no split without any."""
    kept = []
    for each in fit.networks:
        sound = np.isfinite(flatten(each.params)).all(axis=1)
        if sound.any():
            kept.append(each._replace(places=each.places[sound], params=tuple(w[sound] for w in each.params)))
    return kept


def _answers_to(fit: Fit, networks: list[SplitNetworks], part: str, rows: Places) -> list[NDArray[Any]]:
    """Return for each row the probabilities of classes, (S, C), of all networks whose split has it in that part."""
    found: list[list[NDArray[Any]]] = [[] for _ in rows]
    for of_split in networks:
        there = np.flatnonzero(np.isin(rows, rows_of(of_split.split, part)))
        if len(there):
            p = answers(of_split, fit.problem.x, slice(None), numba=fit.numba, rows=rows[there])
            for k, of_row in zip(there, np.swapaxes(p, 0, 1), strict=True):
                found[k].append(probabilities(fit.problem.target.task, of_row))
    return [np.concatenate(each) for each in found]
