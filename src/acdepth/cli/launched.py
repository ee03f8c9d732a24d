"""The processes that ``accelerate launch`` or ``torchrun`` started for a verb that divides its work."""

import os
from typing import TYPE_CHECKING

from acdepth.core.errors import UserError
from acdepth.core.share import ALL, Share

if TYPE_CHECKING:
    import torch


def own_share() -> Share:
    """All of the work, unless a launcher started several processes.

    These talk by their CPUs wherever they compute: they meet rarely, and a connection tells at once when the
    process at its other end is gone.
    """
    if _launched() == 1:
        return ALL
    from acdepth.engine.processes import share_of_processes  # not part of the core install

    return share_of_processes(on_cpu=True)


def own_place(device: str) -> "torch.device":
    """The device by its name; of several processes on one machine, each takes a GPU of its own.

    Raises:
        UserError: if there are fewer GPUs than processes.
    """
    import torch

    from acdepth.inference.devices import choose_device

    place = choose_device(device)
    if place.type != "cuda" or _launched() == 1:
        return place
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", _launched()))
    # Every process refuses, so that none waits for one that is gone.
    there_are = torch.cuda.device_count() if place.index is None else 1
    if processes > there_are:
        what = f"{processes} processes on this machine, for {there_are} GPU(s)"
        raise UserError(f"--device {device}", what, "start one process per GPU, or give --device cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if place.index is None else place


def _launched() -> int:
    """Processes in all, as the launcher tells them."""
    return int(os.environ.get("WORLD_SIZE", "1"))
