"""Photographs as phones write them: turned by EXIF, with a thumbnail before and anything behind."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.core.errors import UserError
from acdepth.core.images import read_classes, read_depth_png16, read_image

ROWS, COLUMNS = np.mgrid[0:40, 0:64]
PICTURE = np.stack([ROWS * 6, COLUMNS * 3, (ROWS + COLUMNS) * 2], -1).astype(np.uint8)


def encode(suffix: str, image: np.ndarray = PICTURE) -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def exif(orientation: int) -> bytes:
    """A TIFF block with one entry."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def jpeg_with_exif(jpeg: bytes, orientation: int, thumbnail: bytes = b"") -> bytes:
    block = b"Exif\0\0" + exif(orientation) + thumbnail
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def png_with_exif(png: bytes, orientation: int) -> bytes:
    chunk = b"eXIf" + exif(orientation)
    after_header = 33
    return (
        png[:after_header]
        + struct.pack(">I", len(chunk) - 4)
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + png[after_header:]
    )


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("orientation", "quarter_turns"), [(1, 0), (3, 2), (6, -1), (8, 1)])
@pytest.mark.parametrize("image", [PICTURE, PICTURE[..., 0]], ids=["colour", "gray"])
def test_a_photograph_stands_as_viewers_show_it(
    tmp_path: Path, image: np.ndarray, orientation: int, quarter_turns: int
) -> None:
    jpeg, png = encode(".jpg", image), encode(".png", image)
    for plain, turned in ((jpeg, jpeg_with_exif(jpeg, orientation)), (png, png_with_exif(png, orientation))):
        stored = read_image(write(tmp_path / "plain", plain))
        shown = read_image(write(tmp_path / "turned", turned))
        np.testing.assert_array_equal(shown, np.rot90(stored, quarter_turns))


def test_measurements_are_never_turned(tmp_path: Path) -> None:
    depth = (PICTURE[..., 0].astype(np.uint16) + 1) * 200
    path = write(tmp_path / "depth.png", png_with_exif(encode(".png", depth), 6))
    np.testing.assert_array_equal(read_depth_png16(path), depth.astype(np.float32) / 256)
    path = write(tmp_path / "classes.png", png_with_exif(encode(".png", PICTURE[..., 0]), 6))
    np.testing.assert_array_equal(read_classes(path), PICTURE[..., 0])


def test_alpha_is_refused_even_if_the_picture_is_turned(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", png_with_exif(encode(".png", np.zeros((40, 64, 4), np.uint8)), 6))
    with pytest.raises(UserError, match="alpha channel"):
        read_image(path)


def test_what_phones_append_does_not_matter(tmp_path: Path) -> None:
    jpeg = encode(".jpg")
    film = write(tmp_path / "film.jpg", jpeg + bytes(range(200)) * 50)
    np.testing.assert_array_equal(read_image(film), read_image(write(tmp_path / "plain.jpg", jpeg)))


@pytest.mark.parametrize("progressive", [0, 1])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_cut_photograph_is_refused_although_its_thumbnail_is_whole(
    tmp_path: Path, part: float, progressive: int
) -> None:
    jpeg = cv2.imencode(".jpg", PICTURE, [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive])[1].tobytes()
    whole = jpeg_with_exif(jpeg, 1, thumbnail=encode(".jpg", PICTURE[:8, :8]))
    assert read_image(write(tmp_path / "whole.jpg", whole)).shape == PICTURE.shape
    with pytest.raises(UserError, match="ends too early"):
        read_image(write(tmp_path / "cut.jpg", whole[: int(part * len(whole))]))
