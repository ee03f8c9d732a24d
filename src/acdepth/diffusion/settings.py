"""Size of the diffusion model that can be trained here."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from acdepth.core.config import Config

if TYPE_CHECKING:
    from acdepth.diffusion.model import DiffusionModel


class TinyDiffusionConfig(Config):
    """Size of a small diffusion model; the defaults have 4 million parameters."""

    autoencoder: Literal["taesd", "kl"] = "taesd"
    """Whose class the autoencoder is of: TAESD's, which learns in minutes, or SD-Turbo's."""
    vae_channels: tuple[int, ...] = (24, 24, 24)
    """At strides 1, 2, 4; of TAESD's kind equal, there 64. SD-Turbo: 128, 256, 512, 512, down to stride 8: a
    tenth of the pixels of these small images would not be enough for a decoder that invents nothing."""
    latent_channels: int = Field(default=8, gt=0)
    """SD-Turbo: 4; more, because a small decoder invents less detail."""
    unet_channels: tuple[int, int, int] = (32, 64, 128)
    """At strides 4, 8, 16. SD-Turbo: 320, 640, 1280, 1280 from stride 8 on."""
    text_width: int = Field(default=64, gt=0)
    """Of text embeddings. SD-Turbo: 1024."""
    prompt_length: int = Field(default=40, gt=2)
    """Tokens; a token is a character here, because there are no merges to learn. SD-Turbo: 77."""

    @model_validator(mode="after")
    def _levels_are_equal(self) -> Self:
        if self.autoencoder == "taesd" and len(set(self.vae_channels)) != 1:
            raise ValueError("vae_channels: an autoencoder of TAESD's kind has equal channels at all levels")
        return self

    def build(self, seed: int) -> "DiffusionModel":
        """An untrained model; the same seed gives the same weights."""
        from acdepth.diffusion.tiny import build_tiny_diffusion

        return build_tiny_diffusion(self, seed)
