"""A latent diffusion model as diffusers keeps it in a folder: autoencoder, UNet, text encoder, schedule."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, DDPMScheduler, UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from acdepth.core.errors import UserError, first_line
from acdepth.core.files import read_object, write_json
from acdepth.core.hub import files_content, hub_folder, refuse_adapters
from acdepth.core.shipped import GENERATOR, or_shipped
from acdepth.diffusion.autoencoder import Autoencoder

NEEDED = {
    **dict.fromkeys(("vae", "unet", "text_encoder"), "config.json"),
    "tokenizer": "tokenizer_config.json",
    "scheduler": "scheduler_config.json",
}
"""A file without which a part cannot be read."""
PARTS = tuple(NEEDED)
"""Folders of a diffusers model that one-step translation needs."""
SETTINGS = tuple(f"{part}/*.{kind}" for part in PARTS for kind in ("json", "txt"))
"""Files that say how a model's parts are built, how words are cut, and how much noise a step has."""
WEIGHTS = tuple(f"{part}/*.safetensors" for part in ("unet", "vae", "text_encoder"))
CARD_FILE = "card.json"


@dataclass(frozen=True)
class DiffusionModel:
    """The parts of Stable Diffusion, by the names that diffusers gives them."""

    vae: Autoencoder
    """Images in -1..1 to latents and back."""
    unet: UNet2DConditionModel
    """Latents, timestep and text embedding to the noise in the latents."""
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    scheduler: DDPMScheduler
    """Of it only the noise schedule is used."""
    card: Mapping[str, Any] = field(default_factory=dict)
    """JSON values that say what it was trained on; empty if nobody said."""

    @classmethod
    def from_pretrained(cls, source: str | Path, dtype: torch.dtype = torch.float32) -> Self:
        """Load a folder in diffusers' layout, or a model of the Hugging Face hub.

        Args:
            source: a folder with ``vae``, ``unet``, ``text_encoder``, ``tokenizer`` and ``scheduler``, or a
                name such as ``stabilityai/sd-turbo``.
            dtype: of the weights in memory.
        """
        folder = model_folder(source)
        check_model_folder(folder)
        card = read_object(folder / CARD_FILE) if (folder / CARD_FILE).exists() else {}
        with _quiet():
            return cls(
                vae=_load(_kind_of_vae(folder / "vae"), folder / "vae", torch_dtype=dtype),
                unet=_load(UNet2DConditionModel, folder / "unet", torch_dtype=dtype),
                text_encoder=_load(CLIPTextModel, folder / "text_encoder", dtype=dtype),
                tokenizer=_load(CLIPTokenizer, folder / "tokenizer"),
                scheduler=_load(DDPMScheduler, folder / "scheduler"),
                card=card,
            )

    def save(self, folder: Path) -> None:
        """Write the folder that `from_pretrained` and diffusers' own pipelines read."""
        folder = Path(folder)
        with _quiet():
            for part in PARTS:
                getattr(self, part).save_pretrained(folder / part)
        write_json(folder / CARD_FILE, dict(self.card))

    @torch.no_grad()
    def embed(self, prompts: list[str]) -> Tensor:
        """(N, L, D) embeddings of some prompts, what the UNet attends to."""
        length = self.tokenizer.model_max_length
        tokens = self.tokenizer(
            prompts, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
        )
        device = next(self.text_encoder.parameters()).device
        return self.text_encoder(tokens["input_ids"].to(device)).last_hidden_state


def check_model_folder(folder: Path) -> None:
    """Raise `UserError` naming a part that a folder lacks or has too many; loads nothing."""
    refuse_adapters(*(folder / part for part in PARTS))
    for part, file in NEEDED.items():
        if not (folder / part / file).is_file():
            needs = f"a diffusion model has the folders {', '.join(PARTS)}"
            where = "SD-Turbo: huggingface-cli download stabilityai/sd-turbo"
            raise UserError(folder / part / file, "missing", f"{needs} ({where})")


def model_folder(source: str | Path) -> Path:
    """The folder of a model: ``source`` itself, the one that ships, or where the hub's was stored here."""
    folder = or_shipped(Path(source), GENERATOR)
    return folder if folder.is_dir() else hub_folder(str(source), (*SETTINGS, *WEIGHTS))


def settings_hash(folder: Path) -> str:
    """Hash of all that shapes a model's outcome beside its weights."""
    return files_content(folder, SETTINGS)


def _load(kind: Any, folder: Path, **options: Any) -> Any:
    """``kind.from_pretrained``, with whatever it raises as one line, and no pickle ever read."""
    if kind in (AutoencoderKL, AutoencoderTiny, UNet2DConditionModel, CLIPTextModel):
        options["use_safetensors"] = True
    try:
        return kind.from_pretrained(str(folder), local_files_only=True, **options)
    except Exception as error:  # diffusers, transformers and safetensors raise many kinds
        reason = first_line(error)
        raise UserError(folder, f"cannot be loaded as {kind.__name__} ({reason})") from error


def _kind_of_vae(folder: Path) -> type[AutoencoderKL] | type[AutoencoderTiny]:
    """What the folder says that it holds; Stable Diffusion's own where it says nothing."""
    named = read_object(folder / "config.json").get("_class_name")
    return AutoencoderTiny if named == AutoencoderTiny.__name__ else AutoencoderKL


@contextmanager
def _quiet() -> Iterator[None]:
    """No bars and no advice for files that are ours."""
    levels = diffusers_logging.get_verbosity(), transformers_logging.get_verbosity()
    had_bar = transformers_logging.is_progress_bar_enabled()
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        diffusers_logging.set_verbosity(levels[0])
        transformers_logging.set_verbosity(levels[1])
        if had_bar:
            transformers_logging.enable_progress_bar()
