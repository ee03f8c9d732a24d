"""The filters as numbers do what the libraries do."""

import numpy as np
import pytest

from acdepth.core.crop import Resize
from acdepth.core.resize import crop_and_resize
from acdepth.core.taps import taps


def by_taps(image: np.ndarray, size: tuple[int, int], resize: Resize) -> np.ndarray:
    found = image.astype(np.float32)
    shrinks = size[0] <= image.shape[0] and size[1] <= image.shape[1]
    for axis in (1, 0):
        places, weights = taps(image.shape[axis], size[axis], resize, shrinks)
        shape = [1, 1, 1]
        shape[axis] = size[axis]
        found = sum(
            weight.reshape(shape) * np.take(found, place, axis)
            for place, weight in zip(places, weights, strict=True)
        )
        if resize == "lanczos":
            found = found.round().clip(0, 255)
    return found.round().clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("resize", ["area", "lanczos"])
@pytest.mark.parametrize("size", [(32, 64), (31, 50), (64, 96), (20, 130), (47, 95)])
def test_an_image_is_resized_as_by_the_library_within_a_level(resize: Resize, size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (48, 96, 3), np.uint8)
    found, expected = by_taps(image, size, resize), crop_and_resize(image, None, size, "noise", resize)
    apart = np.abs(found.astype(int) - expected)
    assert apart.max() <= 1
    if resize == "area" and size[0] <= 48 and size[1] <= 96:
        assert apart.mean() < 0.01
