"""Images from strangers: nothing is decoded before its header was read."""

import io
import re
import warnings
from http import HTTPStatus

import numpy as np
from PIL import Image, UnidentifiedImageError

from acdepth.core.errors import UserError
from acdepth.core.images import decode_image
from acdepth.serve.limits import Limits

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
"""Pillow's names of what is taken: what browsers and phones send. Other decoders are not asked."""
TAKEN = "send a JPEG, PNG, WebP or BMP"
LONGEST_SIDE = 20_000
"""[px]"""
MOST_SCANS = 40
"""Passes over a JPEG; progressive ones have about ten, and each costs as much as the whole picture."""
SCAN = re.compile(rb"\xff\xda")


class Refused(UserError):
    """A request that is not granted, with its HTTP status."""

    def __init__(self, status: HTTPStatus, what: object, remedy: str = "") -> None:
        super().__init__(None, what, remedy)
        self.status = status


def read_upload(content: bytes, limits: Limits) -> np.ndarray:
    """RGB, uint8 (H, W, 3), of a file that was sent, upright.

    Raises:
        Refused: if it is too large, or no photograph that can be read.
    """
    if not content:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "the image is empty", TAKEN)
    if len(content) > limits.image_bytes:
        what = f"the image has {len(content) / 1e6:.1f} MB"
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, what, f"at most {limits.megabytes:g} MB are taken")
    kind, width, height = _header(content)
    if width * height > limits.pixels or max(width, height) > LONGEST_SIDE:
        most = f"at most {limits.megapixels:g} million and {LONGEST_SIDE} a side are taken"
        what = f"the image has {width}x{height} pixels"
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, what, f"{most}: scale it down")
    if kind == "JPEG" and len(SCAN.findall(content)) > MOST_SCANS:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "the JPEG has too many passes", "save it anew")
    try:
        return decode_image(content, "image")
    except UserError as error:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"image: {error.what}", error.remedy) from error


def _header(content: bytes) -> tuple[str, int, int]:
    """Format, width and height, as the header says them."""
    try:
        with (
            warnings.catch_warnings(action="ignore"),  # of bombs, which are refused by their size
            Image.open(io.BytesIO(content), formats=FORMATS) as image,
        ):
            return str(image.format), image.width, image.height
    except Image.DecompressionBombError as error:
        raise Refused(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the image has too many pixels", "scale it down"
        ) from error
    except UnidentifiedImageError as error:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not readable as an image", TAKEN) from error
    except Exception as error:  # what decoders raise at damage is not told: struct, zlib, syntax, value, ...
        what = "the image is damaged"
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, what, "copy it again, or save it anew") from error
