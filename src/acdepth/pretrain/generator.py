"""The small diffusion model that ships: it learns captioned pictures, as SD-Turbo did, and no translation."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.batches import LabelledBatch
from acdepth.core.condition import Condition
from acdepth.core.identity import Identity
from acdepth.core.provenance import provenance
from acdepth.data.folder import open_data
from acdepth.data.pools import LabelledBatches, Pool, make_pools
from acdepth.data.prepared import prepare
from acdepth.diffusion.autoencoder import encode
from acdepth.diffusion.model import DiffusionModel
from acdepth.diffusion.one_step import LAST, PROMPTS, denoise_once, signal_and_noise
from acdepth.engine import LoopSettings, Task, fit, run_folder
from acdepth.pretrain.settings import GeneratorConfig

OF_DENOISER = frozenset({"noise_probability", "light_strength", "denoiser"})
"""Settings that the first training knows nothing of: the second may be repeated with others."""
STRONGEST_GAMMA = 2.5
"""Exponent that darkens most; one over it brightens most."""


class AutoencoderTask(Task):
    """Pictures to latents and back."""

    def __init__(self, config: GeneratorConfig, model: DiffusionModel) -> None:
        super().__init__()
        self.config, self.vae = config, model.vae

    def forward(self, batch: LabelledBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch."""
        image = _piece(batch.image, self.config.patch, generator) * 2 - 1
        latents = encode(self.vae, image)[0] / self.vae.config["scaling_factor"]
        shown = self.vae.decode(latents).sample  # pyright: ignore[reportAttributeAccessIssue]
        with torch.autocast(image.device.type, enabled=False):
            difference = shown.float() - image
            edges = difference.diff(dim=2).abs().mean() + difference.diff(dim=3).abs().mean()
            return {"colour": difference.abs().mean(), "edges": self.config.edge_weight * edges}


class DenoiserTask(Task):
    """One step from disturbed latents and a caption to the clean latents of the picture."""

    tokens: Tensor

    def __init__(self, config: GeneratorConfig, model: DiffusionModel) -> None:
        super().__init__()
        self.config, self.unet, self.text_encoder = config, model.unet, model.text_encoder
        self.schedule = signal_and_noise(model.scheduler)
        self.beside = (model.vae.eval().requires_grad_(False),)
        length = model.tokenizer.model_max_length
        captions = list(PROMPTS.values())
        prompts = model.tokenizer(captions, padding="max_length", max_length=length, return_tensors="pt")
        self.register_buffer("tokens", prompts["input_ids"], persistent=False)

    def forward(self, batch: LabelledBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch."""
        config = self.config
        clean = self._latents(batch.image)
        disturbed = self._latents(change_light(batch.image, generator, config.light_strength))
        rows = (len(clean), 1, 1, 1)
        noisy = torch.rand(rows, generator=generator) < config.noise_probability
        share = (torch.rand(rows, generator=generator) * noisy).to(clean)
        noise = torch.randn(clean.shape, generator=generator).to(clean)
        given = (1 - share**2).sqrt() * disturbed + share * noise
        text = self.text_encoder(self.tokens[batch.condition]).last_hidden_state
        found = self.unet(given, LAST, text).sample
        restored = denoise_once(given, found, self.schedule)
        return {"latents": F.smooth_l1_loss(restored, clean, beta=0.5)}

    @torch.no_grad()
    def _latents(self, image: Tensor) -> Tensor:
        vae: Any = self.beside[0]
        return encode(vae, image * 2 - 1)[0].float()


def _piece(image: Tensor, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """The same random window of all images of a batch."""
    spare = [whole - part for whole, part in zip(image.shape[-2:], size, strict=True)]
    top, left = (int(torch.randint(one + 1, (), generator=generator)) for one in spare)
    return image[..., top : top + size[0], left : left + size[1]]


def pretrain_generator(config: GeneratorConfig, data: Path, out: Path, description: str) -> Path:
    """Train on captioned images and write a model folder, fit for `DiffusionModel.from_pretrained`.

    Args:
        config: settings.
        data: images of all conditions, none of them a pair of another.
        out: run folder; the model is ``out/model``, which is returned, in float16.
        description: for the card: what it was trained on.
    """
    with run_folder(out, Identity(), config.autoencoder) as share:  # the states lie in folders of their own
        with share.main_first():
            footage = prepare(open_data(data), out / "prepared", config.image_size, reach=0)
        pools = make_pools([footage], config.conditions)
        model = config.network.build(config.autoencoder.seed)
        _fit("autoencoder", AutoencoderTask(config, model), pools, config, out, footage.made_from)
        model.vae.register_to_config(scaling_factor=_scaling_factor(model, pools))
        _fit("denoiser", DenoiserTask(config, model), pools, config, out, footage.made_from)
        card = {"description": description, "config": config.to_dict(), "made_by": provenance()}
        for part in (model.vae, model.unet, model.text_encoder):
            part.half()
        if share.leads:
            replace(model, card=card).save(out / "model")
    return out / "model"


def _fit(
    name: str, task: Task, pools: dict[Condition, Pool], config: GeneratorConfig, out: Path, data: str
) -> None:
    loop: LoopSettings = getattr(config, name)
    batches = partial(LabelledBatches, pools, loop.batch_size, loop.seed)
    shapes_it = type(config).model_fields.keys() - (OF_DENOISER if name == "autoencoder" else set())
    made_from = Identity.of(config, only=shapes_it).and_facts({"training footage": data})
    fit(f"pretrain {name}", task, batches, loop, out / name, made_from)


@torch.no_grad()
def _scaling_factor(model: DiffusionModel, pools: dict[Condition, Pool]) -> float:
    """One over the deviation of latents, so that the UNet sees values of size one (Rombach et al. 2022)."""
    model.vae.eval()
    image = LabelledBatches(pools, 16, seed=0).batch(0).to(model.vae.device).image
    latents = encode(model.vae, image * 2 - 1)[0] / model.vae.config["scaling_factor"]
    return round(float(1 / latents.std()), 5)


def change_light(image: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Gamma, contrast, tint and saturation of (B, 3, H, W) in 0..1, drawn anew for every image.

    Strength 0 changes nothing; 1 can make a day dark and a night bright.
    """
    draws = torch.rand(3, len(image), 1, 1, 1, generator=generator).to(image) * 2 - 1
    tint = torch.rand(len(image), 3, 1, 1, generator=generator).to(image) * 2 - 1
    image = image.clamp(min=1e-3) ** STRONGEST_GAMMA ** (strength * draws[0])
    image = torch.lerp(image.mean((1, 2, 3), keepdim=True), image, 1 + 0.5 * strength * draws[1])
    gray = image.mean(1, keepdim=True)
    image = torch.lerp(gray, image, 1 + 0.8 * strength * draws[2])
    return (image * (1 + 0.25 * strength * tint)).clamp(0, 1)
