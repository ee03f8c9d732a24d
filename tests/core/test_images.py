"""Photographs as phones write them: turned by EXIF, with a thumbnail before and anything behind."""

import resource
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from acdepth.core.errors import UserError
from acdepth.core.images import (
    decode_image,
    decode_reduced,
    read_classes,
    read_depth_png16,
    read_image,
    read_painted,
    read_png16,
)
from acdepth.core.prediction import NO_METRES, DepthPrediction
from tests.real import REAL, needs_real_data

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


UPRIGHT = {
    1: lambda image: image,
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: np.fliplr(np.rot90(image, -1)),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.fliplr(np.rot90(image, 1)),
    8: lambda image: np.rot90(image, 1),
}
"""What EXIF's orientations ask of the stored pixels."""


@pytest.mark.parametrize("orientation", list(UPRIGHT))
@pytest.mark.parametrize("image", [PICTURE, PICTURE[..., 0]], ids=["colour", "gray"])
def test_a_photograph_stands_as_viewers_show_it(tmp_path: Path, image: np.ndarray, orientation: int) -> None:
    jpeg, png = encode(".jpg", image), encode(".png", image)
    for plain, turned in ((jpeg, jpeg_with_exif(jpeg, orientation)), (png, png_with_exif(png, orientation))):
        stored = read_image(write(tmp_path / "plain", plain))
        shown = read_image(write(tmp_path / "turned", turned))
        np.testing.assert_array_equal(shown, UPRIGHT[orientation](stored))


@pytest.mark.parametrize("orientation", list(UPRIGHT))
@pytest.mark.parametrize("kind", ["AVIF", "WEBP", "TIFF"])
def test_other_kinds_stand_upright_too(tmp_path: Path, kind: str, orientation: int) -> None:
    about = Image.Exif()
    about[0x0112] = orientation
    path = tmp_path / f"photo.{kind.lower()}"
    Image.fromarray(PICTURE).save(path, kind, quality=90, exif=about)
    shown, expected = read_image(path), UPRIGHT[orientation](PICTURE)
    assert shown.shape == expected.shape and np.abs(shown.astype(int) - expected).mean() < 4


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


