"""Pictures to begin with: one street of the built-in world in each condition."""

from pathlib import Path
from typing import NamedTuple

import cv2

from acdepth.core.condition import Condition
from acdepth.world import render

TOWN = 9104
SIZE = (288, 512)
"""(height, width) [px]."""
STYLE_FIELD_OF_VIEW = 64.0
"""Degrees across: the usual focal length of the world is 0.8 of the width."""


class Example(NamedTuple):
    """A picture in a file of our own."""

    condition: Condition
    path: Path


def draw_examples(folder: Path, size: tuple[int, int] = SIZE) -> list[Example]:
    """Draw them into a folder; about a second each."""
    [frame] = render(TOWN, list(Condition), frames=1, image_size=size)
    found = []
    for condition, image in frame.images.items():
        path = folder / f"{condition}.png"
        cv2.imwrite(str(path), cv2.cvtColor(image.numpy(), cv2.COLOR_RGB2BGR))
        found.append(Example(condition, path))
    return found
