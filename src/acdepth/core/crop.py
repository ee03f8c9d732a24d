"""The part of an image that the networks see, and how it comes to their size, as settings name them."""

from typing import Literal

from pydantic import Field

from acdepth.core.config import Config

Resize = Literal["area", "lanczos"]
"""``area`` averages what shrinks and is bilinear where something grows, ``lanczos`` is Pillow's."""


class Crop(Config):
    """A window of the original image [px]."""

    top: int = Field(default=0, ge=0)
    """First row."""
    left: int = Field(default=0, ge=0)
    """First column."""
    height: int = Field(gt=0)
    """Rows. md4all's RobotCar: 768 of 960, which leaves the bonnet out."""
    width: int = Field(gt=0)
    """Columns."""
