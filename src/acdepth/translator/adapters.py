"""A trained translator in a folder: adapters in peft's layout, skips, a card; the base stays apart."""

from pathlib import Path
from typing import Annotated, Any, Self

from peft import PeftModel
from pydantic import Field, model_validator
from torch import nn

from acdepth.core.condition import Condition
from acdepth.core.config import Config, within
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_folder, hash_file, hash_json, read_json, write_json
from acdepth.core.hub import ADAPTER_CONFIG, HALF_PRECISION, files_content
from acdepth.diffusion.autoencoder import make_skips
from acdepth.diffusion.model import DiffusionModel, settings_hash
from acdepth.diffusion.one_step import PROMPTS
from acdepth.networks.checkpoint import load_tensors, load_weights, save_tensors
from acdepth.translator.generator import DIRECTIONS, Generator
from acdepth.translator.lora import ADAPTER_FILES, added_in, load_adapters, share_weights
from acdepth.translator.settings import LoraSettings, TranslateSize

CARD_FILE, SKIPS_FILE = "card.json", "skips.safetensors"
ADAPTED = ("unet", *(f"vae_{direction}" for direction in DIRECTIONS))
"""Folders of adapters."""
SHAPING = (SKIPS_FILE, *(f"{part}/{file}" for part in ADAPTED for file in ADAPTER_FILES))
"""Files of a translator's folder that decide what it makes."""
FORMAT = 1
"""Counts up when the files' meaning changes."""


ImageSide = Annotated[int, within(8, 8192, "96 to 1024")]


class TranslatorCard(Config):
    """What a translator is, and where it comes from."""

    format: int = FORMAT
    """Of the folder."""
    base: str
    """The diffusion model it was trained on: a name of the hub or a folder."""
    base_hash: str
    """Of the base's weights, so that adapters are not put onto another model."""
    conditions: tuple[Condition, ...]
    """What it makes of clear images."""
    image_size: tuple[ImageSide, ImageSide]
    """(height, width) of the images it was trained on [px]."""
    translate_size: TranslateSize = "source"
    """Whether images are brought to that size for translation; cards that do not say were of a time when none
    were."""
    lora: LoraSettings
    """Size of the adapters."""
    prompts: dict[Condition, str] = Field(default_factory=lambda: dict(PROMPTS))
    """The words it was trained to make each condition with."""
    description: str = ""
    """For people: what it was trained on and how."""
    made_by: dict[str, Any] = Field(default_factory=dict)
    """Versions, commit, settings and hashes of the data."""

    @model_validator(mode="after")
    def _says_what_it_makes(self) -> Self:
        silent = {Condition.CLEAR, *self.conditions} - self.prompts.keys()
        if silent:
            raise ValueError(f"prompts has no words for {', '.join(sorted(silent))}")
        return self


def save_translator(folder: Path, generator: Generator, card: TranslatorCard) -> None:
    """Write ``unet/``, ``vae_forth/``, ``vae_back/`` as peft does, ``skips.safetensors``, ``card.json``.

    What was trained whole is written with its adapters added in, so that training on gives it new ones. The
    folder appears whole or not at all.
    """
    with atomic_folder(folder) as staging, added_in(generator):
        generator.unet.save_pretrained(str(staging / "unet"))
        for direction in DIRECTIONS:
            adapted: Any = generator.vaes[direction]
            adapted.save_pretrained(str(staging / f"vae_{direction}"))
        for part in ADAPTED:
            (staging / part / "README.md").unlink()  # peft's own model card, all empty fields
            _in_order(staging / part / ADAPTER_CONFIG)
        save_tensors(staging / SKIPS_FILE, generator.skips.state_dict(), {}, half=False)
        write_json(staging / CARD_FILE, card.to_dict())


def _in_order(path: Path) -> None:
    """Equal adapters get equal files: peft writes a set of names in the order of the day."""
    config = read_json(path)
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()
    write_json(path, config)


