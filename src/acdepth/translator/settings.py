"""Settings of the translator's training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from acdepth.core.condition import Condition
from acdepth.core.config import Config, within
from acdepth.core.crop import Crop, Resize
from acdepth.data.settings import FootageChoice, Sampling
from acdepth.engine.settings import LoopSettings

Adversary = Literal["sigmoid", "squares"]
"""``sigmoid``: cross entropy, as in img2img-turbo; ``squares``: least squares (Mao et al. 2017)."""
Updates = Literal["together", "apart"]
"""How the optimiser's steps of one training step are divided; see `TranslatorConfig.updates`."""
Levels = Literal["sum", "mean"]
"""What becomes of the losses of a discriminator's levels."""
TranslateSize = Literal["trained", "source"]
"""At which size images are translated; see `TranslatorConfig.translate_size`."""
Augmentation = Literal["colour", "translation", "cutout"]
"""Ways to change what a discriminator sees (Zhao et al. 2020)."""
SMALLEST = 24
"""Pixels of a side; of less, nothing would be left at the coarsest level of networks and discriminators."""


Rank = Annotated[int, within(1, 2048, "4 to 128")]
"""Of adapters."""


class LoraSettings(Config):
    """Size of the adapters."""

    unet_rank: Rank = 128
    """Rank in the UNet. img2img-turbo: 128."""
    vae_rank: Rank = 4
    """Rank in the autoencoders. img2img-turbo: 4."""


