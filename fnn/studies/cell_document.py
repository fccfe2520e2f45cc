"""What the document has of a claim's cells."""

from collections import Counter

from fnn.report.document import CellDocument, MultiverseDocument
from fnn.studies.cells import Cells
from fnn.studies.contrasts import Effect
from fnn.studies.verdicts import VERDICTS


def multiverse_document(cells: Cells, null: float | None) -> MultiverseDocument:
    """Return the cells of a claim, from the least effect to the greatest. null: no difference on the claim's scale."""
    made = [_cell(cells, k, null) for k in range(len(cells.effects))]
    by = {
        axis: {label: _counted(counts) for label, counts in labels.items()} for axis, labels in cells.by().items()
    }  # fmt: skip
    return {
        "specifications": len(cells.cell_of),
        "runs": cells.runs,
        "cells": sorted(made, key=lambda cell: cell["effect"]),
        "counts": _counted(Counter(cells.verdicts)),
        "by": by,
        "mixed": cells.is_mixed,
        "depends_on": cells.depends_on(),
    }


def _counted(counts: Counter[str]) -> dict[str, int]:
    return {word: counts[word] for word in VERDICTS if counts[word]}


def _cell(cells: Cells, k: int, null: float | None) -> CellDocument:
    effect = cells.effects[k]
    return {
        "verdict": cells.verdicts[k],
        "effect": _on_scale(effect, effect.effect, null),
        "low": _on_scale(effect, effect.low, null),
        "high": _on_scale(effect, effect.high, null),
        "margin": _on_scale(effect, effect.margin, null),
        "specifications": list(cells.cell_of).count(k),
        "levels": cells.members(k),
        "stated": k == cells.stated,
    }


def _on_scale(effect: Effect, value: float, null: float | None) -> float:
    """Return a value of an effect on the claim's scale.

    A difference in shares is P(as claimed) − P(the other way round), and a probability of improvement is P(as claimed)
    and half of the ties: the one is twice the other, less 1.
    """
    if effect.null == null:
        return value
    return (value + 1) / 2 if null else 2 * value - 1
