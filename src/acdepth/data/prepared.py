"""Footage decoded, cropped and resized once: a memory map of uint8 images, and what is known about them."""

import math
import zlib
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
from pydantic import Field

from acdepth.core.camera import LONGEST_SIDE
from acdepth.core.clip import Clip
from acdepth.core.config import Config
from acdepth.core.crop import Crop, Resize
from acdepth.core.drawn import note_drawn
from acdepth.core.errors import UserError
from acdepth.core.files import hash_json, read_object, write_json
from acdepth.core.lock import sole_writer
from acdepth.core.progress import progress
from acdepth.core.resize import camera_after, crop_and_resize
from acdepth.data.decoding import Decoded, Part, Reader, decode, journal_of
from acdepth.data.flow import flow_image, flow_mask, image_motion
from acdepth.data.frames import Frames, pack
from acdepth.data.ready import ready_footage
from acdepth.data.stored import frame_stamps, hash_pixels

FORMAT = 5
"""Counts up when the files' meaning changes, so that old ones are remade."""
IDENTITY = 4
"""Counts up when the images' meaning changes, so that runs on others are not gone on with."""
INDEX, IMAGES, FRAMES = "index.json", "images.bin", "frames"
"""What a folder of prepared images holds; with the index it is whole."""


Side = Annotated[int, Field(ge=1, le=LONGEST_SIDE)]
"""[px]"""


class Index(Config):
    """What stands in `INDEX`."""

    format: int
    made_from: str
    stamp: str
    crop: Crop | None
    image_size: tuple[Side, Side]
    resize: Resize = "area"
    frames: int
    columns: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of each file of `Frames`; earlier versions told none."""


class Prepared:
    """Prepared images, read as they are asked for. Small to hand to another process: just a path."""

    def __init__(
        self,
        folder: Path,
        made_from: str,
        crop: Crop | None,
        image_size: tuple[int, int],
        resize: Resize,
        frames: Frames,
        stamp: str = "",
    ) -> None:
        self.folder, self.made_from, self.stamp, self.crop = folder, made_from, stamp, crop
        self.image_size, self.frames = image_size, frames
        self.resize: Resize = resize
        self._images: np.ndarray | None = None
        self._unchecked = np.full(len(frames.check), True)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open what `prepare` wrote.

        Raises:
            UserError: if the folder holds no finished preparation of this version.
        """
        folder = Path(folder)
        return cls._from_index(folder, read_object(folder / INDEX))

    @classmethod
    def _from_index(cls, folder: Path, values: dict[str, Any]) -> Self:
        if values.get("format") != FORMAT:
            raise UserError(folder, "written by another version", "delete it, it will be made again")
        index = Index.from_dict(values, str(folder / INDEX))
        frames = Frames.open(folder / FRAMES, index.columns)
        if len(frames) != index.frames:
            what = f"its columns are of {len(frames)} images, its index is of {index.frames}"
            raise UserError(folder, what, "delete it, it will be made again")
        return cls(folder, index.made_from, index.crop, index.image_size, index.resize, frames, index.stamp)

    def __reduce__(self) -> tuple[Callable[[Path], "Prepared"], tuple[Path]]:
        return type(self).open, (self.folder,)

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def images(self) -> np.ndarray:
        """(N, H, W, 3) uint8 RGB, read-only memory map.

        Raises:
            UserError: if the file does not hold what the index says.
        """
        if self._images is None:
            path, shape = self.folder / IMAGES, (len(self), *self.image_size, 3)
            if not path.exists() or path.stat().st_size != math.prod(shape):
                remedy = f"delete {self.folder}, it will be made again"
                raise UserError(path, "does not fit its index", remedy)
            self._images = np.memmap(path, np.uint8, "r", shape=shape)
        return self._images

    def image(self, index: int, mirror: bool) -> np.ndarray:
        """One image, (H, W, 3) uint8; when it is read first, it is checked.

        Raises:
            UserError: if it is not as it was written.
        """
        image = self.images[index]
        if index < len(self._unchecked) and self._unchecked[index]:
            if zlib.crc32(np.ascontiguousarray(image).data) != self.frames.check[index]:
                what = f"its image of {self.frames.key(index)} is not as it was written"
                raise UserError(self.folder, what, "the disk damaged it; delete it, and make it again")
            self._unchecked[index] = False
        note_drawn(lambda: f"{self.folder.name}: {self.frames.key(index)}")
        return image[:, ::-1] if mirror else image


