"""The tiny Depth Anything that ships, trained as its big sister was: on rendered images with true depth."""

from pathlib import Path

import torch
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.identity import Identity
from acdepth.core.provenance import provenance
from acdepth.data.folder import open_data
from acdepth.data.truth import TruthBatch, TruthBatches
from acdepth.engine import Task, fit
from acdepth.pretrain.settings import PriorConfig
from acdepth.prior.depth_anything import DepthAnythingPrior, relative_inverse_depth
from acdepth.prior.losses import gradient_matching_loss, scale_shift_invariant_loss


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
        return TruthBatches(clear, config.image_size, config.loop.batch_size, config.loop.seed + rank)

    made_from = Identity.of(config).and_facts({"clips": sorted(clip.name for clip in clear)})
    fit("pretrain prior", task, batches, config.loop, out, made_from)
    card = {"description": description, "config": config.to_dict(), "made_by": provenance()}
    DepthAnythingPrior(task.network, config.network.preprocessing, card).save(out / "model")
    return out / "model"
