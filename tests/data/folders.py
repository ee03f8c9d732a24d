"""Tiny sequence folders for tests."""

from pathlib import Path

import cv2
import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.files import write_text

HEIGHT, WIDTH = 24, 40
CAMERA = Camera(30.0, 30.0, 18.0, 11.0, WIDTH, HEIGHT)


def picture(number: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """A smooth picture that no other number has, uint8 (H, W, 3)."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 5 + number, columns * 5, (rows + columns) * 2 + 3 * number], -1).astype(np.uint8)


def write_drive(
    folder: Path, count: int = 6, condition: str = "clear", speed: float = 12.0, depth: bool = False
) -> Path:
    """Write ``images/``, ``camera.yaml``, ``sequence.yaml``, ``motion.csv`` and perhaps ``depth/``."""
    (folder / "images").mkdir(parents=True)
    for number in range(count):
        cv2.imwrite(str(folder / "images" / f"{number:06d}.png"), picture(number)[..., ::-1])
        if depth:
            (folder / "depth").mkdir(exist_ok=True)
            metres = np.full((HEIGHT, WIDTH), 10 + number, np.uint16)
            cv2.imwrite(str(folder / "depth" / f"{number:06d}.png"), metres * 256)
    CAMERA.write(folder / "camera.yaml", frame_rate=12)
    write_text(folder / "sequence.yaml", f"condition: {condition}\nclass_names: [road, car]\n")
    rows = "".join(f"{number},{speed}\n" for number in range(count))
    write_text(folder / "motion.csv", "index,speed\n" + rows)
    return folder
