"""The picture at the head of the README: python benchmarks/picture.py [WEIGHTS] [--out FILE.jpg]

Three streets of the built-in world that nothing was trained on: true depth, then image and predicted depth in
clear weather, at night and in rain. Depth has one scale of colours for all pictures of a street.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from acdepth import Condition, load
from acdepth.core.prediction import colour_inverse_depth
from acdepth.world import prepare

STREETS = ((9004, "town"), (9001, "city"), (9002, "country"))
FRAME, SIZE, SHOWN = 6, (192, 320), (144, 240)
CONDITIONS = (Condition.CLEAR, Condition.NIGHT, Condition.RAIN)
HEAD = 24
"""Rows for what is written above [px]."""


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", nargs="?", default="shipped")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/student.jpg"))
    given = parser.parse_args()
    predictor = load(given.weights)
    rows = []
    for town, style in STREETS:
        drive = prepare(town, FRAME + 1, SIZE, style=style)
        frame = drive.frame(FRAME, CONDITIONS)
        depth = frame.depth.numpy()
        nearest = float(np.quantile(1 / depth[depth > 0], 0.95))
        tiles = [_coloured(depth, nearest)]
        for condition in CONDITIONS:
            image = frame.images[condition].numpy()
            tiles += [image, _coloured(predictor(image, drive.camera, confidence=False).depth, nearest)]
        rows.append(
            np.hstack([cv2.resize(tile, SHOWN[::-1], interpolation=cv2.INTER_AREA) for tile in tiles])
        )
    names = ["true depth", *(name for condition in CONDITIONS for name in (condition.value, "predicted"))]
    head = np.full((HEAD, rows[0].shape[1], 3), 255, np.uint8)
    for column, name in enumerate(names):
        place = column * SHOWN[1] + 8, HEAD - 8
        cv2.putText(head, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.imwrite(
        str(given.out),
        cv2.cvtColor(np.vstack([head, *rows]), cv2.COLOR_RGB2BGR),
        [cv2.IMWRITE_JPEG_QUALITY, 90],
    )


def _coloured(depth: np.ndarray, nearest: float) -> np.ndarray:
    return colour_inverse_depth(np.divide(1, depth, out=np.zeros_like(depth), where=depth > 0), nearest)


if __name__ == "__main__":
    main()
