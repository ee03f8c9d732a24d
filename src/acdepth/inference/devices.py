"""Where to compute, and in what precision."""

import re
from typing import Literal

import torch

from acdepth.core.errors import UserError
from acdepth.core.precision import fast_bfloat16

Precision = Literal["fp32", "bf16", "auto"]
"""``fp32``: as trained and measured; ``bf16``: faster where the device computes in it; ``auto``: bf16 there,
fp32 elsewhere."""


def choose_device(name: str = "auto") -> torch.device:
    """A device by name; ``auto`` is CUDA, else Apple's MPS, else the CPU.

    Raises:
        UserError: if the device is not there.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if not re.fullmatch(r"(cpu|mps|cuda(:\d+)?)", name):
        raise UserError(None, f"device {name!r} cannot be used here", "choose auto, cpu, cuda, cuda:1 or mps")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(None, f"device {name!r} cannot be used here ({reason})", "try auto or cpu") from error
    return device


def computes_in_bfloat16(device: torch.device, precision: Precision) -> bool:
    """What a precision comes to on a device."""
    return precision == "bf16" or (precision == "auto" and fast_bfloat16(device))
