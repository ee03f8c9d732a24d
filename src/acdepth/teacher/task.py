"""What the teacher learns by: depth and pose network, and their losses weighted (ACDepth, section 3.2)."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.batches import TripletBatch
from acdepth.core.seeding import derive_seed
from acdepth.data.augment import jitter_colours
from acdepth.data.settings import AugmentSettings
from acdepth.engine import Task, counted_mean, masked_mean
from acdepth.geometry.motion import velocity_loss, with_length
from acdepth.geometry.photometric import photometric_loss, whole_windows
from acdepth.geometry.warp import shows_vehicle, synthesise_views
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.pose_net import PoseNet
from acdepth.teacher.losses import pull_loss, smoothness_loss
from acdepth.teacher.road import road_error
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.start import Start


class TeacherTask(Task):
    """Depth and pose network, which teach each other.

    Args:
        config: settings.
        initial_forward: where an untrained pose network starts [m per frame].
        start: networks to go on from; depth is pulled to that of its frozen one.
    """

    def __init__(
        self, config: TeacherConfig, initial_forward: float = 0.0, start: Start | None = None
    ) -> None:
        super().__init__()
        self.config = config
        self.rates = {"pose_net.": config.pose_rate, "depth_net.": config.depth_rate}
        if start is not None:
            self.depth_net, self.pose_net = deepcopy(start.depth).requires_grad_(True), start.pose
            self.beside = (start.depth,) if config.pull > 0 else ()
        else:
            with torch.random.fork_rng(devices=[]):
                # Layers draw their first weights from the global generator; the fork keeps that to ourselves.
                torch.manual_seed(derive_seed(config.loop.seed, "teacher"))
                self.depth_net = DepthNet(config.network, config.initial_depth)
                self.pose_net = PoseNet(config.network, initial_forward, config.pose_scale)
        self.at_rest = (self.depth_net,) if config.depth_batch_norm == "eval" else ()
        self.train()

    def forward(self, batch: TripletBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted loss terms of one batch."""
        jittered = self.config.jitter_inputs
        seen = batch if jittered == "none" else jitter_clips(batch, generator)
        mirror = self.config.mirrored == "depth" and bool(torch.rand((), generator=generator) < 0.5)
        inverse_depths = self._inverse_depths(seen.image, mirror)
        by_pose = seen if jittered == "both" else batch
        motions = self.pose_net.motions(by_pose.image, by_pose.neighbours, self.config.neighbours_apart)
        with torch.autocast(batch.image.device.type, enabled=False):
            measured = self.config.motion_length == "measured"
            used = with_length(motions, batch.distance) if measured else motions
            velocity, known = velocity_loss(motions, batch.distance), ~batch.distance.isnan()
            terms = {
                "photometric": mean_photometric(batch, inverse_depths, used, self.config.automask),
                "smoothness": self.config.smoothness_weight * mean_smoothness(inverse_depths, batch.image),
                "velocity": self.config.velocity_weight * masked_mean(velocity, known),
            }
            if self.config.level > 0:
                terms["level"] = self.config.level * road_error(batch, inverse_depths[0]).mean()
            if self.beside:
                terms["pull"] = self.config.pull * self._pull(batch.image, inverse_depths)
            return terms

    def _pull(self, image: Tensor, inverse_depths: Sequence[Tensor]) -> Tensor:
        """Mean over scales, which all weigh the same."""
        (start,) = self.beside
        with torch.no_grad():
            known = start(image).inverse_depths
        return torch.stack(
            [pull_loss(*pair).mean() for pair in zip(inverse_depths, known, strict=True)]
        ).mean()

    def _inverse_depths(self, image: Tensor, mirror: bool) -> Sequence[Tensor]:
        if not mirror:
            return self.depth_net(image).inverse_depths
        return [scale.flip(-1) for scale in self.depth_net(image.flip(-1)).inverse_depths]


def mean_photometric(
    batch: TripletBatch, inverse_depths: Sequence[Tensor], motions: Tensor, automask: bool
) -> Tensor:
    """L_p: mean over (counted) pixels and scales, given T_target_to_source (B, 2, 4, 4) [m]."""
    synthesised = synthesise_views(batch, inverse_depths, motions)
    vehicle = shows_vehicle(batch, inverse_depths, motions)
    error = photometric_loss(synthesised, batch.image, batch.neighbours, automask, vehicle)
    return counted_mean(error, whole_windows(batch.counted))


def jitter_clips(batch: TripletBatch, generator: torch.Generator) -> TripletBatch:
    """The batch with jittered colours, all frames of a clip alike."""
    clips = torch.cat([batch.image[:, None], batch.neighbours], 1)
    seen = jitter_colours(clips.flatten(0, 1), generator, AugmentSettings(), alike=clips.shape[1])
    seen = seen.unflatten(0, clips.shape[:2])
    return replace(batch, image=seen[:, 0], neighbours=seen[:, 1:])


def mean_smoothness(inverse_depths: Sequence[Tensor], image: Tensor) -> Tensor:
    """L_e: mean over pixels and scales (B, 1, h, w) [1/m], of which scale s weighs 1 / 2^s.

    They are brought to the image's size with nearest neighbour.
    """
    size = image.shape[-2:]
    full = torch.stack([F.interpolate(scale, size, mode="nearest") for scale in inverse_depths])
    total = image.new_zeros(())
    for scale, (across, down) in enumerate(zip(*smoothness_loss(full, image), strict=True)):
        total = total + (across.mean() + down.mean()) / 2**scale
    return total / len(inverse_depths)
