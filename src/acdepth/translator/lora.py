"""Low-rank adapters: what is trained of SD-Turbo, kept in files that peft reads.

W_after = W + scale * B A (Hu et al. 2022). Which layers get one: img2img-turbo, on which ACDepth builds.
"""

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from peft import LoraConfig, PeftModel, get_peft_model
from peft.utils import ModulesToSaveWrapper
from torch import Tensor, nn
from torch.nn.utils import parametrize

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


class LowRank(nn.Module):
    """What a convolution's weight (O, I, h, w) becomes with an adapter that does nothing yet."""

    def __init__(self, weight: Tensor, rank: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.lora_A = nn.Parameter(torch.randn(rank, *weight.shape[1:]) / rank)  # as peft's "gaussian"
        self.lora_B = nn.Parameter(torch.zeros(len(weight), rank))

    def forward(self, weight: Tensor) -> Tensor:
        """W + scale * B A."""
        return weight + self.scale * (self.lora_B @ self.lora_A.flatten(1)).view_as(weight)


def adapt_whole(unet: PeftModel, skips: nn.ModuleDict, unet_rank: int, vae_rank: int, seed: int) -> None:
    """Give adapters also to what is trained whole: the UNet's first convolution, and the skips.

    In imported weights that convolution may have an adapter in place of the whole, which then stays as it is.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "lora", "whole"))
        for layer in _trained_whole(unet):
            _add(layer, unet_rank, 1.0)
        for layer in skips.modules():
            if isinstance(layer, nn.Conv2d):
                _add(layer, vae_rank, 2.0)


@contextmanager
def added_in(network: nn.Module) -> Iterator[None]:
    """A network whose convolutions have the adapters of `adapt_whole` added in, for a while."""
    adapted = [
        (parent, name, layer)
        for parent in network.modules()
        for name, layer in parent.named_children()
        if isinstance(layer, nn.Conv2d) and parametrize.is_parametrized(layer)
    ]
    for parent, name, layer in adapted:
        parent.register_module(name, _plain(layer))
    try:
        yield
    finally:
        for parent, name, layer in adapted:
            parent.register_module(name, layer)


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


def _trained_whole(unet: PeftModel) -> list[Any]:
    kept = [module for module in unet.modules() if isinstance(module, ModulesToSaveWrapper)]
    return [module.modules_to_save["default"] for module in kept]


def _add(layer: nn.Conv2d, rank: int, scale: float) -> None:
    parametrize.register_parametrization(layer, "weight", LowRank(layer.weight, rank, scale))


def _plain(layer: Any) -> nn.Conv2d:
    """A convolution with the weight that the adapter makes; on "meta", as nothing is to be drawn for it."""
    shape = (layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding)
    plain = nn.Conv2d(*shape, bias=layer.bias is not None, device="meta")
    plain.weight, plain.bias = nn.Parameter(layer.weight.detach()), layer.bias
    return plain


def _adapt(
    network: Any, layers: str | list[str], rank: int, alpha: int, whole: list[str] | None, seed: int
) -> PeftModel:
    config = LoraConfig(
        r=rank, lora_alpha=alpha, target_modules=layers, modules_to_save=whole, init_lora_weights="gaussian"
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "lora", type(network).__name__))
        return get_peft_model(network, config)  # pyright: ignore[reportReturnType]