def prepare(
    clips: Collection[Clip],
    out: Path,
    image_size: tuple[int, int],
    crop: Crop | None = None,
    reach: int = 1,
    workers: int | None = None,
    resize: Resize = "area",
) -> Prepared:
    """Decode, crop and resize every frame once; what is there already and still true is used again.

    A frame that cannot be read is left out with a warning in the log. After a kill the next call goes on
    where it was. Of several processes that call this for one folder at once one does the work, and the others
    open the result.

    Args:
        clips: the frames of all of them are prepared, in order.
        out: folder that gets ``images.bin``, ``frames/`` and ``index.json``.
        image_size: (height, width) of the prepared images.
        crop: window of the original images; None for all of it.
        reach: how many frames beside each target are needed; 0 where no training step looks at neighbours.
        workers: processes that decode; by default one per core, if there is enough to do.
        resize: how frames come to ``image_size``.

    Raises:
        UserError: if more than 1 % of the frames cannot be read, or the disk is full.
    """
    if ready := ready_footage(clips, image_size, crop, resize):
        return ready
    return make(Path(out), **plan(clips, image_size, crop, reach, resize)._asdict(), workers=workers)


class Plan(NamedTuple):
    """What preparation will do, before an image is read; see `make`."""

    made_from: str
    stamp: str
    crop: Crop | None
    reader: Reader
    describe: Callable[[], Frames]
    finish: Callable[[Frames, np.ndarray], Frames]


def plan(
    clips: Iterable[Clip],
    image_size: tuple[int, int],
    crop: Crop | None = None,
    reach: int = 1,
    resize: Resize = "area",
) -> Plan:
    """What is to be done to prepare clips; arguments as of `prepare`."""
    listed = [_list(clip, reach) for clip in clips]
    reader = _Footage(
        clips=[one.clip for one in listed],
        clip=np.repeat(np.arange(len(listed), dtype=np.uint32), [len(one.positions) for one in listed]),
        position=np.array([position for one in listed for position in one.positions], np.uint32),
        image_size=image_size,
        crop=crop,
        resize=resize,
    )
    return Plan(
        made_from=_identity([one.content for one in listed], image_size, crop, resize),
        stamp=_identity([one.stamp for one in listed], image_size, crop, resize),
        crop=crop,
        reader=reader,
        describe=lambda: _describe(listed, reader),
        finish=partial(_with_motion, watched=np.array([one.clip.watches_motion for one in listed], bool)),
    )


def make(
    out: Path,
    made_from: str,
    stamp: str,
    crop: Crop | None,
    reader: Reader,
    describe: Callable[[], Frames],
    workers: int | None = None,
    finish: Callable[[Frames, np.ndarray], Frames] = lambda frames, _: frames,
) -> Prepared:
    """Open what ``out`` holds if its stamp is the same; else decode it, by one process while others wait.

    Args:
        out: folder of the prepared images.
        made_from: identity of the data.
        stamp: changes with all that decides the images.
        crop: that the images show.
        reader: of the images.
        describe: gives a row for each image of ``reader``; sizes and brightness are filled in.
        workers: see `decode`.
        finish: adds what is to be seen in the prepared images, (N, H, W, 3) uint8.
    """
    found = _reuse(out, stamp)  # also where nothing may be written
    if found:
        return found
    if not len(reader):
        raise UserError(out, "there are no frames to prepare")
    with sole_writer(out, wait=True):
        found = _reuse(out, stamp)
        if found:
            return found
        (out / INDEX).unlink(missing_ok=True)
        decoded = decode(reader, out / IMAGES, stamp, workers)
        shape = (len(decoded.numbers), *reader.image_size, 3)
        frames = finish(with_read(describe(), decoded), np.memmap(out / IMAGES, np.uint8, "r", shape=shape))
        frames.write(out / FRAMES)
        index = {
            "format": FORMAT,
            "made_from": made_from,
            "stamp": stamp,
            "crop": crop and crop.to_dict(),
            "image_size": list(reader.image_size),
            "resize": reader.resize,
            "frames": len(frames),
            "columns": frames.hashes(out / FRAMES),
        }
        write_json(out / INDEX, index)
        journal_of(out / IMAGES).unlink(missing_ok=True)
    return Prepared._from_index(out, index)


