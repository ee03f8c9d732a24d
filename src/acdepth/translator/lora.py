"""Low-rank adapters: what is trained of SD-Turbo, kept in files that peft reads.

W_after = W + scale * B A (Hu et al. 2022). Which layers get one: img2img-turbo, on which ACDepth builds.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Self

import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from peft import LoraConfig, PeftModel, get_peft_model
from peft.utils import ModulesToSaveWrapper
from pydantic import field_validator
from torch import Tensor, nn
from torch.nn.utils import parametrize

from acdepth.core.config import Config, within
from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from acdepth.core.hub import ADAPTER_CONFIG
from acdepth.core.seeding import derive_seed
from acdepth.diffusion.autoencoder import Autoencoder
from acdepth.networks.checkpoint import load_tensors
from acdepth.translator.settings import Rank
from acdepth.translator.turbo_file import same_names

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
WEIGHTS_FILE = "adapter_model.safetensors"
ADAPTER_FILES = (ADAPTER_CONFIG, WEIGHTS_FILE)
PEFT_ROOT = "base_model.model."
"""Before all names in peft's networks and files."""
UNREAD = {
    *(
        "auto_mapping",
        "base_model_name_or_path",
        "inference_mode",
        "megatron_core",
        "peft_type",
        "peft_version",
    ),
    *("qalora_group_size", "revision", "task_type"),
}
"""Entries of a config that change nothing, or only together with others that are refused. Libraries that are
named there are imported by nobody."""
NOTHING = (None, False, 0, "none", [], {})
"""What entries say that ask for nothing."""


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
    """Put adapters from a folder onto the network that they were trained on.

    What the folder says is read here and not by peft, which imports modules that an ``adapter_config.json``
    names, and matches layers by any regular expression in it. Before any room is taken, the file must hold
    just what these adapters need.

    Raises:
        UserError: if the folder asks for more than `AdapterConfig` says, or its weights do not fit.
    """
    config = AdapterConfig.read_folder(folder)
    file = folder / WEIGHTS_FILE
    tensors = {name.removeprefix(PEFT_ROOT): value for name, value in load_tensors(file)[0].items()}
    layers = config.layers(network)
    shapes, misfit = _adapter_shapes(network, layers, config), f"{folder}: the adapters do not fit this model"
    same_names(shapes, tensors, misfit)
    check_shapes(shapes, tensors, misfit)
    adapted = adapted_network(
        network, config.target_modules, config.r, config.lora_alpha, config.modules_to_save,
        init_lora_weights=config.init_lora_weights,
    )  # fmt: skip
    fill_adapters(adapted, tensors, str(file))
    if not trainable:
        adapted.requires_grad_(False).eval()
    adapted.peft_config["default"].inference_mode = not trainable
    return adapted


class AdapterConfig(Config):
    """What is read of peft's ``adapter_config.json``."""

    r: Rank
    """Rank."""
    lora_alpha: Annotated[float, within(1e-3, 1e4, "4 to 256")]
    """Scale times rank."""
    target_modules: str | list[str]
    """Layers with an adapter: our own pattern, or names, or what these end in."""
    modules_to_save: list[str] | None = None
    """Layers that were trained whole."""
    init_lora_weights: bool | str = True
    """How training started; written again as it was read."""

    @field_validator("target_modules")
    @classmethod
    def _names_layers(cls, layers: str | list[str]) -> str | list[str]:
        if isinstance(layers, str) and layers not in (UNET_LAYERS, VAE_LAYERS):
            raise ValueError("a regular expression of somebody else's; write the layers' names as a list")
        return layers

    @classmethod
    def read_folder(cls, folder: Path) -> Self:
        """Read ``adapter_config.json``.

        Raises:
            UserError: if a file is missing, or the config asks for anything but plain adapters.
        """
        for name in ADAPTER_FILES:
            if not (folder / name).is_file():
                raise UserError(folder / name, "missing", "adapters are a config and a safetensors file")
        path = folder / ADAPTER_CONFIG
        told = read_json(path)
        if not isinstance(told, dict) or told.get("peft_type") != "LORA":
            raise UserError(path, "no config of LoRA adapters: peft_type is not LORA")
        known = cls.model_fields.keys()
        for name, value in told.items():
            if name not in {*known, *UNREAD} and value not in NOTHING:
                raise UserError(path, f"{name} = {value!r:.60}: only plain LoRA adapters are read")
        return cls.from_dict({name: told[name] for name in known if name in told}, str(path))

    def layers(self, network: nn.Module) -> list[str]:
        """Names of the network's layers that get an adapter, as peft finds them."""
        whole = tuple(self.modules_to_save or ())
        if isinstance(self.target_modules, str):
            pattern = re.compile(self.target_modules)
            meant = [name for name, _ in network.named_modules() if pattern.fullmatch(name)]
        else:
            meant = [name for name, _ in network.named_modules() if _ends(name, tuple(self.target_modules))]
        return [name for name in meant if not _ends(name, whole)]


