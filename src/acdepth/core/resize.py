"""The part of an image that the networks see, brought to their size. Images are resized here alone."""

import cv2
import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError


def crop_and_resize(
    image: np.ndarray, crop: Crop | None, image_size: tuple[int, int], where: str
) -> np.ndarray:
    """Cut the window out and resize it; shrinking averages, so that nothing flickers (no aliasing).

    Args:
        image: uint8 (H, W, 3).
        crop: None keeps the whole image.
        image_size: (height, width) of the result.
        where: names the image in an error.

    Raises:
        UserError: if the window reaches beyond the image.
    """
    if crop is not None:
        _check_inside(crop, image.shape[0], image.shape[1], where)
        image = image[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
    height, width = image_size
    if image.shape[:2] == (height, width):
        return np.ascontiguousarray(image)
    shrinks = height <= image.shape[0] and width <= image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def camera_after(camera: Camera, crop: Crop | None, image_size: tuple[int, int]) -> Camera:
    """The camera of the image that `crop_and_resize` gives."""
    if crop is not None:
        camera = camera.cropped(crop.top, crop.left, crop.height, crop.width)
    return camera.resized(*image_size)


def _check_inside(crop: Crop, height: int, width: int, where: str) -> None:
    if crop.top + crop.height > height or crop.left + crop.width > width:
        raise UserError(
            where,
            f"the crop (rows {crop.top} to {crop.top + crop.height}, columns {crop.left} to "
            f"{crop.left + crop.width}) reaches beyond its {width}x{height} pixels",
            "make the crop smaller",
        )