def with_read(frames: Frames, decoded: Part) -> Frames:
    """The rows of images that could be read, with what is known of them since."""
    return replace(
        frames.take(np.array(decoded.numbers)),
        source_size=np.array(decoded.source_sizes, np.uint32),
        brightness=np.array(decoded.brightness),
        check=np.array(decoded.checks, np.uint32),
    )


def needed_positions(clip: Clip, reach: int) -> list[int]:
    """Numbers of the targets of a clip and of the frames up to ``reach`` beside them, in order."""
    beside = range(-reach, reach + 1)
    wanted = {target + step for target in clip.targets() for step in beside}
    return sorted(wanted & set(range(len(clip))))


def fingerprint(
    clips: Collection[Clip],
    image_size: tuple[int, int],
    crop: Crop | None,
    reach: int = 1,
    resize: Resize = "area",
) -> str:
    """Hash of all that prepared data depend on: settings, cameras, distances, names and sizes of the files.

    When files were last changed is no part of it, so that a copy on another disk has the same.
    """
    if ready := ready_footage(clips, image_size, crop, resize):
        return ready.made_from
    return _identity([_list(clip, reach).content for clip in clips], image_size, crop, resize)


class _Listed(NamedTuple):
    """What is known of the needed frames of a clip before one is read; each file is asked once."""

    clip: Clip
    positions: list[int]
    keys: list[str]
    target: list[bool]
    distance_to_next: list[float | None]
    content: str
    """Hash of all this, and of the files' sizes."""
    stamp: str
    """Hash of all this, and of when the files were last changed too."""


def _list(clip: Clip, reach: int) -> _Listed:
    positions = needed_positions(clip, reach)
    keys = [clip.key(position) for position in positions]
    target = [clip.is_target(position) for position in positions]
    following = _distances(clip, positions, 1)
    stamps = frame_stamps(clip, positions)
    sizes = [stamp.partition(":")[0] for stamp in stamps]
    about = [clip.name, clip.condition, clip.camera and clip.camera.to_dict(), clip.frame_rate]
    # Without a word where there is none, so that what was prepared before there were masks stays good.
    about += [] if clip.ego_mask is None else [hash_pixels(clip.ego_mask)]
    about += [] if clip.camera_height is None else [clip.camera_height]
    about += ["motion"] if clip.watches_motion else []
    content, stamp = (
        hash_json([*about, list(zip(keys, files, following, target, strict=True))])
        for files in (sizes, stamps)
    )
    return _Listed(clip, positions, keys, target, following, content, stamp)


def _identity(hashes: list[str], image_size: tuple[int, int], crop: Crop | None, resize: Resize) -> str:
    # Without a word where it is area, so that what was prepared before there was a choice stays good.
    chosen = [] if resize == "area" else [resize]
    return hash_json([IDENTITY, image_size, crop and crop.to_dict(), hashes, *chosen])


def _distances(clip: Clip, positions: list[int], step: int) -> list[float | None]:
    """Metres from each frame to the one ``step`` later; None if unknown, or beyond the clip's ends."""
    inside = range(len(clip))
    return [
        clip.distance(position, position + step) if position + step in inside else None
        for position in positions
    ]


@dataclass(frozen=True)
class _Footage:
    """The needed frames of some clips."""

    clips: list[Clip]
    clip: np.ndarray
    """(N,) uint32: number in ``clips``, of each frame."""
    position: np.ndarray
    """(N,) uint32: index in its clip."""
    image_size: tuple[int, int]
    crop: Crop | None
    resize: Resize

    def __len__(self) -> int:
        return len(self.clip)

    def read(self, number: int) -> Decoded | UserError:
        """The part of the image that training sees; a frame that cannot be read may be left out."""
        clip, position = self.clips[self.clip[number]], int(self.position[number])
        try:
            image = clip.image(position)
        except UserError as error:
            return error
        height, width = image.shape[:2]
        shown = crop_and_resize(image, self.crop, self.image_size, clip.key(position), self.resize)
        return Decoded(shown, (height, width))


