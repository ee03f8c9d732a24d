"""examples/ros2_depth_node.py: What the node of ROS 2 makes of messages, without ROS."""

from array import array
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from examples.ros2_depth_node import MOST_POINTS, Converter

from acdepth.core.cloud import PointChoice
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from tests.inference.tiny import CAMERA, picture, tiny_card, tiny_network


def image_message(image: np.ndarray) -> SimpleNamespace:
    """As ROS hands it over, BGR with rows that are longer than their pixels."""
    height, width = image.shape[:2]
    padded = np.zeros((height, 3 * width + 4), np.uint8)
    padded[:, : 3 * width] = image[..., ::-1].reshape(height, -1)
    data = array("B", padded.tobytes())
    return SimpleNamespace(height=height, width=width, encoding="bgr8", step=3 * width + 4, data=data)


def info_message(k1: float = 0.0) -> SimpleNamespace:
    k = np.array([CAMERA.fx, 0, CAMERA.cx, 0, CAMERA.fy, CAMERA.cy, 0, 0, 1.0])
    region = SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0)
    told = {"binning_x": 0, "binning_y": 0, "roi": region, "distortion_model": "plumb_bob"}
    d, p = array("d", [k1, 0, 0, 0, 0]), np.insert(k.reshape(3, 3), 3, 0, axis=1).ravel()
    return SimpleNamespace(width=96, height=64, k=k, d=d, p=p, **told)


@pytest.fixture
def converter() -> Converter:
    predictor = Predictor(model_of(tiny_network(), tiny_card(), torch.device("cpu")))
    return Converter(predictor, PointChoice())


def test_depth_is_what_the_network_says(converter: Converter) -> None:
    answer = converter.answer(image_message(picture()))
    expected = converter.predictor(picture(), confidence=False).depth
    assert answer.depth["encoding"] == "32FC1" and answer.depth["step"] == 4 * 96
    assert isinstance(answer.depth["data"], array)
    found = np.frombuffer(answer.depth["data"], "<f4").reshape(64, 96)
    np.testing.assert_array_equal(found, expected)
    assert answer.points is None and answer.camera is None


def test_points_lie_where_the_camera_saw_them(converter: Converter) -> None:
    converter.take_camera_info(info_message())
    image = picture()
    answer = converter.answer(image_message(image))
    assert answer.points is not None and answer.camera is not None
    assert answer.points["width"] == 64 * 96 < MOST_POINTS and answer.points["point_step"] == 16
    points = np.frombuffer(answer.points["data"], np.dtype([("xyz", "<f4", 3), ("rgb", "<u4")]))
    points = points.reshape(64, 96)
    depth = np.frombuffer(answer.depth["data"], "<f4").reshape(64, 96)
    np.testing.assert_array_equal(points["xyz"][..., 2], depth)
    columns = points["xyz"][..., 0] / points["xyz"][..., 2] * CAMERA.fx + CAMERA.cx
    np.testing.assert_allclose(columns, np.tile(np.arange(96), (64, 1)), atol=1e-3)
    red, green, blue = image[10, 20].tolist()
    assert points["rgb"][10, 20] == red << 16 | green << 8 | blue
    assert answer.camera["k"].tolist() == [60, 0, 47.5, 0, 60, 31.5, 0, 0, 1]


def test_what_a_lens_bends_is_straightened(converter: Converter) -> None:
    converter.take_camera_info(info_message(k1=-0.2))
    answer = converter.answer(image_message(picture()))
    lens = converter.lens
    assert lens is not None and answer.camera is not None
    assert answer.camera["k"][0] == pytest.approx(lens.straight.fx) and not any(answer.camera["d"])
    straight = lens.straighten(picture())
    expected = converter.predictor(straight, lens.straight, confidence=False).depth
    np.testing.assert_array_equal(np.frombuffer(answer.depth["data"], "<f4").reshape(64, 96), expected)
