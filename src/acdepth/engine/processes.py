"""The processes that ``accelerate launch`` or ``torchrun`` started, on one machine or several."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import get_int_from_env, parse_flag_from_env
from torch import distributed

from acdepth.core.errors import UserError
from acdepth.core.identity import Identity
from acdepth.core.lock import sole_writer
from acdepth.core.share import Lost, Share
from acdepth.engine.settings import LoopSettings
from acdepth.engine.state import refuse_other_run

PATIENCE = timedelta(days=7)
"""How long a process that is done waits for the others; torch gives up after half an hour."""
SILENCE = timedelta(seconds=20)
"""How long a process is asked whether it is still there."""
COUNTS = ["WORLD_SIZE", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE"]
"""Where launchers say how many processes they started, as Accelerate reads them."""


@contextmanager
def run_folder(folder: Path, made_from: Identity, settings: LoopSettings) -> Iterator[Share]:
    """Keep a training's folder to the processes of this one, of which the first does what is done once.

    What is prepared goes below `Share.main_first`, and what is saved is `Share.leads`'s; at the end of the
    context all processes find it there.

    Raises:
        UserError: if another training writes there, or the folder holds another run's states.
    """
    share = share_of_processes(settings.device == "cpu")
    with sole_writer(folder, share=share):
        refuse_other_run(folder, of_processes(made_from, share.count), settings.extend)
        yield share
        share.wait()


def of_processes(made_from: Identity, count: int) -> Identity:
    """What shapes a run of several processes, each of which sees a batch of its own."""
    return made_from.and_facts({"processes": count if count > 1 else None})


def share_of_processes(on_cpu: bool = False) -> Share:
    """This process's share; all of it where nothing but this process was started.

    Processes ``on_cpu`` although there is a GPU need none to talk, and may be more than there are GPUs.
    """
    state = _state(on_cpu)
    if state.num_processes == 1:
        return Share()
    return Share(state.process_index, state.num_processes, _gather)


def _gather(value: Any) -> list[Any]:
    """What every process gave, by rank.

    Raises:
        Lost: if one of them has ended, which its connections tell at once.
    """
    found: list[Any] = [None] * distributed.get_world_size()
    try:
        distributed.all_gather_object(found, value)
    except RuntimeError as error:
        raise _lost() from error
    return found


def _lost() -> Lost:
    what = "another of the processes that share this work has ended early"
    return Lost(None, what, "its own last line says why; then start all of them again")


@contextmanager
def telling_of_lost(share: Share) -> Iterator[None]:
    """Turn what torch raises in the middle of its work, where a process of several has gone, into one line.

    Torch's error is like any other. But connections to who has gone are closed, and who is there waits.

    Raises:
        Lost: if another process has ended.
    """
    try:
        yield
    except RuntimeError as error:
        if share.count == 1 or type(error) is not RuntimeError or distributed.get_backend() != "gloo":
            raise
        started = time.monotonic()
        try:
            distributed.monitored_barrier(timeout=SILENCE)
        except RuntimeError:
            if time.monotonic() - started < SILENCE.total_seconds() / 2:
                raise _lost() from error
        raise


def training_device(on_cpu: bool) -> torch.device:
    """Where this process trains: the CPU, or what Accelerate finds.

    Raises:
        UserError: if its group of processes was started to compute elsewhere; a single one may change.
    """
    place = _state(on_cpu).device
    assert place is not None
    if _launched() and (place.type == "cpu") != _group_on_cpu(on_cpu):
        what = f"these processes began on {place.type} and cannot change"
        raise UserError("device", what, "set it alike in all stages")
    return torch.device("cpu") if on_cpu else place


def _state(on_cpu: bool) -> PartialState:
    """The group of processes, which lasts as long as the process."""
    return PartialState(cpu=_group_on_cpu(on_cpu), timeout=PATIENCE)


def _group_on_cpu(on_cpu: bool) -> bool:
    """Whether processes compute on the CPU; one that is alone may change from training to training."""
    told = parse_flag_from_env("ACCELERATE_USE_CPU")
    return told or (_launched() and (on_cpu or not torch.cuda.is_available()))


def _launched() -> bool:
    return "LOCAL_RANK" in os.environ or get_int_from_env(COUNTS, 1) > 1
