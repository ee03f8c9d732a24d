"""Depth of a video that does not flicker: each frame is corrected by what the frames before it said.

The last frame's depth is a cloud of points. How the camera moved since is found from optical flow and that
depth, which is then seen from the new place. Where images and depths agree that it is the same, static thing,
the new depth is drawn towards it. What moves by itself keeps the depth of its own frame.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.flow import dense_flow, followed, slopes
from acdepth.core.prediction import DepthPrediction
from acdepth.core.resize import at_most_wide
from acdepth.geometry.resection import Resection, depth_in_target, resect

MEMORY = 0.25
"""Time in which what was said before loses 63 % of its weight [s]."""
USUAL_INTERVAL = 0.04
"""Between frames that tell no times [s]."""
WIDTH = 320
"""Width that all is compared at [px]; smaller images stay as they are."""
FOCAL = 0.8
"""Focal length over the image's width where no camera is known; the motion that is found makes up for it."""
FOLLOWED = 1.0
"""Farthest from where it started that a pixel may end which is followed there and back [px]."""
TEXTURE = 2.0
"""Least slope of a pixel that motion is found from [gray values per pixel]."""
MOST_POINTS, FEWEST_POINTS = 2500, 300
"""That motion is found from; below the fewest it is not looked for."""
LEAST_FOLLOWED = 0.3
"""Part of the textured pixels that must be; else it is another scene, where it was at most 0.2."""
SOFT = 1.0
"""Distance from where the motion puts it at which a point weighs half [px]."""
STATIC = 2.0
"""Below that distance it counts as static [px]."""
LEAST_STATIC = 0.5
"""Part of the points that must be; else nothing tells what the camera did."""
DISAGREES = 0.12
"""Difference of log depth, beyond that of the frame's scale, at which the past weighs half."""
LOOKS = 2.0
"""Standard deviation of the window in which images are compared [px]."""
DIFFERS = 4.0
"""Times the frame's median difference between the images at which the past weighs half: rain and noise are
in the median, and what moves stands out."""
LEAST_DIFFERENCE = 1.0
"""That median is taken to be at least this [gray values]."""


class _Past(NamedTuple):
    """A frame as the next one needs it; both (h, w)."""

    gray: np.ndarray
    log_depth: np.ndarray
    time: float


class Steady:
    """Steadies the depth of the frames of one clip, given in order; make another for another clip.

    A new scene, a lost view or a long pause starts anew by itself: there the frame's own depth stays.

    >>> import numpy as np
    >>> import acdepth
    >>> predictor, steady = acdepth.load("shipped", device="cpu"), acdepth.Steady()
    >>> frames = [np.full((96, 160, 3), 128, np.uint8)] * 2
    >>> [steady(frame, predictor(frame), time / 25).depth.shape for time, frame in enumerate(frames)]
    [(96, 160), (96, 160)]

    Args:
        memory: time in which what was said before loses 63 % of its weight [s]; longer is steadier, and
            follows later what the network learns about a scene.
    """

    def __init__(self, memory: float = MEMORY) -> None:
        self.memory = memory
        self._past: _Past | None = None

    def __call__(
        self, image: np.ndarray, prediction: DepthPrediction, time: float | None = None
    ) -> DepthPrediction:
        """The prediction, its depth drawn towards what earlier frames said.

        Args:
            image: uint8 (H, W, 3) RGB, that was predicted.
            prediction: of the image.
            time: when it was taken [s], from any origin; without, 1/25 s after the one before.
        """
        return corrected(prediction, self.correction(image, prediction, time))

    def correction(
        self, image: np.ndarray, prediction: DepthPrediction, time: float | None = None
    ) -> np.ndarray | None:
        """What is to be added to log depth, float32 (h, w), for `corrected`; None where nothing is.

        Only this needs the frames in order. Arguments as for a call.
        """
        past = self._past
        gray = at_most_wide(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), WIDTH)
        small = cv2.resize(prediction.depth, gray.shape[::-1], interpolation=cv2.INTER_AREA)
        log_depth = np.log(small)
        if time is None:
            time = past.time + USUAL_INTERVAL if past else 0.0
        correction = None
        if past is not None and past.gray.shape == gray.shape and time > past.time:
            found = _compare(past, gray, log_depth, _small_camera(prediction.camera, gray.shape))
            if found is not None:
                correction = math.exp(-(time - past.time) / self.memory) * found
        self._past = _Past(gray, log_depth if correction is None else log_depth + correction, time)
        return correction


