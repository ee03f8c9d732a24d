"""The filters of `acdepth.core.resize` as numbers, for what has to resize images without its libraries."""

import numpy as np

from acdepth.core.crop import Resize

LANCZOS_REACH = 3


def taps(count: int, wanted: int, resize: Resize, shrinks: bool) -> tuple[np.ndarray, np.ndarray]:
    """Which of ``count`` rows (or columns) make each of the ``wanted``, and with what weights.

    Args:
        count: before.
        wanted: after.
        resize: as `crop_and_resize` takes it.
        shrinks: whether neither side of the image grows.

    Returns:
        Indices, int64, and weights, float32, both (K, wanted): tap k of row i is row ``indices[k, i]``.
    """
    if resize == "lanczos":
        whole = _lanczos(count, wanted)
    else:
        whole = _area(count, wanted) if shrinks else _linear(count, wanted)
    first, last = (whole != 0).argmax(1), count - 1 - (whole[:, ::-1] != 0).argmax(1)
    indices = first + np.arange((last - first).max() + 1)[:, None]
    inside = indices.clip(max=count - 1)
    weights = np.where(indices < count, whole[np.arange(wanted), inside], 0)
    return inside, weights.astype(np.float32)


def _area(count: int, wanted: int) -> np.ndarray:
    """How much of each row lies in each wanted one, (wanted, count)."""
    edges = np.arange(wanted + 1) * (count / wanted)
    rows = np.arange(count)
    covered = np.minimum(edges[1:, None], rows + 1) - np.maximum(edges[:-1, None], rows)
    # What rounding leaves of a row that only touches is none of it.
    covered = np.where(covered > 1e-9, covered, 0)
    return covered / covered.sum(1, keepdims=True)


def _linear(count: int, wanted: int) -> np.ndarray:
    places = ((np.arange(wanted) + 0.5) * (count / wanted) - 0.5).clip(0, count - 1)
    return (1 - np.abs(places[:, None] - np.arange(count))).clip(min=0)


def _lanczos(count: int, wanted: int) -> np.ndarray:
    """Pillow's: stretched by as much as the image shrinks."""
    scale = count / wanted
    wide = max(scale, 1.0)
    centres = (np.arange(wanted) + 0.5) * scale
    rows = np.arange(count) + 0.5
    away = (rows - centres[:, None]) / wide
    weights = np.where(np.abs(away) < LANCZOS_REACH, np.sinc(away) * np.sinc(away / LANCZOS_REACH), 0)
    return weights / weights.sum(1, keepdims=True)
