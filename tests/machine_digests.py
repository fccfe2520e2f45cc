"""Print digests of all that is drawn, scheduled and made as data, and with --train of trained networks too.

`test_machines` runs it where NumPy or Numba are told of other processors.
"""

import hashlib
import json
import sys
from itertools import cycle, product
from types import SimpleNamespace

import numpy as np

import fnn
from fnn import rng
from fnn.data.synthetic import DATA
from fnn.network.initializers import INITIALIZERS
from fnn.network.schedules import SCHEDULES
from fnn.training import lanes
from fnn.training.powers import compiled_power

POWERS = np.array([0.5, 1.0, 1.7, 2.0, 3.0, 0.0, 1e-3, 40.0])
GAMMAS = np.array([0.95, 0.5, 0.999, 1.0, 0.1, 0.7, 1.01, 1e-9])
DTYPES = "float32", "float64"
# The schedules of which there is a digest from other machines; and those that came later.
FIRST = "constant", "exponential", "polynomial", "warmup-linear"


def digest(arrays):
    code = hashlib.sha256()
    for array in arrays:
        code.update(np.ascontiguousarray(array).tobytes())
    return code.hexdigest()[:16]


def weights(draws):
    """Yield initial weights: of every initializer, in both precisions."""
    layers = fnn.Config(hidden="7x40").layers(3, 1)
    for name, dtype in product(INITIALIZERS, DTYPES):
        yield from fnn.init(layers, range(500), name, 1.5, dtype, draws)


def points():
    """Yield the points of every data set, without noise and with."""
    for name, noise in product(DATA, (0.0, 0.3)):
        yield fnn.data.make(name, None if name == "xor" else 2000, noise).x


def rates(names, *power):
    """Yield the rates of schedules, of networks that differ."""
    h = {"lr": 0.1, "base_lr": 0.1, "warmup": 30, "power": POWERS, "gamma": GAMMAS, "decay_every": 1.0}
    settings = SimpleNamespace(**{name: np.broadcast_to(value, (1, 1, 8)) for name, value in h.items()})
    for schedule in (SCHEDULES[name] for name in names):
        yield np.broadcast_to(schedule(np.arange(3001)[:, None], 3000, settings, *power), (1, 3001, 8))


def networks():
    """Yield the weights of trained networks: every initializer on every data set, schedules in turn."""
    for dtype in DTYPES:
        schedules = cycle(FIRST)
        for (init, name), scheduler in zip(product(INITIALIZERS, DATA), schedules, strict=False):
            configs = [
                fnn.Config(init=init, scheduler=scheduler, dtype=dtype, epochs=60, warmup=20, power=power, gamma=gamma)
                for power, gamma in ((2.0, 0.95), (3.0, 0.9))
            ]
            yield from fnn.train(configs, *fnn.data.make(name, noise=0.1), seeds=range(4)).flat


def main():
    digests = {
        "weights": digest(weights(rng.NUMPY)),
        "weights, compiled": digest(weights(lanes.COMPILED)),
        "points": digest(points()),
        "rates": digest(rates(FIRST)),
        "rates, compiled": digest(rates(FIRST, compiled_power)),
        "later rates": digest(rates(set(SCHEDULES) - set(FIRST))),
    }
    if "--train" in sys.argv:
        digests["networks"] = digest(networks())
    print(json.dumps(digests))


if __name__ == "__main__":
    main()
