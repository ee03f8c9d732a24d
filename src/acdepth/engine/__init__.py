"""Floor 1: the training loop on Hugging Face Accelerate, which knows no stage."""

from acdepth.engine.loop import BatchSource, Task, fit
from acdepth.engine.settings import LoopSettings, what_shapes
from acdepth.engine.state import refuse_other_run

__all__ = ["BatchSource", "LoopSettings", "Task", "fit", "refuse_other_run", "what_shapes"]