def _ends(name: str, ends: tuple[str, ...]) -> bool:
    """Whether a layer's name is one of some, or ends in one behind a dot."""
    return f".{name}".endswith(tuple(f".{end}" for end in ends))


def _adapter_shapes(
    network: nn.Module, layers: list[str], config: AdapterConfig
) -> dict[str, tuple[int, ...]]:
    """Shapes of all weights of adapters, by names without peft's."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name in layers:
        layer = network.get_submodule(name)
        if not isinstance(layer, nn.Conv2d | nn.Linear):
            raise UserError(ADAPTER_CONFIG, f"target_modules: {name} is no convolution and no linear layer")
        out, *into = layer.weight.shape
        shapes[f"{name}.lora_A.weight"] = (config.r, *into)
        shapes[f"{name}.lora_B.weight"] = (out, config.r, *(1 for _ in into[1:]))
    for name, layer in network.named_modules():
        if _ends(name, tuple(config.modules_to_save or ())):
            shapes |= {f"{name}.{part}": tuple(value.shape) for part, value in layer.named_parameters()}
    return shapes


def adapted_network(
    network: Any, layers: str | list[str], rank: int, alpha: float, whole: list[str] | None, **options: Any
) -> PeftModel:
    """A network with adapters, which peft draws anew; the generator of all others is left as it was."""
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=layers, modules_to_save=whole, **options)  # pyright: ignore
    with torch.random.fork_rng(devices=[]):
        return get_peft_model(network, config)  # pyright: ignore[reportReturnType]


@torch.no_grad()
def fill_adapters(adapted: PeftModel, tensors: Mapping[str, Tensor], where: str, optional: str = "") -> None:
    """Give every adapter its weights; all must have a place and all places a weight.

    Raises:
        UserError: if not, if shapes differ, or a number is not finite.
    """
    places = {_plain_name(name): value for name, value in adapted.named_parameters() if value.requires_grad}
    if optional not in tensors:
        places.pop(optional, None)
    check_shapes({name: tuple(value.shape) for name, value in places.items()}, tensors, where)
    for name, place in places.items():
        if not tensors[name].isfinite().all():
            raise UserError(where, f"{name} holds numbers that are not finite")
        place.copy_(tensors[name])


def _plain_name(name: str) -> str:
    return name.removeprefix(PEFT_ROOT).replace(".modules_to_save.", ".").replace(".default.", ".")


def check_shapes(shapes: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Tensor], where: str) -> None:
    """Refuse weights that are missing, left over or of another shape."""
    same_names(shapes, tensors, f"{where} does not fit")
    for name, shape in sorted(shapes.items()):
        if tuple(tensors[name].shape) != shape:
            raise UserError(where, f"{name} has shape {tuple(tensors[name].shape)}, expected {shape}")


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
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "lora", type(network).__name__))
        return adapted_network(network, layers, rank, alpha, whole, init_lora_weights="gaussian")
