"""The encoder that ships: it learns depth on rendered towns, as others learn labels on ImageNet."""

from pathlib import Path

import torch
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.identity import Identity
from acdepth.core.provenance import provenance
from acdepth.core.seeding import derive_seed
from acdepth.data.folder import open_data
from acdepth.data.truth import TruthBatch, TruthBatches
from acdepth.engine import LoopSettings, Task, fit, run_folder
from acdepth.networks.checkpoint import save_encoder
from acdepth.networks.depth_net import DepthNet, DepthNetConfig, Side


class EncoderConfig(Config):
    """Settings of the encoder's pre-training."""

    network: DepthNetConfig = DepthNetConfig(width=32)
    """The network whose encoder is kept; its decoder is thrown away."""
    image_size: tuple[Side, Side] = (96, 160)
    """(height, width) of the network's input [px], multiples of 32 from 64."""
    initial_depth: float = 15.0
    """Depth [m] that the untrained network says."""
    loop: LoopSettings = LoopSettings(steps=3000, batch_size=16, learning_rate=1e-3, decay="cosine")
    """The training loop."""


class EncoderTask(Task):
    """Log depth against the true one at every scale; the sky, which has none, counts as farthest."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.loop.seed, "encoder"))
            self.network = DepthNet(config.network, config.initial_depth)

    def forward(self, batch: TruthBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch."""
        inverse_depths = self.network(batch.image).inverse_depths
        terms = []
        for scale, predicted in enumerate(inverse_depths):
            step = 2**scale
            true = batch.inverse_depth[..., ::step, ::step].clamp(min=1 / self.network.config.max_depth)
            terms.append((predicted.log() - true.log()).abs().mean())
        return {"log_depth": torch.stack(terms).mean()}


def pretrain_encoder(config: EncoderConfig, data: Path, out: Path, description: str) -> Path:
    """Train on clear frames with true depth and write the encoder's weights.

    Args:
        config: settings.
        data: rendered sequence folders; only clear ones are used.
        out: run folder; the weights are ``out/encoder.safetensors``, in float16.
        description: for the card: what it was trained on.

    Returns:
        The weights file, fit for `load_encoder`.
    """
    clear = [clip for clip in open_data(data) if clip.condition == Condition.CLEAR]
    task = EncoderTask(config)

    def batches(rank: int, processes: int) -> TruthBatches:
        loop = config.loop
        return TruthBatches(clear, config.image_size, loop.batch_size, loop.seed, rank, processes)

    made_from = Identity.of(config).and_facts({"clips": sorted(clip.name for clip in clear)})
    with run_folder(out, made_from, config.loop) as share:
        fit("pretrain encoder", task, batches, config.loop, out, made_from)
        if share.leads:
            about = {**provenance(), "config": config.to_dict()}
            save_encoder(out / "encoder.safetensors", task.network, description, about, half=True)
    return out / "encoder.safetensors"
