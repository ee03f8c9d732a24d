"""Lenses that nobody calibrated: a focal length from EXIF, or a field of view that somebody knows."""

import math
import warnings
from pathlib import Path

from PIL import Image

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.lens import Lens

FILM_DIAGONAL = math.hypot(36, 24)
"""Of 35 mm film [mm]: an equivalent focal length has the same angle across the diagonal (CIPA DCG-001)."""
EXIF_IFD, FOCAL_LENGTH_IN_35MM, ORIENTATION = 0x8769, 0xA405, 0x0112
LYING = (5, 6, 7, 8)
"""Orientations whose pictures are stored on their side."""
NARROWEST, WIDEST = 5.0, 150.0
"""Fields of view across a picture that a pinhole could have [degrees]."""


def lens_from_exif(path: Path) -> Lens | None:
    """A lens by the 35 mm equivalent focal length that a photograph tells, if it does.

    A guess: phones round it, and it says nothing of what was cropped since. Bends are unknown.
    """
    exif = Image.Exif()
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            (width, height), block = image.size, image.info.get("exif", b"")
        exif.load(block)  # of the header; Pillow's own way decodes a PNG to its end
        told = exif.get_ifd(EXIF_IFD).get(FOCAL_LENGTH_IN_35MM)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None  # whoever reads the picture is told
    if not isinstance(told, (int, float)) or not 4 <= told <= 1000:  # 0 says unknown
        return None
    if exif.get(ORIENTATION, 1) in LYING:
        width, height = height, width
    focal = told / FILM_DIAGONAL * math.hypot(height, width)
    return Lens(Camera.central(focal, height, width), source="EXIF, a guess", guessed=True)


def lens_from_fov(degrees: float, size: tuple[int, int]) -> Lens:
    """A lens by its horizontal field of view, with the axis in the middle of pictures of (height, width).

    Raises:
        UserError: if it is no angle across a picture.
    """
    check_fov(degrees)
    height, width = size
    focal = width / 2 / math.tan(math.radians(degrees) / 2)
    return Lens(Camera.central(focal, height, width), source="--fov, a guess", guessed=True)


def check_fov(degrees: float) -> None:
    """Raise `UserError` for what is no field of view in degrees."""
    if not NARROWEST <= degrees <= WIDEST:
        raise UserError(f"--fov {degrees:g}", f"give degrees across the picture, {NARROWEST:g} to {WIDEST:g}")
