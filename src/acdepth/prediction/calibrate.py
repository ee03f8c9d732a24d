"""What ``acdepth calibrate`` does: a picture and what was measured in it, to a checkpoint in metres."""

import math
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.images import read_image
from acdepth.core.lens import Lens
from acdepth.core.progress import say
from acdepth.core.shipped import STUDENT, or_shipped
from acdepth.inference.calibration import (
    Calibration,
    MeasuredPoint,
    by_camera_height,
    by_points,
    calibrated_card,
)
from acdepth.inference.devices import choose_device
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from acdepth.networks.checkpoint import checkpoint_file, load_checkpoint, save_with_card

FAR_APART = 1.25
"""Of the points' factors, the largest over the smallest, from which on they are doubted."""


def calibrate(
    weights: Path,
    image: Path,
    points: tuple[MeasuredPoint, ...],
    camera_height: float | None,
    lens: Lens | None,
    out: Path,
    device: str,
) -> Calibration:
    """Write to ``out`` the checkpoint whose metres are those that were measured in a picture.

    Args:
        weights: checkpoint or its folder, or ``shipped``.
        image: the picture.
        points: in it, as it was taken.
        camera_height: of the lens above the road [m], instead of points.
        lens: that took it; None if that is not known.
        out: may be ``weights`` itself.
        device: as `choose_device` takes it.

    Raises:
        UserError: if anything of it cannot be used.
    """
    if (camera_height is None) == (not points):
        remedy = "give --point X Y METRES, once or more, or --camera-height"
        raise UserError(None, "one thing must be measured", remedy)
    file = checkpoint_file(or_shipped(weights, STUDENT))
    network, card = load_checkpoint(file)
    # It is asked as it will be: the lens counts, whatever its metres were before.
    in_metres = card.model_copy(update={"metric": True, "metres": None})
    predictor = Predictor(model_of(network, in_metres, choose_device(device), name=str(weights)))
    pixels = read_image(image)
    lens = lens and lens.at_size(*pixels.shape[:2])
    camera = lens and lens.straight
    depth = predictor(lens.straighten(pixels) if lens else pixels, camera, confidence=False).depth
    if camera_height is not None:
        if camera is None:
            raise UserError(image, "--camera-height needs the lens", "give --camera or --fov")
        found = by_camera_height(depth, camera, camera_height)
    else:
        found = _by_points(depth, points, lens)
    found = found._replace(one_lens=lens is None or card.camera is None)
    save_with_card(out, file, calibrated_card(card, found))
    return found


def _by_points(depth: np.ndarray, points: tuple[MeasuredPoint, ...], lens: Lens | None) -> Calibration:
    found, said = by_points(depth, [_straight(point, lens) for point in points])
    for point, metres in zip(points, said, strict=True):
        say(f"at {point.x:g} {point.y:g}: {point.metres:g} m measured, {metres:.4g} m by the network")
    factors = [point.metres / metres for point, metres in zip(points, said, strict=True)]
    if max(factors) > FAR_APART * min(factors):
        say("the points do not agree on one factor; their median is taken: check them")
    return found


def _straight(point: MeasuredPoint, lens: Lens | None) -> MeasuredPoint:
    if lens is None:
        return point
    x, y = (float(one) for one in lens.straight_at(np.array(point.x), np.array(point.y)))
    if math.isnan(x) or math.isnan(y):
        what = "bends out of the straightened picture"
        raise UserError(f"point {point.x:g} {point.y:g}", what, "measure one nearer to the middle")
    return point._replace(x=x, y=y)
