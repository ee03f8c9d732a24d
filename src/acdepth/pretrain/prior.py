"""The tiny Depth Anything that ships, trained as its big sister was: on rendered images with true depth."""

from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.identity import Identity
from acdepth.core.provenance import provenance
from acdepth.data.folder import open_data
from acdepth.data.truth import TruthBatch, TruthBatches
from acdepth.engine import LoopSettings, Task, fit, run_folder
from acdepth.prior.depth_anything import DepthAnythingPrior, relative_inverse_depth
from acdepth.prior.losses import gradient_matching_loss, scale_shift_invariant_loss
from acdepth.prior.tiny import TinyPriorConfig


class PriorConfig(Config):
    """Settings of the tiny prior's training."""

    network: TinyPriorConfig = TinyPriorConfig()
    """Size of the network."""
    image_size: tuple[int, int] = (96, 160)
    """(height, width) of the images that are read [px]; the prior resizes them to its own size."""
    gradient_weight: float = Field(default=2.0, ge=0)
    """Of gradient matching beside the scale-and-shift-invariant loss. Depth Anything V2: 2."""
    loop: LoopSettings = LoopSettings(steps=3000, batch_size=16, learning_rate=5e-4, decay="cosine")
    """The training loop."""


class PriorTask(Task):
    """Relative inverse depth against the true one, where there is a surface; the sky is infinitely far."""

    def __init__(self, config: PriorConfig) -> None:
        super().__init__()
        self.network = config.network.build(config.loop.seed)
        self.config = config

    def forward(self, batch: TruthBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch."""
        predicted = relative_inverse_depth(self.network, self.config.network.preprocessing, batch.image)
        with torch.autocast(predicted.device.type, enabled=False):
            everywhere = torch.ones_like(batch.inverse_depth, dtype=torch.bool)
            about = (predicted.float(), batch.inverse_depth, everywhere)
            return {
                "scale_shift_invariant": scale_shift_invariant_loss(*about).mean(),
                "gradient": self.config.gradient_weight * gradient_matching_loss(*about).mean(),
            }


def pretrain_prior(config: PriorConfig, data: Path, out: Path, description: str) -> Path:
    """Train on clear frames with true depth and write a model folder.

    Args:
        config: settings.
        data: rendered sequence folders; only clear ones are used.
        out: run folder; the model is in ``out/model``.
        description: for the card: what it was trained on.

    Returns:
        The model folder, fit for `DepthAnythingPrior.from_pretrained`.
    """
    clear = [clip for clip in open_data(data) if clip.condition == Condition.CLEAR]
    task = PriorTask(config)

    def batches(rank: int, processes: int) -> TruthBatches:
        loop = config.loop
        return TruthBatches(clear, config.image_size, loop.batch_size, loop.seed, rank, processes)

    made_from = Identity.of(config).and_facts({"clips": sorted(clip.name for clip in clear)})
    with run_folder(out, made_from, config.loop) as share:
        fit("pretrain prior", task, batches, config.loop, out, made_from)
        if share.leads:
            card = {"description": description, "config": config.to_dict(), "made_by": provenance()}
            DepthAnythingPrior(task.network, config.network.preprocessing, card).save(out / "model")
    return out / "model"
