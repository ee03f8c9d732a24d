"""Formats of exported files: what writes and reads each, and what that needs."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from acdepth.core.errors import UserError
from acdepth.inference.devices import NEEDED, is_installed
from acdepth.inference.exported.about import ExportPrecision, Target

SUFFIXES: dict[Target, str] = {"onnx": ".onnx", "openvino": ".xml", "torch-export": ".pt2"}
"""What ends the name of a file."""
WEIGHTS_SUFFIX = ".bin"
"""Of OpenVINO's weights, which lie beside the graph."""


def check_target(target: Target, precision: ExportPrecision, out: Path) -> None:
    """Raise `UserError` if something of it is not installed, or does not go together."""
    if out.suffix != SUFFIXES[target]:
        raise UserError(out, f"{target} files end in {SUFFIXES[target]}", "give another --out")
    if precision == "int8" and target != "openvino":
        raise UserError("--precision int8", "is of OpenVINO alone", "use --to openvino, or fp16")
    _check_installed(target)


def of_format(target: Target) -> ModuleType:
    """The module whose ``write`` writes files of a format.

    Raises:
        UserError: if what it needs is not installed.
    """
    _check_installed(target)
    return import_module(f"acdepth.inference.exported.{target.replace('-', '_')}_file")


def _check_installed(target: Target) -> None:
    if not is_installed(target):
        what = f"needs {', '.join(NEEDED[target])}"
        raise UserError(target, what, f"pip install 'acdepth[{target}]'")