def corrected(prediction: DepthPrediction, correction: np.ndarray | None) -> DepthPrediction:
    """A prediction with what `Steady.correction` found for it; its edges stay where they are."""
    if correction is None:
        return prediction
    full = cv2.resize(correction, prediction.depth.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return replace(prediction, depth=prediction.depth * np.exp(full))


def _small_camera(camera: Camera | None, size: tuple[int, ...]) -> Camera:
    height, width = size
    return camera.resized(height, width) if camera else Camera.central(FOCAL * width, height, width)


def _compare(past: _Past, gray: np.ndarray, log_depth: np.ndarray, camera: Camera) -> np.ndarray | None:
    """What would be added to log depth (h, w) if the past were all that counts; None of another scene."""
    row, column = np.mgrid[: gray.shape[0], : gray.shape[1]].astype(np.float32)
    rays = _rays(column, row, camera)
    found = _motion(past, gray, log_depth, camera, rays)
    if found is None:
        return None
    motion, scale = found
    # Where the past saw what each pixel shows, by the frame's depth in the past's scale.
    points = (rays @ motion.rotation.T) * np.exp(log_depth + scale)[..., None] + motion.translation
    ahead = points[..., 2] > 0
    z = np.where(ahead, points[..., 2], 1.0)
    x = points[..., 0] / z * camera.fx + camera.cx
    y = points[..., 1] / z * camera.fy + camera.cy
    inside = ahead & (x >= 0) & (x <= gray.shape[1] - 1) & (y >= 0) & (y <= gray.shape[0] - 1)
    before = depth_in_target(motion, rays.reshape(-1, 3), np.exp(_at(past.log_depth, x, y)).ravel())
    apart = np.log(before).reshape(gray.shape) - log_depth - scale
    difference = cv2.GaussianBlur(cv2.absdiff(gray, _at(past.gray, x, y)).astype(np.float32), (0, 0), LOOKS)
    usual = max(float(np.median(difference[inside])) if inside.any() else 0.0, LEAST_DIFFERENCE)
    trust = inside / (1 + (apart / DISAGREES) ** 2) / (1 + (difference / (DIFFERS * usual)) ** 4)
    return (scale + trust * apart).astype(np.float32)


def _motion(
    past: _Past, gray: np.ndarray, log_depth: np.ndarray, camera: Camera, rays: np.ndarray
) -> tuple[Resection, float] | None:
    """The camera's motion to the past, in its scale, and the log of that scale over the frame's own."""
    there, back = dense_flow(gray, past.gray), dense_flow(past.gray, gray)
    textured = slopes(gray) > TEXTURE
    used = followed(there, back, FOLLOWED) & textured
    row, column = np.nonzero(used)
    if len(row) < max(FEWEST_POINTS, LEAST_FOLLOWED * textured.sum()):
        return None
    every = math.ceil(len(row) / MOST_POINTS)
    row, column = row[::every], column[::every]
    x, y = column + there[row, column, 0], row + there[row, column, 1]
    depth = np.exp(_at(past.log_depth, x[None], y[None])[0].astype(float))
    seen = rays[row, column]
    source = _rays(x, y, camera)[:, :2].astype(float)
    motion = resect(seen[:, :2].astype(float), source, depth, SOFT / camera.fx)
    static = motion.off * camera.fx < STATIC
    if static.mean() < LEAST_STATIC:
        return None
    scales = np.log(depth_in_target(motion, seen, depth)) - log_depth[row, column]
    return motion, float(np.median(scales[static]))


def _rays(x: np.ndarray, y: np.ndarray, camera: Camera) -> np.ndarray:
    """(..., 3) of depth 1 through pixels."""
    return np.stack([(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, np.ones_like(x)], -1)


def _at(values: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """An image's values at places; of places outside those of its border."""
    places = x.astype(np.float32), y.astype(np.float32)
    return cv2.remap(values, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
