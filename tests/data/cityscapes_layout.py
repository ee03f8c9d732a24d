"""Small drives in Cityscapes' layout, with whatever packages a person may have unpacked."""

import json
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.files import write_text
from tests.data.folders import picture

HEIGHT, WIDTH = 32, 64
FX, BASELINE = 50.0, 0.25
CAMERA = {"extrinsic": {"baseline": BASELINE}, "intrinsic": {"fx": FX, "fy": 51.0, "u0": 31.0, "v0": 15.5}}


def place(root: Path, folder: str, split: str, stem: str, kind: str) -> Path:
    """Where a file stands; its folder is made."""
    path = root / folder / split / stem.rsplit("_", 2)[0] / f"{stem}_{kind}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_annotated(root: Path, split: str, stems: Iterable[str], fog: Iterable[str] = ()) -> None:
    """Images with camera and disparity, clear and in fogs of some ``beta``.

    Disparity is 5 pixels in the upper half, and none below: 0, but in a pixel 1, which means 0 pixels.
    """
    for stem in stems:
        number = int(stem.rsplit("_", 1)[1])
        cv2.imwrite(str(place(root, "leftImg8bit", split, stem, "leftImg8bit.png")), _image(number))
        for beta in fog:
            kind = f"leftImg8bit_foggy_beta_{beta}.png"
            cv2.imwrite(str(place(root, "leftImg8bit_foggy", split, stem, kind)), _image(number) // 2)
        write_text(place(root, "camera", split, stem, "camera.json"), json.dumps(CAMERA))
        steps = np.zeros((HEIGHT, WIDTH), np.uint16)
        steps[: HEIGHT // 2], steps[-1, -1] = 5 * 256 + 1, 1
        cv2.imwrite(str(place(root, "disparity", split, stem, "disparity.png")), steps)


def write_video(root: Path, split: str, stems: Iterable[str], speed: float | None = 10.0) -> None:
    """Images of a video; their speeds grow by 1 m/s from one to the next, unless there are none."""
    for place_in_video, stem in enumerate(stems):
        number = int(stem.rsplit("_", 1)[1])
        file = place(root, "leftImg8bit_sequence", split, stem, "leftImg8bit.png")
        cv2.imwrite(str(file), _image(number))
        if speed is not None:
            vehicle = {"speed": speed + place_in_video, "yawRate": 0.0}
            write_text(place(root, "vehicle_sequence", split, stem, "vehicle.json"), json.dumps(vehicle))


def _image(number: int) -> np.ndarray:
    return picture(number, HEIGHT, WIDTH)[..., ::-1]
