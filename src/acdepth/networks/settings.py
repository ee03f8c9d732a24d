"""All that is needed to build the networks again."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from acdepth.core.config import Config, within

STRIDE = 32
"""Both sides of the input must be multiples of this [px]."""
SMALLEST_SIDE = 2 * STRIDE
"""Least side of the input [px]: a single row of the coarsest features cannot be padded by reflection."""

Side = Annotated[int, Field(ge=SMALLEST_SIDE, multiple_of=STRIDE), within(0, 8192, "192 to 1024")]
"""A side of the input, as settings give it [px]."""

Mean = Annotated[float, within(-10, 10, "0.2 to 0.6")]
Deviation = Annotated[float, within(1e-3, 10, "0.1 to 0.5")]
Depth = Annotated[float, within(1e-6, 1e6, "0.1 to 100")]
"""An end of the range [m]."""

LITE_MEAN, LITE_STD = (127 / 255, 127 / 255, 127 / 255), (128 / 255, 128 / 255, 128 / 255)
"""How the ImageNet weights of EfficientNet-Lite0 want images in 0..1."""


class Normalisation(Config):
    """What is done to the values of an image, which are in 0..1, before the encoder sees them."""

    mean: tuple[Mean, Mean, Mean] = (0.485, 0.456, 0.406)
    """Subtracted from the image. ImageNet's; published ACDepth: one number per data set, of the day."""
    std: tuple[Deviation, Deviation, Deviation] = (0.229, 0.224, 0.225)
    """The image is divided by this. ImageNet's."""
    night_mean: tuple[Mean, Mean, Mean] | None = None
    """Instead of ``mean`` for images that the network is told to be of the night, as the published ACDepth
    code tells it, in training and in evaluation; null, because no car is told."""
    night_std: tuple[Deviation, Deviation, Deviation] | None = None
    """Likewise, instead of ``std``."""

    @model_validator(mode="after")
    def _night_has_both(self) -> Self:
        if (self.night_mean is None) != (self.night_std is None):
            raise ValueError("night_mean and night_std belong together: give both or none")
        return self


class DepthNetConfig(Normalisation):
    """All that is needed to build the network again."""

    encoder: Literal["resnet18", "efficientnet-lite0"] = "resnet18"
    """What looks at the image. ACDepth: resnet18. EfficientNet-Lite0 has a quarter of the parameters; its
    ImageNet weights want ``mean`` 127/255 and ``std`` 128/255."""
    width: int = Field(default=64, ge=4, le=1024, multiple_of=4)
    """Channels of ResNet18's first level, 64 in the original; the decoder's last has a quarter of it."""
    min_depth: Depth = 0.1
    """Nearest depth [m]. ACDepth: 0.1."""
    max_depth: Depth = 80.0
    """Farthest depth [m]. ACDepth: 80."""

    @model_validator(mode="after")
    def _range_is_a_range(self) -> Self:
        if not self.min_depth < self.max_depth:
            raise ValueError(f"min_depth {self.min_depth:g} m must be below max_depth {self.max_depth:g} m")
        return self


class ConfidenceHeadConfig(Config):
    """All that is needed, beside the depth network, to build the head again."""

    channels: Annotated[int, within(1, 1024, "8")] = 8
    """To which each encoder level is brought."""
    hidden: Annotated[int, within(1, 1024, "16 to 32")] = 16
    """Channels between the two convolutions."""
    unit: Annotated[float, within(1e-6, 1e6, "near 1")] = 1.0
    """The network's metres now over those in which the head learnt."""
