"""Images come to a network's size by the filter that is asked for."""

import cv2
import numpy as np
import pytest
from PIL import Image

from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.core.resize import crop_and_resize


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(30, 40), (7, 9), (120, 160)])
def test_lanczos_is_pillows_to_the_last_bit(size: tuple[int, int]) -> None:
    image = noise(60, 80)
    expected = Image.fromarray(image).resize(size[::-1], Image.Resampling.LANCZOS)
    assert np.array_equal(crop_and_resize(image, None, size, "image", "lanczos"), np.asarray(expected))


def test_area_is_the_default_and_the_mean_of_what_a_pixel_covers() -> None:
    image = noise(60, 80)
    found = crop_and_resize(image, None, (30, 40), "image")
    assert np.array_equal(found, cv2.resize(image, (40, 30), interpolation=cv2.INTER_AREA))
    assert np.abs(found - image.reshape(30, 2, 40, 2, 3).mean((1, 3))).max() <= 0.5
    assert np.array_equal(found, crop_and_resize(image, None, (30, 40), "image", "area"))


def test_an_edge_rings_by_lanczos_and_not_by_area() -> None:
    """An edge from 64 to 192, shrunk to half; Lanczos by its kernel of three lobes, stretched to the step."""
    image = np.full((8, 64, 3), 64, np.uint8)
    image[:, 31:] = 192
    area, lanczos = (
        crop_and_resize(image, None, (4, 32), "image", by)[0, :, 0] for by in ("area", "lanczos")
    )
    assert area.tolist() == [64] * 15 + [128] + [192] * 16
    places = np.arange(12) - 5.5
    kernel = np.sinc(places / 2) * np.sinc(places / 6)
    padded = np.pad(image[0, :, 0].astype(float), 5, mode="edge")
    expected = [padded[2 * n : 2 * n + 12] @ kernel / kernel.sum() for n in range(32)]
    assert lanczos == pytest.approx(expected, abs=1)
    assert lanczos.min() < 60 and lanczos.max() > 196


@pytest.mark.parametrize("by", ["area", "lanczos"])
def test_the_window_is_cut_first_and_what_fits_stays(by: str) -> None:
    image, crop = noise(60, 80), Crop(top=10, left=4, height=40, width=60)
    window = image[10:50, 4:64]
    whole = crop_and_resize(image, crop, (40, 60), "image", by)
    assert np.array_equal(whole, window) and whole.flags.c_contiguous
    cut = crop_and_resize(image, crop, (20, 30), "image", by)
    assert np.array_equal(cut, crop_and_resize(window, None, (20, 30), "image", by))
    with pytest.raises(UserError, match="reaches beyond its 80x60"):
        crop_and_resize(image, Crop(top=30, height=40, width=60), (20, 30), "image", by)
