"""From relative inverse depth, of unknown scale and shift, to metres: by what is known of the image."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from acdepth.core.errors import UserError
from acdepth.geometry.ground import road_plane
from acdepth.inference.two_views import SparseDepth, depth_by_motion
from acdepth.inference.view import View

LEAST_POINTS = 60
"""Whose depth by motion must agree with the model's."""
ROUNDS = 10
"""Of least squares with weights from the round before."""
LARGEST_ERROR = 0.4
"""Median error of the points that fit over the median of what they say; more is no agreement."""
REMEDY = "give camera.yaml with camera_height, a drive with speeds or poses, or a model that says metres"


class NoMetres(UserError):
    """An image that tells no metres, though others of the footage may."""


class InMetres(NamedTuple):
    """What makes 1/m of the relative inverse depth of one image."""

    scale: float
    shift: float

    def of(self, relative: Tensor) -> Tensor:
        """Inverse depth [1/m] of relative inverse depth, of any shape."""
        return self.scale * relative + self.shift


def find_metres(relative: Tensor, image: np.ndarray, view: View) -> InMetres:
    """What brings the relative inverse depth (1, 1, H, W) of an image to metres.

    Where lengths of motion are known, scale and shift are those with which the model agrees best with the
    points that two images place. Where they are not, or this image does not show them, the camera's height
    above the road tells the scale, and the model's own zero counts as infinitely far, because one image does
    not tell a shift from a camera that nods.

    Raises:
        NoMetres: if this image does not show it.
        UserError: if nothing is known that tells metres.
    """
    refuse_unknown(view)
    if view.other is not None and view.camera is not None and view.moved is not None:
        try:
            other = _read_other(view.other, view.key)
            points = depth_by_motion(image, other, view.camera, view.moved, view.own)
            return fit_to_points(relative[0, 0].cpu().numpy(), points, view.key)
        except NoMetres:
            if view.camera_height is None:
                raise
    if view.camera_height is not None:
        return InMetres(_scale_by_road(relative, view), 0.0)
    raise NoMetres(view.key, "the camera stands, or how far it moves here is not known")


def refuse_unknown(view: View) -> None:
    """Raise `UserError` if nothing is known of a view that tells metres."""
    if view.camera is None or not (view.knows_lengths or view.camera_height is not None):
        what = "a relative model says what is nearer, not how far anything is"
        raise UserError(view.key, what, REMEDY)


def fit_to_points(relative: np.ndarray, points: SparseDepth, key: str | None = None) -> InMetres:
    """Scale and shift of relative inverse depth (H, W) that agree best with some points [1/m].

    Least squares with Tukey's weights, which leave out what moves by itself.

    Raises:
        NoMetres: if too few points agree with the model.
    """
    columns, rows = (np.round(one).astype(int) for one in (points.x, points.y))
    said, truth, certainty = relative[rows, columns].astype(float), points.inverse_depth, points.certainty
    if len(said) < LEAST_POINTS:
        raise NoMetres(key, f"the motion of {len(said)} points only can be followed", "the camera may stand")
    scale, shift = _first_guess(said, truth)
    weights = np.ones(len(said))
    for _ in range(ROUNDS):
        apart = np.abs(scale * said + shift - truth) * certainty
        width = max(float(np.median(apart)), 1e-12) * 4.685 / 0.6745
        weights = (1 - (apart / width) ** 2).clip(min=0) ** 2
        by = np.sqrt(weights) * certainty
        design = np.stack([said, np.ones(len(said))], 1) * by[:, None]
        (scale, shift), *_ = np.linalg.lstsq(design, truth * by, rcond=None)
    agree = weights > 0
    error = np.abs(scale * said + shift - truth)[agree]
    if scale <= 0 or agree.sum() < LEAST_POINTS or np.median(error) > LARGEST_ERROR * np.median(truth[agree]):
        raise NoMetres(key, "its motion and the model's depth do not agree", "does the camera stand or turn?")
    return InMetres(float(scale), float(shift))


def _read_other(read: Callable[[], np.ndarray], key: str | None) -> np.ndarray:
    try:
        return read()
    except UserError as error:
        what = f"the image that its motion would be told by cannot be read ({error})"
        raise NoMetres(key, what) from error


def _first_guess(said: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """The median over pairs of points that the model puts far apart (Theil and Sen)."""
    order = np.argsort(said, kind="stable")
    half = len(order) // 2
    near, far = order[-half:], order[:half]
    apart = said[near] - said[far]
    wide = apart > 1e-9 * max(float(np.abs(said).max()), 1e-30)
    scale = float(np.median((truth[near] - truth[far])[wide] / apart[wide])) if wide.any() else 0.0
    return scale, float(np.median(truth - scale * said))


def height_seen(inverse_depth: Tensor, view: View) -> float:
    """How high above the road the camera is by inverse depth (1, 1, H, W) of any unit; NaN without a road."""
    camera = view.camera
    assert camera is not None
    intrinsics = camera.matrix(torch.float64)[None]
    counted = None if view.own is None else torch.from_numpy(~view.own)[None, None]
    depth = torch.where(inverse_depth > 0, 1 / inverse_depth, 0.0).cpu()
    return float(road_plane(depth, intrinsics, counted).height)


def _scale_by_road(relative: Tensor, view: View) -> float:
    seen = height_seen(relative, view)
    if np.isnan(seen) or view.camera_height is None:
        what = "no road is seen from which the camera's height would tell metres"
        raise NoMetres(view.key, what, "does the camera look along a road?")
    return seen / view.camera_height
