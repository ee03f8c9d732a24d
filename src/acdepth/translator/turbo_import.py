"""Published CycleGAN-Turbo weights as a translator of ours: one condition, there and back.

What stays different: published code draws the latents at random, we take their mean.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from peft import PeftModel
from torch import nn

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file
from acdepth.diffusion.autoencoder import Autoencoder, make_skips
from acdepth.diffusion.model import DiffusionModel, model_folder
from acdepth.diffusion.one_step import PROMPTS
from acdepth.translator.adapters import CARD_FILE, TranslatorCard, base_hash, save_translator
from acdepth.translator.generator import Generator
from acdepth.translator.lora import adapted_network, check_shapes, fill_adapters, share_weights
from acdepth.translator.settings import LoraSettings
from acdepth.translator.turbo_file import FIRST_LAYER, TurboDirection, TurboFile, read_turbo, same_names

VAE_ALPHA = 8
"""Published code leaves it to peft, whose default is 8 at every rank."""
IMAGE_SIZE = (512, 512)
"""(height, width) of the driving images in training and inference [px]. img2img-turbo, its paper."""


def import_turbo(
    path: Path,
    out: Path,
    base: str,
    condition: Condition,
    direction: TurboDirection = "a2b",
    prompt: str | None = None,
) -> TranslatorCard:
    """Write a published file as a folder that ``load_translator`` reads.

    Args:
        path: day2night.pkl, night2day.pkl, clear2rainy.pkl, rainy2clear.pkl, or one in their layout.
        out: folder to write.
        base: the diffusion model it was trained on: a folder or a name of the hub.
        condition: what it makes of clear images.
        direction: the file's name for the way from clear to ``condition``.
        prompt: the words it was trained with; by default ours, which are img2img-turbo's for night and rain.
    """
    if condition is Condition.CLEAR:
        raise UserError("clear", "name the adverse condition that the weights make")
    if out.exists() and not (out / CARD_FILE).is_file():
        raise UserError(out, "exists and is no translator", "choose another folder")
    turbo = read_turbo(path)
    folder = model_folder(base)
    prompts = {**PROMPTS, condition: prompt or PROMPTS[condition]}
    generator = _generator(turbo, DiffusionModel.from_pretrained(folder), condition, direction, prompts)
    card = TranslatorCard(
        base=base,
        base_hash=base_hash(folder),
        conditions=(condition,),
        image_size=IMAGE_SIZE,
        translate_size="trained",
        lora=LoraSettings(unet_rank=turbo.unet_rank, vae_rank=turbo.vae_rank),
        prompts=prompts,
        description=f"published img2img-turbo weights {turbo.path.name}, {direction}: clear to {condition}",
        made_by={"imported": "img2img-turbo", "file": turbo.path.name, "sha256": hash_file(turbo.path)},
    )
    save_translator(out, generator, card)
    return card


def _generator(
    turbo: TurboFile,
    model: DiffusionModel,
    condition: Condition,
    direction: TurboDirection,
    prompts: Mapping[Condition, str],
) -> Generator:
    opposite: TurboDirection = "b2a" if direction == "a2b" else "a2b"
    ways: dict[str, TurboDirection] = {"forth": direction, "back": opposite}
    plain: dict[str, Autoencoder] = {"forth": model.vae, "back": share_weights(model.vae)}
    skips = {way: _skips(turbo, ways[way], vae) for way, vae in plain.items()}
    unet = _unet(turbo, model.unet)
    vaes = {way: _vae(turbo, ways[way], vae) for way, vae in plain.items()}
    return Generator(model, unet, vaes, skips, (Condition.CLEAR, condition), prompts)


def _unet(turbo: TurboFile, unet: UNet2DConditionModel) -> PeftModel:
    known = set(_layers(unet))
    strange = [name for name in turbo.unet_layers if name not in known]
    if strange:
        what = f"{turbo.path}: the UNet has adapters for {strange[0]}, which the base model does not have"
        raise UserError(None, what)
    whole = [FIRST_LAYER] if f"{FIRST_LAYER}.weight" in turbo.unet else None
    adapted = adapted_network(unet, list(turbo.unet_layers), turbo.unet_rank, turbo.unet_rank, whole)
    where = f"{turbo.path}: the UNet (rank {turbo.unet_rank})"
    fill_adapters(adapted, turbo.unet, where, optional=f"{FIRST_LAYER}.bias")
    return adapted


def _vae(turbo: TurboFile, direction: TurboDirection, vae: Autoencoder) -> PeftModel:
    """The autoencoder with its adapters; what is not theirs must equal the base model's."""
    where = f"{turbo.path}: the autoencoder of {direction} (rank {turbo.vae_rank})"
    # Layers whose name is, or ends with, one of the file's: how peft reads such a list.
    endings = tuple(f".{one}" for one in turbo.vae_layers)
    layers = [name for name in _layers(vae) if f".{name}".endswith(endings)]
    own = {name: value for name, value in turbo.vaes[direction].items() if ".skip_conv_" not in name}
    low_rank = {name: value for name, value in own.items() if ".lora_" in name}
    rest = {name.replace(".base_layer.", "."): value for name, value in own.items() if name not in low_rank}
    weights = vae.state_dict()
    same_names(weights, rest, f"{where} does not fit the base model")
    for name, value in sorted(weights.items()):
        if rest[name].shape != value.shape or not torch.equal(rest[name], value.float().cpu()):
            what = f"{where} stands on another base model than the one given, {name} differs"
            remedy = "give the one that it was trained on with --base (published files: stabilityai/sd-turbo)"
            raise UserError(None, what, remedy)
    adapted = adapted_network(vae, layers, turbo.vae_rank, VAE_ALPHA, None)
    fill_adapters(adapted, low_rank, where)
    return adapted


def _skips(turbo: TurboFile, direction: TurboDirection, vae: Autoencoder) -> nn.ModuleList:
    """The skip convolutions, coarse to fine as ours, with their adapters added in."""
    where = f"{turbo.path}: the skips of {direction} (rank {turbo.vae_rank})"
    skips: Any = make_skips(vae)
    tensors = {name: value for name, value in turbo.vaes[direction].items() if ".skip_conv_" in name}
    shapes: dict[str, tuple[int, ...]] = {}
    for number, skip in enumerate(skips, start=1):
        layer = f"decoder.skip_conv_{number}"
        if f"skip_conv_{number}" not in turbo.vae_layers:
            shapes[f"{layer}.weight"] = tuple(skip.weight.shape)
            continue
        shapes[f"{layer}.base_layer.weight"] = tuple(skip.weight.shape)
        shapes[f"{layer}.lora_A.weight"] = (turbo.vae_rank, skip.in_channels, 1, 1)
        shapes[f"{layer}.lora_B.weight"] = (skip.out_channels, turbo.vae_rank, 1, 1)
    check_shapes(shapes, tensors, where)
    for number, skip in enumerate(skips, start=1):
        layer = f"decoder.skip_conv_{number}"
        weight = tensors.get(f"{layer}.weight")
        if weight is None:
            down, up = tensors[f"{layer}.lora_A.weight"], tensors[f"{layer}.lora_B.weight"]
            change = (up.flatten(1) @ down.flatten(1))[..., None, None]
            weight = tensors[f"{layer}.base_layer.weight"] + VAE_ALPHA / turbo.vae_rank * change
        skip.weight = nn.Parameter(weight.clone())
    return skips


def _layers(network: nn.Module) -> list[str]:
    """Names of the convolutions and linear layers."""
    return [name for name, module in network.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)]
