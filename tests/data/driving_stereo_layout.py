"""Weather subsets of a few small frames in DrivingStereo's layout."""

from pathlib import Path

import cv2
import numpy as np

from acdepth.core.files import write_text
from tests.data.folders import picture

SIDES = {"half": (40, 88), "full": (80, 176)}
"""Height and width of an image."""
FOCAL = {"half": 100.0, "full": 200.0}


def write_weather(root: Path, weather: str, names: list[str], size: str = "half", depth: bool = True) -> None:
    """Write one subset in one size; the depth of image n is n + 5 m in its upper half, nothing below."""
    height, width = SIDES[size]
    images = root / weather / f"left-image-{size}-size"
    depths = root / weather / f"depth-map-{size}-size"
    for folder in (images, depths) if depth else (images,):
        folder.mkdir(parents=True)
    for number, name in enumerate(names):
        cv2.imwrite(str(images / f"{name}.jpg"), picture(number, height, width))
        if depth:
            metres = np.zeros((height, width), np.uint16)
            metres[: height // 2] = number + 5
            cv2.imwrite(str(depths / f"{name}.png"), metres * 256)


def write_calibration(root: Path, date: str, size: str = "half") -> Path:
    """Write the calibration of one drive."""
    focal, (height, width) = FOCAL[size], SIDES[size]
    path = root / f"{size}-image-calib" / f"{date}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"calib_time: {date}", "corner_dist: 0.1"]
    for camera, shift in (("101", 0.0), ("103", -0.54 * focal)):
        matrix = [focal, 0, width / 2, shift, 0, focal, height / 2, 0, 0, 0, 1, 0]
        rows.append(f"P_rect_{camera}: " + " ".join(f"{value:.6e}" for value in matrix))
    write_text(path, "\n".join(rows) + "\n")
    return path
