"""Which size the network sees, and what another lens does to metres."""

import math

import pytest

from acdepth.core.camera import Camera
from acdepth.inference.framing import focal_ratio, network_size

NUSCENES = (320, 576)


def camera(fx: float, width: int, height: int) -> Camera:
    return Camera(fx, fx, (width - 1) / 2, (height - 1) / 2, width, height)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ((900, 1600), (320, 576)),
        ((720, 1280), (320, 576)),
        ((375, 1242), (224, 768)),
        ((960, 1280), (384, 512)),
        ((1280, 720), (576, 320)),
    ],
)
def test_known_sizes(image: tuple[int, int], expected: tuple[int, int]) -> None:
    assert network_size(image, NUSCENES, 16 / 9) == expected


@pytest.mark.parametrize("height", [16, 100, 333, 720, 2160])
@pytest.mark.parametrize("width", [16, 250, 640, 1921, 4000])
def test_any_image_gets_a_size_the_network_can_take(height: int, width: int) -> None:
    rows, columns = network_size((height, width), NUSCENES, 16 / 9)
    assert rows % 32 == columns % 32 == 0 and min(rows, columns) >= 64
    if 1 / 4 < width / height < 4:
        assert abs(math.log(columns / rows * height / width)) < 0.15
        assert abs(math.log(rows * columns / (320 * 576))) < 0.25


def test_the_stretch_of_training_is_kept() -> None:
    # Trained on square images stretched to 1 : 2; an image of 2 : 1 is then wanted at 1 : 4.
    assert network_size((500, 500), (128, 256), aspect=1.0) == (128, 256)
    rows, columns = network_size((500, 1000), (128, 256), aspect=1.0)
    assert columns / rows == pytest.approx(4, rel=0.2)


def test_twice_the_focal_length_is_twice_the_distance() -> None:
    trained = camera(600, 960, 640)
    assert focal_ratio(camera(600, 960, 640), (64, 96), trained, (64, 96)) == pytest.approx(1)
    assert focal_ratio(camera(1200, 960, 640), (64, 96), trained, (64, 96)) == pytest.approx(2)
    # The same lens at another resolution is the same lens.
    assert focal_ratio(camera(1200, 1920, 1280), (64, 96), trained, (64, 96)) == pytest.approx(1)
    # Seen at twice the size, every object looks twice as near.
    assert focal_ratio(camera(600, 960, 640), (128, 192), trained, (64, 96)) == pytest.approx(2)
