"""Settings of the pre-training of what ships."""

from pydantic import Field

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.diffusion.settings import TinyDiffusionConfig
from acdepth.engine.settings import LoopSettings
from acdepth.networks.settings import DepthNetConfig, Side
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
