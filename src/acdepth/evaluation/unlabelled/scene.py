"""What every street has: a level road below, and a sky that is farther than everything."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch

from acdepth.core.flow import slopes
from acdepth.evaluation.unlabelled.answers import Answers
from acdepth.evaluation.unlabelled.places import Place
from acdepth.geometry.flow_motion import MotionDepth
from acdepth.geometry.ground import LEAST_SLOPE, road_plane

BELOW = 1.3
"""Depth over that of the road from which a pixel lies under it."""
PLAIN = 3.0
"""Slope [gray values per pixel] that sky and thin cloud stay below."""
BRIGHT = 0.65
"""Of the image's bright end (its 95 % quantile), from which sky may be."""
DARKEST = 60
"""Gray value below which nothing is called sky: at night it cannot be told."""
LEAST_SKY = 0.02
"""Part of the image that must be sky."""


class Road(NamedTuple):
    """The road in the frames of one place; NaN where none is found."""

    heights: np.ndarray
    """(V,) of the camera above it, in units of depth."""
    pitches: np.ndarray
    """(V,) by which the camera looks down [degrees]."""
    rises: np.ndarray
    """(M,) by which the road of the first frame rises ahead against the way the camera moves to each other
    frame [degrees]; NaN where motion is not told. On a level road 0, wherever the camera looks."""
    below: float
    """Part of the pixels that look down at the road whose depth lies under it, in the first frame."""


def find_road(answers: Answers) -> Road | None:
    """None where no camera is known or depth is none."""
    place, depths = answers.place, np.stack(answers.depths)
    if place.K is None or not answers.is_depth:
        return None
    count = len(depths)
    K = torch.from_numpy(place.K).expand(count, 3, 3)
    counted = None if place.counted is None else torch.from_numpy(place.counted).expand(count, 1, -1, -1)
    plane = road_plane(torch.from_numpy(depths)[:, None], K, counted)
    normals = plane.normal.numpy()
    pitches = np.degrees(np.arctan2(normals[:, 2], normals[:, 1]))
    height = plane.height.numpy()
    rises = np.array([_rise(motion, normals[0]) for motion in place.motions])
    return Road(height, pitches, rises, _below(place, depths[0], normals[0], height[0]))


def _rise(motion: MotionDepth | None, normal: np.ndarray) -> float:
    """See `Road.rises`; ``normal`` (3,) points down to the road. NaN without motion."""
    if motion is None:
        return np.nan
    return float(np.degrees(np.arcsin(np.sign(motion.way[2]) * motion.way @ normal)))


def _below(place: Place, depth: np.ndarray, normal: np.ndarray, height: float) -> float:
    v, u = np.mgrid[: depth.shape[0], : depth.shape[1]]
    K = place.K
    assert K is not None  # as for the road itself
    slope = (u - K[0, 2]) / K[0, 0] * normal[0] + (v - K[1, 2]) / K[1, 1] * normal[1] + normal[2]
    looked_at = slope > LEAST_SLOPE
    if place.counted is not None:
        looked_at &= place.counted
    if np.isnan(height) or not looked_at.any():
        return np.nan
    return float((depth[looked_at] * slope[looked_at] > BELOW * height).mean())


def find_sky(place: Place) -> np.ndarray | None:
    """bool (h, w) of the first frame: bright and plain up to the image's top; None where too little is."""
    gray = cv2.GaussianBlur(place.gray(), (0, 0), 1.0)
    bright = gray > max(DARKEST, BRIGHT * np.quantile(gray, 0.95))
    candidate = bright & (cv2.GaussianBlur(slopes(gray), (0, 0), 1.0) < PLAIN)
    if place.counted is not None:
        candidate &= place.counted
    _, labels = cv2.connectedComponents(candidate.astype(np.uint8), connectivity=4)
    top = np.unique(labels[0])
    sky = np.isin(labels, top[top > 0])
    sky[sky.shape[0] * 6 // 10 :] = False  # what is plain below is road
    return sky if sky.mean() >= LEAST_SKY else None


def farther_than(answers: Answers, sky: np.ndarray | None) -> float:
    """Part of the rest of the first frame that is nearer than its sky; NaN where no sky is found."""
    place, depth = answers.place, answers.depths[0]
    if sky is None or not answers.is_depth:
        return np.nan
    rest = ~cv2.dilate(sky.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    if place.counted is not None:
        rest &= place.counted
    return float((depth[rest] < np.median(depth[sky])).mean()) if rest.any() else np.nan


class Shape(NamedTuple):
    """What depth maps look like, whatever the pictures."""

    finite: float
    """Part of the frames whose depth is finite and above zero."""
    contrast: float
    """Far over near within a frame (95 % over 5 % quantile), the median frame."""
    alike: float
    """Mean correlation of log depth between frames far apart; NaN for fewer than three places."""
    stuck: float
    """Part of the pixels within 1 % of the least depth of all, or of those that are no sky within 1 % of the
    largest, whichever is more."""


def find_shape(seen: Sequence[Answers], skies: Sequence[np.ndarray | None]) -> Shape:
    """Of the first frame of each place, of which the skies are known."""
    sound = [(answers.depths[0], sky) for answers, sky in zip(seen, skies, strict=True) if answers.is_depth]
    good, finite = [depth for depth, _ in sound], len(sound) / len(seen)
    if not good:
        return Shape(finite, np.nan, np.nan, np.nan)
    low, high = np.array([np.quantile(one, (0.05, 0.95)) for one in good]).T
    logs = np.array([_small_log(one).ravel() for one in good])
    least, most = min(one.min() for one in good), max(one.max() for one in good)
    # Sky belongs at the far end, and on open roads it is half the picture.
    below = [depth if sky is None else depth[~sky] for depth, sky in sound]
    ends = [
        np.mean([(one < 1.01 * least).mean() for one in good]),
        np.mean([(one > most / 1.01).mean() for one in below]),
    ]
    return Shape(finite, float(np.median(high / low)), _alike(logs), float(max(ends)))


def _small_log(depth: np.ndarray) -> np.ndarray:
    """Log depth of a frame in a few pixels (24, 40)."""
    return cv2.resize(np.log(depth).astype(np.float32), (40, 24), interpolation=cv2.INTER_AREA)


def _alike(logs: np.ndarray) -> float:
    if len(logs) < 3:
        return np.nan
    centred = logs - logs.mean(1, keepdims=True)
    norm = np.linalg.norm(centred, axis=1)
    if (norm < 1e-6).any():
        return 1.0
    correlation = centred @ centred.T / np.outer(norm, norm)
    return float(correlation[np.triu_indices(len(logs), 1)].mean())
