"""Floor 1: the training loop on Hugging Face Accelerate, which knows no stage."""

from acdepth.engine.loop import BatchSource, fit
from acdepth.engine.processes import run_folder, share_of_processes
from acdepth.engine.settings import LoopSettings
from acdepth.engine.task import Leftovers, Task, TurnTask, Update

__all__ = [
    "BatchSource",
    "Leftovers",
    "LoopSettings",
    "Task",
    "TurnTask",
    "Update",
    "fit",
    "run_folder",
    "share_of_processes",
]
