"""Points that are chosen, and files that hold them."""

import json
import struct
import zlib

import numpy as np
import pytest

from acdepth.core.camera import Camera
from acdepth.core.cloud import Cloud, PointChoice
from acdepth.core.errors import UserError
from acdepth.core.exr import depth_exr
from acdepth.core.prediction import DepthPrediction

CAMERA = Camera(60.0, 60.0, 47.5, 31.5, 96, 64)


def prediction(sure: bool = True) -> DepthPrediction:
    depth = np.linspace(2, 100, 64 * 96, dtype=np.float32).reshape(64, 96)
    confidence = np.linspace(0, 1, 64 * 96, dtype=np.float32).reshape(64, 96) if sure else None
    return DepthPrediction(depth, confidence, CAMERA, True)


def test_far_and_unsure_points_are_left_out() -> None:
    image = np.arange(64 * 96 * 3, dtype=np.uint32).astype(np.uint8).reshape(64, 96, 3)
    found = prediction().cloud(image, PointChoice(farthest=51.0, least_confidence=0.25))
    depth, sure = prediction().depth, prediction().confidence
    kept = (depth <= 51) & (sure >= 0.25)
    assert 0 < kept.sum() < kept.size / 3
    np.testing.assert_array_equal(found.points[:, 2], depth[kept])
    np.testing.assert_array_equal(found.colours, image[kept])
    assert found.spread == pytest.approx(1 / 60)
    assert len(prediction(sure=False).cloud(image).points) == 64 * 96
    with pytest.raises(UserError, match="chosen by confidence, and there is none"):
        prediction(sure=False).cloud(image, PointChoice(least_confidence=0.5))


def test_fewer_points_stand_for_more_of_the_picture() -> None:
    whole = Cloud(np.random.rand(400, 3).astype(np.float32), np.zeros((400, 3), np.uint8), 0.01)
    assert whole.thinned(400) is whole
    thin = whole.thinned(100)
    assert len(thin.points) == 100 and thin.spread == pytest.approx(0.02)


def read_exr(content: bytes) -> np.ndarray:
    """Depth of a file, by the letter of OpenEXR's layout."""
    assert struct.unpack_from("<2i", content) == (20000630, 2)
    place, found = 8, {}
    while content[place]:
        name, kind = (part.decode() for part in content[place:].split(b"\0", 2)[:2])
        place += len(name) + len(kind) + 2
        (size,) = struct.unpack_from("<i", content, place)
        found[name] = content[place + 4 : place + 4 + size]
        place += 4 + size
    assert found["channels"][:2] == b"Z\0" and found["compression"] == b"\3"
    _, _, right, low = struct.unpack("<4i", found["dataWindow"])
    depth = np.zeros((low + 1, right + 1), np.float32)
    blocks = -(-len(depth) // 16)
    for start in struct.unpack_from(f"<{blocks}Q", content, place + 1):
        row, size = struct.unpack_from("<2i", content, start)
        rows = depth[row : row + 16]
        packed = content[start + 8 : start + 8 + size]
        if size < rows.nbytes:
            steps = np.frombuffer(zlib.decompress(packed), np.uint8).astype(np.int64)
            steps[1:] -= 128
            parted = (np.cumsum(steps) % 256).astype(np.uint8)
            plain = np.empty_like(parted)
            plain[0::2], plain[1::2] = np.split(parted, 2)
            packed = plain.tobytes()
        rows[:] = np.frombuffer(packed, "<f4").reshape(rows.shape)
    return depth


@pytest.mark.parametrize("height", [64, 37])
def test_exr_holds_every_bit(height: int) -> None:
    smooth = prediction().depth[:height]
    noise = np.random.default_rng(0).integers(0, 2**31, (height, 96)).astype(np.uint32).view(np.float32)
    for depth in (smooth, noise):
        np.testing.assert_array_equal(read_exr(depth_exr(depth)).view(np.uint32), depth.view(np.uint32))
    assert len(depth_exr(smooth)) < smooth.nbytes


def test_no_points_are_a_scene_of_nothing() -> None:
    empty = Cloud(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8), 0.01).glb()
    length = int.from_bytes(empty[12:16], "little")
    scene = json.loads(empty[20 : 20 + length])
    assert int.from_bytes(empty[8:12], "little") == len(empty) == 20 + length
    assert scene["scenes"] == [{}] and not scene.keys() & {"accessors", "buffers", "bufferViews", "meshes"}
