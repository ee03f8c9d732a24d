"""DrivingStereo's weather subsets, on a few small frames of the real layout."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.driving_stereo import is_driving_stereo, open_driving_stereo
from tests.data.driving_stereo_layout import SIDES, write_calibration, write_weather

ONE, TWO = "2018-10-25-07-37-26", "2018-08-17-09-45-58"
NAMES = [f"{TWO}_2018-08-17-10-01-02-345", f"{ONE}_2018-10-25-07-37-28-123", f"{ONE}_2018-10-25-07-50-01-001"]


def fail(message: str) -> None:
    raise AssertionError(message)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_weather(tmp_path, "rainy", NAMES)
    for date in (ONE, TWO):
        write_calibration(tmp_path, date)
    return tmp_path


def test_a_sequence_per_weather_and_drive(root):
    for weather in ("sunny", "cloudy", "foggy"):
        write_weather(root, weather, NAMES[1:2])
    clips = open_driving_stereo(root, fail)
    assert is_driving_stereo(root) and not is_driving_stereo(root / "rainy")
    assert {s.name: (s.condition, len(s)) for s in clips} == {
        f"sunny/{ONE}": (Condition.CLEAR, 1),
        f"cloudy/{ONE}": (Condition.CLEAR, 1),
        f"foggy/{ONE}": (Condition.FOG, 1),
        f"rainy/{TWO}": (Condition.RAIN, 1),
        f"rainy/{ONE}": (Condition.RAIN, 2),
    }


def test_image_depth_and_camera(root):
    clip = next(s for s in open_driving_stereo(root, fail) if len(s) == 2)
    height, width = SIDES["half"]
    assert clip.key(1) == f"rainy/left-image-half-size/{NAMES[2]}.jpg"
    assert clip.image(1).shape == (height, width, 3)
    depth = clip.depth(1)
    assert depth is not None and (depth[: height // 2] == 7).all() and not depth[height // 2 :].any()
    camera = clip.camera
    assert camera is not None and (camera.fx, camera.cx, camera.cy) == (100, width / 2, height / 2)
    assert (camera.width, camera.height) == (width, height)
    assert clip.distance(0, 1) is None and clip.frame_rate is None


def test_full_size_is_taken_where_image_and_depth_are_there(root):
    write_weather(root, "rainy", NAMES, "full")
    write_weather(root, "foggy", NAMES, "half")
    write_weather(root, "foggy", NAMES, "full", depth=False)
    for date in (ONE, TWO):
        write_calibration(root, date, "full")
    shapes = {s.name.split("/")[0]: s.image(0).shape[:2] for s in open_driving_stereo(root, fail)}
    assert shapes == {"rainy": SIDES["full"], "foggy": SIDES["half"]}
    focal = {s.name.split("/")[0]: s.camera and s.camera.fx for s in open_driving_stereo(root, fail)}
    assert focal == {"rainy": 200, "foggy": 100}


def test_images_without_depth_open_for_prediction(tmp_path):
    write_weather(tmp_path, "sunny", NAMES[:1], "full", depth=False)
    write_calibration(tmp_path, TWO, "full")
    (clip,) = open_driving_stereo(tmp_path, fail)
    assert clip.depth(0) is None and clip.image(0).shape[:2] == SIDES["full"]


def test_without_calibration_there_is_no_camera_and_one_warning(root):
    for file in (root / "half-image-calib").iterdir():
        file.unlink()
    warnings = []
    clips = open_driving_stereo(root, warnings.append)
    assert [s.camera for s in clips] == [None, None]
    assert len(warnings) == 1 and "2 of 2 drives have no camera" in warnings[0]
    depth = clips[0].depth(0)
    assert depth is not None and depth.shape == SIDES["half"]


class TestRefusals:
    @pytest.mark.parametrize("with_camera", [True, False])
    def test_depth_of_another_size(self, root, with_camera):
        if not with_camera:
            (root / "half-image-calib" / f"{ONE}.txt").unlink()
        path = root / "rainy" / "depth-map-half-size" / f"{NAMES[1]}.png"
        cv2.imwrite(str(path), np.ones((20, 44), np.uint16))
        self.refuses(rf"{NAMES[1]}\.png: 44x20 pixels, but its image has 88x40", root)

    @pytest.mark.parametrize("kept", [0, 30, 0.5, 0.9])
    def test_a_cut_depth_map(self, root, kept):
        path = root / "rainy" / "depth-map-half-size" / f"{NAMES[1]}.png"
        metres = np.random.default_rng(0).integers(0, 9999, SIDES["half"])
        cv2.imwrite(str(path), metres.astype(np.uint16))
        content = path.read_bytes()
        path.write_bytes(content[: int(kept * len(content)) if kept < 1 else kept])
        self.refuses(rf"{NAMES[1]}\.png: not readable as an image", root)

    def test_a_depth_map_of_8_bits(self, root):
        path = root / "rainy" / "depth-map-half-size" / f"{NAMES[1]}.png"
        cv2.imwrite(str(path), np.ones(SIDES["half"], np.uint8))
        self.refuses(rf"{NAMES[1]}\.png: not a 16-bit gray PNG", root)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("P_rect_103: 1 0 0 0 0 1 0 0 0 0 1 0\n", "has no matrix P_rect_101"),
            ("P_rect_101: 100 0 44 0 0\n", "P_rect_101 has 5 numbers, expected 12"),
            ("P_rect_101: nan 0 44 0 0 100 20 0 0 0 1 0\n", "expected 12 of at most 1e[+]06"),
            ("", "has no matrix P_rect_101"),
        ],
    )
    def test_a_damaged_calibration(self, root, content, message):
        (root / "half-image-calib" / f"{ONE}.txt").write_text(content)
        self.refuses(rf"{ONE}\.txt: .*{message}", root)

    def test_a_name_without_its_drive(self, root):
        folder = root / "rainy" / "left-image-half-size"
        (folder / f"{NAMES[0]}.jpg").rename(folder / "000001.jpg")
        self.refuses(r"000001\.jpg: its name does not begin with its drive", root)

    def test_a_cut_image(self, root):
        path = root / "rainy" / "left-image-half-size" / f"{NAMES[1]}.jpg"
        path.write_bytes(path.read_bytes()[:-200])
        self.refuses(rf"{NAMES[1]}\.jpg: the JPEG ends too early", root)

    def test_no_images(self, tmp_path):
        (tmp_path / "rainy" / "left-image-half-size").mkdir(parents=True)
        self.refuses("has no images in sunny, cloudy, foggy, rainy", tmp_path)

    @staticmethod
    def refuses(pattern: str, root: Path) -> None:
        with pytest.raises(UserError, match=pattern) as caught:
            next(s for s in open_driving_stereo(root, lambda _: None) if len(s) == 2).depth(0)
        assert "\n" not in str(caught.value)
