"""Depth Anything V2 as a frozen prior: image to relative inverse depth."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation

from acdepth.core.blank import faults
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file, read_object, write_bytes, write_json
from acdepth.core.hub import hub_folder, model_content, refuse_adapters
from acdepth.prior.loading import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    fill_network,
    load_network,
    quiet_transformers,
    understood,
)
from acdepth.prior.preprocessing import PREPROCESSING_FILE, Preprocessing
from acdepth.prior.published import read_published
from acdepth.prior.settings import TinyPriorConfig
from acdepth.prior.tiny import build_tiny_prior

CARD_FILE = "card.json"
SHAPING = (CONFIG_FILE, WEIGHTS_FILE, PREPROCESSING_FILE)
"""Files of a model's folder that decide what it answers."""
LEAST_SPREAD = 1e-6
"""Standard deviation of inverse depth up to which it shows nothing."""


def content_of(prior: Path) -> str:
    """What tells one prior from another; see `model_content`. Of a published file its hash."""
    return hash_file(prior) if prior.is_file() else model_content(prior, SHAPING)


def relative_inverse_depth(
    network: DepthAnythingForDepthEstimation, preprocessing: Preprocessing, image: Tensor
) -> Tensor:
    """(B, 3, H, W) in 0..1 -> (B, 1, H, W) inverse depth of unknown scale and shift; larger is nearer.

    Differentiable, for whoever trains a network.
    """
    predicted = network(pixel_values=preprocessing(image)).predicted_depth[:, None]
    # Corners on corners, as inside the network's own head.
    return F.interpolate(predicted.float(), image.shape[-2:], mode="bilinear", align_corners=True)


class DepthAnythingPrior(nn.Module):
    """A Depth Anything V2 network that only answers: always in evaluation mode, never a gradient.

    Args:
        network: becomes frozen.
        preprocessing: of the images it was trained on.
        card: JSON values that say what it was trained on.
        source: where it comes from, for messages.
    """

    def __init__(
        self,
        network: DepthAnythingForDepthEstimation,
        preprocessing: Preprocessing,
        card: Mapping[str, Any] | None = None,
        source: str = "the prior",
    ) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self.preprocessing = preprocessing
        self.card, self.source = dict(card or {}), source
        # A quarter faster on CPUs; torch's stubs do not know this argument alone.
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.eval()

    @classmethod
    def from_pretrained(cls, source: str | Path) -> Self:
        """Load a model folder, a published file, or a model of the Hugging Face hub.

        Args:
            source: a folder with ``config.json``, ``model.safetensors``, ``preprocessor_config.json`` as
                transformers writes them; a file such as ``depth_anything_v2_vits.pth``, as the authors
                publish it; or a name such as ``depth-anything/Depth-Anything-V2-Small-hf``.

        Raises:
            UserError: if there is no such model or it is no relative Depth Anything.
        """
        if Path(source).is_file():
            config, tensors, preprocessing = read_published(Path(source))
            network = fill_network(DepthAnythingForDepthEstimation, config, Path(source), tensors)
            return cls(network, preprocessing, {}, str(source))
        folder = Path(source) if Path(source).is_dir() else hub_folder(str(source), (*SHAPING, CARD_FILE))
        refuse_adapters(folder)
        config = _read_config(folder)
        preprocessing = Preprocessing.read(folder)
        card = read_object(folder / CARD_FILE) if (folder / CARD_FILE).exists() else {}
        network = load_network(DepthAnythingForDepthEstimation, folder, config)
        return cls(network, preprocessing, card, str(source))

    @classmethod
    def tiny(cls, seed: int, config: TinyPriorConfig | None = None) -> Self:
        """The same class, small and untrained: for tests, and to see the shape of what ships."""
        config = config or TinyPriorConfig()
        return cls(build_tiny_prior(config, seed), Preprocessing(config.side))

    def save(self, folder: Path, dtype: torch.dtype = torch.float16) -> None:
        """Write a model folder that `from_pretrained` and transformers read, and ``card.json``.

        Weights in float16 halve the file and change depth by less than 1 %.
        """
        folder = Path(folder)
        stored: Any = copy.deepcopy(self.network)
        with TemporaryDirectory() as staging, quiet_transformers():
            stored.to(dtype=dtype).save_pretrained(staging)
            for name in (CONFIG_FILE, WEIGHTS_FILE):
                write_bytes(folder / name, (Path(staging) / name).read_bytes())
        self.preprocessing.write(folder)
        write_json(folder / CARD_FILE, self.card)

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode, whatever the module that contains this one does."""
        return super().train(False)

    def normalise_by(self, mean: tuple[float, float, float], std: tuple[float, float, float]) -> None:
        """Take other numbers than its own for the input, as the published ACDepth code does."""
        self.preprocessing = replace(self.preprocessing, mean=mean, std=std)

    def resize_to(self, height: int, width: int) -> None:
        """See every image at one size, as in the published ACDepth code, and not at the one it learnt at.

        Raises:
            UserError: if a side is no multiple of the network's patch.
        """
        patch = self.preprocessing.patch
        if height % patch or width % patch:
            what = f"its input cannot be {height}x{width} pixels"
            raise UserError(self.source, what, f"both must be multiples of its patch, {patch}")
        self.preprocessing = replace(self.preprocessing, size=(height, width))

    @torch.no_grad()
    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) float in 0..1 -> (B, 1, H, W) relative inverse depth, larger is nearer.

        Raises:
            UserError: if an answer is not finite, or the same everywhere though the image is not.
        """
        found = relative_inverse_depth(self.network, self.preprocessing, image)
        if fault := max(faults(found, image, LEAST_SPREAD)):
            what = f"its inverse depth of an image {fault}"
            raise UserError(self.source, what, "the model is damaged, copy it again")
        return found


def _read_config(folder: Path) -> DepthAnythingConfig:
    path = folder / CONFIG_FILE
    values = read_object(path)
    kind = values.get("model_type") if isinstance(values, dict) else None
    if kind != "depth_anything":
        raise UserError(path, f"model_type is {kind!r}", "the prior must be a 'depth_anything' model")
    with understood(path):
        config = DepthAnythingConfig.from_dict(values)
    if config.depth_estimation_type != "relative":
        raise UserError(path, f"a {config.depth_estimation_type} model", "the prior must be a relative one")
    return config
