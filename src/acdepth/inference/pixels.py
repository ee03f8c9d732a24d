"""Images as people have them, turned into RGB pixels."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch
from PIL.Image import Image as PillowImage
from torch import Tensor

from acdepth.core.errors import UserError
from acdepth.core.images import SMALLEST_SIDE, Pixels, decode_image, decode_reduced, read_content


class ArrayLike(Protocol):
    """Anything NumPy can look at as an array, such as a PIL image."""

    @property
    def __array_interface__(self) -> dict: ...


@runtime_checkable
class Readable(Protocol):
    """A file that was opened to read bytes, an upload, a stream in memory."""

    def read(self) -> bytes:
        """What is left of it."""
        ...


Image: TypeAlias = np.ndarray | Tensor | ArrayLike | str | Path | bytes | Readable | Pixels


def as_pixels(
    image: Image, needed: Callable[[tuple[int, int]], tuple[int, int]] | None = None, bgr: bool = False
) -> Pixels:
    """RGB, uint8 (H, W, 3), and the size of the whole.

    Args:
        image: a path, the content of a file, or a file that was opened to read bytes; uint8 (H, W, 3) as a
            NumPy array or PIL image; or a tensor (3, H, W), uint8 or float in 0..1 (rounded to 8 bits, as if
            it had been saved). Only a file is turned upright by its EXIF; for a PIL image that is
            ``ImageOps.exif_transpose``.
        needed: says the (height, width) to which a file of a (height, width) may be reduced while it is
            decoded; None reduces none.
        bgr: whether an array's or a tensor's channels are blue, green, red, as OpenCV has them; else they
            are red, green, blue.

    Raises:
        UserError: if the file cannot be read, or the pixels are of another kind: a repair could only guess.
    """
    if bgr and not isinstance(image, (np.ndarray, Tensor)):
        raise UserError("image", "tells the order of its channels itself", "give bgr for arrays and tensors")
    if isinstance(image, Pixels):
        return image
    if isinstance(image, (str, Path, bytes, Readable)):
        where, content = _content(image)
        return (
            _whole(decode_image(content, where)) if needed is None else decode_reduced(content, where, needed)
        )
    if isinstance(image, PillowImage) and image.mode != "RGB":  # some others have three channels as well
        raise UserError("image", f"a PIL image of mode {image.mode}", "give image.convert('RGB')")
    pixels = _from_tensor(image) if isinstance(image, Tensor) else np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        remedy = "expected RGB as uint8 (H, W, 3), in PIL image.convert('RGB')"
        raise UserError("image", f"an array of {pixels.dtype} {tuple(pixels.shape)}", remedy)
    height, width, _ = pixels.shape
    if min(height, width) < SMALLEST_SIDE:
        raise UserError("image", f"{width}x{height} pixels", f"each side needs {SMALLEST_SIDE} or more")
    return _whole(np.ascontiguousarray(pixels[..., ::-1]) if bgr else pixels)


def _content(image: str | Path | bytes | Readable) -> tuple[Path | str, bytes]:
    """What messages call a file, and what is in it."""
    if isinstance(image, bytes):
        return "image", image
    if isinstance(image, (str, Path)):
        return Path(image), read_content(Path(image))
    content = image.read()
    if not isinstance(content, bytes):
        raise UserError("image", f"a file that gives {type(content).__name__}", "open it by mode 'rb'")
    return "image", content


def _whole(pixels: np.ndarray) -> Pixels:
    return Pixels(pixels, (pixels.shape[0], pixels.shape[1]))


def _from_tensor(image: Tensor) -> np.ndarray:
    if image.ndim != 3 or image.shape[0] != 3:
        remedy = "expected (3, H, W), use predict_batch for more"
        raise UserError("image", f"a tensor {tuple(image.shape)}", remedy)
    if image.is_floating_point():
        if not (image.isfinite().all() and image.min() >= 0 and image.max() <= 1):
            raise UserError("image", "a float tensor with values outside 0..1", "divide it by 255")
        image = (image.float() * 255).round().to(torch.uint8)
    return image.permute(1, 2, 0).cpu().numpy()
