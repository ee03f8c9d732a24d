"""The part of an image that the networks see, and how it comes to their size, as settings name them."""

from typing import Annotated, Literal

from acdepth.core.config import Config, within

Resize = Literal["area", "lanczos"]
"""``area`` averages what shrinks and is bilinear where something grows, ``lanczos`` is Pillow's."""


Offset = Annotated[int, within(0, 1e6, "0 to 2000")]
Length = Annotated[int, within(1, 1e6, "300 to 4000")]


class Crop(Config):
    """A window of the original image [px]."""

    top: Offset = 0
    """First row."""
    left: Offset = 0
    """First column."""
    height: Length
    """Rows. md4all's RobotCar: 768 of 960, which leaves the bonnet out."""
    width: Length
    """Columns."""
