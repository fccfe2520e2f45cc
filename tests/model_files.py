"""Model files as version 1 wrote them."""

import json
from dataclasses import asdict

import numpy as np


def save_version_1(path, results):
    """Write the networks of one config: `config` and `layers` (JSON), `seeds` (S,), `W1` … `Wd`."""
    params = results.network(0) if len(results) == 1 else results.params
    arrays = {f"W{i}": w for i, w in enumerate(params, 1)}
    arrays["config"] = np.array(json.dumps(asdict(results.config(0))))
    arrays["layers"] = np.array(json.dumps(results.layers[0]))
    np.savez(path, allow_pickle=False, seeds=results.seeds, **arrays)
    return path
