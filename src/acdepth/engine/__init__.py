"""The training loop on Hugging Face Accelerate, which knows no stage.

>>> from acdepth.engine import LoopSettings
>>> LoopSettings(steps=500, batch_size=8, learning_rate=2e-4).steps
500
"""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.engine.ahead import BatchSource as BatchSource
    from acdepth.engine.loop import fit as fit
    from acdepth.engine.processes import run_folder as run_folder
    from acdepth.engine.settings import LoopSettings as LoopSettings
    from acdepth.engine.task import Leftovers as Leftovers
    from acdepth.engine.task import Task as Task
    from acdepth.engine.task import TurnTask as TurnTask
    from acdepth.engine.task import Update as Update
    from acdepth.engine.task import counted_mean as counted_mean
    from acdepth.engine.task import masked_mean as masked_mean

__all__, __getattr__ = lazy_names(
    __name__,
    {
        "acdepth.engine.ahead": "BatchSource",
        "acdepth.engine.loop": "fit",
        "acdepth.engine.processes": "run_folder",
        "acdepth.engine.settings": "LoopSettings",
        "acdepth.engine.task": "Leftovers Task TurnTask Update counted_mean masked_mean",
    },
)
