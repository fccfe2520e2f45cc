"""`save`: networks to a file that `load` reads, whichever way they were trained."""

from pathlib import Path

from fnn import checks
from fnn.ensembles.fit import Fit
from fnn.ensembles.model import Model, without_diverged
from fnn.ensembles.model_file import save_model
from fnn.ensembles.plain import plain_model
from fnn.errors import InvalidSetting
from fnn.training.results import Results


def save(networks: Results | Fit | Model, path: str | Path) -> Path:
    """Write networks to a file, whole or not at all, and return its path; `fnn.load` reads it.

    networks: what `fnn.train` gives, of one setting, without those that diverged; what `fnn.fit` or `fnn.load` gives.
    Of networks that `train` trained the columns are called x1, x2 …

    Raises InvalidSetting for results of several settings, for networks that all diverged, and for a path in a folder
    that is not there.

    >>> import fnn, tempfile
    >>> results = fnn.train(fnn.Config(), *fnn.data.xor4(), seeds=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model = fnn.load(fnn.save(results[results.solved], f"{folder}/xor.npz"))
    >>> model.predict([[0, 1], [1, 1]])
    array([1, 0])
    """
    return save_model(new_file("path", path), model_of(networks))


def new_file(name: str, path: str | Path) -> Path:
    """Return where a file is to be written. Raises InvalidSetting under `name` for a folder that is not there."""
    where = checks.path(name, path)
    if not where.parent.is_dir() or where.is_dir():
        raise InvalidSetting(name, str(where), "a file in a folder that is there")
    return where


def model_of(networks: Results | Fit | Model) -> Model:
    """Return networks as a model, without those that diverged. Raises InvalidSetting as `save` does."""
    if isinstance(networks, Results):
        if len(set(networks.configs)) > 1:
            raise InvalidSetting("networks", f"{len(networks.configs)} settings", "one: .where(lr=0.1) takes it")
        return without_diverged(plain_model(networks.config(0), networks.layers[0], networks.params, networks.seeds))
    if isinstance(networks, Fit):
        return networks.model
    if isinstance(networks, Model):
        return networks
    raise InvalidSetting("networks", type(networks).__name__, "what fnn.train, fnn.fit or fnn.load gives")
