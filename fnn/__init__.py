"""Thousands of small neural networks trained at once, from scratch, and what is true of them with error bars.

Reading order, which is import order (a module imports only from those before it):

errors files draws data activations losses optimizers schedules initializers config network lanes kernels
stacks crowds train model grid store sweep stats arms export plots charts report metrics claims positions entries
studyfile trials verdicts judge multiverse findings outside panels markup svg parts articles page study cli
"""

from fnn import data
from fnn.config import Config
from fnn.errors import InvalidSetting
from fnn.network import accuracy, backward, forward, init, mean_loss, predict, start, update
from fnn.stats import wilson
from fnn.study import study
from fnn.sweep import sweep
from fnn.train import Results, train

__version__ = "0.1.0"

__all__ = [
    "Config",
    "InvalidSetting",
    "Results",
    "accuracy",
    "backward",
    "data",
    "forward",
    "init",
    "mean_loss",
    "predict",
    "start",
    "study",
    "sweep",
    "train",
    "update",
    "wilson",
]
