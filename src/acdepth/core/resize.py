"""The part of an image that the networks see, brought to their size. Images are resized here alone."""

import cv2
import numpy as np
from PIL import Image

from acdepth.core.camera import Camera
from acdepth.core.crop import Crop, Resize
from acdepth.core.errors import UserError


def crop_and_resize(
    image: np.ndarray, crop: Crop | None, image_size: tuple[int, int], where: str, resize: Resize = "area"
) -> np.ndarray:
    """Cut the window, if any, out of an image, uint8 (H, W, 3), and resize it to ``image_size``.

    Either filter shrinks without aliasing, so that nothing flickers. ``where`` names the image in an error.

    Raises:
        UserError: if the window reaches beyond the image.
    """
    if crop is not None:
        bottom, right = crop.top + crop.height, crop.left + crop.width
        if bottom > image.shape[0] or right > image.shape[1]:
            window = f"rows {crop.top} to {bottom}, columns {crop.left} to {right}"
            what = f"the crop ({window}) reaches beyond its {image.shape[1]}x{image.shape[0]} pixels"
            raise UserError(where, what, "make the crop smaller")
        image = image[crop.top : bottom, crop.left : right]
    height, width = image_size
    if image.shape[:2] == (height, width):
        return np.ascontiguousarray(image)
    if resize == "lanczos":
        return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))
    shrinks = height <= image.shape[0] and width <= image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def at_most_wide(image: np.ndarray, width: int) -> np.ndarray:
    """An image, uint8 (H, W, ...), shrunk to a width [px] in its own aspect; a smaller one as it is."""
    height, before = image.shape[:2]
    if before <= width:
        return image
    return cv2.resize(image, (width, max(1, round(height * width / before))), interpolation=cv2.INTER_AREA)


def camera_after(camera: Camera, crop: Crop | None, image_size: tuple[int, int]) -> Camera:
    """The camera of the image that `crop_and_resize` gives."""
    if crop is not None:
        camera = camera.cropped(crop.top, crop.left, crop.height, crop.width)
    return camera.resized(*image_size)
