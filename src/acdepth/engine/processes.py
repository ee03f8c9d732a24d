"""The processes that ``accelerate launch`` or ``torchrun`` started, on one machine or several."""

from datetime import timedelta

import torch
from accelerate import PartialState

from acdepth.core.share import Share

PATIENCE = timedelta(days=7)
"""How long a process that is done waits for the others; torch gives up after half an hour."""


def share_of_processes(on_cpu: bool = False) -> Share:
    """This process's share; all of it where nothing but this process was started.

    Args:
        on_cpu: whether the processes compute on the CPU although there is a GPU: they then need none to talk
            to each other, and may be more than there are GPUs.
    """
    on_cpu = on_cpu or not torch.cuda.is_available()
    state = PartialState(cpu=on_cpu, timeout=PATIENCE)
    # Accelerate's own barrier names a GPU by the process's number wherever the machine has one.
    meet = torch.distributed.barrier if on_cpu and state.num_processes > 1 else state.wait_for_everyone
    return Share(state.process_index, state.num_processes, meet)