NOISE = np.random.default_rng(0).integers(0, 255, (160, 240, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    "options", [[], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 4]]
)
def test_a_jpeg_that_is_damaged_in_the_middle_is_refused(
    tmp_path: Path, options: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    whole = cv2.imencode(".jpg", NOISE, options)[1].tobytes()
    assert read_image(write(tmp_path / "whole.jpg", whole)).shape == NOISE.shape
    for place in (0.3, 0.5, 0.8):
        begin = int(place * len(whole))
        damaged = whole[:begin] + bytes(512) + whole[begin + 512 :]
        with pytest.raises(
            UserError, match=r"a\.jpg: the JPEG is damaged \(Corrupt JPEG data.*copy the file again"
        ):
            read_image(write(tmp_path / "a.jpg", damaged))
    assert capfd.readouterr().err == ""


def test_zeros_that_a_camera_fills_up_with_are_no_damage(tmp_path: Path) -> None:
    whole = encode(".jpg", NOISE)
    padded = write(tmp_path / "padded.jpg", whole[:-2] + bytes(24) + whole[-2:])
    np.testing.assert_array_equal(read_image(padded), read_image(write(tmp_path / "whole.jpg", whole)))
    with pytest.raises(UserError, match=r"\d+ extraneous bytes"):
        read_image(write(tmp_path / "other.jpg", whole[:-2] + bytes(range(24)) + whole[-2:]))


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".webp", ".ppm"])
def test_a_cut_picture_is_one_line_of_ours(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = encode(suffix)
    for part in (0.05, 0.5, 0.95):
        with pytest.raises(UserError, match=rf"a\{suffix}: not readable as an image.*copy it again") as told:
            read_image(write(tmp_path / f"a{suffix}", whole[: int(part * len(whole))]))
        assert "\n" not in str(told.value)
    assert capfd.readouterr().err == ""


def test_a_damaged_png_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray(encode(".png", NOISE))
    content[len(content) // 2] ^= 0x55
    with pytest.raises(UserError, match="not readable as an image"):
        read_image(write(tmp_path / "a.png", bytes(content)))
    assert capfd.readouterr().err == ""


def test_a_picture_that_claims_too_many_pixels_is_refused(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 40000, 40000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    with pytest.raises(
        UserError,
        match="40000x40000 pixels, at most 128 million are read; scale it down",
    ):
        read_image(write(tmp_path / "huge.png", content))


def test_heic_is_named_whatever_the_file_is_called(tmp_path: Path) -> None:
    for name in ("a.heic", "a.jpg"):
        with pytest.raises(UserError, match="HEIC is not read; save it as JPEG"):
            read_image(write(tmp_path / name, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"))
    with pytest.raises(UserError, match="not readable as an image"):
        read_image(write(tmp_path / "a.jpg", b"\0\0\0\x18ftypisom\0\0\0\0isom"))


@pytest.mark.parametrize("longest", [0.012, 3.0, 70000.0])
def test_depth_without_metres_uses_the_range_of_its_file_and_says_so(tmp_path: Path, longest: float) -> None:
    depth = np.linspace(longest / 50, longest, 40 * 64, dtype=np.float32).reshape(40, 64)
    DepthPrediction(depth, None, None, metric=False).save_png16(tmp_path / "a.png")
    levels = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    assert levels is not None and levels.dtype == np.uint16 and 32767 <= levels.max() <= 65535
    factor = float(Image.open(tmp_path / "a.png").text[NO_METRES])  # pyright: ignore[reportAttributeAccessIssue]
    np.testing.assert_allclose(levels / factor, depth, atol=0.5001 / factor)
    np.testing.assert_array_equal(read_depth_png16(tmp_path / "a.png", without_scale=True), levels / factor)
    with pytest.raises(UserError, match=r"a\.png: its depth has no metres"):
        read_depth_png16(tmp_path / "a.png")


def test_png16_is_read_as_it_is_and_nothing_else_is(tmp_path: Path) -> None:
    numbers = np.arange(40 * 64, dtype=np.uint16).reshape(40, 64) * 25
    found = read_png16(write(tmp_path / "a.png", encode(".png", numbers)), "give depth")
    assert found.dtype == np.uint16 and np.array_equal(found, numbers)
    for other in (numbers.astype(np.uint8), np.stack([numbers] * 3, -1)):
        path = write(tmp_path / "b.png", encode(".png", other))
        with pytest.raises(UserError, match=r"b\.png: not a 16-bit gray PNG; give depth"):
            read_png16(path, "give depth")
    with pytest.raises(UserError, match=r"c\.png: "):
        read_png16(write(tmp_path / "c.png", encode(".png", numbers)[:200]), "give depth")


def test_what_is_painted_is_read_as_shades_of_gray(tmp_path: Path) -> None:
    shades = PICTURE[..., 0]
    for name, image in (
        ("gray", shades),
        ("colour", np.stack([shades] * 3, -1)),
        ("transparent", np.dstack([shades, shades, shades, PICTURE[..., 1]])),
    ):
        found = read_painted(write(tmp_path / f"{name}.png", encode(".png", image)))
        assert found.dtype == np.uint8 and np.array_equal(found, shades)
    green = np.zeros((40, 64, 3), np.uint8)
    green[..., 1] = 200
    assert (read_painted(write(tmp_path / "green.png", encode(".png", green))) == 117).all()
    with pytest.raises(UserError, match=r"c\.png: 16 bits per channel; save it with 8 bits"):
        read_painted(write(tmp_path / "c.png", encode(".png", shades.astype(np.uint16))))
    with pytest.raises(UserError, match=r"d\.png: not readable as an image"):
        read_painted(write(tmp_path / "d.png", b"no image"))


def test_metric_depth_is_metres_times_256(tmp_path: Path) -> None:
    depth = np.full((40, 64), 12.5, np.float32)
    DepthPrediction(depth, None, None, metric=True).save_png16(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == encode(".png", np.full((40, 64), 3200, np.uint16))
    np.testing.assert_array_equal(read_depth_png16(tmp_path / "a.png"), depth)


@needs_real_data
@pytest.mark.slow
def test_no_good_photograph_is_called_damaged() -> None:
    for path in (path for path in REAL.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg")):
        read_image(path)


def test_a_cut_avif_is_refused_in_plain_words(tmp_path):
    path = tmp_path / "cut.avif"
    path.write_bytes(b"\0\0\0\x20ftypavif" + bytes(40))
    with pytest.raises(UserError, match=r"cut\.avif: not readable as an image; remove it or copy it again$"):
        read_image(path)


class TestReduced:
    """A JPEG that is much larger than needed is decoded smaller: the same picture, by an average."""

    picture = cv2.resize(PICTURE, (512, 320), interpolation=cv2.INTER_CUBIC)

    @pytest.mark.parametrize(
        ("needed", "factor"), [((20, 30), 8), ((41, 64), 4), ((160, 256), 2), ((161, 2), 1)]
    )
    def test_it_is_never_smaller_than_needed(self, needed: tuple[int, int], factor: int) -> None:
        content = encode(".jpg", self.picture)
        found = decode_reduced(content, "a.jpg", lambda size: needed)
        whole = decode_image(content, "a.jpg")
        assert found.size == (320, 512) and found.array.shape == (320 // factor, 512 // factor, 3)
        size = found.array.shape[1::-1]
        small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
        assert np.abs(found.array.astype(int) - small).mean() < (1e-9 if factor == 1 else 1.5)

    @pytest.mark.parametrize("orientation", UPRIGHT)
    def test_it_is_upright_and_so_is_its_size(self, orientation: int) -> None:
        content = jpeg_with_exif(encode(".jpg", self.picture), orientation)
        whole = decode_image(content, "a.jpg")
        found = decode_reduced(content, "a.jpg", lambda size: (size[0] // 4, size[1] // 4))
        assert found.size == whole.shape[:2]
        assert found.array.shape[:2] == (whole.shape[0] // 4, whole.shape[1] // 4)
        small = cv2.resize(whole, found.array.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(found.array.astype(int) - small).mean() < 1.5

    def test_what_does_not_divide_or_is_no_jpeg_stays_whole(self) -> None:
        for content in (encode(".jpg", self.picture[:319, :511]), encode(".png", self.picture)):
            found = decode_reduced(content, "a", lambda size: (16, 16))
            np.testing.assert_array_equal(found.array, decode_image(content, "a"))

    def test_damage_is_seen_all_the_same(self) -> None:
        content = encode(".jpg", self.picture)
        with pytest.raises(UserError, match="ends too early"):
            decode_reduced(content[: len(content) // 2], "a.jpg", lambda size: (16, 16))


CODED = {
    "jpg": lambda: encode(".jpg", NOISE),
    "png": lambda: encode(".png", NOISE),
    "webp": lambda: bytes(cv2.imencode(".webp", NOISE, [cv2.IMWRITE_WEBP_QUALITY, 90])[1]),
    "webp without loss": lambda: bytes(cv2.imencode(".webp", NOISE, [cv2.IMWRITE_WEBP_QUALITY, 101])[1]),
    "tif": lambda: encode(".tif", NOISE),
    "jp2": lambda: encode(".jp2", NOISE),
}


@pytest.mark.parametrize("kind", CODED)
def test_a_sector_of_zeros_in_coded_pixels_is_damage(kind: str) -> None:
    content = CODED[kind]()
    middle = len(content) // 2 // 512 * 512
    with pytest.raises(UserError, match=r"damaged|not readable as an image"):
        decode_image(content[:middle] + bytes(1024) + content[middle + 1024 :], "a")


@pytest.mark.parametrize("kind", CODED)
def test_a_picture_of_one_colour_has_no_holes(kind: str) -> None:
    options = {"webp without loss": [cv2.IMWRITE_WEBP_QUALITY, 101]}.get(kind, [])
    options += [cv2.IMWRITE_JPEG_OPTIMIZE, 1] if kind == "jpg" else []
    for shade in (0, 7, 255):
        flat = np.full((1080, 1920, 3), shade, np.uint8)
        content = bytes(cv2.imencode("." + kind.split()[0], flat, options)[1])
        assert abs(int(decode_image(content, "a").mean()) - shade) <= 1


def test_a_half_black_picture_has_no_holes() -> None:
    grain = np.kron(NOISE, np.ones((4, 8, 1), np.uint8))
    half = np.vstack([np.zeros((1200, 1920, 3), np.uint8), grain])
    for options in ([], [cv2.IMWRITE_JPEG_OPTIMIZE, 1], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]):
        decode_image(bytes(cv2.imencode(".jpg", half, options)[1]), "a")


def header_of(kind: str, side: int) -> bytes:
    """A few bytes that claim a square picture."""
    small = encode("." + kind, NOISE[:32, :32])
    match kind:
        case "png":
            return small[:16] + side.to_bytes(4, "big") * 2 + small[24:]
        case "bmp":
            return small[:18] + side.to_bytes(4, "little") * 2 + small[26:]
        case "jpg":
            place = small.index(b"\xff\xc0") + 5
            return small[:place] + side.to_bytes(2, "big") * 2 + small[place + 4 :]
    return small.replace(b"32 32", f"{side} {side}".encode(), 1)


@pytest.mark.parametrize(
    ("kind", "side"), [("png", 20_000), ("bmp", 30_000), ("jpg", 60_000), ("ppm", 40_000)]
)
def test_a_size_in_a_header_is_refused_before_it_is_decoded(kind: str, side: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match=f"{side}x{side} pixels, at most 128 million are read; scale it down"):
        decode_image(header_of(kind, side), "a")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


def test_a_bomb_of_text_in_a_png_is_not_unpacked() -> None:
    content, body = encode(".png", NOISE), b"Comment\0\0" + zlib.compress(bytes(300_000_000), 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with suppress(UserError):
        decode_image(content[:33] + chunk + content[33:], "a")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB
