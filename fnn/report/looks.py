"""The looks of a study until decided, in words: what was planned, and where the training for a claim stopped."""

from collections.abc import Iterator, Sequence

from fnn.formats import number
from fnn.report.document import ClaimDocument, StudyDocument
from fnn.report.stopping import LookDocument, StoppedDocument


def confidence(claim: ClaimDocument) -> str:
    """Return that of a claim's interval: 95%, or more of a claim that was stopped at a look."""
    return f"{number(100 * (1 - (claim['stopped']['level'] if claim['stopped'] else 0.05)))}%"


def stopped(where: StoppedDocument) -> str:
    """Return in a few words at which look the training for a claim stopped."""
    what = "decided" if where["decided"] else "given up" if where["given_up"] else "open"
    return f"{what} at look {where['look']}, {where['runs']:,} runs"


def stopped_sentence(where: StoppedDocument, looks: int) -> str:
    """Return the same in a sentence or two. looks: so many were planned."""
    what = "Decided" if where["decided"] else "Given up" if where["given_up"] else "Still open"
    why = ": all planned runs, going on like these, would not decide it" if where["given_up"] else ""
    return (
        f"{what} at look {where['look']} of {looks}, after {where['runs']:,} runs of an arm{why}. Its interval is of "
        f"{number(100 * (1 - where['level']))}%, since this look may err in {where['level']:.2%} of studies."
    )


def look_plan(looks: Sequence[LookDocument]) -> str:
    """Return at how many runs the looks were planned, and what each may err."""
    return ", ".join(f"{look['runs']:,} ({look['level']:.2%})" for look in looks)


def trainings(document: StudyDocument) -> str:
    """Return how many networks were trained of those planned."""
    return f"{document['trainings']['done']:,} of {document['trainings']['planned']:,} trainings"


def look_lines(document: StudyDocument) -> Iterator[str]:
    """Yield what is printed of the looks of a study, if it has any."""
    if document["looks"]:
        yield f"{trainings(document)}; looks planned at {look_plan(document['looks'])} runs of an arm"