def load_card(folder: Path) -> TranslatorCard:
    """The card of a translator; a folder without one, or with one of another version, is refused."""
    path = Path(folder) / CARD_FILE
    if not path.is_file():
        raise UserError(
            folder,
            "no translator",
            f"it needs {CARD_FILE}, {SKIPS_FILE}, unet/ and vae_*/, as acdepth train translator "
            "writes them into OUT/adapters",
        )
    card = TranslatorCard.from_dict(read_json(path), where=str(path))
    if card.format != FORMAT:
        what = f"format {card.format}, this version reads {FORMAT}"
        raise UserError(path, what, "train or import it again")
    return card


def load_translator(
    folder: Path,
    model: DiffusionModel,
    base_hash: str,
    trainable: bool = False,
    also: tuple[Condition, ...] = (),
) -> Generator:
    """Put a translator's adapters onto its base model, whose weights have the given hash.

    Args:
        folder: as `save_translator` wrote it.
        model: the base model.
        base_hash: refused where the card names another.
        trainable: whether the adapters shall learn on.
        also: conditions that it shall learn beside those that its card names.
    """
    card = load_card(folder)
    if card.base_hash and card.base_hash != base_hash:
        what = f"was trained on another base model than the one given (its card says {card.base})"
        raise UserError(folder, what, "give that one with --base")
    plain: dict[str, Any] = {"forth": model.vae, "back": share_weights(model.vae)}
    skips = {direction: make_skips(vae) for direction, vae in plain.items()}
    both = nn.ModuleDict(skips)
    tensors, _ = load_tensors(folder / SKIPS_FILE)
    load_weights(both, tensors, str(folder / SKIPS_FILE))
    both.requires_grad_(trainable)
    unet = load_adapters(model.unet, folder / "unet", trainable)
    vaes = {way: load_adapters(vae, folder / f"vae_{way}", trainable) for way, vae in plain.items()}
    for part in (unet, *vaes.values()):
        for name, value in part.named_parameters():
            if ".lora_" in name and not value.isfinite().all():
                raise UserError(folder, f"{name} holds numbers that are not finite", "copy it again")
    conditions = tuple(dict.fromkeys((Condition.CLEAR, *card.conditions, *also)))
    return Generator(model, unet, vaes, skips, conditions, {**PROMPTS, **card.prompts})


def merge(generator: Generator) -> Generator:
    """Add the adapters into the weights, in place: the same translations without their cost."""
    merged: Any = generator
    if isinstance(generator.unet, PeftModel):
        merged.unet = generator.unet.merge_and_unload()
        for direction in DIRECTIONS:
            adapted: Any = generator.vaes[direction]
            _own_weights(adapted.get_base_model())
            merged.vaes[direction] = adapted.merge_and_unload()
    return generator


def _own_weights(network: nn.Module) -> None:
    """End the sharing of weights between the directions, which get different ones from now on."""
    for module in network.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            module.register_parameter(name, nn.Parameter(parameter.detach().clone(), requires_grad=False))


def base_hash(folder: Path) -> str:
    """Hash of a base model's weights: UNet, autoencoder, text encoder."""
    hashes = []
    for part in ("unet", "vae", "text_encoder"):
        found = sorted((Path(folder) / part).glob("*.safetensors"))
        files = [file for file in found if HALF_PRECISION not in file.name]
        if not files:
            raise UserError(f"{folder}/{part}", "holds no safetensors weights")
        hashes += [hash_file(file) for file in files]
    return hash_json(hashes)


def base_facts(folder: Path) -> dict[str, str]:
    """What tells one base model from another."""
    return {"base": base_hash(folder), "base_settings": settings_hash(folder)}


def adapters_hash(folder: Path) -> str:
    """Hash of all that shapes a translator's outcome: weights, how they are put onto the base, prompts."""
    return hash_json([load_card(folder).to_dict()["prompts"], files_content(folder, SHAPING)])
