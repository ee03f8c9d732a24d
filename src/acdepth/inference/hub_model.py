"""Depth models that transformers loads (``AutoModelForDepthEstimation``) behind our own interface.

They see each image at its own size, through their own preprocessing, and answer at that size, as the pipeline
``depth-estimation`` of transformers does.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.errors import UserError
from acdepth.core.files import read_object
from acdepth.core.hub import files_content, hub_folder, refuse_adapters
from acdepth.inference.devices import Precision, computes_in_bfloat16
from acdepth.inference.model import Backend, DepthModel
from acdepth.networks.depth_net import DepthOutput
from acdepth.networks.metres import Metres
from acdepth.prior.preprocessing import PREPROCESSING_FILE

CONFIG_FILE, INDEX_FILE = "config.json", "model.safetensors.index.json"
PROCESSOR_FILES = (PREPROCESSING_FILE, "processor_config.json")
READ = (CONFIG_FILE, *PROCESSOR_FILES, INDEX_FILE, "model*.safetensors")
"""Of a model's folder."""
NEAREST = 1e-3
"""[m]; enlarging by cubics may overshoot below 0 at an edge."""
BESIDE_ZOEDEPTH = 3
"""ZoeDepth adds int(3 * sqrt(side / 2)) pixels of mirror image to either end of each side."""


def model_folder(name: str) -> Path:
    """Where a model by its folder or its name on the hub lies; safetensors and JSON are all that is fetched.

    Raises:
        UserError: if there is no such model, or the hub cannot be reached.
    """
    return Path(name) if Path(name).is_dir() else hub_folder(name, READ)


def open_hub_model(
    name: str, folder: Path, label: str, device: torch.device, precision: Precision = "fp32"
) -> DepthModel:
    """Open a depth model of transformers.

    Args:
        name: its folder, or its name on the Hugging Face hub.
        folder: of it, from `model_folder`. Weights are safetensors; none of its code runs.
        label: what tables call it.
        device: where it computes.
        precision: likewise.

    Raises:
        UserError: if it estimates no depth, or it cannot be used without torchvision.
    """
    refuse_adapters(folder)
    try:
        import transformers  # of the extra `train`
    except ImportError as error:
        raise UserError(f"hf:{name}", "needs transformers", "pip install 'acdepth[train]'") from error
    from acdepth.prior.loading import load_network, understood

    config_file = folder / CONFIG_FILE
    read_object(config_file)  # whose faults are one line
    with understood(config_file):
        config = transformers.AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    relative = says_relative(config, config_file)
    index = folder / INDEX_FILE
    kind = transformers.AutoModelForDepthEstimation
    network = load_network(kind, folder, config, index if index.is_file() else None, strict=False)
    network.eval().requires_grad_(False).to(device)
    processor = _open_processor(folder)
    of_hub = name if folder != Path(name) else folder.resolve().name
    said = "relative inverse depth" if relative else "metres"
    return DepthModel(
        name=label,
        backend=_backend(network, processor, relative, device, precision),
        input_size=None,
        device=device,
        relative=relative,
        metres=None if relative else Metres(source="model"),
        description=f"{of_hub}, {config.model_type} of transformers, says {said}",
        sha256=_content(name, folder),
    )


def says_relative(config: Any, where: Path) -> bool:
    """Whether a model says inverse depth of unknown scale and shift, and not metres.

    Raises:
        UserError: if it is no depth model, or not known to say either.
    """
    kind = config.model_type
    if kind in ("depth_anything", "prompt_depth_anything"):
        return config.depth_estimation_type == "relative"
    if kind == "dpt":
        # MiDaS is relative; the DPT heads of DINOv2 learnt metres of NYU and KITTI.
        return getattr(config.backbone_config, "model_type", None) != "dinov2"
    if kind in ("zoedepth", "glpn"):
        return False
    what = f"model_type is {kind!r}, which is not known to say depth"
    raise UserError(where, what, "give a depth_anything, dpt, zoedepth or glpn model")


def _content(name: str, folder: Path) -> str:
    """What tells it from others: hash of the files it is read from, or the hub's name and revision."""
    if folder != Path(name):
        return f"{name}@{folder.name}"
    return files_content(
        folder, [CONFIG_FILE, *(f"*{one}" for one in PROCESSOR_FILES), "*model*.safetensors"]
    )


def _open_processor(folder: Path) -> Any:
    """The model's own preprocessing, by PIL: torchvision is no dependency, and rounds otherwise."""
    from transformers import AutoImageProcessor

    from acdepth.prior.loading import quiet_transformers, understood

    files = [folder / name for name in PROCESSOR_FILES]
    file = next((one for one in files if one.is_file()), None)
    if file is None:
        raise UserError(files[0], "no such file", "a depth model's folder says how it wants its images")
    with understood(file), quiet_transformers():
        return AutoImageProcessor.from_pretrained(
            folder, backend="pil", local_files_only=True, trust_remote_code=False
        )


def _backend(
    network: Any, processor: Any, relative: bool, device: torch.device, precision: Precision
) -> Backend:
    half = computes_in_bfloat16(device, precision)
    border = (
        _border_of_zoedepth if type(processor).__name__.startswith("ZoeDepth") and processor.do_pad else None
    )

    def answer(image: Tensor, night: Tensor | None) -> DepthOutput:
        del night  # they are told nothing
        pixels = (image * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        seen = processor(images=[Image.fromarray(one) for one in pixels], return_tensors="pt")["pixel_values"]
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            said = network(pixel_values=seen.to(device)).predicted_depth.float()
        said = _enlarged(said[:, None], (image.shape[-2], image.shape[-1]), border)
        return DepthOutput((said if relative else 1 / said.clamp(min=NEAREST),), ())

    return answer


def _enlarged(said: Tensor, size: tuple[int, int], border: Callable[[int], int] | None) -> Tensor:
    """(B, 1, H, W) of (B, 1, h, w), as transformers' processors bring it to the image's (height, width)."""
    above, beside = (0, 0) if border is None else (border(side) for side in size)
    padded = size[0] + 2 * above, size[1] + 2 * beside
    whole = F.interpolate(said, padded, mode="bicubic", align_corners=False)
    return whole[..., above : above + size[0], beside : beside + size[1]]


def _border_of_zoedepth(side: int) -> int:
    return int(math.sqrt(side / 2) * BESIDE_ZOEDEPTH)
