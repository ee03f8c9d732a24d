"""Translation by a trained translator: one diffusion step."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.shipped import TRANSLATOR, or_shipped
from acdepth.diffusion.model import DiffusionModel, model_folder
from acdepth.inference.devices import Precision, choose_device, computes_in_bfloat16
from acdepth.translator.adapters import adapters_hash, base_facts, load_card, load_translator, merge
from acdepth.translator.method import Translator
from acdepth.translator.settings import TranslateSize

VERSION = 2
"""Counts up when the same weights give another image, so that old and new translations are not mixed."""
MARGIN = 96
"""[px]. The zeros with which the network continues an image colour a band of some 64 pixels along its border.
At the trained size that is nearly everywhere, and was learnt so; larger images show it as a frame."""


class DiffusedWeather(Translator):
    """A trained generator with its adapters merged.

    Nothing is drawn: a source has one translation per condition. On a CPU images go through one by one, since
    more at once gain nothing there; on a GPU all of a batch go together, and rounding may then depend on the
    batch, which `translate` therefore always composes alike.

    Args:
        weights: adapters, from ``acdepth train translator`` or ``acdepth import``, or ``shipped``.
        base: folder or hub name of the diffusion model they stand on; their card says which by default.
        device: where it runs, as `choose_device` takes it.
        precision: ``auto`` is bfloat16 where the device computes in it.
        translate_size: ``trained`` for images of the size that the adapters were trained on, ``source`` for
            any; their card says which by default.
    """

    uses_depth = False

    def __init__(
        self,
        weights: Path,
        base: Path | None = None,
        device: torch.device | str = "auto",
        precision: Precision = "auto",
        translate_size: TranslateSize | None = None,
    ) -> None:
        self.device = choose_device(str(device))
        self.rounds_by_batch = self.device.type != "cpu"
        weights = or_shipped(weights, TRANSLATOR)
        card = load_card(weights)
        self.trained_size = card.image_size
        self.size = card.image_size if (translate_size or card.translate_size) == "trained" else None
        folder = model_folder(base or Path(card.base))
        model, self.base = DiffusionModel.from_pretrained(folder), base_facts(folder)
        generator = merge(load_translator(weights, model, self.base["base"]))
        self.dtype = torch.bfloat16 if computes_in_bfloat16(self.device, precision) else torch.float32
        self.generator: Any = generator.eval().requires_grad_(False).to(self.device, self.dtype)
        self.generator.to(memory_format=torch.channels_last)
        if self.device.type == "cuda":
            # Once per size of image and batch, so that a batch is computed alike whatever came before it; on
            # CPUs that takes longer than it saves.
            self.generator.compile(dynamic=False)
        self.conditions = frozenset(card.conditions)
        self.name, self.adapters = str(weights), adapters_hash(weights)

    def describe(self) -> dict[str, Any]:
        """Method, version, hashes of all files that are read, and what decides how numbers are rounded."""
        return {
            "method": "diffusion",
            "version": VERSION,
            "adapters": self.adapters,
            **self.base,
            "computed": f"{self.device.type} {str(self.dtype).removeprefix('torch.')}",
        }

    @torch.inference_mode()
    def translate(
        self, image: Tensor, depth: Tensor | None, condition: Condition, generators: Sequence[torch.Generator]
    ) -> Tensor:
        """One step; see `Translator.translate`."""
        wanted = torch.full((len(image),), condition.index, device=self.device)
        given = (image * 2 - 1).to(self.device, self.dtype, memory_format=torch.channels_last)
        at_once = 1 if self.device.type == "cpu" else len(image)
        parts = zip(given.split(at_once), wanted.split(at_once), strict=True)
        image = torch.cat([self._generate(part, index) for part, index in parts]) / 2 + 0.5
        # An infinite colour would be brought to 0 or 1 and look like one.
        return image.where(image.isfinite(), torch.nan).clamp(0, 1).cpu()

    def _generate(self, image: Tensor, condition: Tensor) -> Tensor:
        """One step for images (B, 3, H, W) in -1..1; larger ones than were trained on are mirrored around."""
        height, width = image.shape[-2:]
        down = min(MARGIN, height - 1) if height > self.trained_size[0] else 0
        across = min(MARGIN, width - 1) if width > self.trained_size[1] else 0
        if down or across:
            image = F.pad(image, (across, across, down, down), mode="reflect")
        made = self.generator(image, condition, "forth")
        return made[..., down : down + height, across : across + width]
