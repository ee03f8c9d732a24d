"""Starting points that learn depth on rendered towns, where it is known: the encoder and the tiny prior."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from acdepth.core.clip import clear_clips
from acdepth.core.identity import Identity
from acdepth.core.provenance import provenance
from acdepth.core.seeding import derive_seed
from acdepth.data.folder import open_data
from acdepth.data.truth import TruthBatch, TruthBatches
from acdepth.engine import Task, fit, run_folder
from acdepth.networks.checkpoint import save_encoder
from acdepth.networks.depth_net import DepthNet
from acdepth.pretrain.settings import EncoderConfig, PriorConfig
from acdepth.prior.depth_anything import DepthAnythingPrior, relative_inverse_depth
from acdepth.prior.losses import gradient_matching_loss, scale_shift_invariant_loss
from acdepth.prior.preprocessing import Preprocessing
from acdepth.prior.tiny import build_tiny_prior


class EncoderTask(Task):
    """Log depth against the true one at every scale; the sky, which has none, counts as farthest."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.loop.seed, "encoder"))
            self.network = DepthNet(config.network, config.initial_depth)

    def forward(self, batch: TruthBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch."""
        terms = []
        for scale, predicted in enumerate(self.network(batch.image).inverse_depths):
            step = 2**scale
            true = batch.inverse_depth[..., ::step, ::step].clamp(min=1 / self.network.config.max_depth)
            terms.append((predicted.log() - true.log()).abs().mean())
        return {"log_depth": torch.stack(terms).mean()}


class PriorTask(Task):
    """Relative inverse depth against the true one, where there is a surface; the sky is infinitely far."""

    def __init__(self, config: PriorConfig) -> None:
        super().__init__()
        self.config = config
        self.network = build_tiny_prior(config.network, config.loop.seed)
        self.preprocessing = Preprocessing(config.network.side)

    def forward(self, batch: TruthBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch."""
        predicted = relative_inverse_depth(self.network, self.preprocessing, batch.image)
        with torch.autocast(predicted.device.type, enabled=False):
            everywhere = torch.ones_like(batch.inverse_depth, dtype=torch.bool)
            about = (predicted.float(), batch.inverse_depth, everywhere)
            return {
                "scale_shift_invariant": scale_shift_invariant_loss(*about).mean(),
                "gradient": self.config.gradient_weight * gradient_matching_loss(*about).mean(),
            }


def pretrain_encoder(config: EncoderConfig, data: Path, out: Path, description: str) -> Path:
    """Train on clear frames with true depth and write the encoder, fit for `load_encoder`, in float16.

    Args:
        config: settings.
        data: rendered sequence folders; only clear ones are used.
        out: run folder; the weights are ``out/encoder.safetensors``, whose path is returned.
        description: for the card: what it was trained on.
    """
    task = EncoderTask(config)
    weights = out / "encoder.safetensors"

    def save() -> None:
        about = {**provenance(), "config": config.to_dict()}
        save_encoder(weights, task.network, description, about, half=True)

    _train("encoder", task, config, data, out, save)
    return weights


def pretrain_prior(config: PriorConfig, data: Path, out: Path, description: str) -> Path:
    """The same for the tiny Depth Anything: the folder ``out/model``, fit for `DepthAnythingPrior`."""
    task = PriorTask(config)

    def save() -> None:
        card = {"description": description, "config": config.to_dict(), "made_by": provenance()}
        DepthAnythingPrior(task.network, task.preprocessing, card).save(out / "model")

    _train("prior", task, config, data, out, save)
    return out / "model"


def _train(
    name: str,
    task: Task,
    config: EncoderConfig | PriorConfig,
    data: Path,
    out: Path,
    save: Callable[[], object],
) -> None:
    clear = clear_clips(open_data(data))

    loop = config.loop
    batches = partial(TruthBatches, clear, config.image_size, loop.batch_size, loop.seed)
    made_from = Identity.of(config).and_facts({"clips": sorted(clip.name for clip in clear)})
    with run_folder(out, made_from, loop) as share:
        fit(f"pretrain {name}", task, batches, loop, out, made_from)
        if share.leads:
            save()
