"""scikit-learn as a contender."""

import warnings
from typing import Any

import numpy as np

import fnn

from .contenders import Array, Built, Contender, activations, of_network

# Its names for the activations of hidden layers; the output of a classifier is a sigmoid,
# or a softmax.
_ACTIVATIONS = {"sigmoid": "logistic", "relu": "relu", "tanh": "tanh", "identity": "identity"}


def sklearn_loop(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, _threads: int) -> Built:
    """scikit-learn's `MLPClassifier`, one after the other; it shuffles the samples of batches, as it does by itself."""
    from sklearn.neural_network import MLPClassifier

    x, networks = x.astype(config.dtype), len(params[0])

    def one(k: int) -> Any:
        inputs, targets = of_network(x, k, networks), of_network(y, k, networks)
        several = targets.shape[1] > 1
        labels = targets.argmax(axis=1) if several else targets[:, 0]
        model = MLPClassifier(
            config.hidden, activation=_ACTIVATIONS[activations(config)[0]], solver="adam", alpha=0,
            batch_size=min(config.batch_size or len(inputs), len(inputs)), random_state=k,
            learning_rate_init=config.lr, beta_1=config.beta1, beta_2=config.beta2, epsilon=config.epsilon,
            max_iter=config.epochs, tol=0, n_iter_no_change=config.epochs,
        )  # fmt: skip
        return model.fit(inputs, labels).predict_proba(inputs)[:, 0 if several else 1 :]

    def run() -> list[Any]:
        with warnings.catch_warnings():  # that it has not converged, which nobody asked
            warnings.simplefilter("ignore")
            return [one(k) for k in range(networks)]

    return run, np.stack


def _classifies(config: fnn.Config) -> bool:
    hidden, output = set(activations(config)[:-1]), activations(config)[-1]
    return output in ("sigmoid", "softmax") and len(hidden) <= 1 and hidden <= set(_ACTIVATIONS)


PEERS = {
    "sklearn": Contender(
        "scikit-learn MLPClassifier",
        sklearn_loop,
        "scikit-learn",
        probe=1,
        differs="its own initial weights and order of samples, log loss, a constant rate: it has no others",
        takes=_classifies,
    ),
}
