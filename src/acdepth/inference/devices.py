"""Where to compute, by what, and in what precision."""

import re
from importlib.util import find_spec
from typing import Literal

import torch

from acdepth.core.errors import UserError, first_line
from acdepth.core.precision import fast_bfloat16

Precision = Literal["fp32", "bf16", "int8", "auto"]
"""``fp32``: as trained and measured; ``bf16``: faster where the device computes in it; ``auto``: bf16 there,
fp32 elsewhere; ``int8``: fastest on a CPU, of OpenVINO alone."""
Runtime = Literal["torch", "openvino", "onnx"]
"""What computes; ``onnx`` is ONNX Runtime."""
BackendName = Literal["auto", "torch", "openvino", "onnx"]
"""A runtime, or ``auto``, see `choose_backend`."""
NEEDED = {"openvino": ("openvino",), "onnx": ("onnx", "onnxscript", "onnxruntime")}
"""Packages by runtime; the extra of each has its name."""


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
        reason = first_line(error)
        raise UserError(None, f"device {name!r} cannot be used here ({reason})", "try auto or cpu") from error
    return device


def choose_backend(backend: BackendName, device: str, precision: Precision) -> tuple[Runtime, torch.device]:
    """What computes a network of ours, and where.

    ``auto`` is OpenVINO on a CPU where it is installed, as its extra is there for speed: in float32 it says
    what torch says but for 1e-4 of the depth. Elsewhere it is torch.

    Raises:
        UserError: if what was asked for is not installed, or does not go together.
    """
    if backend == "auto":
        backend = "openvino" if precision == "int8" else best_runtime(choose_device(device))
    if backend != "torch":
        _refuse(backend, device, precision)
        return backend, torch.device("cpu")
    if precision == "int8":
        raise UserError("--precision int8", "is of OpenVINO alone", "use --backend openvino")
    return backend, choose_device(device)


def best_runtime(device: torch.device) -> Runtime:
    """What ``auto`` is on a device."""
    return "openvino" if device.type == "cpu" and is_installed("openvino") else "torch"


def is_installed(runtime: str) -> bool:
    """Whether a runtime's packages are there."""
    return all(find_spec(package) for package in NEEDED.get(runtime, ()))


def _refuse(runtime: Runtime, device: str, precision: Precision) -> None:
    if not is_installed(runtime):
        what = f"needs {', '.join(NEEDED[runtime])}"
        raise UserError(f"--backend {runtime}", what, f"pip install 'acdepth[{runtime}]'")
    if device not in ("auto", "cpu"):
        raise UserError(
            f"--backend {runtime}", f"computes on the CPU, not on {device}", "use --backend torch"
        )
    if runtime == "onnx" and precision not in ("fp32", "auto"):
        raise UserError(f"--precision {precision}", "ONNX Runtime computes in fp32", "use --backend openvino")
    if precision == "bf16" and not fast_bfloat16(torch.device("cpu")):
        raise UserError("--precision bf16", "this CPU does not compute in it", "use fp32 or int8")


def computes_in_bfloat16(device: torch.device, precision: Precision) -> bool:
    """What a precision comes to on a device."""
    return precision == "bf16" or (precision == "auto" and fast_bfloat16(device))
