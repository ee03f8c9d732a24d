"""Frames as a protocol shows them: cut, checked, and with the pixels that count."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.clip import Clip, target_frames
from acdepth.core.errors import UserError
from acdepth.core.share import ALL, Share
from acdepth.core.tally import ReadTally
from acdepth.evaluation.protocols import Protocol


@dataclass(frozen=True)
class TrueFrame:
    """One frame with measured depth, as a protocol shows it."""

    clip: Clip
    index: int
    """Position in the sequence."""
    image: np.ndarray
    """RGB, uint8 (h, w, 3): of the size of ``depth``, unless it was resized for a network."""
    depth: np.ndarray
    """float32 (H, W) [m], 0 where there is none."""
    counted: np.ndarray
    """bool (H, W): measured within the protocol's range and window."""
    classes: np.ndarray | None
    """uint8 (H, W), numbers of the sequence's ``class_names``."""
    camera: Camera | None
    """Intrinsics of ``image``; None where nobody gave any."""
    whole: tuple[int, int]
    """(height, width) of the image that ``image`` is the shown part of [px]."""

    @property
    def key(self) -> str:
        """Name of the image in its data set."""
        return self.clip.key(self.index)


def read_frame(clip: Clip, index: int, protocol: Protocol) -> TrueFrame | None:
    """The part of a frame that a protocol shows; None if nothing of it was measured within range.

    Raises:
        UserError: if one of its files is unreadable or they differ in size.
    """
    depth = clip.depth(index)
    if depth is None:
        return None
    image, classes = clip.image(index), clip.classes(index)
    height, width = image.shape[:2]
    for name, layer in (("depth", depth), ("class map", classes)):
        if layer is not None and layer.shape != (height, width):
            sizes = f"{layer.shape[1]}x{layer.shape[0]} pixels, the image {width}x{height}"
            raise UserError(clip.key(index), f"its {name} has {sizes}", "make them the same size")
    frame = _shown(clip, index, image, depth, classes, protocol)
    return frame if frame.counted.any() else None


def unmeasured_frame(clip: Clip, index: int, image: np.ndarray, protocol: Protocol) -> TrueFrame:
    """The part of a frame's image that a protocol shows, without a pixel that counts."""
    return _shown(clip, index, image, np.zeros(image.shape[:2], np.float32), None, protocol)


def read_frames(
    footage: Sequence[Clip],
    protocol: Protocol,
    advance: Callable[[], object],
    on_warning: Callable[[str], object] | None,
    share: Share = ALL,
    together: int = 1,
) -> Iterator[TrueFrame]:
    """All targets with measured depth within range, in order; of several processes each its own.

    ``advance`` is called once per target, ``on_warning`` is told about unreadable ones; by default the log.
    So many as are read ``together`` are read by one process.

    Raises:
        UserError: if more than 1 % of the frames cannot be read.
    """
    targets = target_frames(footage)
    tally = ReadTally(len(targets), on_warning)
    for clip, index in share.part(targets, together):
        try:
            frame = read_frame(clip, index, protocol)
        except UserError as error:
            tally.skip(error)
            frame = None
        if frame is not None:
            yield frame
        advance()
    tally.gather(share)


def _shown(
    clip: Clip, index: int, image: np.ndarray, depth: np.ndarray, classes: np.ndarray | None, by: Protocol
) -> TrueFrame:
    height, width = image.shape[:2]
    rows, columns = shown = by.input_window.slices(height, width)
    truth = depth[shown]
    counted = np.zeros(truth.shape, dtype=bool)
    window = by.scored_window.slices(*truth.shape)
    counted[window] = (truth[window] > by.min_depth) & (truth[window] < by.max_depth)
    own = clip.ego_mask
    if own is not None:
        counted &= ~own[shown]
    return TrueFrame(
        clip=clip,
        index=index,
        image=image[shown],
        depth=truth,
        counted=counted,
        classes=None if classes is None else classes[shown],
        camera=clip.camera and clip.camera.cropped(rows.start, columns.start, *truth.shape),
        whole=(height, width),
    )