def _describe(listed: list[_Listed], reader: _Footage) -> Frames:
    """Rows of all frames, without what is known only of those that are read."""
    key_bytes, key_ends = pack([key for one in listed for key in one.keys])
    name_bytes, name_ends = pack([one.clip.name for one in listed])
    previous = _column([_distances(one.clip, one.positions, -1) for one in listed])
    following = _column([one.distance_to_next for one in listed])
    mean = np.where(np.isnan(previous), following, (previous + following) / 2)
    frame_rate = np.array([one.clip.frame_rate or np.nan for one in listed])
    unknown = np.zeros(len(reader))
    step = np.array([1 if one.clip.in_time else 2 for one in listed], np.uint32)  # 2: nobody is a neighbour
    which, masks = _masks([one.clip for one in listed], reader)
    return Frames(
        clip=reader.clip,
        position=reader.position * step[reader.clip],
        target=np.array([target for one in listed for target in one.target]),
        source_size=np.stack([unknown, unknown], 1),
        brightness=unknown,
        check=np.zeros(len(reader), np.uint32),
        distance_to_previous=previous,
        distance_to_next=following,
        speed=np.where(np.isnan(mean), previous, mean) * frame_rate[reader.clip],
        motion=np.full(len(reader), np.nan),
        key_bytes=key_bytes,
        key_ends=key_ends,
        clip_condition=np.array([one.clip.condition.index for one in listed], np.uint8),
        clip_intrinsics=np.array([_intrinsics(one.clip, reader) for one in listed]),
        clip_mask=which,
        clip_camera_height=np.array([one.clip.camera_height or np.nan for one in listed]),
        masks=masks,
        clip_name_bytes=name_bytes,
        clip_name_ends=name_ends,
    )


def _with_motion(frames: Frames, images: np.ndarray, watched: np.ndarray) -> Frames:
    """With the motion from frame to frame where no speed is known, of the ``watched`` clips, (C,) bool."""
    wanted = watched[frames.clip] & np.isnan(frames.speed) & frames.has_neighbour(1)
    if not wanted.any():
        return frames
    motion = frames.motion.copy()
    with progress("motion", int(wanted.sum()), unit="image") as advance:
        for index in np.flatnonzero(wanted).tolist():
            first, second = flow_image(images[index]), flow_image(images[index + 1])
            motion[index] = image_motion(first, second, flow_mask(frames.counted(index), first.shape))
            advance()
    return replace(frames, motion=motion)


def _masks(clips: list[Clip], reader: _Footage) -> tuple[np.ndarray, np.ndarray]:
    """Which mask each clip has (C,), -1 for none, and the masks (M, H, W): True where pixels count."""
    found: dict[bytes, int] = {}
    masks, which = [], []
    for clip in clips:
        own = clip.ego_mask
        if own is None:
            which.append(-1)
            continue
        # A pixel counts only if nothing of the vehicle went into it.
        seen = np.repeat(np.where(own, 255, 0).astype(np.uint8)[..., None], 3, 2)
        mask = crop_and_resize(seen, reader.crop, reader.image_size, clip.name, "area")[..., 0] == 0
        number = found.setdefault(mask.tobytes(), len(masks))
        if number == len(masks):
            masks.append(mask)
        which.append(number)
    return np.array(which), np.array(masks, bool).reshape(len(masks), *reader.image_size)


def _column(distances: list[list[float | None]]) -> np.ndarray:
    return np.array([distance for of_clip in distances for distance in of_clip], np.float64)


def _intrinsics(clip: Clip, reader: _Footage) -> tuple[float, float, float, float]:
    if clip.camera is None:
        return np.nan, np.nan, np.nan, np.nan
    camera = camera_after(clip.camera, reader.crop, reader.image_size)
    return camera.fx, camera.fy, camera.cx, camera.cy


def _reuse(out: Path, stamp: str) -> Prepared | None:
    """What a folder holds, if its stamp is the same."""
    if not (out / INDEX).exists():
        return None
    index = read_object(out / INDEX)
    if (index.get("format"), index.get("stamp")) != (FORMAT, stamp):
        return None
    with suppress(OSError):  # a kill may have left it, and what can only be read keeps it
        journal_of(out / IMAGES).unlink(missing_ok=True)
    return Prepared._from_index(out, index)
