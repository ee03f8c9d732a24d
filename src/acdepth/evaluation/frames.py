"""Frames as a protocol shows them: cut, checked, and with the pixels that count."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.clip import Clip, Frame, target_frames
from acdepth.core.errors import UserError
from acdepth.core.measured import Measured
from acdepth.core.share import ALL, Share
from acdepth.core.stream import in_order, threads_beside
from acdepth.core.tally import ReadTally
from acdepth.evaluation.edges import is_dense
from acdepth.evaluation.protocols import Protocol

Made = TypeVar("Made")


@dataclass(frozen=True)
class TrueFrame:
    """One frame with measured depth, as a protocol shows it."""

    clip: Clip
    index: int
    """Position in the sequence."""
    image: np.ndarray
    """RGB, uint8 (h, w, 3): of ``size``, unless it was resized for a network."""
    truth: Measured
    """The N pixels that count: measured within the protocol's range and window."""
    classes: np.ndarray | None
    """(N,) uint8: of each pixel that counts, numbers of the sequence's ``class_names``."""
    is_dense: bool
    """Whether these pixels lie close enough for edges to be seen between them."""
    camera: Camera | None
    """Intrinsics of ``image``; None where nobody gave any."""
    whole: tuple[int, int]
    """(height, width) of the image that ``image`` is the shown part of [px]."""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of what is shown [px]."""
        return self.truth.size

    @property
    def key(self) -> str:
        """Name of the image in its data set."""
        return self.clip.key(self.index)


def read_frame(clip: Clip, index: int, protocol: Protocol) -> TrueFrame | None:
    """The part of a frame that a protocol shows; None if nothing of it was measured within range.

    Raises:
        UserError: if one of its files is unreadable or they differ in size.
    """
    measured = clip.measured(index)
    if measured is None:
        return None
    image, classes = clip.image(index), clip.classes(index)
    height, width = image.shape[:2]
    layers = {"depth": measured.size} | ({} if classes is None else {"class map": classes.shape})
    for name, size in layers.items():
        if size != (height, width):
            sizes = f"{size[1]}x{size[0]} pixels, the image {width}x{height}"
            raise UserError(clip.key(index), f"its {name} has {sizes}", "make them the same size")
    shown = protocol.input_window.slices(height, width)
    counted = _counted(measured, clip.ego_mask, protocol)
    if not counted.size:
        return None
    truth = _within(Measured(measured.size, measured.pixels[counted], measured.depth[counted]), *shown)
    found = None if classes is None else classes.reshape(-1)[measured.pixels[counted]]
    return _framed(clip, index, image, shown, truth, found, is_dense(truth))


def asked_frame(clip: Clip, index: int, image: np.ndarray, pixels: np.ndarray, by: Protocol) -> TrueFrame:
    """The part of a frame's image that a protocol shows, of which some pixels, (N,) of this part, are asked
    for though nobody measured them."""
    rows, columns = shown = by.input_window.slices(image.shape[0], image.shape[1])
    size = rows.stop - rows.start, columns.stop - columns.start
    truth = Measured(size, pixels, np.full(len(pixels), np.nan, np.float32))
    return _framed(clip, index, image, shown, truth, None, False)


def read_frames(
    footage: Sequence[Clip],
    protocol: Protocol,
    advance: Callable[[], object],
    on_warning: Callable[[str], object] | None,
    prepare: Callable[[TrueFrame], Made],
    share: Share = ALL,
    together: int = 1,
) -> Iterator[Made]:
    """What ``prepare`` makes of each target with measured depth within range, in order, read by threads; of
    several processes each makes its own.

    ``advance`` is called once per target, ``on_warning`` is told about unreadable ones; by default the log.
    So many as are read ``together`` are read by one process.

    Raises:
        UserError: if more than 1 % of the frames cannot be read.
    """

    def read(place: Frame) -> Made | UserError | None:
        try:
            frame = read_frame(*place, protocol)
        except UserError as error:
            return error
        return frame and prepare(frame)

    places = target_frames(footage)
    tally = ReadTally(len(places), on_warning)
    for found in in_order(read, share.part(places, together), threads_beside()):
        if isinstance(found, UserError):
            tally.skip(found)
        elif found is not None:
            yield found
        advance()
    tally.gather(share)


def _counted(measured: Measured, own: np.ndarray | None, by: Protocol) -> np.ndarray:
    """Which of the measured pixels count, (M,) ascending."""
    shown = by.input_window.slices(*measured.size)
    inner = by.scored_window.slices(*(one.stop - one.start for one in shown))
    counts = (measured.depth > by.min_depth) & (measured.depth < by.max_depth)
    for place, outer, inside, length in zip(
        np.divmod(measured.pixels, measured.size[1]), shown, inner, measured.size, strict=True
    ):
        first, end = outer.start + inside.start, outer.start + inside.stop
        if (first, end) != (0, length):
            counts &= (place >= first) & (place < end)
    if own is not None:
        counts &= ~own.reshape(-1)[measured.pixels]
    return np.flatnonzero(counts)


def _within(measured: Measured, rows: slice, columns: slice) -> Measured:
    """The same pixels, which all lie in a window, as those of the window's image."""
    row, column = np.divmod(measured.pixels, measured.size[1])
    size = rows.stop - rows.start, columns.stop - columns.start
    return Measured(size, (row - rows.start) * size[1] + column - columns.start, measured.depth)


def _framed(
    clip: Clip,
    index: int,
    image: np.ndarray,
    shown: tuple[slice, slice],
    truth: Measured,
    classes: np.ndarray | None,
    is_dense: bool,
) -> TrueFrame:
    rows, columns = shown
    camera = clip.camera and clip.camera.cropped(rows.start, columns.start, *truth.size)
    whole = image.shape[0], image.shape[1]
    return TrueFrame(clip, index, image[shown], truth, classes, is_dense, camera, whole)
