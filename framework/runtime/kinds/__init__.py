"""The task kinds: one module each, one dict. A new kind is one file and one line here."""

from framework.runtime.kinds.batch_inference import BatchInference
from framework.runtime.kinds.evaluate import Evaluate
from framework.runtime.kinds.feature_table import FeatureTable
from framework.runtime.kinds.python import Python
from framework.runtime.kinds.register_model import RegisterModel
from framework.runtime.kinds.train import Train

KINDS = {
    "batch_inference": BatchInference,
    "evaluate": Evaluate,
    "feature_table": FeatureTable,
    "python": Python,
    "register_model": RegisterModel,
    "train": Train,
}
