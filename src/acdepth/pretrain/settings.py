"""Settings of the pre-training of what ships."""

from pathlib import Path

from pydantic import Field

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.data.settings import StreetSettings
from acdepth.diffusion.settings import TinyDiffusionConfig
from acdepth.engine.settings import LoopSettings
from acdepth.networks.settings import LITE_MEAN, LITE_STD, DepthNetConfig, Side
from acdepth.prior.settings import TinyPriorConfig


class EncoderConfig(Config):
    """Settings of the encoder's pre-training."""

    network: DepthNetConfig = DepthNetConfig(width=32)
    """The network whose encoder is kept; its decoder is thrown away."""
    image_size: tuple[Side, Side] = (96, 160)
    """(height, width) of the network's input [px], multiples of 32 from 64."""
    initial_depth: float = 15.0
    """Depth [m] that the untrained network says."""
    loop: LoopSettings = LoopSettings(steps=3000, batch_size=16, learning_rate=1e-3, decay="cosine")
    """The training loop."""


class DepthConfig(Config):
    """Settings of the depth network that ships: true depth of the built-in world, and photographs without."""

    network: DepthNetConfig = DepthNetConfig(
        encoder="efficientnet-lite0", width=32, mean=LITE_MEAN, std=LITE_STD
    )
    """The network."""
    encoder: Path | None = Path("efficientnet-lite0")
    """Weights that its encoder starts from, see ``acdepth train teacher --help``; null: random ones."""
    start: Path | None = None
    """Checkpoint of the same network that it goes on from; it is held near ``encoder`` all the same."""
    image_size: tuple[Side, Side] = (192, 320)
    """(height, width) that the card names as the network's input [px]; streets may have other sizes too."""
    focal: float = Field(default=256.0, gt=0)
    """Canonical focal length at ``image_size`` [px], through which the network sees all streets."""
    initial_depth: float = 15.0
    """Depth [m] that the untrained network says."""
    streets: StreetSettings = StreetSettings()
    """What is drawn."""
    encoder_rate: float = Field(default=0.2, gt=0)
    """Factor on the encoder's learning rate: what ImageNet taught it must survive the built-in world."""
    sky_weight: float = Field(default=0.5, ge=0)
    """Of pixels of the sky beside all others: where it is not sure, the network shall rather see a tree."""
    edge_weight: float = Field(default=0.25, ge=0)
    """Of the gradients of log depth, at distances of 1, 2 and 4 pixels, beside log depth itself."""
    hold_weight: float = Field(default=0.05, ge=0)
    """Of how far the encoder's features of photographs, at 1/16 and 1/32, have gone from its start's."""
    agreement_weight: float = Field(default=0.3, ge=0)
    """Of log depth of photographs with other looks against that of the weights' average as taken."""
    agreement_start: float = Field(default=0.1, ge=0, le=1)
    """Part of the run after which that begins."""
    momentum: float = Field(default=0.999, ge=0, lt=1)
    """Of the weights' average, which is what is saved (Tarvainen and Valpola 2017: 0.99 to 0.999)."""
    loop: LoopSettings = LoopSettings(
        steps=4000, batch_size=8, learning_rate=8e-4, decay="cosine", warmup_steps=100, precision="fp32"
    )
    """The training loop. Depthwise convolutions are slower in bfloat16 than in float32 on a CPU."""


class PriorConfig(Config):
    """Settings of the tiny prior's training."""

    network: TinyPriorConfig = TinyPriorConfig()
    """Size of the network."""
    image_size: tuple[int, int] = (96, 160)
    """(height, width) of the images that are read [px]; the prior resizes them to its own size."""
    gradient_weight: float = Field(default=2.0, ge=0)
    """Of gradient matching beside the scale-and-shift-invariant loss. Depth Anything V2: 2."""
    loop: LoopSettings = LoopSettings(steps=3000, batch_size=16, learning_rate=5e-4, decay="cosine")
    """The training loop."""


class GeneratorConfig(Config):
    """Settings of the small diffusion model's training."""

    network: TinyDiffusionConfig = TinyDiffusionConfig()
    """Size of the model."""
    image_size: tuple[int, int] = (96, 160)
    """(height, width) of the images [px], multiples of 32."""
    conditions: tuple[Condition, ...] = (
        Condition.CLEAR,
        Condition.NIGHT,
        Condition.RAIN,
        Condition.FOG,
        Condition.SNOW,
    )
    """What there are pictures and captions of."""
    patch: tuple[int, int] = (64, 96)
    """(height, width) of the pieces that the autoencoder learns on [px], multiples of 8: it looks at
    surroundings only."""
    edge_weight: float = Field(default=1.0, ge=0)
    """Of the difference of edges beside that of colours in the autoencoder's loss."""
    noise_probability: float = Field(default=0.5, ge=0, le=1)
    """Part of the pictures that the UNet gets with noise, of any strength."""
    light_strength: float = Field(default=1.0, ge=0)
    """How far brightness, contrast and colours of the UNet's input are turned away from the picture's, so
    that only the caption tells what light to restore; 0 turns them nowhere."""
    autoencoder: LoopSettings = LoopSettings(steps=1500, batch_size=8, learning_rate=1e-3, decay="cosine")
    """The first training: the autoencoder alone."""
    denoiser: LoopSettings = LoopSettings(steps=3000, batch_size=16, learning_rate=5e-4, decay="cosine")
    """The second: UNet and text encoder on the latents of the frozen autoencoder."""
