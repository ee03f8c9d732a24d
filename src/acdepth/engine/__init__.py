"""Floor 1: the training loop on Hugging Face Accelerate, which knows no stage."""

from acdepth.engine.loop import BatchSource, fit
from acdepth.engine.processes import share_of_processes
from acdepth.engine.settings import LoopSettings
from acdepth.engine.state import refuse_other_run
from acdepth.engine.task import Leftovers, Task, TurnTask, Update, masked_mean

__all__ = [
    "BatchSource",
    "Leftovers",
    "LoopSettings",
    "Task",
    "TurnTask",
    "Update",
    "fit",
    "masked_mean",
    "refuse_other_run",
    "share_of_processes",
]
