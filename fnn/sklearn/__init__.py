"""Estimators of scikit-learn that are ensembles: they fit, score, clone, pickle and search as its own do.

A fit depends on which rows there are and how often each counts, and on nothing else: not on their order, and not on
whether a row comes twice or has a weight of 2 (`rows` says why). Reading order:

rows targets lessons learning ensemble estimators grid_search
"""

try:
    import sklearn  # noqa: F401, whose absence is to be said in words
except ImportError as error:
    raise ImportError("fnn.sklearn needs scikit-learn: pip install 'fnn[sklearn]'") from error

from fnn.sklearn.estimators import EnsembleClassifier, EnsembleRegressor
from fnn.sklearn.grid_search import search

__all__ = ["EnsembleClassifier", "EnsembleRegressor", "search"]
