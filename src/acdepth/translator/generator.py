"""The translator's network: one diffusion step, both directions, all conditions.

ACDepth, section 3.1; the architecture is img2img-turbo's (CycleGAN-Turbo). One UNet serves all, told by the
prompt what to make; each direction has an autoencoder with adapters and skips of its own.
"""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from peft import PeftModel
from torch import Tensor, nn
from torch.nn import functional as F

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.diffusion.autoencoder import decode, encode, make_skips, reduction
from acdepth.diffusion.model import DiffusionModel
from acdepth.diffusion.one_step import LAST, PROMPTS, denoise_once, signal_and_noise
from acdepth.translator.lora import adapt_unet, adapt_vae, adapt_whole, share_weights
from acdepth.translator.settings import LoraSettings

Direction = Literal["forth", "back"]
"""``forth`` makes a clear image adverse, ``back`` an adverse one clear."""
DIRECTIONS: tuple[Direction, Direction] = ("forth", "back")


class Generator(nn.Module):
    """Clear to adverse and back.

    Args:
        model: gives schedule and prompt embeddings; the text encoder is not needed afterwards.
        unet: of ``model``, with adapters.
        vaes: of ``model``, with adapters, by direction.
        skips: by direction.
        conditions: the prompts whose embeddings are kept.
        words: what each condition's prompt says.
    """

    prompts: Tensor

    def __init__(
        self,
        model: DiffusionModel,
        unet: PeftModel,
        vaes: dict[str, PeftModel],
        skips: dict[str, nn.ModuleList],
        conditions: tuple[Condition, ...],
        words: Mapping[Condition, str] = PROMPTS,
    ) -> None:
        super().__init__()
        self.unet, self.vaes, self.skips = unet, nn.ModuleDict(vaes), nn.ModuleDict(skips)
        self.conditions = conditions
        self.schedule = signal_and_noise(model.scheduler)
        self.reduction = reduction(model.vae)
        embedded = model.embed([words[condition] for condition in conditions])
        self.register_buffer("prompts", embedded.float(), persistent=False)
        self.frugal = False

    def spare_memory(self) -> None:
        """Keep only what passes between blocks; the inside of each is computed again going back."""
        self.frugal = True
        self.unet.get_base_model().enable_gradient_checkpointing()  # pyright: ignore[reportCallIssue]

    def forward(self, image: Tensor, condition: Tensor, direction: Direction) -> Tensor:
        """Translate images (B, 3, H, W) in -1..1, of any size; float32, about -1..1.

        Args:
            image: the batch.
            condition: (B,) int64: `Condition.index` of what each image shall become.
            direction: whose autoencoder is used: ``forth`` where the condition is adverse, else ``back``.
        """
        text = self.prompts[self._rows(condition)]
        height, width = image.shape[-2:]
        padded = pad_to_multiple(image, self.reduction)
        vae: Any = self.vaes[direction]
        base: Any = vae.get_base_model() if isinstance(vae, PeftModel) else vae
        skips: Any = self.skips[direction]
        frugal = self.frugal and torch.is_grad_enabled()
        latents, seen = encode(base, padded, frugal)
        noise = self.unet(latents, LAST, encoder_hidden_states=text).sample
        clean = denoise_once(latents, noise, self.schedule)
        return decode(base, clean.to(latents.dtype), skips, seen, frugal).float()[..., :height, :width]

    def _rows(self, condition: Tensor) -> Tensor:
        """Rows of `prompts` for conditions by their index."""
        table = torch.full((len(Condition),), -1, device=condition.device)
        for row, one in enumerate(self.conditions):
            table[one.index] = row
        rows = table[condition]
        if bool((rows < 0).any()):
            unknown = ", ".join(sorted({list(Condition)[index] for index in condition[rows < 0].tolist()}))
            remedy = f"choose from {', '.join(self.conditions)}"
            raise UserError(unknown, "the translator has not learned it", remedy)
        return rows

    def adapt_whole(self, settings: LoraSettings, seed: int) -> None:
        """Give adapters that change nothing yet also to what learns whole; see `lora.adapt_whole`."""
        adapt_whole(self.unet, self.skips, settings.unet_rank, settings.vae_rank, seed)

    def trained(self) -> dict[str, nn.Parameter]:
        """What learns, by name."""
        return {name: value for name, value in self.named_parameters() if value.requires_grad}


def build_generator(
    model: DiffusionModel,
    settings: LoraSettings,
    conditions: tuple[Condition, ...],
    seed: int,
    skip_start: float = 0.0,
) -> Generator:
    """A generator whose adapters change nothing yet: it hands an image through the pretrained model.

    Exactly so where the skips start at 0; ``skip_start`` is what all their weights are.
    """
    plain = {"forth": model.vae, "back": share_weights(model.vae)}
    skips = {way: make_skips(vae, skip_start) for way, vae in plain.items()}
    unet = adapt_unet(model.unet, settings.unet_rank, seed)
    rank = settings.vae_rank
    vaes = {way: adapt_vae(vae, rank, seed + place) for place, (way, vae) in enumerate(plain.items())}
    return Generator(model, unet, vaes, skips, conditions)


def pad_to_multiple(image: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column until both sides are multiples."""
    height, width = image.shape[-2:]
    below, right = -height % multiple, -width % multiple
    return F.pad(image, (0, right, 0, below), mode="replicate") if below or right else image
