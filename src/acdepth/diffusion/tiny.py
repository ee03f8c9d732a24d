"""A small diffusion model of SD-Turbo's own classes: the stand-in that ships, and what tests are made of."""

import tempfile
from pathlib import Path
from typing import Literal, Self

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, DDPMScheduler, UNet2DConditionModel
from pydantic import Field, model_validator
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from acdepth.core.config import Config
from acdepth.core.seeding import derive_seed
from acdepth.diffusion.autoencoder import Autoencoder
from acdepth.diffusion.model import DiffusionModel

START, END = "<|startoftext|>", "<|endoftext|>"
VAE_GROUPS, UNET_GROUPS = 2, 8
"""Of the group normalisations; SD-Turbo: 32. Like there, none has fewer than four channels: a channel that is
normalised alone cannot say how bright an image is."""


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

    def build(self, seed: int) -> DiffusionModel:
        """An untrained model; the same seed gives the same weights."""
        with torch.random.fork_rng(devices=[]):
            # diffusers draws from the global generator; the fork keeps that to ourselves.
            torch.manual_seed(derive_seed(seed, "tiny diffusion"))
            tokenizer = character_tokenizer(self.prompt_length)
            return DiffusionModel(
                self._vae(), self._unet(), self._text_encoder(tokenizer), tokenizer, gentle_schedule()
            )

    def _vae(self) -> Autoencoder:
        levels = len(self.vae_channels)
        if self.autoencoder == "taesd":
            return AutoencoderTiny(
                encoder_block_out_channels=self.vae_channels,
                decoder_block_out_channels=self.vae_channels,
                num_encoder_blocks=(1,) * levels,
                num_decoder_blocks=(1,) * levels,
                latent_channels=self.latent_channels,
            )
        return AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * levels,  # pyright: ignore[reportArgumentType]
            up_block_types=("UpDecoderBlock2D",) * levels,  # pyright: ignore[reportArgumentType]
            block_out_channels=self.vae_channels,  # pyright: ignore[reportArgumentType]
            latent_channels=self.latent_channels,
            norm_num_groups=VAE_GROUPS,
        )

    def _unet(self) -> UNet2DConditionModel:
        return UNet2DConditionModel(
            sample_size=64,  # diffusers' pipelines compare it, and refuse none
            in_channels=self.latent_channels,
            out_channels=self.latent_channels,
            block_out_channels=self.unet_channels,
            # Not at the finest level, as SD-Turbo does: it was half of the work of a training step on a CPU.
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            layers_per_block=1,
            norm_num_groups=UNET_GROUPS,
            cross_attention_dim=self.text_width,
            attention_head_dim=4,
        )

    def _text_encoder(self, tokenizer: CLIPTokenizer) -> CLIPTextModel:
        return CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(tokenizer),
                hidden_size=self.text_width,
                intermediate_size=2 * self.text_width,
                projection_dim=self.text_width,
                num_hidden_layers=2,
                num_attention_heads=4,
                max_position_embeddings=self.prompt_length,
                bos_token_id=tokenizer.bos_token_id,  # pyright: ignore[reportArgumentType]
                eos_token_id=tokenizer.eos_token_id,  # pyright: ignore[reportArgumentType]
                pad_token_id=tokenizer.pad_token_id,  # pyright: ignore[reportArgumentType]
            )
        ).eval()


def sd_turbo_schedule() -> DDPMScheduler:
    """The noise schedule that SD-Turbo's own configuration describes."""
    return _schedule(0.00085, 0.012)


def gentle_schedule() -> DDPMScheduler:
    """Half of the last timestep is signal, where SD-Turbo leaves 7 %.

    One step divides what the UNet gets wrong by that part: with 7 % a small UNet would have to say its input
    to within 1 %, and trained for minutes it cannot.
    """
    return _schedule(0.0002, 0.0032)


def _schedule(beta_start: float, beta_end: float) -> DDPMScheduler:
    return DDPMScheduler(
        beta_start=beta_start,
        beta_end=beta_end,
        beta_schedule="scaled_linear",
        clip_sample=False,
        steps_offset=1,
        timestep_spacing="trailing",
    )


def character_tokenizer(length: int) -> CLIPTokenizer:
    """CLIP's tokenizer with a vocabulary of printable ASCII characters and nothing to merge."""
    characters = [chr(code) for code in range(33, 127)]
    names = [*characters, *(f"{one}</w>" for one in characters), START, END]
    tokenizer = CLIPTokenizer(
        vocab={name: number for number, name in enumerate(names)}, merges=[], model_max_length=length
    )
    # Once through files, so that a tokenizer that was just made equals one that was loaded.
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        return CLIPTokenizer.from_pretrained(str(Path(folder)))
