"""A contact sheet: towns in rows, conditions in columns, coloured depth at the end."""

from pathlib import Path

import cv2
import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.images import read_depth_png16, read_image
from acdepth.core.sheet import check_sheet_name, draw_block, save_sheet


def colour_depth(depth: np.ndarray) -> np.ndarray:
    """Picture (H, W, 3) uint8 RGB of depth [m]: near is bright, none is black."""
    inverse = np.where(depth > 0, 4.0 / np.maximum(depth, 4.0), 0.0)
    shades = (255 * np.sqrt(inverse)).astype(np.uint8)
    picture = cv2.applyColorMap(shades, cv2.COLORMAP_MAGMA)[..., ::-1].copy()
    picture[depth <= 0] = 0
    return picture


def make_sheet(data: Path, out: Path, frame: int = 0, most_towns: int = 8) -> None:
    """Lay out one frame of each town below ``data`` and write it to ``out``.

    Raises:
        UserError: if ``data`` holds no sequences, a town lacks the frame, or ``out`` is no name of a picture.
    """
    check_sheet_name(out)
    if frame < 0:
        raise UserError(f"--frame {frame}", "frames are counted from 0")
    if not data.is_dir():
        raise UserError(data, "no such folder", "give one that `acdepth world make` wrote")
    towns = sorted(data.glob("town_*"))[:most_towns]
    conditions = [c for c in Condition if any((town / c.value).is_dir() for town in towns)]
    if not conditions:
        raise UserError(data, "holds no towns", "give a folder that `acdepth world make` wrote")
    columns = {c.value: [_picture(town / c.value, frame) for town in towns] for c in conditions}
    some = columns[conditions[0].value]
    for town, picture in zip(towns, some, strict=True):
        if picture.shape != some[0].shape:
            what = f"its pictures are of another size than those of {towns[0].name}"
            raise UserError(town, what, "one sheet shows one")
    places = [town / conditions[0].value / "depth" / f"{frame:06d}.png" for town in towns]
    depths = [colour_depth(read_depth_png16(place).astype(float)) for place in places]
    save_sheet(out, [draw_block({**columns, "depth": depths})])


def _picture(drive: Path, frame: int) -> np.ndarray:
    path = drive / "images" / f"{frame:06d}.png"
    try:
        return read_image(path)
    except UserError as error:
        remedy = f"every town needs every condition and frame {frame}"
        raise UserError(path, "not there or not a picture", remedy) from error
