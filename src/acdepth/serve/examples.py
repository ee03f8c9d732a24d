"""Pictures to begin with: one street of the built-in world in each condition."""

from pathlib import Path
from typing import NamedTuple

from PIL import Image

from acdepth.core.condition import Condition
from acdepth.data.own.guessed import EXIF_IFD, FILM_DIAGONAL, FOCAL_LENGTH_IN_35MM
from acdepth.world import render

TOWN = 9104
SIZE = (288, 512)
"""(height, width) [px]."""


class Example(NamedTuple):
    """A picture in a file of our own."""

    condition: Condition
    path: Path


def draw_examples(folder: Path, size: tuple[int, int] = SIZE) -> list[Example]:
    """Draw them into a folder; about a second each. Like photographs they say their focal length in EXIF."""
    [frame] = render(TOWN, list(Condition), frames=1, image_size=size)
    height, width = size
    exif = Image.Exif()
    focal = frame.camera.fx / (height**2 + width**2) ** 0.5 * FILM_DIAGONAL
    exif[EXIF_IFD] = {FOCAL_LENGTH_IN_35MM: round(focal)}
    found = []
    for condition, image in frame.images.items():
        path = folder / f"{condition}.png"
        Image.fromarray(image.numpy()).save(path, exif=exif)
        found.append(Example(condition, path))
    return found
