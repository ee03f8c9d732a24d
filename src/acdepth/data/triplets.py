"""Batches of consecutive frames for self-supervision."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import torch

from acdepth.core.batches import TripletBatch
from acdepth.core.camera import Camera
from acdepth.core.clip import Clip
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.data.order import SLOWEST, Order, as_bytes, counted_pixels, targets
from acdepth.data.own.clip import OwnClip
from acdepth.data.prepared import Prepared
from acdepth.data.settings import IntrinsicsRule

STEPS = (-1, 1)
"""Frames beside the target: previous and next, as in ACDepth and monodepth2."""
NO_CAMERA = "its camera is not known"
GIVE_CAMERA = (
    "put camera.yaml (fx, fy, cx, cy, width, height) beside it; a video's may be called NAME.camera.yaml"
)


class TripletBatches:
    """Clips of previous, target and next frame; each batch a pure function of (seed, step).

    Half of the clips are mirrored, images and intrinsics alike, unless ``mirror`` is off.

    Args:
        prepared: clear video.
        batch_size: clips per step and process.
        seed: of order and mirroring.
        min_speed: leaves out targets known to be slower [m/s]; None leaves out none.
        rank: of this process.
        world_size: number of processes.
        mirror: whether clips are mirrored.
        intrinsics: how they follow crop and resizing; see `published_camera`.
        distances: (N, 2) [m] from each frame to the previous and next; None for those of ``prepared``.
        ways: (C, 3) that the vehicle drives, of each clip; None where nobody asks. See `TripletBatch`.
        left_out: (N,) bool, frames that are no targets; None for none.

    Raises:
        UserError: if no frame has both neighbours, or a camera is not known.
    """

    def __init__(
        self,
        prepared: Prepared,
        batch_size: int,
        seed: int,
        min_speed: float | None = SLOWEST,
        rank: int = 0,
        world_size: int = 1,
        *,
        mirror: bool = True,
        intrinsics: IntrinsicsRule = "exact",
        distances: np.ndarray | None = None,
        ways: np.ndarray | None = None,
        left_out: np.ndarray | None = None,
    ) -> None:
        self.prepared, self.mirror, self.distances, self.ways = prepared, mirror, distances, ways
        self.intrinsics: IntrinsicsRule = intrinsics
        numbers = targets(prepared, min_speed)
        whole = numbers[has_both_neighbours(prepared)[numbers]]
        whole = whole if left_out is None else whole[~left_out[whole]]
        if not len(whole):
            remedy = "self-supervision needs three consecutive images, give a video or a folder without gaps"
            raise UserError(None, "no frame of the footage has a neighbour before and after it", remedy)
        unknown = whole[~has_camera(prepared)[whole]]
        if len(unknown):
            raise UserError(prepared.frames.key(unknown[0]), NO_CAMERA, GIVE_CAMERA)
        self.order = Order(whole, "clips", seed, batch_size, rank, world_size)

    def __len__(self) -> int:
        """Number of clips in one pass."""
        return len(self.order.items)

    def batch(self, step: int) -> TripletBatch:
        """The batch of one step, on the CPU."""
        draws = self.order.draws(step)
        mirrored = [self._is_mirrored(draw) for draw in draws]
        frames = [self.order.item(draw) for draw in draws]
        return triplet_batch(self.prepared, frames, mirrored, self.intrinsics, self.distances, self.ways)

    def _is_mirrored(self, draw: int) -> bool:
        return self.mirror and bool(torch.rand(1, generator=self.order.generator(draw)) < 0.5)


def has_both_neighbours(prepared: Prepared) -> np.ndarray:
    """(N,) bool: for which frames those before and after are there."""
    return np.logical_and(*(prepared.frames.has_neighbour(step) for step in STEPS))


def refuse_unknown_cameras(clips: Iterable[Clip]) -> None:
    """What `TripletBatches` would refuse, before anything is prepared.

    Raises:
        UserError: naming the images, video or bag of the first clip whose camera is not known.
    """
    for clip in clips:
        if clip.camera is None and clip.in_time and len(clip) > 2:
            place = clip.source.place if isinstance(clip, OwnClip) else clip.name
            raise UserError(place, NO_CAMERA, GIVE_CAMERA)


def has_camera(prepared: Prepared) -> np.ndarray:
    """(N,) bool: for which frames the camera is known."""
    return ~np.isnan(prepared.frames.clip_intrinsics[:, 0])[prepared.frames.clip]


def triplet_batch(
    prepared: Prepared,
    frames: Sequence[int],
    mirrored: Sequence[bool],
    intrinsics: IntrinsicsRule = "exact",
    distances: np.ndarray | None = None,
    ways: np.ndarray | None = None,
) -> TripletBatch:
    """Clips around frames that have both neighbours, on the CPU; some of them ``mirrored``."""
    chosen = list(zip(frames, mirrored, strict=True))
    target, *neighbours = (
        as_bytes([prepared.image(index + step, mirror) for index, mirror in chosen]) for step in (0, *STEPS)
    )
    return TripletBatch(
        image=target,
        neighbours=torch.stack(neighbours, 1),
        intrinsics=torch.stack([_intrinsics(prepared, *one, intrinsics) for one in chosen]),
        distance=torch.tensor([_distances(prepared, index, distances) for index in frames]),
        counted=counted_pixels(prepared, frames, mirrored),
        way=None
        if ways is None
        else torch.stack([_way(ways[prepared.frames.clip[one]], mirror) for one, mirror in chosen]),
    )


def median_distance(prepared: Prepared) -> float | None:
    """How far the camera usually moves from a frame to the next [m]; None where no distance is known."""
    distance = prepared.frames.distance_to_next
    known = distance[~np.isnan(distance)]
    return float(np.median(known)) if len(known) else None


def published_camera(camera: Camera, crop: Crop | None, source_size: tuple[int, int]) -> Camera:
    """What the published code takes for the camera of a prepared image.

    It multiplies the rows of the cropped image's matrix by the new width and height over those of the
    whole original image, of which only ``crop`` may be left: what is cut off makes fy and cy, or fx and cx,
    too small. And it takes corners of pixels for their centres, which moves cx and cy by a third of a pixel.

    Args:
        camera: the true one.
        crop: window of the original images; None for all of it.
        source_size: (height, width) of the original image [px].
    """
    original = camera.resized(*(crop.height, crop.width) if crop else source_size)
    height, width = source_size
    x, y = camera.width / width, camera.height / height
    return replace(camera, fx=original.fx * x, fy=original.fy * y, cx=original.cx * x, cy=original.cy * y)


def _intrinsics(prepared: Prepared, index: int, mirror: bool, rule: IntrinsicsRule) -> torch.Tensor:
    frames, (height, width) = prepared.frames, prepared.image_size
    fx, fy, cx, cy = frames.clip_intrinsics[frames.clip[index]].tolist()
    camera = Camera(fx, fy, cx, cy, width, height)
    if rule == "published":
        source_height, source_width = frames.source_size[index].tolist()
        camera = published_camera(camera, prepared.crop, (source_height, source_width))
    return (replace(camera, cx=width - 1 - camera.cx) if mirror else camera).matrix()


def _way(way: np.ndarray, mirror: bool) -> torch.Tensor:
    return torch.tensor([-way[0] if mirror else way[0], way[1], way[2]], dtype=torch.float32)


def _distances(prepared: Prepared, index: int, distances: np.ndarray | None) -> list[float]:
    if distances is not None:
        return distances[index].tolist()
    frames = prepared.frames
    return [float(frames.distance_to_previous[index]), float(frames.distance_to_next[index])]
