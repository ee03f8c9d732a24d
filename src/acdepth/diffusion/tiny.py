"""A small diffusion model of SD-Turbo's own classes: the stand-in that ships, and what tests are made of."""

import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from acdepth.core.seeding import derive_seed
from acdepth.diffusion.autoencoder import Autoencoder
from acdepth.diffusion.model import DiffusionModel
from acdepth.diffusion.settings import TinyDiffusionConfig

START, END = "<|startoftext|>", "<|endoftext|>"
VAE_GROUPS, UNET_GROUPS = 2, 8
"""Of the group normalisations; SD-Turbo: 32. Like there, none has fewer than four channels: a channel that is
normalised alone cannot say how bright an image is."""


def build_tiny_diffusion(size: TinyDiffusionConfig, seed: int) -> DiffusionModel:
    """An untrained model; the same seed gives the same weights."""
    with torch.random.fork_rng(devices=[]):
        # diffusers draws from the global generator; the fork keeps that to ourselves.
        torch.manual_seed(derive_seed(seed, "tiny diffusion"))
        tokenizer = character_tokenizer(size.prompt_length)
        vae, unet = _vae(size), _unet(size)
        return DiffusionModel(vae, unet, _text_encoder(size, tokenizer), tokenizer, gentle_schedule())


def _vae(size: TinyDiffusionConfig) -> Autoencoder:
    levels = len(size.vae_channels)
    if size.autoencoder == "taesd":
        return AutoencoderTiny(
            encoder_block_out_channels=size.vae_channels,
            decoder_block_out_channels=size.vae_channels,
            num_encoder_blocks=(1,) * levels,
            num_decoder_blocks=(1,) * levels,
            latent_channels=size.latent_channels,
        )
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,  # pyright: ignore[reportArgumentType]
        up_block_types=("UpDecoderBlock2D",) * levels,  # pyright: ignore[reportArgumentType]
        block_out_channels=size.vae_channels,  # pyright: ignore[reportArgumentType]
        latent_channels=size.latent_channels,
        norm_num_groups=VAE_GROUPS,
    )


def _unet(size: TinyDiffusionConfig) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=64,  # diffusers' pipelines compare it, and refuse none
        in_channels=size.latent_channels,
        out_channels=size.latent_channels,
        block_out_channels=size.unet_channels,
        # Not at the finest level, as SD-Turbo does: it was half of the work of a training step on a CPU.
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        norm_num_groups=UNET_GROUPS,
        cross_attention_dim=size.text_width,
        attention_head_dim=4,
    )


def _text_encoder(size: TinyDiffusionConfig, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=size.text_width,
            intermediate_size=2 * size.text_width,
            projection_dim=size.text_width,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=size.prompt_length,
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
    vocabulary = {name: number for number, name in enumerate(names)}
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=length)
    # Once through files, so that a tokenizer that was just made equals one that was loaded.
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        return CLIPTokenizer.from_pretrained(str(Path(folder)))
