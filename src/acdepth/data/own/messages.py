"""What messages of ROS say: images, lenses and motion as our own values."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.images import decode_image
from acdepth.core.lens import Lens
from acdepth.data.own.cameras import lens_from_message
from acdepth.data.own.tracks import Track, track_from_fixes

IMAGE, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
ODOMETRY, POSE = "nav_msgs/msg/Odometry", "geometry_msgs/msg/PoseStamped"
TWIST, FIX = "geometry_msgs/msg/TwistStamped", "sensor_msgs/msg/NavSatFix"
IMAGE_TYPES, MOTION_TYPES = (IMAGE, COMPRESSED), (ODOMETRY, POSE, TWIST, FIX)
ENCODINGS: dict[str, tuple[int, int | None]] = {
    "rgb8": (3, None),
    "bgr8": (3, cv2.COLOR_BGR2RGB),
    "rgba8": (4, cv2.COLOR_RGBA2RGB),
    "bgra8": (4, cv2.COLOR_BGRA2RGB),
    "mono8": (1, cv2.COLOR_GRAY2RGB),
    "8UC1": (1, cv2.COLOR_GRAY2RGB),
    "bayer_rggb8": (1, cv2.COLOR_BayerRGGB2RGB),
    "bayer_bggr8": (1, cv2.COLOR_BayerBGGR2RGB),
    "bayer_gbrg8": (1, cv2.COLOR_BayerGBRG2RGB),
    "bayer_grbg8": (1, cv2.COLOR_BayerGRBG2RGB),
    "yuv422": (2, cv2.COLOR_YUV2RGB_UYVY),
    "uyvy": (2, cv2.COLOR_YUV2RGB_UYVY),
    "yuv422_yuy2": (2, cv2.COLOR_YUV2RGB_YUY2),
    "yuyv": (2, cv2.COLOR_YUV2RGB_YUY2),
}
"""Bytes a pixel, and how they become RGB."""


def is_photograph(message: Any) -> bool:
    """Whether an image message shows colours or gray; others are depth, or have more than 8 bits."""
    if hasattr(message, "encoding"):
        return message.encoding in ENCODINGS
    return "compresseddepth" not in message.format.lower()


def picture(message: Any, where: str) -> np.ndarray:
    """The image of a message as RGB, uint8 (H, W, 3).

    Raises:
        UserError: if it is damaged, or coded in a way that is not read.
    """
    if not is_photograph(message):
        coded = getattr(message, "encoding", None) or message.format
        remedy = f"readable are JPEG, PNG and {', '.join(ENCODINGS)}"
        raise UserError(where, f"holds images coded as {coded!r}", remedy)
    if hasattr(message, "format"):
        return decode_image(message.data.tobytes(), where)
    per_pixel, conversion = ENCODINGS[message.encoding]
    height, width, step = message.height, message.width, message.step
    if step < width * per_pixel or len(message.data) < step * height or not width * height:
        what = f"{len(message.data)} bytes for {width}x{height} pixels of {message.encoding}"
        raise UserError(where, what, "copy the bag again")
    rows = message.data[: step * height].reshape(height, step)[:, : width * per_pixel]
    pixels = np.ascontiguousarray(rows if per_pixel == 1 else rows.reshape(height, width, per_pixel))
    try:
        return pixels if conversion is None else cv2.cvtColor(pixels, conversion)
    except cv2.error as error:
        what = f"{width}x{height} pixels cannot be of {message.encoding}"
        raise UserError(where, what, "copy the bag again") from error


def lens_of(infos: Sequence[Any], rectified: bool, where: str) -> Lens | None:
    """The lens that the messages of a ``camera_info`` tell; None if they say that nobody calibrated it.

    Args:
        infos: the messages, at least one.
        rectified: whether images are those that ROS has straightened, of its camera P.
        where: bag and topic, for error messages.

    Raises:
        UserError: if they tell several lenses, a part of one, or none that is known.
    """
    remedy = "put camera.yaml beside the bag"
    if (told := len({_said(info) for info in infos})) > 1:
        raise UserError(where, f"tells {told} different cameras", f"cut the bag, or {remedy}")
    info = infos[0]
    binned, region = (info.binning_x, info.binning_y), info.roi
    whole = (region.x_offset, region.y_offset) == (0, 0) and (
        (region.width, region.height) in ((0, 0), (info.width, info.height))
    )
    if max(binned) > 1 or not whole:
        raise UserError(where, "is of binned or cropped images", remedy)
    K, D, P = (_numbers(info, name) for name in "KDP")
    if not K[0]:
        return None
    size = int(info.width), int(info.height)
    if rectified:
        return lens_from_message(*size, [*P[0:3], *P[4:7], *P[8:11]], (), "", where)
    return lens_from_message(*size, K, D, info.distortion_model, where)


def _said(info: Any) -> tuple:
    numbers = (tuple(_numbers(info, name)) for name in "KDP")
    return (info.width, info.height, info.distortion_model, *numbers)


def _numbers(info: Any, name: str) -> list[float]:
    """Of a matrix; ROS 2 has its name in lower case."""
    return np.asarray(getattr(info, name, getattr(info, name.lower(), ()))).tolist()


def track_of(kind: str, times: np.ndarray, messages: Sequence[Any], where: str) -> Track:
    """Motion as messages of one of `MOTION_TYPES` tell it.

    Odometry and poses are of the robot or car, not of the camera: one a metre off its axis moves farther in a
    bend, which is left out. Of odometry the positions count, or the speeds where positions are all zero.

    Args:
        kind: type of the messages.
        times: (M,) [s]: of each.
        messages: M.
        where: bag and topic, for error messages.

    Raises:
        UserError: see `Track`.
    """
    if kind == FIX:
        values = np.array([[one.latitude, one.longitude] for one in messages], np.float64)
        values[[one.status.status < 0 for one in messages]] = np.nan  # no fix
    elif kind == TWIST:
        values = np.array([_length(one.twist.linear) for one in messages], np.float64)[:, None]
    else:
        poses = [one.pose.pose if kind == ODOMETRY else one.pose for one in messages]
        values = np.array([_xyz(pose.position) for pose in poses], np.float64)
        if kind == ODOMETRY and not values.any():
            values = np.array([_length(one.twist.twist.linear) for one in messages], np.float64)[:, None]
    rows = np.unique(times, return_index=True)[1]
    rows = rows[np.isfinite(values[rows]).all(1)]
    if values.shape[1] == 2:
        return track_from_fixes(where, times[rows], *values[rows].T)
    if values.shape[1] == 3:
        return Track(where, times[rows], positions=values[rows])
    return Track(where, times[rows], speeds=values[rows, 0])


def _xyz(vector: Any) -> tuple[float, float, float]:
    return vector.x, vector.y, vector.z


def _length(vector: Any) -> float:
    return float(np.linalg.norm(_xyz(vector)))