class TranslatorConfig(FootageChoice):
    """Settings of the translator; the defaults are img2img-turbo's, on which ACDepth builds."""

    # These options came together with the published way, which is their default.
    formerly: ClassVar[Mapping[str, Any]] = {
        "resize": "area",
        "translate_size": "source",
        "adapt_whole": False,
        "skip_start": 0.0,
        "clamp": False,
        "adversarial_levels": "mean",
        "discriminator_augmentation": [],
        "updates": "together",
    }

    base: Path = Path("stabilityai/sd-turbo")
    """The one-step diffusion model: a folder in diffusers' layout, a name of the hub, or ``shipped``: a small
    one of the built-in world."""
    conditions: tuple[Condition, ...] = (Condition.NIGHT, Condition.RAIN)
    """What clear images become; one model learns them all."""
    image_size: tuple[int, int] = (286, 286)
    """(height, width) that images are brought to [px]. img2img-turbo: 286 x 286."""
    resize: Resize = "lanczos"
    """How they are brought to it: ``area`` averages, ``lanczos`` is Pillow's. img2img-turbo: lanczos."""
    translate_size: TranslateSize = "trained"
    """What the card says of the size at which images are translated. ``trained``, as img2img-turbo: they are
    brought to ``image_size``, whatever their shape, and the translation back to theirs, by Lanczos; the
    network sees things as large and as wide as in training, and what is finer is lost. ``source`` leaves them
    as they are."""
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
    adapt_whole: bool = True
    """Give adapters also to what learns whole, the skips and the UNet's first convolution; what is saved has
    them added in. img2img-turbo: true."""
    skip_start: float = 1e-5
    """All weights of the skips where training begins anew. img2img-turbo: 1e-5."""
    clamp: bool = True
    """Bring translations to -1..1 where they are made, so that no loss sees, or moves, what lies beyond.
    img2img-turbo: true."""
    discriminator: Path = Path("openai/clip-vit-base-patch32")
    """What tells real from made: a CLIP, from a folder or the hub; ``encoder``, a ResNet18; or ``patch``,
    which needs no weights but, where steps are few, falls behind the generator."""
    encoder: Path = Path("shipped")
    """Weights of the ResNet18 by whose features ``discriminator: encoder`` tells: ``shipped``, which knows
    the built-in world, a file of ours or of ImageNet's, or a name of the hub such as
    ``timm/resnet18.tv_in1k``."""
    adversary: Adversary = "sigmoid"
    """The adversarial loss. img2img-turbo: sigmoid."""
    adversarial_levels: Levels = "sum"
    """What the generator's and the discriminator's losses become over the discriminator's levels.
    img2img-turbo: sum."""
    discriminator_augmentation: tuple[Augmentation, ...] = ("colour", "translation", "cutout")
    """How all images are changed before the discriminator sees them, real and made ones, each by draws of its
    own; gradients go through. It then cannot learn few images by heart. img2img-turbo: all three."""
    adversarial_weight: float = Field(default=0.5, ge=0)
    """img2img-turbo: 0.5."""
    cycle_weight: float = Field(default=1.0, ge=0)
    """Of the difference in colour after there and back. img2img-turbo: 1. Where this and
    ``cycle_perceptual_weight`` are 0 nothing goes back, and clear images alone are translated: a step takes
    a third of the time."""
    cycle_perceptual_weight: float = Field(default=10.0, ge=0)
    """Of the perceptual distance after there and back. img2img-turbo: 10."""
    identity_weight: float = Field(default=1.0, ge=0)
    """Of the change to images that are of the wanted condition already. img2img-turbo: 1."""
    identity_perceptual_weight: float = Field(default=1.0, ge=0)
    """img2img-turbo: 1."""
    depth_weight: float = Field(default=0.0, ge=0)
    """Of depth consistency, which is ours. ACDepth has none: 0."""
    content_weight: float = Field(default=0.0, ge=0)
    """Of the perceptual distance of translations to their sources, which is ours: without cycles it keeps
    things in their places. ACDepth has none: 0."""
    perceptual: Literal["backbone", "lpips"] = "backbone"
    """The perceptual distance: features of the prior's DINOv2, or LPIPS where it is installed."""
    updates: Updates = "apart"
    """``apart``, as img2img-turbo: five steps of the optimiser, one after the other. The generator's by what
    holds a translation to its source (cycle, content, depth), by the adversarial loss and by identity; the
    discriminator's by made images and by real ones. Translations are made anew for each, which takes a third
    more work with cycles. ``together``: one step of each, by the sums of these losses."""
    frugal: bool = True
    """Compute again in the backward pass what need not be kept. At 512 x 512 SD-Turbo then takes 11 GiB, else
    31 (``benchmarks/translator.py memory``)."""
    loop: LoopSettings = LoopSettings(
        steps=25_000,
        batch_size=1,
        learning_rate=1e-5,
        decay_at=(),
        weight_decay=1e-2,
        gradient_clip=10.0,
        precision="fp32",
    )
    """The training loop. img2img-turbo: 25,000 steps, batch 1, 1e-5, weight decay 1e-2, in 32 bit."""
    discriminator_rate: float = Field(default=1.0, gt=0)
    """Factor on the learning rate of the discriminator. img2img-turbo: 1."""
    discriminator_updates: int = Field(default=1, gt=0)
    """Updates of the discriminator per step, all by the images of the step; ``apart``, so many by made images
    and then so many by real ones. img2img-turbo: 1. One that falls behind calls everything half real
    (``squares``: its losses stay at 0.25) and teaches nothing; an update of it costs a small part of the
    generator's."""
    earlier_translations: int = Field(default=0, ge=0)
    """Earlier translations that are kept per condition; half of what the discriminator is shown as made is
    drawn from them, anew in each of its updates. CycleGAN: 50; img2img-turbo: 0."""
    averaging: float = Field(default=0.0, ge=0, lt=1)
    """Momentum of the average over steps whose weights are sampled and saved, in place of the last step's (it
    is one step behind); 0 for none, as img2img-turbo."""
    skip_rate: float = Field(default=1.0, gt=0)
    """Factor on the learning rate of the skips, which start at next to nothing and are far from where they
    end after some hundred steps. img2img-turbo, with 25,000: 1."""

    @model_validator(mode="after")
    def _conditions_are_adverse(self) -> Self:
        if not self.conditions or Condition.CLEAR in self.conditions:
            raise ValueError("conditions must name what clear images become, such as night")
        if len(set(self.conditions)) < len(self.conditions):
            raise ValueError("conditions names one twice")
        holding = self.cycle_weight + self.cycle_perceptual_weight + self.content_weight + self.depth_weight
        if holding == 0:
            raise ValueError(
                "cycle_weight, cycle_perceptual_weight, content_weight and depth_weight are all 0: nothing "
                "would hold a translation to its source"
            )
        if min(self.patch or self.image_size) < SMALLEST:
            raise ValueError(f"patch or image_size: sides must have at least {SMALLEST} px")
        return self
