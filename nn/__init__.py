"""Networks of scalar neurons, the same in matrices by hand, and the comparison of their gradients.

>>> import nn
>>> X, T = nn.digits()
>>> network = nn.MLP(64, [8, 10])
>>> nn.compare_gradients(network, X[:4] / 16, T[:4]).ok
True
"""

from nn.command_line import at_once as at_once  # before what takes long to import

# isort: split

from typing import TYPE_CHECKING, Any

from nn.agreement.compare import compare_gradients as compare_gradients
from nn.agreement.report import Report as Report
from nn.data import csv as csv
from nn.data import digits as digits
from nn.data import mnist as mnist
from nn.data import moons as moons
from nn.data import split as split
from nn.data import xor as xor
from nn.diagnosis.asserted import assert_gradients as assert_gradients
from nn.diagnosis.backward import check_backward as check_backward
from nn.diagnosis.function import diagnose_function as diagnose_function
from nn.diagnosis.network import diagnose as diagnose
from nn.diagnosis.report import Diagnosis as Diagnosis
from nn.losses import binary_cross_entropy as binary_cross_entropy
from nn.losses import cross_entropy as cross_entropy
from nn.losses import half_mse as half_mse
from nn.losses import hinge as hinge
from nn.losses import l2 as l2
from nn.losses import mean_loss as mean_loss
from nn.losses import mse as mse
from nn.losses import sample_loss as sample_loss
from nn.module import Module as Module
from nn.neuron import MLP as MLP
from nn.neuron import Embedding as Embedding
from nn.neuron import Layer as Layer
from nn.neuron import Neuron as Neuron
from nn.optim import SGD as SGD
from nn.optim import Adam as Adam
from nn.optim import AdamW as AdamW
from nn.stream import seed as seed
from nn.training.fit import fit as fit
from nn.training.metrics import accuracy as accuracy
from nn.training.metrics import evaluate as evaluate
from nn.training.metrics import label_accuracy as label_accuracy
from nn.training.metrics import r2 as r2
from nn.training.outputs import predict as predict
from nn.training.progress import History as History
from nn.training.scaling import Scaling as Scaling
from nn.training.targets import Targets as Targets

# What `help` lists and `import *` brings.
__all__ = [name for name, public in list(globals().items()) if getattr(public, "__module__", "").startswith("nn.")]

if TYPE_CHECKING:
    from nn.training.estimators import MLPClassifier as MLPClassifier
    from nn.training.estimators import MLPRegressor as MLPRegressor

_ESTIMATORS = ("MLPClassifier", "MLPRegressor")


def __getattr__(name: str) -> Any:
    """Import the estimators where they are used: they need scikit-learn."""
    if name in _ESTIMATORS:
        from nn.training import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module 'nn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ESTIMATORS])
