"""Floor 1: the training loop on Hugging Face Accelerate, which knows no stage."""

from acdepth.engine.loop import BatchSource, Task, fit
from acdepth.engine.progress import progress
from acdepth.engine.settings import LoopSettings

__all__ = ["BatchSource", "LoopSettings", "Task", "fit", "progress"]
