"""What the page shows and keeps, without a browser."""

import base64
import json
import re
import struct

import numpy as np
import pytest

from acdepth.core.camera import Camera
from acdepth.core.glb import points_glb
from acdepth.core.prediction import DepthPrediction
from acdepth.serve.measured import Asked
from acdepth.serve.shelf import MOST_POINTS, Result, Shelf
from acdepth.serve.weather_tab import change
from acdepth.viewer.parts import WIDEST_READ, Layer, viewer
from tests.inference.tiny import picture

CAMERA = Camera(60.0, 60.0, 47.5, 31.5, 96, 64)
ASKED = Asked("street.png", "first", None)


def result(height: int = 64, width: int = 96, metric: bool = True) -> Result:
    depth = np.linspace(2, 59, height * width, dtype=np.float32).reshape(height, width)
    sure = np.full((height, width), 0.5, np.float32)
    return Result(picture(height, width), DepthPrediction(depth, sure, CAMERA, metric), ASKED, "metres")


def read_glb(content: bytes) -> tuple[dict, bytes]:
    magic, version, length = struct.unpack_from("<3I", content)
    assert (magic, version, length) == (0x46546C67, 2, len(content))
    size, kind = struct.unpack_from("<2I", content, 12)
    assert kind == 0x4E4F534A and size % 4 == 0
    rest = content[20 + size :]
    assert struct.unpack_from("<2I", rest) == (len(rest) - 8, 0x004E4942)
    return json.loads(content[20 : 20 + size]), rest[8:]


def test_points_come_back_from_a_glb_upright_and_in_metres():
    points = np.float32([[1, 2, 3], [-4, 5, 60]])
    scene, binary = read_glb(points_glb(points, np.uint8([[0, 128, 255], [10, 20, 30]])))
    place, colour = scene["bufferViews"]
    found = np.frombuffer(binary[: place["byteLength"]], "<f4").reshape(2, 3)
    np.testing.assert_array_equal(found, points * [1, -1, -1])
    painted = np.frombuffer(binary[colour["byteOffset"] :], np.uint8).reshape(2, 4)
    assert painted[0].tolist() == [0, 55, 255, 255]  # 128 of sRGB is 0.216 of the light
    assert scene["accessors"][0]["min"] == [-4, -5, -60] and scene["accessors"][1]["count"] == 2


def test_a_large_cloud_is_thinned_out():
    scene, _ = read_glb(result(640, 960).glb())
    assert scene["accessors"][0]["count"] == MOST_POINTS


def test_the_shelf_forgets_the_oldest_and_keeps_to_its_bytes():
    shelf = Shelf(most=3)
    names = [shelf.put(result()) for _ in range(5)]
    assert [shelf.get(name) is not None for name in names] == [False, False, True, True, True]
    assert shelf.get(None) is None and shelf.get("../" + names[-1]) is None
    small = Shelf(most=10, most_bytes=int(2.5 * result().size))
    names = [small.put(result()) for _ in range(4)]
    assert [small.get(name) is not None for name in names] == [False, False, True, True]


@pytest.mark.parametrize(("metric", "size"), [(True, (64, 96)), (False, (64, 96)), (True, (1200, 1600))])
def test_the_viewer_holds_the_depth_that_files_hold(metric, size):
    shown = result(*size, metric=metric)
    html = viewer(Layer("<b>", shown.image), Layer("depth", shown.prediction.colour()), shown.prediction)
    data = dict(re.findall(r'data-(\w+)="([^"]*)"', html))
    columns = int(data["columns"])
    depth = np.frombuffer(base64.b64decode(data["depth"]), "<u2").reshape(-1, columns) / float(data["factor"])
    assert depth.shape == size or (max(depth.shape) == WIDEST_READ and depth.shape == (720, 960))
    step = size[0] // depth.shape[0] if depth.shape == size else None
    if step:
        np.testing.assert_allclose(depth, shown.prediction.depth, atol=1 / 256)
    assert len(base64.b64decode(data["sure"])) == depth.size and "<b>" not in html


def test_a_calibrated_result_is_metric_and_as_many_times_as_far():
    twice = result(metric=False).times(2.0)
    np.testing.assert_allclose(twice.prediction.depth, 2 * result().prediction.depth)
    assert twice.prediction.metric and twice.factor == 2.0
    np.testing.assert_allclose(twice.raw, result().prediction.depth)


def test_change_is_the_median_factor_less_one():
    before = np.ones((2, 3), np.float32)
    after = np.float32([[1.5, 1 / 1.5, 1.5], [1.5, 1, 9]])
    assert change(before, after) == pytest.approx(0.5, rel=1e-5)
    assert change(before, before) == 0
