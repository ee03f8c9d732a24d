"""What training added to the depth it started from, by frames that nothing was learnt from.

No depth is known of them, but how well they are explained: the photometric error of each, synthesised from
its neighbours. A network that explains them no better than the start has learnt nothing that can be seen.
"""

from typing import NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from acdepth.core.config import Config
from acdepth.data.order import targets
from acdepth.data.prepared import Prepared
from acdepth.data.triplets import has_both_neighbours, triplet_batch
from acdepth.engine import masked_mean
from acdepth.geometry.motion import with_length
from acdepth.geometry.photometric import photometric_error, photometric_loss, whole_windows
from acdepth.geometry.warp import shows_vehicle, synthesise_views
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.pose_net import PoseNet
from acdepth.teacher.settings import TeacherConfig

GAIN_FILE = "gain.json"
"""What a run folder says of this."""
RUN = 5
"""Frames in a row that are held out together, as neighbours look alike."""
MOST_FRAMES = 240
FRAMES_AT_ONCE = 8
SURE = 2.0
"""Standard errors by which the trained network must be better."""


class Gain(Config):
    """Photometric errors of held-out frames, all over the same pixels."""

    frames: int = Field(ge=0)
    """That were compared; with 0 there is nothing else to say."""
    standing: float | None = None
    """With the neighbours as they are, as if the camera stood."""
    start: float | None = None
    """With the depth that training started from, and the better of two pose networks: the one that learnt
    against it, and the trained one."""
    trained: float | None = None
    """With the trained networks."""
    error: float | None = None
    """Standard error of ``start - trained``, over runs of neighbouring frames."""
    better: bool | None = None
    """Whether training gained more than two standard errors; else the start is as good a teacher."""

    def describe(self) -> str:
        """One line for people."""
        if self.start is None or self.trained is None:
            return "the drives are too short to hold out a frame, so what training gained is not known"
        said = "explains" if self.better else "does not explain"
        return (
            f"the trained network {said} {self.frames} held-out frames better than what it started from: "
            f"error {self.trained:.4f}, start {self.start:.4f}, standing still {self.standing:.4f}"
        )


class Explainer(NamedTuple):
    """Networks that together explain how the image changes."""

    depth: DepthNet
    pose: PoseNet


def held_out_frames(prepared: Prepared, part: float) -> np.ndarray:
    """(N,) bool: ``part`` of the frames, in runs of `RUN` spread evenly over each clip."""
    if part == 0:
        return np.zeros(len(prepared), bool)
    clip = prepared.frames.clip
    position = np.arange(len(clip)) - np.searchsorted(clip, clip)
    period = max(RUN + 1, round(RUN / part))
    first = (period - RUN) // 2
    place = position % period
    return (place >= first) & (place < first + RUN)


def find_gain(
    config: TeacherConfig,
    prepared: Prepared,
    held_out: np.ndarray,
    starts: tuple[Explainer, ...],
    trained: Explainer,
    distances: np.ndarray | None,
) -> Gain:
    """Compare the trained networks with what they started from, of which the best pair counts."""
    numbers = targets(prepared, config.min_speed)
    numbers = numbers[(held_out & has_both_neighbours(prepared))[numbers]]
    numbers = numbers[:: -(-len(numbers) // MOST_FRAMES) or 1]
    if not len(numbers):
        return Gain(frames=0)
    parts = np.split(numbers, range(FRAMES_AT_ONCE, len(numbers), FRAMES_AT_ONCE))
    rows = [_errors(config, prepared, part, (*starts, trained), distances) for part in parts]
    standing, *of_starts, of_trained = np.concatenate(rows, 1)
    of_start = min(of_starts, key=np.mean)
    runs = np.split(of_start - of_trained, np.flatnonzero(np.diff(numbers) > 1) + 1)
    means = np.array([run.mean() for run in runs])
    error = float(means.std(ddof=1) / len(means) ** 0.5) if len(means) > 1 else None
    gained = float(of_start.mean() - of_trained.mean())
    return Gain(
        frames=len(numbers),
        standing=float(standing.mean()),
        start=float(of_start.mean()),
        trained=float(of_trained.mean()),
        error=error,
        better=error is not None and gained > SURE * error,
    )


@torch.no_grad()
def _errors(
    config: TeacherConfig,
    prepared: Prepared,
    numbers: np.ndarray,
    pairs: tuple[Explainer, ...],
    distances: np.ndarray | None,
) -> np.ndarray:
    """(1 + P, F): of standing still and of P pairs of networks, of each frame."""
    device = next(pairs[0].depth.parameters()).device
    mirrored = [False] * len(numbers)
    batch = triplet_batch(prepared, numbers.tolist(), mirrored, config.intrinsics, distances).to(device)
    counted = whole_windows(batch.counted)

    def of_frames(error: Tensor) -> np.ndarray:
        pixels = torch.ones_like(error, dtype=torch.bool) if counted is None else counted
        return np.array([float(masked_mean(*one)) for one in zip(error, pixels, strict=True)])

    found = [of_frames(photometric_error(batch.neighbours.transpose(0, 1), batch.image).amin(0))]
    for depth, pose in pairs:
        depth.eval()
        pose.eval()
        inverse = depth(batch.image).inverse_depths[:1]
        motions = pose.motions(batch.image, batch.neighbours)
        if config.motion_length == "measured":
            motions = with_length(motions, batch.distance)
        seen = synthesise_views(batch, inverse, motions)
        vehicle = shows_vehicle(batch, inverse, motions)
        found.append(of_frames(photometric_loss(seen, batch.image, batch.neighbours, True, vehicle)[0]))
    return np.stack(found)
