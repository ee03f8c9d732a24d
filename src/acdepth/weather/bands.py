"""Pictures in bands of rows: what is done to one stays in a core's cache, and asks for no new memory."""

from torch import Tensor

BAND = 32_000
"""Pixels of three channels, of which a few copies fit in a core's own cache."""


def bands(image: Tensor) -> list[slice]:
    """Rows of (..., H, W) that stay in a core's cache while much is done to them; all on other devices."""
    height, width = image.shape[-2:]
    step = max(1, BAND // width) if image.device.type == "cpu" else height
    return [slice(top, min(top + step, height)) for top in range(0, height, step)]
