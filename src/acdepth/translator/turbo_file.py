"""Reader of CycleGAN-Turbo pickles as img2img-turbo publishes them; nothing in them is executed.

A file holds the low-rank adapters of one UNet, in three groups, and two whole autoencoders with adapters and
skip convolutions. The names of UNet and autoencoder are those of diffusers and peft.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from acdepth.core.errors import UserError
from acdepth.core.weights import read_plain

TurboDirection = Literal["a2b", "b2a"]
"""The file's own word for the way; each has an autoencoder of its own."""

UNET_GROUPS = (
    ("l_target_modules_encoder", "sd_encoder", "default_encoder"),
    ("l_target_modules_decoder", "sd_decoder", "default_decoder"),
    ("l_modules_others", "sd_other", "default_others"),
)
"""Of each group of the UNet's layers: entry of their names, entry of their weights, name of the adapter."""
VAE_ADAPTER = "vae_skip"
VAE_PARTS = ("sd_vae_enc", "sd_vae_dec")
"""Published code: both hold both autoencoders, and the second is loaded over the first."""
VAE_PLACES: dict[TurboDirection, str] = {"a2b": "vae.", "b2a": "vae_b2a."}
FIRST_LAYER = "conv_in"
"""Of the UNet: the one that may be in the file whole instead of as an adapter."""
ENTRIES: dict[str, type] = {
    "rank_unet": int,
    **{layers: list for layers, _, _ in UNET_GROUPS},
    **{weights: Mapping for _, weights, _ in UNET_GROUPS},
    "rank_vae": int,
    "vae_lora_target_modules": list,
    **dict.fromkeys(VAE_PARTS, Mapping),
}


@dataclass(frozen=True)
class TurboFile:
    """What a file holds, under names without adapters' names."""

    path: Path
    unet_rank: int
    unet_layers: tuple[str, ...]
    """Layers of the UNet that have an adapter."""
    unet: dict[str, Tensor]
    """``LAYER.lora_A.weight``, ``LAYER.lora_B.weight``, and perhaps the first layer whole."""
    vae_rank: int
    vae_layers: tuple[str, ...]
    """Last parts of the names of the autoencoders' layers that have an adapter."""
    vaes: dict[TurboDirection, dict[str, Tensor]]
    """``LAYER.base_layer.weight``, ``LAYER.lora_A.weight``, ``LAYER.lora_B.weight``, and layers without."""


def read_turbo(path: Path) -> TurboFile:
    """Read a pickle of img2img-turbo; one that holds more than plain values, all understood, is refused."""
    path = Path(path)
    content = read_plain(path)
    same_names(ENTRIES, content, f"{path}: no CycleGAN-Turbo file of img2img-turbo")
    for name, kind in ENTRIES.items():
        if not isinstance(content[name], kind):
            raise UserError(path, f"{name} is a {type(content[name]).__name__}, expected {kind.__name__}")
    for rank in ("rank_unet", "rank_vae"):
        if content[rank] <= 0:
            raise UserError(path, f"{rank} is {content[rank]}, expected a positive number")
    unet_layers, unet = _unet(content, path)
    vae_layers = _names(content, "vae_lora_target_modules", path)
    vaes = _vaes(content, path)
    return TurboFile(path, content["rank_unet"], unet_layers, unet, content["rank_vae"], vae_layers, vaes)


def same_names(wanted: Iterable[str], given: Iterable[str], where: str) -> None:
    """Refuse missing and unknown names, telling the first few."""
    wanted, given = set(wanted), {str(name) for name in given}
    problems = [
        f"{len(names)} {what}: {', '.join(sorted(names)[:3])}{', ...' if len(names) > 3 else ''}"
        for what, names in (("missing", wanted - given), ("not understood", given - wanted))
        if names
    ]
    if problems:
        raise UserError(None, f"{where} ({'; '.join(problems)})")


def _unet(content: Mapping[str, Any], path: Path) -> tuple[tuple[str, ...], dict[str, Tensor]]:
    layers: list[str] = []
    tensors: dict[str, Tensor] = {}
    for listed, weights, adapter in UNET_GROUPS:
        own = _tensors(content, weights, adapter, path)
        names = _names(content, listed, path)
        whole = f"{FIRST_LAYER}.weight" in own
        names = tuple(name for name in names if not (whole and name == FIRST_LAYER))
        wanted = {f"{name}.lora_{half}.weight" for name in names for half in "AB"}
        wanted |= own.keys() & {f"{FIRST_LAYER}.weight", f"{FIRST_LAYER}.bias"} if whole else set()
        same_names(wanted, own, f"{path}: {weights} does not fit {listed}")
        twice = sorted((set(layers) & set(names)) | (tensors.keys() & own.keys()))
        if twice:
            raise UserError(path, f"{listed} names {twice[0]}, which another list names too")
        layers += names
        tensors |= own
    return tuple(layers), tensors


def _vaes(content: Mapping[str, Any], path: Path) -> dict[TurboDirection, dict[str, Tensor]]:
    tensors: dict[str, Tensor] = {}
    for part in VAE_PARTS:
        tensors |= _tensors(content, part, VAE_ADAPTER, path)
    places = tuple(VAE_PLACES.values())
    foreign = sorted(name for name in tensors if not name.startswith(places))
    if foreign:
        raise UserError(path, f"{foreign[0]} is not understood", f"expected {' and '.join(places)} before it")
    return {
        direction: {n.removeprefix(place): value for n, value in tensors.items() if n.startswith(place)}
        for direction, place in VAE_PLACES.items()
    }


def _tensors(content: Mapping[str, Any], entry: str, adapter: str, path: Path) -> dict[str, Tensor]:
    """Weights without the adapter's name, which peft puts before or behind ``lora_A`` or leaves out."""
    tensors: dict[str, Tensor] = {}
    for given, value in content[entry].items():
        name = str(given).replace(f".{adapter}.", ".")
        if not isinstance(value, Tensor) or not value.is_floating_point():
            raise UserError(path, f"{given} in {entry} is no floating-point tensor")
        if name in tensors:
            raise UserError(path, f"{given} in {entry} is there twice, under two spellings")
        if not value.isfinite().all():
            raise UserError(path, f"{given} in {entry} holds numbers that are not finite")
        tensors[name] = value.float()
    return tensors


def _names(content: Mapping[str, Any], entry: str, path: Path) -> tuple[str, ...]:
    names = content[entry]
    if not all(isinstance(name, str) for name in names):
        raise UserError(path, f"{entry} holds something other than names of layers")
    return tuple(dict.fromkeys(names))
