"""Low-rank adapters: what is trained of SD-Turbo, kept in files that peft reads.

W_after = W + scale * B A (Hu et al. 2022). Which layers get one: img2img-turbo, on which ACDepth builds.
"""

import copy
import warnings
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn

from acdepth.core.errors import UserError
from acdepth.core.hub import ADAPTER_CONFIG
from acdepth.core.seeding import derive_seed
from acdepth.diffusion.autoencoder import Autoencoder

UNET_LAYERS = (
    r".*\.(to_q|to_k|to_v|to_out\.0|conv|conv1|conv2|conv_shortcut|proj_in|proj_out|net\.0\.proj|net\.2)"
    r"|conv_out"
)
"""Attention projections, convolutions and feed-forward layers of the UNet."""
VAE_LAYERS = (
    r"(encoder|decoder)\.(.*\.)?(conv_in|conv_out|conv|conv1|conv2|conv_shortcut|to_q|to_k|to_v|to_out\.0)"
)
"""Convolutions and attention projections of the autoencoder."""
TRAINED_WHOLE = ["conv_in"]
"""Layers of the UNet that are trained without an adapter. img2img-turbo: its first convolution."""
ADAPTER_FILES = (ADAPTER_CONFIG, "adapter_model.safetensors")


def adapt_unet(unet: UNet2DConditionModel, rank: int, seed: int) -> PeftModel:
    """The UNet, frozen, with adapters that do nothing yet; its scale is 1 (alpha = rank)."""
    return _adapt(unet, UNET_LAYERS, rank, rank, TRAINED_WHOLE, seed)


def adapt_vae(vae: Autoencoder, rank: int, seed: int) -> PeftModel:
    """The autoencoder, likewise; of TAESD's kind all convolutions get one."""
    layers: str | list[str] = VAE_LAYERS
    if isinstance(vae, AutoencoderTiny):
        layers = [name for name, module in vae.named_modules() if isinstance(module, nn.Conv2d)]
    return _adapt(vae, layers, rank, 2 * rank, None, seed)


def share_weights(network: nn.Module) -> Any:
    """A second network on the same parameters, so that each can get adapters of its own."""
    return copy.deepcopy(network, {id(parameter): parameter for parameter in network.parameters()})


def load_adapters(network: Any, folder: Path, trainable: bool) -> PeftModel:
    """Put adapters from a folder onto the network that they were trained on."""
    for name in ADAPTER_FILES:
        if not (folder / name).is_file():
            raise UserError(folder / name, "missing", "adapters are a config and a safetensors file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # peft warns of missing weights where we refuse them
            path = str(folder)
            return PeftModel.from_pretrained(network, path, is_trainable=trainable, local_files_only=True)
    except Exception as error:  # peft raises many kinds
        reason = " ".join(str(error).split())[:200]
        raise UserError(folder, f"the adapters do not fit this model ({reason})") from error


def _adapt(
    network: Any, layers: str | list[str], rank: int, alpha: int, whole: list[str] | None, seed: int
) -> PeftModel:
    config = LoraConfig(
        r=rank, lora_alpha=alpha, target_modules=layers, modules_to_save=whole, init_lora_weights="gaussian"
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "lora", type(network).__name__))
        return get_peft_model(network, config)  # pyright: ignore[reportReturnType]
