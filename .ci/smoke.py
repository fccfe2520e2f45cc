"""Train, sweep, show, study and draw a little, in whatever environment runs this; print digests of what was trained.

    python .ci/smoke.py [--without sched_getaffinity,flock]

The digests are of weights alone: `uniform` and `constant` of what needs no function of NumPy's but arithmetic, `lab` of
the lab's own settings. They are the same wherever the compiled kernel runs.
"""

import hashlib
import io
import json
import os
import sys
import tempfile
from contextlib import chdir, redirect_stdout
from pathlib import Path

if "--without" in sys.argv:
    missing = sys.argv[sys.argv.index("--without") + 1].split(",")
    if "sched_getaffinity" in missing:
        del os.sched_getaffinity
    if "flock" in missing:
        sys.modules["fcntl"] = None  # type: ignore[assignment]

import fnn
from fnn.cli.main import run

SETTINGS = {
    "uniform": {"init": "uniform", "scheduler": "constant"},
    "relu": {"init": "uniform", "scheduler": "constant", "activation": "relu", "optimizer": "rprop", "hidden": "7x3"},
    "lab": {},
}


def digest(**settings: str) -> str:
    """Return the digest of 20 networks trained on xor, in both precisions."""
    code = hashlib.sha256()
    for dtype in ("float32", "float64"):
        results = fnn.train(fnn.Config(dtype=dtype, epochs=60, **settings), *fnn.data.xor(), seeds=range(20))
        for weights in results.params:
            code.update(weights.tobytes())
    return code.hexdigest()[:16]


def printed(line: str) -> str:
    """Return what a command prints; SystemExit where it fails."""
    out = io.StringIO()
    with redirect_stdout(out):
        if run(line.split()):
            sys.exit(f"fnn {line} failed")
    return out.getvalue()


def main() -> None:
    """Run it all in an empty folder; SystemExit says what failed."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        kernel = json.loads(printed("train --data xor --seeds 100 --json"))
        numpy = json.loads(printed("train --data xor --seeds 100 --backend numpy --no-plots --json"))
        if abs(kernel["solved"] - numpy["solved"]) > 2:
            sys.exit(f"of 100 networks the kernel solved {kernel['solved']}, NumPy {numpy['solved']}")
        printed("sweep --data xor4 --optimizer sgd,adam --seeds 20 --epochs 100 --out a.db")
        rows = json.loads(printed("show a.db --json --plots figures"))["arms"]
        if [row["runs"] for row in rows] != [20, 20]:
            sys.exit(f"the store has {rows}")
        printed("export a.db --to a.csv")
        study = json.loads(printed("study lab --seeds 20 --json"))
        if not study["claims"] or not Path("fnn-study-lab/index.html").exists():
            sys.exit("the study wrote nothing")
    print(json.dumps({name: digest(**settings) for name, settings in SETTINGS.items()}))


if __name__ == "__main__":
    main()
