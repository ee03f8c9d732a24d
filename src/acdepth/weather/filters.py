"""Filters of images in a CPU's memory, by OpenCV; each channel on its own, as it lies there."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor


def means(image: Tensor, steps: tuple[int, int]) -> Tensor:
    """Means (C, h, w) of ``steps`` rows and columns of (C, H, W); the last may lack some of their pixels."""
    if steps == (1, 1):
        return image
    height, width = (-(-size // step) for size, step in zip(image.shape[-2:], steps, strict=True))
    made = image.new_empty(len(image), height, width)
    for channel, small in zip(image.numpy(), made.numpy(), strict=True):
        for rows, small_rows in _groups(len(channel), steps[0]):
            for columns, small_columns in _groups(channel.shape[1], steps[1]):
                part = small[small_rows, small_columns]
                cv2.resize(channel[rows, columns], part.shape[::-1], dst=part, interpolation=cv2.INTER_AREA)
    return made


def along_both(image: Tensor, down: Sequence[float], across: Sequence[float]) -> Tensor:
    """Weighted means of (C, H, W) along both axes; at the border the mean is of what is inside."""
    lines = np.asarray(down, np.float32), np.asarray(across, np.float32)
    made = torch.empty(image.shape, dtype=image.dtype)
    for channel, blurred in zip(image.numpy(), made.numpy(), strict=True):
        cv2.sepFilter2D(channel, -1, lines[1], lines[0], dst=blurred, borderType=cv2.BORDER_CONSTANT)
    for axis, line in zip((1, 2), lines, strict=True):
        _fill_up(made.numpy().swapaxes(axis, -1), line)
    return made


def enlarged(small: Tensor, steps: tuple[int, int]) -> Tensor:
    """Bilinear, (C, h, w) to ``steps`` times as many rows and columns."""
    height, width = (size * step for size, step in zip(small.shape[-2:], steps, strict=True))
    made = small.new_empty(len(small), height, width)
    for channel, large in zip(small.numpy(), made.numpy(), strict=True):
        cv2.resize(channel, (width, height), dst=large, interpolation=cv2.INTER_LINEAR)
    return made


def sums_down(image: Tensor, length: int) -> Tensor:
    """Sums of columns of (C, H, W) over an odd ``length`` of pixels; 0 lies outside."""
    made = torch.empty(image.shape, dtype=image.dtype)
    for channel, summed in zip(image.numpy(), made.numpy(), strict=True):
        cv2.boxFilter(channel, -1, (1, length), dst=summed, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return made


def _groups(size: int, step: int) -> Iterator[tuple[slice, slice]]:
    """Pixels along an axis that are whole groups of ``step``, and the rest; and which means are theirs."""
    whole = size // step
    if whole:
        yield slice(0, whole * step), slice(0, whole)
    if whole * step < size:
        yield slice(whole * step, size), slice(whole, whole + 1)


def _fill_up(blurred: np.ndarray, line: np.ndarray) -> None:
    """Divide what lies near both ends of the last axis by the part of the weights that were inside."""
    size, reach = blurred.shape[-1], len(line) // 2
    upto = np.concatenate([[0], line.cumsum()])
    places = np.arange(size)
    inside = upto[np.minimum(len(line), reach + size - places)] - upto[np.maximum(0, reach - places)]
    for ends in (slice(0, reach), slice(max(reach, size - reach), size)):
        blurred[..., ends] /= inside[ends]
