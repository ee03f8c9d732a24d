"""What predicted depth says of neighbouring frames, held against how the camera moved."""

from typing import NamedTuple

import cv2
import numpy as np
import torch

from acdepth.evaluation.unlabelled.answers import Answers
from acdepth.evaluation.unlabelled.places import Place
from acdepth.geometry.flow_motion import MotionDepth
from acdepth.geometry.photometric import photometric_error
from acdepth.geometry.triangulate import rays_of
from acdepth.geometry.warp import warp

MOST_APART = 1.0
"""Up to which a pixel's log ratio counts: one wild pixel is no worse than a useless one."""
MOST_WEIGHT = 4.0
"""Shift [px] above which a pixel's distance is told as well as can be."""
CELL = 16
"""Side [px] of the squares that count alike however much texture they have."""
IN_VIEW = 0.999
CAMERA_HEIGHT, HORIZON = 1.5, 60.0
"""Of a bare level road, and how far it goes on before it is a wall; of their ratio alone anything depends."""
TRIED = (-0.6, -0.3, 0.0, 0.3, 0.6)
"""Logarithms of lengths of motion over that which fits depth, of which the best is taken."""


class PairNumbers(NamedTuple):
    """What one pair of views says; `apart` and `same_point` are 0 for true depth."""

    apart: float
    """Mean |log| of predicted depth over depth by motion, the scale taken out."""
    explained: float
    """1 - error of the warped neighbour over that of the neighbour as it is."""
    by_wall: float
    """The same, were everything as far away as everything else."""
    by_road: float
    """The same, were everything a bare level road with a wall at its end."""
    same_point: float
    """Median |log| of a point's depth carried to the other frame over the depth there."""
    scale: float
    """Predicted over true length of the motion's unit: the motion's length as depth has it."""


def compare(answers: Answers, number: int) -> PairNumbers | None:
    """The first frame of a place and its ``number``-th; None where no motion is told."""
    place, depths = answers.place, answers.depths
    motion = place.motions[number - 1]
    if motion is None or not answers.is_depth:
        return None
    apart, scale = apart_from_motion(depths[0], motion)
    tried = (depths[0], np.full_like(depths[0], HORIZON), _bare_road(place))
    explained, by_wall, by_road = (_explained(place, one, number, motion) for one in tried)
    same_point = _same_point(place, depths[0], depths[number], scaled(motion, scale))
    return PairNumbers(apart, explained, by_wall, by_road, same_point, scale)


def _explained(place: Place, depth: np.ndarray, number: int, motion: MotionDepth) -> float:
    _, scale = apart_from_motion(depth, motion)
    found = []
    for longer in TRIED:
        by_depth, standing, counts = errors(place, depth, number, scaled(motion, scale * np.exp(longer)))
        found.append(1 - by_depth[counts].sum() / max(standing[counts].sum(), 1e-9))
    return float(max(found))


def _bare_road(place: Place) -> np.ndarray:
    """Depth (h, w) of a street with nothing on it."""
    K = place.K
    assert K is not None  # there is motion only where a camera is known
    height, width = place.size
    down = (np.arange(height) - K[1, 2]) / K[1, 1]
    depth = CAMERA_HEIGHT / down.clip(min=CAMERA_HEIGHT / HORIZON)
    return np.repeat(depth[:, None], width, 1).astype(np.float32)


def scaled(motion: MotionDepth, scale: float) -> np.ndarray:
    """The motion with its length, (4, 4)."""
    T = motion.T_target_to_source.copy()
    T[:3, 3] *= scale
    return T


def apart_from_motion(depth: np.ndarray, motion: MotionDepth) -> tuple[float, float]:
    """`PairNumbers.apart` and the scale that was taken out, of depth (h, w)."""
    ratio = np.log(depth[motion.row, motion.column] / motion.depth)
    cell = motion.row // CELL * 1000 + motion.column // CELL
    _, which, counts = np.unique(cell, return_inverse=True, return_counts=True)
    weight = motion.parallax.clip(max=MOST_WEIGHT) / counts[which]
    scale = _median(ratio, weight)
    return float(np.average(np.abs(ratio - scale).clip(max=MOST_APART), weights=weight)), float(np.exp(scale))


def errors(
    place: Place, depth: np.ndarray, number: int, T: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Photometric error (h, w) of the ``number``-th frame seen from the first by its depth (h, w), and of it
    as it is; and the pixels that count: in view, and not of the vehicle."""
    target, source = (_as_tensor(place.images[one]) for one in (0, number))
    K, motion = (torch.from_numpy(one)[None].float() for one in (place.K, T))
    inverse = torch.from_numpy(1 / depth)[None, None].float()
    counted = np.ones(place.size, np.float32) if place.counted is None else place.counted.astype(np.float32)
    seen = warp(torch.cat([source, torch.from_numpy(counted)[None, None]], 1), inverse, K, motion)
    by_depth, standing = (photometric_error(one, target)[0, 0].numpy() for one in (seen[:, :3], source))
    # The error looks at windows of 3x3, of which every pixel must be in view.
    known = np.minimum(counted, seen[0, 3].numpy() > IN_VIEW)
    return by_depth, standing, cv2.erode(known, np.ones((3, 3), np.uint8), borderValue=1) > 0


def _as_tensor(image: np.ndarray) -> torch.Tensor:
    """uint8 (h, w, 3) as float (1, 3, h, w) in 0..1."""
    return torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255


def _same_point(place: Place, depth: np.ndarray, other: np.ndarray, T: np.ndarray) -> float:
    height, width = depth.shape
    v, u = (one.ravel() for one in np.mgrid[0:height:2, 0:width:2])
    if place.counted is not None:
        v, u = v[place.counted[v, u]], u[place.counted[v, u]]
    K = place.K
    assert K is not None  # there is motion only where a camera is known
    points = T[:3, :3] @ (rays_of(u, v, K).T * depth[v, u]) + T[:3, 3:]
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = (K[axis, axis] * points[axis] / points[2] + K[axis, 2] for axis in (0, 1))
    seen = (points[2] > 0) & (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    if seen.sum() < 100:
        return np.nan
    column, row = (one[seen].astype(np.float32)[:, None] for one in (x, y))
    there = cv2.remap(np.log(other).astype(np.float32), column, row, cv2.INTER_LINEAR)
    return float(np.median(np.abs(there[:, 0] - np.log(points[2][seen]))))


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
