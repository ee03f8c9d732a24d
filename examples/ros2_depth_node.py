"""A node of ROS 2: images of a camera in, depth in metres and points out.

It is one file and needs no package of ROS around it:

    source /opt/ros/jazzy/setup.bash
    python ros2_depth_node.py --ros-args -r image:=/camera/image_raw -r camera_info:=/camera/camera_info

| topic | type | |
|---|---|---|
| ``image`` | sensor_msgs/Image | in: RGB, BGR, gray, Bayer or YUV |
| ``camera_info`` | sensor_msgs/CameraInfo | in: the lens; images that it bends are straightened |
| ``depth/image`` | sensor_msgs/Image | out: 32FC1, metres along the optical axis (REP 118) |
| ``depth/camera_info`` | sensor_msgs/CameraInfo | out: of the straightened image |
| ``depth/points`` | sensor_msgs/PointCloud2 | out: x right, y down, z forward, optical frame |

Parameters: ``weights`` (a checkpoint, or ``shipped``), ``device``, ``max_depth`` [m], ``min_confidence`` of
points. Every answer carries the header of its image. The queue holds one image: while the network answers,
older ones are dropped.
"""

from array import array
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

import acdepth
from acdepth.core.cloud import PointChoice
from acdepth.data.own.messages import lens_of, picture
from acdepth.prediction import camera_fields, depth_fields, point_fields, points_fields

MOST_POINTS = 100_000
"""Of an image: 1.6 MB."""


class Answer(NamedTuple):
    """Fields of the messages that go out."""

    depth: dict[str, Any]
    camera: dict[str, Any] | None
    points: dict[str, Any] | None
    """None while no lens is known."""


class Converter:
    """From messages to messages; knows nothing of ROS but their fields."""

    def __init__(self, predictor: acdepth.Predictor, choice: PointChoice) -> None:
        self.predictor, self.choice = predictor, choice
        self.lens: acdepth.Lens | None = None

    def take_camera_info(self, message: Any) -> None:
        """Remember the lens of the images to come."""
        self.lens = lens_of([message], False, "camera_info")

    def answer(self, message: Any) -> Answer:
        """Depth and points of an image."""
        image = picture(with_bytes(message), "image")
        lens = self.lens and self.lens.at_size(*image.shape[:2])
        if lens is not None:
            image = lens.straighten(image)
        sure = self.choice.least_confidence > 0
        found = self.predictor(image, lens and lens.straight, confidence=sure)
        depth = as_ros(depth_fields(found.depth))
        if found.camera is None:
            return Answer(depth, None, None)
        cloud = found.cloud(image, self.choice).thinned(MOST_POINTS)
        camera = found.camera.resized(*found.depth.shape)
        return Answer(depth, as_ros(camera_fields(camera)), as_ros(points_fields(cloud)))


def with_bytes(message: Any) -> Any:
    """An image whose data is an array, as ROS has it, with numbers that NumPy can take without copying."""
    names = ("height", "width", "encoding", "step")
    data = np.frombuffer(message.data, np.uint8)
    return SimpleNamespace(**{name: getattr(message, name) for name in names}, data=data)


def as_ros(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as the classes of ROS take them: arrays of any length are Python's own."""
    changed = dict(fields)
    for name, kind in (("data", "B"), ("d", "d")):
        if name in fields:
            changed[name] = array(kind)
            changed[name].frombytes(fields[name].tobytes())
    return changed


def main() -> None:
    """Spin until Ctrl-C."""
    import rclpy
    from rclpy.qos import QoSProfile, ReliabilityPolicy
    from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField

    rclpy.init()
    node = rclpy.create_node("acdepth")

    def parameter(name: str, default: Any) -> Any:
        return node.declare_parameter(name, default).value

    predictor = acdepth.load(parameter("weights", "shipped"), device=parameter("device", "auto"))
    choice = PointChoice(parameter("max_depth", 80.0), parameter("min_confidence", 0.0))
    converter = Converter(predictor, choice)
    newest = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    depths = node.create_publisher(Image, "depth/image", 1)
    cameras = node.create_publisher(CameraInfo, "depth/camera_info", 1)
    clouds = node.create_publisher(PointCloud2, "depth/points", 1)

    def on_image(message: Any) -> None:
        try:
            answer = converter.answer(message)
        except acdepth.UserError as error:
            node.get_logger().error(str(error), throttle_duration_sec=5.0)
            return
        depths.publish(Image(header=message.header, **answer.depth))
        if answer.camera is not None and answer.points is not None:
            cameras.publish(CameraInfo(header=message.header, **answer.camera))
            fields = [PointField(**one) for one in point_fields()]
            clouds.publish(PointCloud2(header=message.header, fields=fields, **answer.points))

    node.create_subscription(CameraInfo, "camera_info", converter.take_camera_info, newest)
    node.create_subscription(Image, "image", on_image, newest)
    node.get_logger().info(predictor.describe_scale())
    try:
        rclpy.spin(node)
    except KeyboardInterrupt:
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
