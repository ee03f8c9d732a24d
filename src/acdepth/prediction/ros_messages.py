"""What we say as messages of ROS: the fields of an image, a depth image, its camera and its points.

Fields are plain values and arrays of bytes, so that any implementation of the messages takes them: that of
``rosbags``, by which MCAP files are written, or ROS's own (examples/ros2_depth_node.py).
"""

from typing import Any

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.cloud import Cloud
from acdepth.core.encoding import jpeg

FLOAT32 = 7
"""Of ``sensor_msgs/msg/PointField``."""
POINT = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("rgb", "<u4")])
"""The colour is 0x00RRGGBB, which ROS declares to be a float32."""
QUALITY = 90
"""Of JPEG."""


def depth_fields(depth: np.ndarray) -> dict[str, Any]:
    """Of an ``Image``: depth (H, W) in metres as 32FC1, as REP 118 has it; NaN where there is none."""
    height, width = depth.shape
    data = np.frombuffer(depth.astype("<f4").tobytes(), np.uint8)
    return {
        "height": height,
        "width": width,
        "encoding": "32FC1",
        "is_bigendian": 0,
        "step": 4 * width,
        "data": data,
    }


def picture_fields(image: np.ndarray) -> dict[str, Any]:
    """Of a ``CompressedImage``: uint8 (H, W, 3) RGB as JPEG."""
    return {"format": "jpeg", "data": np.frombuffer(jpeg(image, QUALITY), np.uint8)}


def camera_fields(camera: Camera) -> dict[str, Any]:
    """Of a ``CameraInfo`` without its region of interest, which is all of the image; nothing bends."""
    k = np.array([camera.fx, 0, camera.cx, 0, camera.fy, camera.cy, 0, 0, 1.0])
    return {
        "height": camera.height,
        "width": camera.width,
        "distortion_model": "plumb_bob",
        "d": np.zeros(5),
        "k": k,
        "r": np.eye(3).ravel(),
        "p": np.insert(k.reshape(3, 3), 3, 0, axis=1).ravel(),
        "binning_x": 0,
        "binning_y": 0,
    }


def points_fields(cloud: Cloud) -> dict[str, Any]:
    """Of a ``PointCloud2`` without its ``fields``, see `point_fields`: in the camera's optical frame [m]."""
    record = np.empty(len(cloud.points), POINT)
    record["x"], record["y"], record["z"] = cloud.points.T
    red, green, blue = cloud.colours.astype(np.uint32).T
    record["rgb"] = red << 16 | green << 8 | blue
    return {
        "height": 1,
        "width": len(record),
        "is_bigendian": False,
        "point_step": POINT.itemsize,
        "row_step": POINT.itemsize * len(record),
        "data": np.frombuffer(record.tobytes(), np.uint8),
        "is_dense": True,
    }


def point_fields() -> list[dict[str, Any]]:
    """Of each ``PointField`` of such a ``PointCloud2``."""
    assert POINT.names is not None
    return [
        {"name": name, "offset": 4 * place, "datatype": FLOAT32, "count": 1}
        for place, name in enumerate(POINT.names)
    ]
