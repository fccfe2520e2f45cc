"""Panels: for settings that go together under a name, the claims whose verdict turns with them.

They are tested as the study's own settings are: with all seeds, over the same draws, corrected for all claims.
"""

from collections.abc import Iterator, Mapping, Sequence

from fnn.formats import setting
from fnn.report.document import PanelDocument, TurnedDocument
from fnn.studies.effects import claim_effect
from fnn.studies.model import Claim, Level, Study
from fnn.studies.requests import Key, Requests, request
from fnn.studies.runs import ArmResults, of_arm
from fnn.studies.specifications import effective_levels, run_keys
from fnn.studies.verdicts import adjust, verdict

Results = Mapping[Key, ArmResults]


def request_panels(requests: Requests, study: Study, draws: int) -> None:
    """Add what the panels of a study train."""
    for axis in _axes(study):
        for claim in study.claims:
            for level in _levels(claim, study.nuisance[axis]):
                for arm in claim.arms:
                    request(requests, arm.under(level.settings), (claim.measure,), draws=draws)


def panel_documents(study: Study, results: Results, draws: int) -> list[PanelDocument]:
    """Return the panels, one for each axis of settings that go together."""
    return [_panel(study, axis, results, draws) for axis in _axes(study)]


def _axes(study: Study) -> Iterator[str]:
    """Yield the axes whose levels are settings that go together, and not values of the setting of that name."""
    for axis, levels in study.nuisance.items():
        if any(set(level.settings) - {axis} for level in levels):
            yield axis


def _levels(claim: Claim, levels: Sequence[Level]) -> list[Level]:
    """Return the levels under which a claim can be tested, and trains other than under its own settings."""
    own = run_keys(claim, {})
    return [level for level in effective_levels(claim, levels) if run_keys(claim, level.settings) not in (None, own)]


def _panel(study: Study, axis: str, results: Results, draws: int) -> PanelDocument:
    levels = [level for level in study.nuisance[axis] if level.settings]
    stated = next((level.label for level in study.nuisance[axis] if not level.settings), "as stated")
    columns = [_verdicts(study, level, results, draws) for level in (Level(stated, {}), *levels)]
    turned = [
        TurnedDocument(id=claim.id, sentence=claim.sentence, verdicts=list(words))
        for claim, *words in zip(study.claims, *columns, strict=True)
        if len(set(words)) > 1
    ]
    touched = sum(bool(_levels(claim, levels)) for claim in study.claims)
    return {
        "axis": axis,
        "columns": [stated, *(level.label for level in levels)],
        "settings": ["", *(_in_words(level) for level in levels)],
        "claims": touched,
        "turned": turned,
    }


def _verdicts(study: Study, level: Level, results: Results, draws: int) -> list[str]:
    """Return the verdict on each claim under a level; where it changes nothing, that under its own settings."""
    effects = []
    for claim in study.claims:
        changes = next((own.settings for own in _levels(claim, [level])), {})
        effects.append(claim_effect(claim, [of_arm(results, arm.under(changes), draws) for arm in claim.arms]))
    return [verdict(effect, p, len(effects)) for effect, p in zip(effects, adjust(effects), strict=True)]


def _in_words(level: Level) -> str:
    return ", ".join(f"{name} {setting(value)}" for name, value in level.settings.items())
