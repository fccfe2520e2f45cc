"""What `study` gives in Python: its document, shown in five lines and as rows."""

from typing import Any, cast

import numpy as np

from fnn import formats
from fnn.frames import as_frame
from fnn.report.document import StudyDocument
from fnn.report.text import verdict_counts

_COLUMNS = ("verdict", "sentence", "effect_name", "effect", "low", "high", "margin", "p_adjusted")


class Verdicts(dict[str, Any]):
    """A study's document, a dict in every other way."""

    def __repr__(self) -> str:
        document = cast(StudyDocument, self)
        claims = formats.counted(len(document["claims"]), "claim")
        published = formats.counted(len(document["outside"]), "published result")
        first, count = document["seeds"]["first"], document["seeds"]["count"]
        trained = document["trainings"]["done"]
        return "\n".join([
            f"Study {document['name']}: {document['title']}",
            f"of        {claims}, {published}; seeds {first} to {first + count - 1}",
            f"verdicts  {verdict_counts(document) or 'none'}",
            f"trained   {formats.counted(trained, 'network')} in {formats.duration(document['seconds'])}",
            "see       .frame(), ['claims'], ['figures']; out=FOLDER writes a page",
        ])  # fmt: skip

    def frame(self, kind: str | None = None) -> Any:
        """Return a row for each claim: id, verdict, sentence, effect with its interval, margin, adjusted p.

        kind: pandas, polars, or arrays for a dict of arrays; by itself the first of them that is installed. Raises
        InvalidSetting for another kind.
        """
        claims = self["claims"]
        rows = {name: np.array([claim[name] for claim in claims.values()]) for name in _COLUMNS}
        return as_frame({"claim": np.array(list(claims)), **rows}, kind)
