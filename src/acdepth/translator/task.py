"""The translator's training step: adversarial, cycle, identity and depth terms, played in turns."""

from pathlib import Path
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.crop import Crop
from acdepth.core.sample import UnpairedBatch
from acdepth.data.choice import FootageChoice
from acdepth.data.pools import Sampling
from acdepth.engine import Leftovers, LoopSettings, TurnTask, Update
from acdepth.translator.discriminator import ClipDiscriminator, Discriminator
from acdepth.translator.generator import Direction, Generator
from acdepth.translator.lora import LoraSettings
from acdepth.translator.losses import (
    Adversary,
    colour_loss,
    depth_consistency_loss,
    fake_loss,
    perceptual_loss,
    real_loss,
)
from acdepth.translator.perception import Perception, load_lpips

SMALLEST = 24
"""Pixels of a side; of less, nothing would be left at the coarsest level of networks and discriminators."""


class TranslatorConfig(FootageChoice):
    """Settings of the translator; the defaults are img2img-turbo's, on which ACDepth builds."""

    base: Path = Path("stabilityai/sd-turbo")
    """The one-step diffusion model: a folder in diffusers' layout, a name of the hub, or ``shipped``: a small
    one of the built-in world."""
    conditions: tuple[Condition, ...] = (Condition.NIGHT, Condition.RAIN)
    """What clear images become; one model learns them all."""
    image_size: tuple[int, int] = (286, 286)
    """(height, width) that images are brought to [px]. img2img-turbo: 286 x 286."""
    patch: tuple[int, int] | None = (256, 256)
    """(height, width) of the random parts of them that are trained on [px]; null for the whole images.
    img2img-turbo: 256 x 256."""
    crop: Crop | None = None
    """Window of the original images that is used [px]; null for all of it."""
    pool_size: int | None = Field(default=500, gt=0)
    """Training images per condition; null for all. ACDepth: 500 on nuScenes, 4,000 on RobotCar."""
    sampling: Sampling = "random"
    """How they are chosen: ``random`` as in the paper, or ``luminance``, spread over brightness."""
    lora: LoraSettings = LoraSettings()
    """Size of the adapters."""
    discriminator: Path = Path("openai/clip-vit-base-patch32")
    """Judge of what is real: ``patch``, which needs no weights, or a CLIP, from a folder or the hub."""
    adversary: Adversary = "sigmoid"
    """The adversarial loss. img2img-turbo: sigmoid."""
    adversarial_weight: float = Field(default=0.5, ge=0)
    """img2img-turbo: 0.5."""
    cycle_weight: float = Field(default=1.0, ge=0)
    """Of the difference in colour after there and back. img2img-turbo: 1."""
    cycle_perceptual_weight: float = Field(default=10.0, ge=0)
    """Of the perceptual distance after there and back. img2img-turbo: 10."""
    identity_weight: float = Field(default=1.0, ge=0)
    """Of the change to images that are of the wanted condition already. img2img-turbo: 1."""
    identity_perceptual_weight: float = Field(default=1.0, ge=0)
    """img2img-turbo: 1."""
    depth_weight: float = Field(default=0.0, ge=0)
    """Of depth consistency, which is ours. ACDepth has none: 0."""
    perceptual: Literal["backbone", "lpips"] = "backbone"
    """The perceptual distance: features of the prior's DINOv2, or LPIPS where it is installed."""
    frugal: bool = True
    """Compute again in the backward pass what need not be kept. At 512 x 512 SD-Turbo then takes 11 GiB, else
    31 (``benchmarks/translator.py memory``)."""
    loop: LoopSettings = LoopSettings(
        steps=25_000, batch_size=1, learning_rate=1e-5, decay_at=(), gradient_clip=10.0
    )
    """The training loop. img2img-turbo: 25,000 steps, batch 1, 1e-5."""
    discriminator_rate: float = Field(default=1.0, gt=0)
    """Factor on the learning rate of the discriminator. img2img-turbo: 1."""
    discriminator_updates: int = Field(default=1, gt=0)
    """Updates of the discriminator per step, all by the images of the step. img2img-turbo: 1. One that falls
    behind calls everything half real (``squares``: its losses stay at 0.25) and teaches nothing; an update of
    it costs a small part of the generator's."""
    skip_rate: float = Field(default=1.0, gt=0)
    """Factor on the learning rate of the skips, which start at zero and are far from where they end after
    some hundred steps. img2img-turbo, with 25,000: 1."""

    @model_validator(mode="after")
    def _conditions_are_adverse(self) -> Self:
        if not self.conditions or Condition.CLEAR in self.conditions:
            raise ValueError("conditions must name what clear images become, such as night")
        if len(set(self.conditions)) < len(self.conditions):
            raise ValueError("conditions names one twice")
        if min(self.patch or self.image_size) < SMALLEST:
            raise ValueError(f"patch or image_size: sides must have at least {SMALLEST} px")
        return self


