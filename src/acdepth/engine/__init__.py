"""Floor 1: the training loop on Hugging Face Accelerate, which knows no stage."""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.engine.loop import BatchSource, fit
    from acdepth.engine.processes import run_folder, share_of_processes
    from acdepth.engine.settings import LoopSettings
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
    "run_folder",
    "share_of_processes",
]

__getattr__ = lazy_names(__name__)
