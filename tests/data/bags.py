"""Bags of ROS 1, ROS 2 and MCAP, written by ``rosbags``."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rosbags import rosbag1, rosbag2
from rosbags.typesys import Stores, get_typestore

from acdepth.core.camera import Camera
from acdepth.data.own import messages as kinds

START = 1_777_636_800_000_000_000
"""[ns] since 1970: 2026-05-01T12:00:00Z."""
KINDS = ("ros1", "sqlite3", "mcap", "db3_file", "mcap_file")


class Bag:
    """Messages of topics, to be written as a bag of any of `KINDS`."""

    def __init__(self, kind: str) -> None:
        self.kind, self.is_ros1 = kind, kind == "ros1"
        self.store = get_typestore(Stores.ROS1_NOETIC if self.is_ros1 else Stores.ROS2_HUMBLE)
        self.said: list[tuple[str, str, int, Any]] = []

    def add(self, topic: str, kind: str, taken: int, received: int | None = None, **fields: Any) -> None:
        """A message with a header; times in [ns]."""
        message = self.new(kind, header=self.header(taken), **fields)
        self.said.append((topic, kind, taken if received is None else received, message))

    def new(self, kind: str, **fields: Any) -> Any:
        """A message; in ROS 1 matrices have capital names."""
        made: Any = self.store.types[kind]
        names = {name.lower(): name for name in made.__dataclass_fields__}
        return made(**{names[name]: value for name, value in fields.items()})

    def header(self, taken: int) -> Any:
        stamp = self.new("builtin_interfaces/msg/Time", sec=taken // 10**9, nanosec=taken % 10**9)
        number = {"seq": 0} if self.is_ros1 else {}
        return self.new("std_msgs/msg/Header", stamp=stamp, frame_id="camera", **number)

    def write(self, path: Path, compression: str | None = None) -> Path:
        """The bag; ``path`` without a suffix."""
        said = sorted(self.said, key=lambda one: one[2])
        if self.is_ros1:
            path = path.with_suffix(".bag")
            with rosbag1.Writer(path) as writer:
                ids = {one: writer.add_connection(*one, typestore=self.store) for one in _topics(said)}
                for topic, kind, received, message in said:
                    content = self.store.serialize_ros1(message, kind)
                    writer.write(ids[topic, kind], received, content)
            return path
        plugin = rosbag2.StoragePlugin.MCAP if "mcap" in self.kind else rosbag2.StoragePlugin.SQLITE3
        bag = rosbag2.Writer(path, version=9, storage_plugin=plugin)
        if compression:
            bag.set_compression(rosbag2.CompressionMode[compression], rosbag2.CompressionFormat.ZSTD)
        with bag as writer:
            ids = {one: writer.add_connection(*one, typestore=self.store) for one in _topics(said)}
            for topic, kind, received, message in said:
                writer.write(ids[topic, kind], received, self.store.serialize_cdr(message, kind))
        if self.kind.endswith("_file"):
            (file,) = (one for one in path.iterdir() if one.suffix in (".db3", ".mcap"))
            single = shutil.move(file, path.with_suffix(file.suffix))
            shutil.rmtree(path)
            return Path(single)
        return path

    def image(self, taken: int, pixels: np.ndarray, topic: str = "/cam/image_raw", **fields: Any) -> None:
        """uint8 (H, W, 3) RGB, or whatever ``fields`` say."""
        height, width = pixels.shape[:2]
        usual = {"height": height, "width": width, "encoding": "rgb8", "step": pixels[0].size}
        received = fields.pop("received", None)
        told = {**usual, "is_bigendian": 0, "data": pixels.ravel(), **fields}
        self.add(topic, kinds.IMAGE, taken, received, **told)

    def camera_info(self, taken: int, camera: Camera, topic: str = "/cam/camera_info", **fields: Any) -> None:
        """The camera, and zeros for what bends."""
        k = np.array([camera.fx, 0, camera.cx, 0, camera.fy, camera.cy, 0, 0, 1.0])
        p = np.insert(k.reshape(3, 3), 3, 0, axis=1).ravel()
        names = ("x_offset", "y_offset", "height", "width")
        roi = self.new("sensor_msgs/msg/RegionOfInterest", **dict.fromkeys(names, 0), do_rectify=False)
        usual = {"distortion_model": "plumb_bob", "d": np.zeros(5), "k": k, "r": np.eye(3).ravel(), "p": p}
        size = {"height": camera.height, "width": camera.width, "binning_x": 0, "binning_y": 0, "roi": roi}
        self.add(topic, kinds.CAMERA_INFO, taken, **{**usual, **size, **fields})

    def odometry(self, taken: int, xyz: Sequence[float], speed: float = 0.0, topic: str = "/odom") -> None:
        """Where the robot was and how fast."""
        pose = self.new("geometry_msgs/msg/PoseWithCovariance", pose=self.pose(xyz), covariance=np.zeros(36))
        twist = self.new(
            "geometry_msgs/msg/TwistWithCovariance", twist=self.twist(speed), covariance=np.zeros(36)
        )
        self.add(topic, kinds.ODOMETRY, taken, child_frame_id="base_link", pose=pose, twist=twist)

    def pose(self, xyz: Sequence[float]) -> Any:
        x, y, z = map(float, xyz)
        quaternion = self.new("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0)
        point = self.new("geometry_msgs/msg/Point", x=x, y=y, z=z)
        return self.new("geometry_msgs/msg/Pose", position=point, orientation=quaternion)

    def twist(self, speed: float) -> Any:
        linear, angular = (self.new("geometry_msgs/msg/Vector3", x=x, y=0.0, z=0.0) for x in (speed, 0.0))
        return self.new("geometry_msgs/msg/Twist", linear=linear, angular=angular)

    def fix(self, taken: int, latitude: float, longitude: float, status: int = 0) -> None:
        """Where a GPS receiver was."""
        told = self.new("sensor_msgs/msg/NavSatStatus", status=status, service=1)
        where = {"latitude": latitude, "longitude": longitude, "altitude": 3.0}
        covariance = {"position_covariance": np.zeros(9), "position_covariance_type": 0}
        self.add("/fix", kinds.FIX, taken, status=told, **where, **covariance)


def _topics(said: Sequence[tuple[str, str, int, Any]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((topic, kind) for topic, kind, *_ in said))
