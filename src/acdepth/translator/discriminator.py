"""Judges of what is real: a patch network that needs no weights, and heads on a frozen CLIP.

Both give one set of verdicts per condition, because there is one generator for all of them.
"""

from abc import ABC, abstractmethod
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from transformers import CLIPVisionModel

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.networks.frozen import frozen

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
"""Of CLIP's training images."""


class Discriminator(nn.Module, ABC):
    """Verdicts on images, one set per condition."""

    @abstractmethod
    def verdicts(self, image: Tensor) -> list[Tensor]:
        """Several maps (B, number of conditions, h, w) of an image (B, 3, H, W) in -1..1."""

    def forward(self, image: Tensor, condition: Tensor) -> list[Tensor]:
        """How much each image looks like a real one of its condition.

        Args:
            image: (B, 3, H, W) in -1..1.
            condition: (B,) int64: `Condition.index` that each is judged as.

        Returns:
            Maps (B, h, w), any real number; above 0 says real.
        """
        rows = torch.arange(len(image), device=image.device)
        return [verdict.float()[rows, condition] for verdict in self.verdicts(image)]


class PatchDiscriminator(Discriminator):
    """Convolutions that judge patches, at full and half size (pix2pix, pix2pixHD).

    It is also told where a patch lies: a camera on a car always sees the road below and the sky above, and
    what is real depends on it, as with the light of headlamps.

    Args:
        width: channels of the first layer.
        scales: sizes of the image that are judged, each half of the one before.
    """

    def __init__(self, width: int = 64, scales: int = 2) -> None:
        super().__init__()
        self.judges = nn.ModuleList(_patch_judge(width) for _ in range(scales))

    def verdicts(self, image: Tensor) -> list[Tensor]:
        """One map per scale."""
        found = []
        for judge in self.judges:
            found.append(judge(torch.cat([image, _positions(image)], 1)))
            image = F.avg_pool2d(image, 2)
        return found


class ClipDiscriminator(Discriminator):
    """Small trained heads on several levels of a frozen CLIP image encoder (Kumari et al. 2022).

    Args:
        encoder: becomes frozen.
        levels: numbers of the hidden states that get a head.
        width: channels of a head.
    """

    def __init__(self, encoder: CLIPVisionModel, levels: tuple[int, ...], width: int = 64) -> None:
        super().__init__()
        self.levels = levels
        size = encoder.config.hidden_size
        self.heads = nn.ModuleList(_head(size, width) for _ in levels)
        # In a tuple, because a submodule would be trained and saved with the heads.
        self.frozen = (frozen(encoder),)

    @classmethod
    def from_pretrained(cls, source: str | Path) -> "ClipDiscriminator":
        """Heads on the vision model of a CLIP, from a folder or the hub (``openai/clip-vit-base-patch32``).

        Raises:
            UserError: if there is no such model.
        """
        try:
            encoder: Any = CLIPVisionModel.from_pretrained(str(source), use_safetensors=True)
        except Exception as error:  # transformers raises many kinds
            reason = str(error).strip().splitlines()[0]
            raise UserError(f"{source}: no CLIP image encoder ({reason})") from error
        layers = encoder.config.num_hidden_layers
        return cls(encoder, tuple(sorted({max(1, layers * quarter // 4) for quarter in (1, 2, 3, 4)})))

    def to_device(self, device: torch.device) -> None:
        """Move the frozen encoder."""
        encoder: Any = self.frozen[0]
        encoder.to(device)

    def verdicts(self, image: Tensor) -> list[Tensor]:
        """One map per level."""
        encoder: Any = self.frozen[0]
        side, patch = encoder.config.image_size, encoder.config.patch_size
        mean = torch.tensor(CLIP_MEAN, device=image.device).view(3, 1, 1)
        std = torch.tensor(CLIP_STD, device=image.device).view(3, 1, 1)
        small = F.interpolate(image, (side, side), mode="bilinear", antialias=True)
        states = encoder((small / 2 + 0.5 - mean) / std, output_hidden_states=True).hidden_states
        cells = side // patch
        return [
            head(states[level][:, 1:].transpose(1, 2).unflatten(2, (cells, cells)))
            for level, head in zip(self.levels, self.heads, strict=True)
        ]


def _patch_judge(width: int) -> nn.Sequential:
    channels = [5, width, 2 * width, 4 * width]
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        layers += [spectral_norm(nn.Conv2d(before, after, 4, 2, 1)), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, spectral_norm(nn.Conv2d(channels[-1], len(Condition), 3, 1, 1)))


def _head(size: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        spectral_norm(nn.Conv2d(size, width, 1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, len(Condition), 1),
    )


def _positions(image: Tensor) -> Tensor:
    """(B, 2, H, W): row and column of each pixel in -1..1."""
    rows = torch.linspace(-1, 1, image.shape[-2], device=image.device)
    columns = torch.linspace(-1, 1, image.shape[-1], device=image.device)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij")).expand(len(image), -1, -1, -1)
