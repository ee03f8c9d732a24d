"""MCAP with messages of ROS 2, which Foxglove, Rerun, ``ros2 bag`` and ourselves read."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
from mcap.writer import Writer
from rosbags.typesys import Stores, get_typestore

from acdepth.core.prediction import DepthPrediction
from acdepth.prediction import ros_messages as say
from acdepth.prediction.options import Options
from acdepth.prediction.recordings import MOST_POINTS, Recording

TOPICS = {
    "/acdepth/image/compressed": "sensor_msgs/msg/CompressedImage",
    "/acdepth/camera_info": "sensor_msgs/msg/CameraInfo",
    "/acdepth/depth": "sensor_msgs/msg/Image",
    "/acdepth/points": "sensor_msgs/msg/PointCloud2",
}


class McapFile(Recording):
    """Of each frame image, depth, and where the camera is known its intrinsics and points.

    All carry the stamp of the image, by which they are also put on the time line, so that they stand beside
    what else a robot recorded.

    Args:
        path: of the file.
        options: which points.
        frame: of the camera, of all messages.
    """

    def __init__(self, path: Path, options: Options, frame: str) -> None:
        self._options, self._frame = options, frame
        self._types = get_typestore(Stores.ROS2_HUMBLE)
        self._lock = threading.Lock()
        self._writer = Writer(str(path))
        self._writer.start(profile="ros2", library="acdepth")
        self._channels = {topic: self._channel(topic, kind) for topic, kind in TOPICS.items()}

    def _channel(self, topic: str, kind: str) -> int:
        definition, _ = self._types.generate_msgdef(kind, ros_version=2)
        schema = self._writer.register_schema(kind, "ros2msg", definition.encode())
        return self._writer.register_channel(topic, "cdr", schema, {"offered_qos_profiles": ""})

    def add(self, stamp: int, image: np.ndarray, prediction: DepthPrediction) -> None:
        """See `Recording.add`."""
        choice = self._options.points_in("mcap", prediction.metric)
        said = {
            "/acdepth/image/compressed": say.picture_fields(image),
            "/acdepth/depth": say.depth_fields(prediction.depth),
        }
        if prediction.camera is not None:
            camera = prediction.camera.resized(*prediction.depth.shape)
            names = ("x_offset", "y_offset", "height", "width")
            region = self._new(
                "sensor_msgs/msg/RegionOfInterest", **dict.fromkeys(names, 0), do_rectify=False
            )
            said["/acdepth/camera_info"] = {**say.camera_fields(camera), "roi": region}
            cloud = prediction.cloud(image, choice).thinned(MOST_POINTS)
            fields = [self._new("sensor_msgs/msg/PointField", **one) for one in say.point_fields()]
            said["/acdepth/points"] = {**say.points_fields(cloud), "fields": fields}
        messages = [(topic, self._serialized(topic, stamp, fields)) for topic, fields in said.items()]
        with self._lock:
            for topic, content in messages:
                self._writer.add_message(self._channels[topic], stamp, content, stamp)

    def close(self) -> None:
        """Write the index."""
        self._writer.finish()

    def _serialized(self, topic: str, stamp: int, fields: dict[str, Any]) -> bytes:
        time = self._new("builtin_interfaces/msg/Time", sec=stamp // 10**9, nanosec=stamp % 10**9)
        header = self._new("std_msgs/msg/Header", stamp=time, frame_id=self._frame)
        message = self._new(TOPICS[topic], header=header, **fields)
        return bytes(self._types.serialize_cdr(message, TOPICS[topic]))

    def _new(self, kind: str, **fields: Any) -> Any:
        return self._types.types[kind](**fields)
