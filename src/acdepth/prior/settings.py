"""Size of the Depth Anything that can be trained here."""

from pydantic import Field

from acdepth.core.config import Config

PATCH = 14


class TinyPriorConfig(Config):
    """Size of a small Depth Anything; the defaults have 1.3 million parameters, 5.3 MB in float32."""

    side: int = Field(default=98, gt=0, multiple_of=PATCH)
    """Shorter side of the images it is trained on [px]."""
    width: int = Field(default=128, gt=0)
    """Channels of the vision transformer, a multiple of ``heads``. Depth Anything V2 small: 384."""
    layers: int = Field(default=4, ge=4)
    """Blocks of the vision transformer. Depth Anything V2 small: 12."""
    heads: int = Field(default=4, gt=0)
    """Attention heads. Depth Anything V2 small: 6."""
    neck: tuple[int, int, int, int] = (24, 48, 96, 128)
    """Channels at strides 3.5, 7, 14, 28. Depth Anything V2 small: 48, 96, 192, 384."""
    fusion: int = Field(default=32, gt=0)
    """Channels where the strides are fused. Depth Anything V2 small: 64."""
    head: int = Field(default=16, gt=0)
    """Channels before the last convolution. Depth Anything V2: 32."""
