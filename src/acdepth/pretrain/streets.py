"""The depth network that ships: it learns true depth of the built-in world through many cameras, and is held
to real photographs, of which no depth is known."""

import copy
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import functional_call

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.files import hash_file
from acdepth.core.identity import Identity
from acdepth.core.provenance import provenance
from acdepth.core.seeding import derive_seed
from acdepth.data.folder import open_data
from acdepth.data.prepared import fingerprint
from acdepth.data.streets.batches import StreetBatch, StreetBatches
from acdepth.engine import Task, fit, masked_mean, run_folder
from acdepth.engine.average import WeightAverage
from acdepth.networks.checkpoint import (
    MODEL_FILE,
    CheckpointCard,
    checkpoint_file,
    load_checkpoint,
    load_encoder,
    load_weights,
    save_checkpoint,
)
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.imagenet import encoder_file
from acdepth.pretrain.settings import DepthConfig

HELD = (3, 4)
"""Levels of the encoder that are held, at 1/16 and 1/32: what things are, and not how their edges look."""
REACHES = (1, 2, 4)
"""Pixels between which gradients of log depth are taken."""
STEEPEST = 1.0
"""Differences of gradients count no more than this: at a silhouette a pixel's shift is not worth more."""
SLOW_START = 20
"""The average of the first n steps is about the mean of the last n over this, see `WeightAverage`."""


class StreetTask(Task):
    """The network, its slow average, and the encoder that it is held to.

    Batch normalisation keeps the encoder's first statistics: two kinds of images share each batch.
    """

    def __init__(self, config: DepthConfig, network: DepthNet, held: nn.Module) -> None:
        super().__init__()
        self.config, self.network = config, network
        self.rates = {"network.encoder.": config.encoder_rate}
        momentum = config.momentum ** (1 / config.loop.accumulate)
        self.slow = WeightAverage(dict(network.named_parameters()), momentum, SLOW_START)
        self.beside = (held.eval().requires_grad_(False),)
        self.at_rest = (network,)
        self.train()

    def forward(self, batch: StreetBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch."""
        config, streets = self.config, len(batch.image)
        self.slow.follow()
        said, features = self.network(torch.cat([batch.image, batch.changed]))
        limits = config.network.min_depth, config.network.max_depth
        true = batch.depth.clamp(*limits).log()
        weight = torch.where(batch.depth < config.network.max_depth, 1.0, config.sky_weight)
        terms = {"depth": depth_loss([scale[:streets] for scale in said], true, weight, config.edge_weight)}
        if not len(batch.taken):
            return terms
        terms["hold"] = config.hold_weight * self._drift(features, batch.taken, streets)
        if progress >= config.agreement_start and config.agreement_weight:
            with torch.no_grad():
                guide = functional_call(self.network, self.slow.values(), (batch.taken,)).inverse_depths[0]
            differing = guide.log() - said[0][streets:].log()
            terms["agreement"] = config.agreement_weight * (
                differing.abs().mean() + sum(one.abs().mean() for one in _gradients(differing)) / 2
            )
        return terms

    def _drift(self, features: Sequence[Tensor], taken: Tensor, streets: int) -> Tensor:
        """Mean difference of features of photographs and the start's, over the start's deviation."""
        with torch.no_grad():
            started = self.beside[0](self.network.normalised(taken))
        drifts = []
        for level in HELD:
            deviation = started[level].std((2, 3), keepdim=True) + 0.1 * started[level].std()
            drifts.append(((features[level][streets:] - started[level]) / deviation).abs().mean())
        return torch.stack(drifts).sum()


def depth_loss(
    inverse_depths: Sequence[Tensor], log_depth: Tensor, weight: Tensor, edge_weight: float
) -> Tensor:
    """Log depth, by a weight for each pixel, and its gradients against the true ones (B, 1, H, W), mean over
    scales, of which the finest weighs double.

    ``inverse_depths`` (B, 1, h, w) [1/m] are full size to 1/8; where ``log_depth`` is NaN they may say
    anything.
    """
    total, parts = log_depth.new_zeros(()), 0.0
    for scale, predicted in enumerate(inverse_depths):
        part = 1.0 if scale == 0 else 0.5
        true = log_depth[..., :: 2**scale, :: 2**scale]
        counted = ~true.isnan()
        difference = -predicted.log() - torch.where(counted, true, 0)
        loss = masked_mean(difference.abs(), counted * weight[..., :: 2**scale, :: 2**scale])
        for reach in REACHES:
            thinned, some = difference[..., ::reach, ::reach], counted[..., ::reach, ::reach]
            both = (some[..., 1:] & some[..., :-1], some[..., 1:, :] & some[..., :-1, :])
            for edges, known in zip(_gradients(thinned), both, strict=True):
                loss = loss + edge_weight * masked_mean(edges.abs().clamp(max=STEEPEST), known)
        total, parts = total + part * loss, parts + part
    return total / parts


def _gradients(image: Tensor) -> tuple[Tensor, Tensor]:
    return image[..., 1:] - image[..., :-1], image[..., 1:, :] - image[..., :-1, :]


def pretrain_depth(
    config: DepthConfig, data: Sequence[Path], photographs: Sequence[Path], out: Path, description: str
) -> Path:
    """Train on streets with true depth and write ``out/model.safetensors``, whose path is returned.

    Args:
        config: settings.
        data: rendered sequence folders of any condition, size and camera.
        photographs: footage without depth: each a group that is drawn from as often as from the others.
        out: run folder.
        description: for the card: what it was trained on.
    """
    clips = [clip for path in data for clip in open_data(path)]
    groups = [open_data(path) for path in photographs]
    task = StreetTask(config, *_build(config))
    loop, weights = config.loop, out / MODEL_FILE
    batches = partial(StreetBatches, clips, groups, config.streets, config.focal, loop.batch_size, loop.seed)
    streets, *taken = (fingerprint(some, config.image_size, None, reach=0) for some in (clips, *groups))
    facts: dict[str, object] = {"streets": streets, "photographs": taken}
    if config.encoder:
        facts["encoder's content"] = hash_file(encoder_file(config.encoder))
    if config.start:
        facts["start's content"] = hash_file(checkpoint_file(config.start))
    made_from = Identity.of(config).and_facts(facts)
    with run_folder(out, made_from, loop) as share:
        fit("pretrain depth", task, batches, loop, out, made_from)
        if share.leads:
            card = CheckpointCard(
                network=config.network,
                input_size=config.image_size,
                camera=Camera.central(config.focal, *config.image_size).to_dict(),
                conditions=tuple(one for one in Condition if any(clip.condition == one for clip in clips)),
                description=description,
                made_by={**provenance(), "config": config.to_dict()},
            )
            with task.slow.in_place():
                save_checkpoint(weights, task.network, card)
    return weights


def _build(config: DepthConfig) -> tuple[DepthNet, nn.Module]:
    """The network as training begins, and the encoder that it is held to."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(config.loop.seed, "depth"))
        network = DepthNet(config.network, config.initial_depth)
    if config.encoder:
        load_encoder(network.encoder, encoder_file(config.encoder))
    held = copy.deepcopy(network.encoder)
    if config.start:
        path = checkpoint_file(config.start)
        load_weights(network, load_checkpoint(path)[0].state_dict(), path)
    return network, held
