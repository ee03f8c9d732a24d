"""A contact sheet: towns in rows, conditions in columns, coloured depth at the end."""

from pathlib import Path

import cv2
import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import write_bytes
from acdepth.core.images import PICTURE_SUFFIXES

GAP = 4  # pixels between pictures


def colour_depth(depth: np.ndarray) -> np.ndarray:
    """BGR picture (H, W, 3) of depth [m]: near is bright, none is black."""
    inverse = np.where(depth > 0, 4.0 / np.maximum(depth, 4.0), 0.0)
    shades = (255 * np.sqrt(inverse)).astype(np.uint8)
    picture = cv2.applyColorMap(shades, cv2.COLORMAP_MAGMA)
    picture[depth <= 0] = 0
    return picture


def make_sheet(data: Path, out: Path, frame: int = 0, most_towns: int = 8) -> None:
    """Lay out one frame of each town below ``data`` and write it to ``out``.

    Raises:
        UserError: if ``data`` holds no sequences, a town lacks the frame, or ``out`` is no name of a picture.
    """
    if out.suffix.lower() not in PICTURE_SUFFIXES:
        raise UserError(
            f"{out}: not the name of a picture; let it end in {', '.join(sorted(PICTURE_SUFFIXES))}"
        )
    towns = sorted(data.glob("town_*"))[:most_towns]
    conditions = [c for c in Condition if any((town / c.value).is_dir() for town in towns)]
    if not conditions:
        raise UserError(f"{data}: no towns here; make some with `acdepth world make {data}`")
    rows = [_row(town, conditions, frame) for town in towns]
    sheet = np.concatenate([strip for row in rows for strip in (row, row[:GAP] * 0)][:-1])
    write_bytes(out, cv2.imencode(out.suffix, sheet)[1].tobytes())


def _row(town: Path, conditions: list[Condition], frame: int) -> np.ndarray:
    name = f"{frame:06d}.png"
    pictures: list[np.ndarray] = []
    for condition in conditions:
        path = town / condition.value / "images" / name
        picture = cv2.imread(str(path)) if path.exists() else None
        if picture is None:
            raise UserError(
                f"{path}: not there or not a picture; every town needs every condition and frame {frame}"
            )
        pictures.append(picture)
    depth_path = town / conditions[0].value / "depth" / name
    depth = cv2.imread(str(depth_path), cv2.IMREAD_UNCHANGED)
    if depth is None:
        raise UserError(f"{depth_path}: not there or not a picture")
    pictures.append(colour_depth(depth / 256.0))
    gap = np.zeros((len(pictures[0]), GAP, 3), np.uint8)
    return np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], 1)
