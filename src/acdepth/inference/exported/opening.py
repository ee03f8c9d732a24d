"""Exported files as models: the same `Predictor` asks them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from acdepth.core.errors import UserError, first_line
from acdepth.core.files import hash_file
from acdepth.inference.devices import BackendName, Precision
from acdepth.inference.exported.about import About, Target
from acdepth.inference.exported.formats import SUFFIXES, WEIGHTS_SUFFIX, of_format
from acdepth.inference.exported.running import Run
from acdepth.inference.exported.whole import IMAGE
from acdepth.inference.model import Backend, DepthModel, by_card
from acdepth.networks.depth_net import DepthOutput

TARGETS: dict[str, Target] = {suffix: target for target, suffix in SUFFIXES.items()}


def open_exported(
    path: Path,
    name: str,
    device: str = "auto",
    precision: Precision = "fp32",
    backend: BackendName | None = None,
) -> DepthModel:
    """Open a file that `acdepth export` wrote.

    It computes as it was made, on the CPU, and says depth without confidence.

    Raises:
        UserError: if it is none, cannot be read, or something else was asked for.
    """
    target = TARGETS[path.suffix]
    if target == "torch-export":
        what = "is not opened here, as torch executes what such files hold"
        raise UserError(path, what, "use torch.export.load where you trust it, or export to onnx")
    if backend not in (None, "auto", target) or precision not in ("auto", "fp32"):
        what = f"computes by {target}, in the precision that it was exported in"
        raise UserError(path, what, "leave --backend and --precision out")
    if device not in ("auto", "cpu"):
        raise UserError(path, f"computes on the CPU, not on {device}", "use --device cpu, or a checkpoint")
    kind = of_format(target)
    if not path.is_file():
        raise UserError(path, "no such file", "make it with: acdepth export")
    if target == "openvino" and not path.with_suffix(WEIGHTS_SUFFIX).is_file():
        what = f"its weights are missing ({path.with_suffix(WEIGHTS_SUFFIX).name})"
        raise UserError(path, what, "the two files belong together")
    try:
        told, run = kind.read(path)
    except Exception as error:  # each runtime has its own, and reports a damaged file by any of them
        what = f"cannot be read by {target} ({first_line(error)[:200]})"
        raise UserError(path, what, "export or copy it again") from error
    if told is None:
        raise UserError(path, "says nothing of itself", "give a file made by: acdepth export")
    return _model(About.from_json(told, str(path)), run, name, hash_file(path))


def _model(about: About, run: Run, name: str, sha256: str) -> DepthModel:
    model = by_card(about.card, _backend(run), torch.device("cpu"), name, sha256)
    return replace(model, takes=about.image_size, one_scale=True)


def _backend(run: Run) -> Backend:
    """The focal length is not told: `DepthModel` itself follows the lens."""

    def answer(image: Tensor, night: Tensor | None) -> DepthOutput:
        del night  # the file sees all as by day
        pixels = (image * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
        depths = np.concatenate([run({IMAGE: pixels[index : index + 1]}) for index in range(len(pixels))])
        return DepthOutput((1 / torch.from_numpy(depths)[:, None],), ())

    return answer
