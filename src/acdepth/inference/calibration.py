"""One factor on a network's depth, by what somebody measured in a picture."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.lens import check_camera_height
from acdepth.inference.metric import height_seen
from acdepth.inference.view import View
from acdepth.networks.checkpoint import CheckpointCard
from acdepth.networks.metres import Metres, in_metres

MARK = "; calibrated: "
"""Begins what a calibrated card's description says of that."""


class MeasuredPoint(NamedTuple):
    """A point of a picture, and how far it is."""

    x: float
    """Column [px]; 0 is the centre of the first."""
    y: float
    """Row [px], likewise."""
    metres: float
    """From the lens to the point along the optical axis, as a tape on the road ahead says it."""


class Calibration(NamedTuple):
    """What multiplies a network's depth, and what says so."""

    factor: float
    by: str
    """In words, such as ``2 measured points, 3 % apart``."""
    one_lens: bool = False
    """Whether the lens was not known, so that the factor makes up for it as well and holds for it alone."""


def by_points(depth: np.ndarray, points: Sequence[MeasuredPoint]) -> tuple[Calibration, np.ndarray]:
    """The median over points of metres measured over metres said.

    Args:
        depth: that a network says of the picture, (H, W) [m].
        points: in it.

    Returns:
        The calibration, and what the network says at each point, (N,) [m].

    Raises:
        UserError: if there is no point, one lies outside the picture, or a distance is none.
    """
    if not points:
        raise UserError(
            None, "nothing was measured", "give a point with its distance, or the camera's height"
        )
    said = np.array([_depth_at(depth, point) for point in points])
    factors = np.array([point.metres for point in points]) / said
    factor = float(np.median(factors))
    apart = factors.max() / factors.min() - 1
    many = f"{len(points)} measured points, {100 * apart:.0f} % apart"
    return Calibration(factor, "1 measured point" if len(points) == 1 else many), said


def _depth_at(depth: np.ndarray, point: MeasuredPoint) -> float:
    where = f"point {point.x:g} {point.y:g}"
    height, width = depth.shape
    if not (-0.5 <= point.x < width - 0.5 and -0.5 <= point.y < height - 0.5):  # NaN neither
        what = f"is not in the picture of {width}x{height} pixels"
        raise UserError(where, what, "give column, row and metres")
    if not (math.isfinite(point.metres) and point.metres > 0):
        raise UserError(where, f"{point.metres:g} is no distance", "give metres from the camera")
    return float(depth[round(point.y), round(point.x)])


def by_camera_height(depth: np.ndarray, camera: Camera, metres: float) -> Calibration:
    """The camera's height above the road over that which a network's depth, (H, W) [m], shows.

    Raises:
        UserError: if it is no such height, or no road is seen.
    """
    check_camera_height(metres, "camera height")
    seen = height_seen(torch.from_numpy(1 / depth)[None, None], View(camera.resized(*depth.shape)))
    if math.isnan(seen):
        what = "no road is seen by which the camera's height could tell metres"
        raise UserError(None, what, "give a picture that looks along a road, or a measured point")
    return Calibration(metres / seen, f"the camera is {metres:g} m above the road")


def calibrated_card(card: CheckpointCard, found: Calibration) -> CheckpointCard:
    """The card of a network with the same weights, whose depth is `Calibration.factor` times as large."""
    metres = (card.metres or Metres(source="none")).measured(found.factor, found.one_lens)
    head = card.confidence
    if head is not None:
        head = head.model_copy(update={"unit": head.unit * found.factor})
    before, _, _ = card.description.partition(MARK)
    changes = {
        "network": in_metres(card.network, found.factor),
        "metric": True,
        "metres": metres,
        "confidence": head,
        "description": f"{before}{MARK}{found.by}, depth times {found.factor:.4g}",
        "made_by": {**card.made_by, "calibration": found._asdict()},
    }
    return card.model_copy(update=changes)
