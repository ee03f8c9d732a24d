"""Frames as a protocol shows them: cut, checked, and with the pixels that count."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.tally import ReadTally
from acdepth.evaluation.protocols import Protocol


@dataclass(frozen=True)
class TrueFrame:
    """One frame with measured depth, as a protocol shows it."""

    clip: Clip
    index: int
    """Position in the sequence."""
    image: np.ndarray
    """RGB, uint8 (H, W, 3)."""
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
    for name, layer in (("depth", depth), ("class map", classes)):
        if layer is not None and layer.shape != image.shape[:2]:
            raise UserError(
                clip.key(index),
                f"its {name} has {layer.shape[1]}x{layer.shape[0]} pixels, the image "
                f"{image.shape[1]}x{image.shape[0]}",
                "make them the same size",
            )
    shown = protocol.input_window.slices(*image.shape[:2])
    counted = scored_pixels(depth[shown], protocol)
    if not counted.any():
        return None
    return TrueFrame(
        clip=clip,
        index=index,
        image=image[shown],
        depth=depth[shown],
        counted=counted,
        classes=None if classes is None else classes[shown],
        camera=None if clip.camera is None else _cut(clip.camera, shown, counted.shape),
        whole=(image.shape[0], image.shape[1]),
    )


def unmeasured_frame(clip: Clip, index: int, image: np.ndarray, protocol: Protocol) -> TrueFrame:
    """The part of a frame's image that a protocol shows, without a pixel that counts."""
    shown = protocol.input_window.slices(*image.shape[:2])
    size = image[shown].shape[:2]
    return TrueFrame(
        clip=clip,
        index=index,
        image=image[shown],
        depth=np.zeros(size, np.float32),
        counted=np.zeros(size, bool),
        classes=None,
        camera=None if clip.camera is None else _cut(clip.camera, shown, size),
        whole=(image.shape[0], image.shape[1]),
    )


def read_frames(
    footage: Sequence[Clip],
    protocol: Protocol,
    advance: Callable[[], object],
    on_warning: Callable[[str], object] | None,
) -> Iterator[TrueFrame]:
    """All frames with measured depth within range that are targets, in order.

    Args:
        footage: frames without measured depth are passed over.
        protocol: how frames are shown.
        advance: called once per target, whatever became of it.
        on_warning: told about each unreadable frame; by default it goes to the log.

    Raises:
        UserError: if more than 1 % of the frames cannot be read.
    """
    tally = ReadTally(sum(len(clip.targets()) for clip in footage), on_warning)
    for clip in footage:
        for index in clip.targets():
            try:
                frame = read_frame(clip, index, protocol)
            except UserError as error:
                tally.skip(error)
                frame = None
            if frame is not None:
                yield frame
            advance()


def scored_pixels(truth: np.ndarray, protocol: Protocol) -> np.ndarray:
    """(H, W) bool: pixels of measured depth (H, W) [m] inside the protocol's range and window."""
    counted = np.zeros(truth.shape, dtype=bool)
    window = protocol.scored_window.slices(*truth.shape)
    counted[window] = (truth[window] > protocol.min_depth) & (truth[window] < protocol.max_depth)
    return counted


def _cut(camera: Camera, shown: tuple[slice, slice], size: tuple[int, ...]) -> Camera:
    rows, columns = shown
    return camera.cropped(rows.start, columns.start, size[0], size[1])
