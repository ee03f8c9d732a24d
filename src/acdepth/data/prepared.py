"""Footage decoded, cropped and resized once: a memory map of uint8 images and an index."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_path, hash_json, read_json, write_json
from acdepth.core.resize import Crop, camera_after, crop_and_resize
from acdepth.core.tally import ReadTally
from acdepth.data.stored import frame_stamp

FORMAT = 3
"""Counts up when the files' meaning changes, so that old ones are remade."""


@dataclass(frozen=True)
class PreparedFrame:
    """What the index says about one image."""

    key: str
    """Name of the image in its data set."""
    clip: str
    """Name of its sequence."""
    position: int
    """Index in its sequence; neighbours differ by one."""
    condition: Condition
    source_size: tuple[int, int]
    """(height, width) of the original image [px]."""
    intrinsics: tuple[float, float, float, float] | None
    """fx, fy, cx, cy after crop and resize [px]; None where the camera is not known."""
    distance_to_previous: float | None
    """[m]; None if unknown or if there is none."""
    distance_to_next: float | None
    """[m]; None if unknown or if there is none."""
    speed: float | None
    """[m/s]; None if unknown."""
    target: bool
    """Whether training is about the frame; the others are neighbours only."""


class Prepared:
    """Prepared images, read as they are asked for. Small to hand to another process: just a path."""

    def __init__(
        self,
        folder: Path,
        made_from: str,
        crop: Crop | None,
        image_size: tuple[int, int],
        frames: list[PreparedFrame],
    ) -> None:
        self.folder, self.made_from, self.crop = folder, made_from, crop
        self.image_size, self.frames = image_size, frames
        self._images: np.ndarray | None = None

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open what `prepare` wrote.

        Raises:
            UserError: if the folder holds no finished preparation of this version.
        """
        folder = Path(folder)
        index = read_json(folder / "index.json")
        if index.get("format") != FORMAT:
            raise UserError(folder, "written by another version", "delete it, it will be made again")
        crop = None if index["crop"] is None else Crop.from_dict(index["crop"], where=str(folder))
        frames = [_frame_from_json(values) for values in index["frames"]]
        return cls(folder, index["made_from"], crop, tuple(index["image_size"]), frames)

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
            path, shape = self.folder / "images.bin", (len(self), *self.image_size, 3)
            if not path.exists() or path.stat().st_size != np.prod(shape):
                raise UserError(
                    path, "does not fit its index", f"delete {self.folder}, it will be made again"
                )
            self._images = np.memmap(path, np.uint8, "r", shape=shape)
        return self._images

    def image(self, index: int, mirror: bool) -> np.ndarray:
        """One image, (H, W, 3) uint8."""
        image = self.images[index]
        return image[:, ::-1] if mirror else image

    def neighbour(self, index: int, step: int) -> int | None:
        """Index of the frame ``step`` later in its sequence (-1: the one before); None if it is missing."""
        other = index + step
        if not 0 <= other < len(self):
            return None
        here, there = self.frames[index], self.frames[other]
        return other if (there.clip, there.position) == (here.clip, here.position + step) else None


def prepare(
    clips: Collection[Clip],
    out: Path,
    image_size: tuple[int, int],
    crop: Crop | None = None,
    reach: int = 1,
    progress: Callable[[], object] | None = None,
    on_warning: Callable[[str], object] | None = None,
) -> Prepared:
    """Decode, crop and resize every frame once; what is there already and still true is used again.

    Args:
        clips: the frames of all of them are prepared, in order.
        out: folder that gets ``images.bin`` and ``index.json``.
        image_size: (height, width) of the prepared images.
        crop: window of the original images; None for all of it.
        reach: how many frames beside each target are needed; 0 where no training step looks at neighbours.
        progress: called once per finished frame.
        on_warning: called with each warning, for example about a skipped frame; by default it is logged.

    Raises:
        UserError: if more than 1 % of the frames cannot be read, or the disk is full.
    """
    stamp = fingerprint(clips, image_size, crop, reach, times=True)
    found = reuse(out, stamp)
    if found:
        return found
    total = sum(len(needed_positions(clip, reach)) for clip in clips)
    tally = ReadTally(total, on_warning)
    frames: list[PreparedFrame] = []

    with atomic_path(out / "images.bin") as temporary, temporary.open("wb") as stream:
        for clip in clips:
            for position in needed_positions(clip, reach):
                try:
                    image = clip.image(position)
                except UserError as error:
                    tally.skip(error)
                    continue
                stream.write(crop_and_resize(image, crop, image_size, clip.key(position)).data)
                frames.append(_describe(clip, position, image.shape[:2], crop, image_size))
                if progress:
                    progress()
    made_from = fingerprint(clips, image_size, crop, reach)
    return write_index(out, made_from, stamp, crop, image_size, frames)


def needed_positions(clip: Clip, reach: int) -> list[int]:
    """Numbers of the targets of a sequence and of the frames up to ``reach`` beside them, in order."""
    beside = range(-reach, reach + 1)
    wanted = {target + step for target in clip.targets() for step in beside}
    return sorted(wanted & set(range(len(clip))))


def fingerprint(
    clips: Iterable[Clip],
    image_size: tuple[int, int],
    crop: Crop | None,
    reach: int = 1,
    times: bool = False,
) -> str:
    """Hash of all that prepared data depend on: settings, cameras, distances, names and sizes of the files.

    With ``times`` also when the files were last changed: right for a cache, but not for the identity of a
    run, which should survive a copy to another disk.
    """
    about = [
        [
            clip.name,
            clip.condition,
            clip.camera and clip.camera.to_dict(),
            clip.frame_rate,
        ]
        + [
            [
                clip.key(position),
                _stamp(clip, position, times),
                _distance(clip, position, 1),
                clip.is_target(position),
            ]
            for position in needed_positions(clip, reach)
        ]
        for clip in clips
    ]
    return hash_json([FORMAT, image_size, crop and crop.to_dict(), about])


def reuse(out: Path, stamp: str) -> Prepared | None:
    """What ``out`` holds if its stamp is the same; else its index is removed and None returned."""
    index = Path(out) / "index.json"
    if not index.exists():
        return None
    found = read_json(index)
    if found.get("format") == FORMAT and found.get("stamp") == stamp:
        return Prepared.open(out)
    index.unlink()
    return None


def write_index(
    out: Path,
    made_from: str,
    stamp: str,
    crop: Crop | None,
    image_size: tuple[int, int],
    frames: list[PreparedFrame],
) -> Prepared:
    """Write ``index.json``, which makes the images beside it count, and open both."""
    if not frames:
        raise UserError(out, "there are no frames to prepare")
    index = {
        "format": FORMAT,
        "made_from": made_from,
        "stamp": stamp,
        "crop": crop and crop.to_dict(),
        "image_size": list(image_size),
        "frames": [asdict(frame) for frame in frames],
    }
    write_json(Path(out) / "index.json", index)
    return Prepared.open(out)


def _describe(
    clip: Clip, position: int, size: tuple[int, int], crop: Crop | None, image_size: tuple[int, int]
) -> PreparedFrame:
    camera = camera_after(clip.camera, crop, image_size) if clip.camera else None
    before, after = _distance(clip, position, -1), _distance(clip, position, 1)
    known = [distance for distance in (before, after) if distance is not None]
    speed = sum(known) / len(known) * clip.frame_rate if known and clip.frame_rate else None
    return PreparedFrame(
        key=clip.key(position),
        clip=clip.name,
        position=position,
        condition=clip.condition,
        source_size=size,
        intrinsics=(camera.fx, camera.fy, camera.cx, camera.cy) if camera else None,
        distance_to_previous=before,
        distance_to_next=after,
        speed=speed,
        target=clip.is_target(position),
    )


def _stamp(clip: Clip, position: int, times: bool) -> str:
    stamp = frame_stamp(clip, position)
    return stamp if times else stamp.partition(":")[0]


def _distance(clip: Clip, position: int, step: int) -> float | None:
    inside = 0 <= position + step < len(clip)
    return clip.distance(position, position + step) if inside else None


def _frame_from_json(values: dict[str, Any]) -> PreparedFrame:
    intrinsics = values["intrinsics"] and tuple(values["intrinsics"])
    condition, size = Condition(values["condition"]), tuple(values["source_size"])
    return PreparedFrame(**{**values, "condition": condition, "source_size": size, "intrinsics": intrinsics})
