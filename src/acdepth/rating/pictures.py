"""The images that people rate: found, drawn in equal numbers, and made alike but for what they show."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import numpy as np
import torch

from acdepth.core.clip import target_frames
from acdepth.core.condition import Condition
from acdepth.core.crop import Crop
from acdepth.core.encoding import jpeg
from acdepth.core.errors import UserError
from acdepth.core.images import read_image
from acdepth.core.resize import crop_and_resize
from acdepth.core.seeding import make_generator
from acdepth.data.folder import open_data
from acdepth.data.manifest import Manifest
from acdepth.data.settings import EVERYTHING, FootageChoice

JPEG_QUALITY = 90
"""Below that of translations (95), so that what an earlier JPEG did to one side alone drowns in it."""


class Kind(StrEnum):
    """What an image is, and what a person takes it for; the value is what the file of votes says."""

    REAL = "real"
    GENERATED = "generated"


@dataclass(frozen=True)
class Picture:
    """One image that may be rated."""

    kind: Kind
    name: str
    """In its folder; unique among those of its kind."""
    condition: Condition
    """As far as its folder says."""
    read: Callable[[], np.ndarray]
    """RGB, uint8 (H, W, 3)."""


def find_pictures(
    path: Path, kind: Kind, conditions: Collection[Condition], choice: FootageChoice = EVERYTHING
) -> list[Picture]:
    """All images under a path, under some conditions.

    Args:
        path: any footage, a folder of pictures, or one that ``acdepth translate`` wrote or one condition of
            it.
        kind: of all of them.
        conditions: those to take.
        choice: which part of a data set.

    Raises:
        UserError: if there is no such image.
    """
    if (path / "manifest.jsonl").exists():
        found, there = _of_translations(Manifest(path), kind, conditions)
    elif (path.parent / "manifest.jsonl").exists() and path.name in list(Condition):
        found, there = _of_translations(Manifest(path.parent), kind, {Condition(path.name)} & set(conditions))
    else:
        footage = open_data(path, choice=choice)
        there = {clip.condition for clip in footage}
        frames = target_frames(clip for clip in footage if clip.condition in conditions)
        found = [
            Picture(kind, frame.key, frame.clip.condition, partial(frame.clip.image, frame.index))
            for frame in frames
        ]
    if not found:
        wanted = ",".join(one for one in Condition if one in conditions)
        has = ", ".join(one for one in Condition if one in there) or "none"
        raise UserError(path, f"no images of --conditions {wanted}", f"it has {has}")
    return found


def draw_pictures(
    real: Sequence[Picture], generated: Sequence[Picture], images: int, seed: int
) -> list[Picture]:
    """Real and generated images in equal numbers, ``images`` together where there are as many.

    Of more images those of fewer are the first, so that votes stay good when their number is raised.
    """
    each = min(images // 2, len(real), len(generated))
    drawn = []
    for side in (real, generated):
        order = torch.randperm(len(side), generator=make_generator(seed, "rate", side[0].kind))
        drawn += [side[place] for place in order[:each].tolist()]
    return drawn


def common_size(pictures: Iterable[Picture], advance: Callable[[], object] = lambda: None) -> tuple[int, int]:
    """The smallest height and the smallest width, which no image must be enlarged for [px]."""
    sizes = []
    for picture in pictures:
        sizes.append(picture.read().shape[:2])
        advance()
    height, width = np.min(sizes, 0).tolist()
    return height, width


def encode_alike(picture: Picture, image_size: tuple[int, int]) -> bytes:
    """The middle of an image in the aspect of ``image_size`` (height, width), shrunk to it, as JPEG.

    All images get the same size, the same averaging and the same compression, and nothing of their files.

    Raises:
        UserError: if the image is smaller, because enlarging gives it away.
    """
    image = picture.read()
    height, width = image.shape[:2]
    if height < image_size[0] or width < image_size[1]:
        enlarged = f"enlarged to {image_size[1]}x{image_size[0]}, which gives it away"
        what = f"{width}x{height} pixels, and would be {enlarged}"
        raise UserError(picture.name, what, "choose a smaller --image-size")
    across = min(width, round(height * image_size[1] / image_size[0]))
    down = min(height, round(width * image_size[0] / image_size[1]))
    middle = Crop(height=down, width=across, top=(height - down) // 2, left=(width - across) // 2)
    shown = crop_and_resize(image, middle, image_size, picture.name)
    return jpeg(shown, JPEG_QUALITY, picture.name)


def _of_translations(
    manifest: Manifest, kind: Kind, conditions: Collection[Condition]
) -> tuple[list[Picture], set[Condition]]:
    """Translations under some conditions, and the conditions that there are."""
    found = []
    for name, source in sorted(manifest.entries):
        condition = Condition(name)
        if condition in conditions:
            file = manifest.file(condition, source)
            found.append(Picture(kind, f"{name}/{source}", condition, partial(read_image, file)))
    return found, {Condition(name) for name, _ in manifest.entries}
