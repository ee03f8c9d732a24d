"""How long, how fast and on what a stage trains."""

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from acdepth.core.config import Config

if TYPE_CHECKING:  # the command line reads settings, and answers --help without torch
    import torch

COSINE_FLOOR = 0.01
"""Part of the learning rate that the cosine schedule ends on."""


class LoopSettings(Config):
    """Settings of the training loop, the same for every stage."""

    incidental: ClassVar[frozenset[str]] = frozenset(
        {"extend", "log_every", "checkpoint_every", "gradient_statistics_every"}
        | {"workers", "device", "trackers"}
    )

    steps: int = Field(gt=0)
    """Optimiser steps in all."""
    extend: bool = False
    """Go on from the last state of a run that had fewer ``steps``. From there on the learning rate, and what
    begins at a part of the run, are as in a run of the new length, which had another beginning."""
    batch_size: int = Field(default=16, gt=0)
    """Images per step and process. ACDepth: 16."""
    accumulate: int = Field(default=1, gt=0)
    """Batches whose gradients are averaged for one step, where more images do not fit into memory."""
    learning_rate: float = Field(default=5e-4, gt=0)
    """Adam's step size. ACDepth: 5e-4; md4all's teacher: 2e-4."""
    decay: Literal["steps", "cosine"] = "steps"
    """``steps`` multiplies by ``decay_factor`` at each of ``decay_at``, as the paper does; ``cosine`` falls
    smoothly to a hundredth, which suits short runs."""
    decay_at: tuple[float, ...] = (0.6,)
    """Parts of the run, in 0..1, after which the learning rate falls. ACDepth: epoch 15 of 25."""
    decay_factor: float = Field(default=0.1, gt=0, le=1)
    """ACDepth: 0.1; md4all's teacher: 0.5."""
    warmup_steps: int = Field(default=0, ge=0)
    """Steps over which the learning rate rises from near zero. The paper has none."""
    beta1: float = Field(default=0.9, ge=0, lt=1)
    """Adam's decay of the mean gradient. ACDepth: 0.9. An adversary's last gradients mislead: 0.5 or less is
    steadier (Radford et al. 2016)."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Decoupled weight decay (AdamW); 0 is plain Adam, as in the paper."""
    gradient_clip: float | None = 1.0
    """Largest gradient norm; null turns clipping off, as in the paper."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """``bf16`` runs convolutions and matrix products in bfloat16, losses stay in float32 always; ``auto`` is
    bf16 where the device computes in it, and fp32 where it would only imitate it."""
    seed: int = 0
    """Of everything random in the run."""
    log_every: int = Field(default=20, gt=0)
    """Steps between two lines of ``log.jsonl``."""
    checkpoint_every: int = Field(default=100, gt=0)
    """Steps between two saved states; a multiple of ``log_every``."""
    gradient_statistics_every: int | None = Field(default=None, gt=0)
    """Steps between two measurements of how the gradients of the loss terms lie to each other, for
    ``gradients`` in ``log.jsonl``; null measures never. A measured step costs one backward pass more per
    term; the weights come out the same."""
    sync_batch_norm: bool = False
    """Of several processes on GPUs, take batch norm's statistics over the images of all. The published code
    takes each process's own."""
    workers: int = Field(default=0, ge=0)
    """Processes that read data ahead; 0 reads in the training process."""
    device: Literal["auto", "cpu"] = "auto"
    """``auto`` is what Accelerate finds (``accelerate launch`` for many); ``cpu`` ignores any GPU."""
    trackers: tuple[Literal["tensorboard", "trackio", "wandb"], ...] = ("tensorboard",)
    """Where the log also goes, through Accelerate's trackers. Of Trackio and Weights & Biases (pip install
    trackio, or wandb) the project is called tracked, and the run as its folder."""

    @model_validator(mode="after")
    def _saved_states_end_a_log_interval(self) -> "LoopSettings":
        if self.checkpoint_every % self.log_every:
            raise ValueError(
                f"checkpoint_every ({self.checkpoint_every}) must be a multiple of "
                f"log_every ({self.log_every}), so that a resumed log equals an unbroken one"
            )
        return self

    def saves_at(self, finished: int) -> bool:
        """Whether a state is saved after so many steps, whatever happens."""
        return finished % self.checkpoint_every == 0 or finished == self.steps

    def in_bfloat16(self, device: "torch.device") -> bool:
        """Whether networks compute so on a device."""
        from acdepth.core.precision import fast_bfloat16

        return self.precision == "bf16" or (self.precision == "auto" and fast_bfloat16(device))

    def learning_rate_at(self, step: int) -> float:
        """Learning rate of a step (0 is the first): of nothing else, so that a resumed run needs no state."""
        rate = self.learning_rate
        if step < self.warmup_steps:
            rate *= (step + 1) / self.warmup_steps
        progress = step / self.steps
        if self.decay == "cosine":
            return rate * (COSINE_FLOOR + (1 - COSINE_FLOOR) * 0.5 * (1 + math.cos(math.pi * progress)))
        return rate * self.decay_factor ** sum(progress >= part for part in self.decay_at)
