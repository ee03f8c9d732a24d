"""Pictures of a check: what the network saw, what it says, and what its depth leaves unexplained."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.prediction import colour_inverse_depth
from acdepth.core.sheet import draw_block, save_sheet
from acdepth.core.spread import spread
from acdepth.evaluation.unlabelled.answers import Answers
from acdepth.evaluation.unlabelled.moving import apart_from_motion, errors, scaled
from acdepth.evaluation.unlabelled.places import Place
from acdepth.evaluation.unlabelled.scene import find_sky

SHOWN = 6
"""Places on the sheet."""
BRIGHTEST = 0.5
"""Photometric error that is white."""
SKY = (90, 160, 255)
VEHICLE = (200, 60, 60)


def write_sheet(path: Path, seen: Sequence[Answers]) -> None:
    """Write a row for each of some places of one size, as most are."""
    alike = [answers for answers in seen if answers.place.size == seen[0].place.size]
    shown = spread(alike, SHOWN)
    columns = {
        "image; blue: taken for sky": [_image(answers.place) for answers in shown],
        "depth; bright: near": [_depth(answers) for answers in shown],
        "change to the next frame": [_left(answers, 1) for answers in shown],
        "what depth and motion leave of it": [_left(answers, 0) for answers in shown],
    }
    save_sheet(path, [draw_block(columns)])


def _image(place: Place) -> np.ndarray:
    image = place.images[0].copy()
    for part, colour in ((find_sky(place), SKY), (place.counted, None)):
        if part is not None:
            part = part if colour else ~part
            image[part] = (0.6 * image[part] + 0.4 * np.array(colour or VEHICLE)).astype(np.uint8)
    return image


def _depth(answers: Answers) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return colour_inverse_depth(1 / answers.depths[0])


def _left(answers: Answers, which: int) -> np.ndarray:
    """Error of the neighbour by depth and motion (0) or as it is (1); black also where it was not told."""
    place, depth = answers.place, answers.depths[0]
    motion = place.motions[0] if place.motions else None
    if motion is None or not answers.is_depth:
        return np.zeros((*depth.shape, 3), np.uint8)
    *both, counts = errors(place, depth, 1, scaled(motion, apart_from_motion(depth, motion)[1]))
    shades = (np.where(counts, both[which], 0) / BRIGHTEST * 255).clip(0, 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(shades, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
