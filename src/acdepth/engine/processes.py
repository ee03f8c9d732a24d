"""The processes that ``accelerate launch`` or ``torchrun`` started, on one machine or several."""

import torch
from accelerate import PartialState

from acdepth.core.share import Share


def share_of_processes() -> Share:
    """This process's share; all of it where nothing but this process was started."""
    state = PartialState(cpu=not torch.cuda.is_available())
    return Share(state.process_index, state.num_processes, state.wait_for_everyone)