class TranslatorTask(TurnTask):
    """Generator against discriminator.

    The generator learns in three turns, there and back from a clear image, there and back from an adverse
    one, and standing still, whose gradients add up; then the discriminator learns on what the first two made.
    """

    def __init__(
        self, config: TranslatorConfig, generator: Generator, judge: Discriminator, perception: Perception
    ) -> None:
        super().__init__()
        self.config, self.generator, self.judge, self.perception = config, generator, judge, perception
        # In a tuple, because a submodule would be saved with the generator.
        self.lpips = (load_lpips(),) if config.perceptual == "lpips" else ()
        self.rates = {"generator.skips.": config.skip_rate}
        turns = ("forth", "back", "identity") if self._identity else ("forth", "back")
        self.updates = (
            Update(turns, trains="generator."),
            Update(("judge",), "judge.", rate=config.discriminator_rate, times=config.discriminator_updates),
        )

    @property
    def _identity(self) -> bool:
        return self.config.identity_weight > 0 or self.config.identity_perceptual_weight > 0

    def to_device(self, device: torch.device) -> None:
        """Move the frozen networks."""
        self.perception.to_device(device)
        for network in self.lpips:
            network.to(device)
        if isinstance(self.judge, ClipDiscriminator):
            self.judge.to_device(device)

    def forward(
        self,
        batch: UnpairedBatch,
        generator: torch.Generator,
        progress: float,
        turn: str = "",
        leftovers: Leftovers | None = None,
    ) -> dict[str, Tensor]:
        """Weighted loss terms of one turn."""
        assert leftovers is not None
        clear, adverse = batch.clear * 2 - 1, batch.adverse * 2 - 1
        day = torch.full_like(batch.condition, Condition.CLEAR.index)
        if turn == "forth":
            return self._there_and_back(clear, day, batch.condition, "forth", leftovers)
        if turn == "back":
            return self._there_and_back(adverse, batch.condition, day, "back", leftovers)
        if turn == "identity":
            return self._standing_still(clear, adverse, day, batch.condition)
        return self._judging(clear, adverse, day, batch.condition, leftovers)

    def _there_and_back(
        self, source: Tensor, own: Tensor, wanted: Tensor, way: Direction, leftovers: Leftovers
    ) -> dict[str, Tensor]:
        config, back_way = self.config, _opposite(way)
        made = self.generator(source, wanted, way)
        leftovers.tensors[way] = made.detach()
        # With bfloat16 and little data a translator easily settles for handing images through unchanged.
        leftovers.statistics[f"change_{way}"] = float((made.detach() - source).abs().mean()) / 2
        back = self.generator(made, own, back_way)
        deceived = real_loss(self.judge(made, wanted), config.adversary)
        terms = {
            f"adversarial_{way}": config.adversarial_weight * deceived,
            f"cycle_{way}": config.cycle_weight * colour_loss(back, source).mean(),
        }
        if config.cycle_perceptual_weight > 0:
            seen = self._perceptual(back, source)
            terms[f"cycle_perceptual_{way}"] = config.cycle_perceptual_weight * seen
        if config.depth_weight > 0 and way == "forth":
            with torch.no_grad():
                depth = self.perception.inverse_depth(source)
            kept = depth_consistency_loss(self.perception.inverse_depth(made), depth)
            terms["depth"] = config.depth_weight * kept.mean()
        return terms

    def _standing_still(
        self, clear: Tensor, adverse: Tensor, day: Tensor, condition: Tensor
    ) -> dict[str, Tensor]:
        config = self.config
        same_clear = self.generator(clear, day, "back")
        same_adverse = self.generator(adverse, condition, "forth")
        colour = colour_loss(same_clear, clear).mean() + colour_loss(same_adverse, adverse).mean()
        terms = {"identity": config.identity_weight * colour}
        if config.identity_perceptual_weight > 0:
            seen = self._perceptual(same_clear, clear) + self._perceptual(same_adverse, adverse)
            terms["identity_perceptual"] = config.identity_perceptual_weight * seen
        return terms

    def _judging(
        self, clear: Tensor, adverse: Tensor, day: Tensor, condition: Tensor, leftovers: Leftovers
    ) -> dict[str, Tensor]:
        kind = self.config.adversary
        real = real_loss(self.judge(adverse, condition), kind) + real_loss(self.judge(clear, day), kind)
        made_adverse, made_clear = leftovers.tensors["forth"], leftovers.tensors["back"]
        fake = fake_loss(self.judge(made_adverse, condition), kind)
        fake = fake + fake_loss(self.judge(made_clear, day), kind)
        return {"judge_real": real / 2, "judge_fake": fake / 2}

    def _perceptual(self, image: Tensor, wanted: Tensor) -> Tensor:
        for network in self.lpips:
            return network(image, wanted).mean()
        with torch.no_grad():
            goal = self.perception.features(wanted)
        return perceptual_loss(self.perception.features(image), goal).mean()


def _opposite(way: Direction) -> Direction:
    return "back" if way == "forth" else "forth"
