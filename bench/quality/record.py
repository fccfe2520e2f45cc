"""What was measured, line by line in a file, so that an interrupted run goes on where it ended."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from fnn.errors import InvalidSetting

FILE = "measured.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One who answers, on one repeat of the folds of one table.

    of: of `sets.SETS`; who: of `contenders.TITLES`. seed, networks: of the run. rows: (train, test) of a fold, on
    average. folds: scores of `measures.measure`, each (folds,). calibration_error, reliability: of the rows of all
    folds, None of numbers. failed: why there are no scores, where there are none.
    """

    of: str
    who: str
    repeat: int
    seed: int
    networks: int
    rows: tuple[float, float]
    folds: dict[str, list[float]]
    calibration_error: float | None = None
    reliability: dict[str, list[float]] | None = None
    failed: str = ""


def append(path: Path, records: Iterable[Record]) -> None:
    """Add records to a file. A line that an interruption left half is ended first."""
    text = "".join(json.dumps(asdict(record)) + "\n" for record in records)
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, 2)
            text = text if file.read() == b"\n" else "\n" + text
        file.write(text.encode())


def read(path: Path, seed: int, networks: int) -> list[Record]:
    """Return the records of a file, none where there is none; what is no record is passed over.

    Raises InvalidSetting where they are of another seed, or of ensembles of another size.
    """
    if not path.exists():
        return []
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            values = json.loads(line)
        except ValueError:
            continue
        records.append(Record(**values | {"rows": tuple(values["rows"])}))
    for record in records:
        if (record.seed, record.networks) != (seed, networks):
            words = f"a folder whose run has seed {seed} and {networks} networks, or none"
            raise InvalidSetting("out", f"{path}, of seed {record.seed} and {record.networks} networks", words)
    return records
