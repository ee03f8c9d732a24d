"""Discriminators that learn small heads on what frozen networks see: a CLIP, or the ResNet18 that ships.

They know more than a young network and do not fall behind the generator (Sauer et al. 2021, Kumari et al.
2022).
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from transformers import CLIPVisionModel

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError, first_line
from acdepth.core.hub import refuse_adapters
from acdepth.networks.depth_net import DepthNetConfig
from acdepth.networks.resnet import ResNetEncoder
from acdepth.translator.discriminator import Discriminator, PatchDiscriminator, positions
from acdepth.translator.generator import pad_to_multiple

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
"""Of CLIP's training images."""
STRIDE = 32
"""Of ResNet18's last level."""
GROUPS = 8
CLIP_FILES = ("config.json", "*.safetensors")
"""Of its folder, those that are read."""


class ClipDiscriminator(Discriminator):
    """Small trained heads on several hidden states of a CLIP image encoder, which becomes frozen."""

    def __init__(self, encoder: CLIPVisionModel, levels: tuple[int, ...], width: int = 64) -> None:
        super().__init__()
        self.levels = levels
        size = encoder.config.hidden_size
        self.heads = nn.ModuleList(_clip_head(size, width) for _ in levels)
        # In a tuple, because a submodule would be trained and saved with the heads.
        self.frozen = (encoder.eval().requires_grad_(False),)

    @classmethod
    def from_pretrained(cls, source: str | Path) -> "ClipDiscriminator":
        """Heads on the vision model of a CLIP, from a folder or the hub."""
        refuse_adapters(Path(source))
        try:
            encoder: Any = CLIPVisionModel.from_pretrained(str(source), use_safetensors=True)
        except Exception as error:  # transformers raises many kinds
            reason = first_line(error)
            raise UserError(source, f"no CLIP image encoder ({reason})") from error
        layers = encoder.config.num_hidden_layers
        return cls(encoder, tuple(sorted({max(1, layers * quarter // 4) for quarter in (1, 2, 3, 4)})))

    def to_device(self, device: torch.device) -> None:
        """Move the frozen encoder."""
        encoder: Any = self.frozen[0]
        encoder.to(device)

    def scores(self, image: Tensor) -> list[Tensor]:
        """One map per level."""
        encoder: Any = self.frozen[0]
        side, patch = encoder.config.image_size, encoder.config.patch_size
        small = F.interpolate(image, (side, side), mode="bilinear", antialias=True)
        states = encoder(_normalised(small, CLIP_MEAN, CLIP_STD), output_hidden_states=True).hidden_states
        cells = side // patch
        maps = [states[level][:, 1:].transpose(1, 2).unflatten(2, (cells, cells)) for level in self.levels]
        return [head(level) for head, level in zip(self.heads, maps, strict=True)]


class EncoderDiscriminator(Discriminator):
    """Heads on four levels of a frozen ResNet18, beside a `PatchDiscriminator` (projected GAN).

    The levels see what is in the picture, such as shadows that rain does not have; the patches see tones, of
    which an encoder that learned depth may know little.
    """

    def __init__(self, encoder: ResNetEncoder, width: int = 64) -> None:
        super().__init__()
        channels = encoder.channels[1:]
        self.heads = nn.ModuleList(_encoder_head(size + 2, width) for size in channels)
        self.patches = PatchDiscriminator()
        # Each image's own level of activity says little, and would swamp the heads.
        self.norms = nn.ModuleList(nn.GroupNorm(1, size, affine=False) for size in channels)
        # In a tuple, because a submodule would be trained and saved with the heads.
        self.frozen = (encoder.eval().requires_grad_(False),)

    def to_device(self, device: torch.device) -> None:
        """Move the frozen encoder."""
        self.frozen[0].to(device)

    def scores(self, image: Tensor) -> list[Tensor]:
        """One map per level, then those of the patches."""
        usual = DepthNetConfig()  # ResNet18's input, here as in the depth network
        levels = self.frozen[0](pad_to_multiple(_normalised(image, usual.mean, usual.std), STRIDE))[1:]
        seen = [norm(level) for norm, level in zip(self.norms, levels, strict=True)]
        placed = [torch.cat([level, positions(level)], 1) for level in seen]
        return [head(one) for head, one in zip(self.heads, placed, strict=True)] + self.patches.scores(image)


def _normalised(image: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """An image in -1..1 as a network that was trained with ``mean`` and ``std`` of 0..1 wants it."""
    middle, spread = (torch.tensor(values, device=image.device).view(3, 1, 1) for values in (mean, std))
    return (image / 2 + 0.5 - middle) / spread


def _clip_head(size: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        spectral_norm(nn.Conv2d(size, width, 1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, len(Condition), 1),
    )


def _encoder_head(size: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(size, width, 3, padding=1),
        nn.GroupNorm(GROUPS, width),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, width, 3, padding=1),
        nn.GroupNorm(GROUPS, width),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, len(Condition), 1),
    )
