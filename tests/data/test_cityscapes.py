"""Cityscapes, its video and its fog, on a few small frames of the real layout."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.checking import check_data
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.cityscapes.drives import is_cityscapes, open_cityscapes, split_names
from acdepth.data.folder import open_data
from acdepth.data.parts import open_part
from acdepth.data.settings import FootageChoice
from tests.data.cityscapes_layout import (
    BASELINE,
    CAMERA,
    FX,
    HEIGHT,
    WIDTH,
    place,
    write_annotated,
    write_video,
)

VIDEO = [f"aachen_000000_{number:06d}" for number in range(17, 22)]
KEY = VIDEO[2]
SINGLE = "bochum_000000_000313"


def fail(message: str) -> None:
    raise AssertionError(message)


def opened(root: Path, split: str | None = "train"):
    return open_cityscapes(root, split, fail)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_annotated(tmp_path, "train", [KEY, SINGLE], fog=("0.01", "0.02"))
    write_video(tmp_path, "train", VIDEO)
    return tmp_path


class TestClips:
    def test_an_annotated_image_stands_between_its_neighbours(self, root):
        video, single = opened(root)
        assert is_cityscapes(root) and not is_cityscapes(root / "leftImg8bit")
        assert [video.key(index) for index in video.targets()] == [
            f"leftImg8bit/train/aachen/{KEY}_leftImg8bit.png"
        ]
        assert video.targets() == [2] and len(video) == 5 and len(single) == 1
        assert video.key(1) == f"leftImg8bit_sequence/train/aachen/{VIDEO[1]}_leftImg8bit.png"
        assert (video.name, single.name) == (f"train/{VIDEO[0]}", f"train/{SINGLE}")
        assert (video.frame_rate, single.frame_rate) == (17, None)

    def test_of_a_video_all_are_targets(self, root):
        (video,) = opened(root, "train-sequence")
        assert video.targets() == [0, 1, 2, 3, 4]
        assert [video.depth(index) is not None for index in range(5)] == [False, False, True, False, False]

    def test_a_missing_number_cuts_a_video(self, root):
        place(root, "leftImg8bit_sequence", "train", VIDEO[1], "leftImg8bit.png").unlink()
        assert [len(clip) for clip in opened(root)] == [3, 1]
        assert [len(clip) for clip in opened(root, "train-sequence")] == [1, 3]

    def test_fog_stands_beside_the_clear_images(self, root):
        clips = opened(root, "train-foggy-0.02")
        fog = [clip for clip in clips if clip.condition is Condition.FOG]
        assert [len(clip) for clip in clips] == [5, 1, 1, 1]
        assert [clip.key(0) for clip in fog] == [
            f"leftImg8bit_foggy/train/aachen/{KEY}_leftImg8bit_foggy_beta_0.02.png",
            f"leftImg8bit_foggy/train/bochum/{SINGLE}_leftImg8bit_foggy_beta_0.02.png",
        ]
        clear = opened(root)[0]
        np.testing.assert_array_equal(fog[0].depth(0), clear.depth(2))
        np.testing.assert_array_equal(fog[0].image(0), clear.image(2) // 2)
        assert fog[0].camera == clear.camera

    def test_fog_of_the_other_set_by_either_of_its_names(self, root):
        (root / "leftImg8bit_foggy").rename(root / "leftImg8bit_foggyDBF")
        for file in (root / "leftImg8bit_foggyDBF").rglob("*_0.01.png"):
            file.rename(file.with_name(file.name.replace("foggy", "foggyDBF")))
        for beta in ("0.01", "0.02"):
            clips = opened(root, f"train-foggyDBF-{beta}")
            assert [clip.condition for clip in clips].count(Condition.FOG) == 2

    def test_without_a_split_everything_once(self, root):
        write_annotated(root, "val", ["lindau_000001_000019"])
        clips = opened(root, None)
        assert len({clip.name for clip in clips}) == len(clips) == 2 + 1 + 2 * 2
        names = ["train", "train-sequence", "train-foggy-0.01", "train-foggy-0.02", "val"]
        assert split_names(root) == names

    def test_images_of_a_long_sequence_go_by_the_nearest_camera(self, tmp_path):
        stems = [f"ulm_000003_{number:06d}" for number in range(6)]
        write_annotated(tmp_path, "val", [stems[1], stems[4]])
        write_video(tmp_path, "val", stems)
        assert [len(clip) for clip in opened(tmp_path, "val")] == [6]
        other = json.loads(json.dumps(CAMERA))
        other["intrinsic"]["fx"] = 60.0
        place(tmp_path, "camera", "val", stems[4], "camera.json").write_text(json.dumps(other))
        one, two = opened(tmp_path, "val")
        assert one.camera and two.camera and (one.camera.fx, two.camera.fx) == (50, 60)
        assert (len(one), len(two)) == (3, 3)


class TestMeasured:
    def test_depth_is_that_of_the_disparity(self, root):
        depth = opened(root)[1].depth(0)
        assert depth is not None and depth.dtype == np.float32
        np.testing.assert_allclose(depth[: HEIGHT // 2], BASELINE * FX / 5, rtol=1e-6)
        assert not depth[HEIGHT // 2 :].any()

    def test_the_camera(self, root):
        camera = opened(root)[0].camera
        assert camera is not None
        assert (camera.fx, camera.fy, camera.cx, camera.cy) == (FX, 51, 31, 15.5)
        assert (camera.width, camera.height) == (WIDTH, HEIGHT)

    def test_disparity_of_a_video(self, root):
        steps = np.full((HEIGHT, WIDTH), 10 * 256 + 1, np.uint16)
        cv2.imwrite(str(place(root, "disparity_sequence", "train", VIDEO[0], "disparity.png")), steps)
        depth = opened(root, "train-sequence")[0].depth(0)
        assert depth is not None
        np.testing.assert_allclose(depth, BASELINE * FX / 10, rtol=1e-6)

    def test_distances_by_speed_and_nominal_rate(self, root):
        clip = opened(root)[0]
        assert clip.distance(0, 1) == pytest.approx(10.5 / 17) and clip.lengths_from == "speeds"
        assert clip.distance(3, 1) == pytest.approx((11.5 + 12.5) / 17)
        assert opened(root)[1].distance(0, 0) == 0

    def test_distances_by_recorded_times(self, root):
        for number, stem in enumerate(VIDEO):
            file = place(root, "timestamp_sequence", "train", stem, "timestamp.txt")
            file.write_text(f"{number * 50_000_000}\n")
        clip = opened(root)[0]
        assert clip.distance(0, 1) == pytest.approx(10.5 * 0.05)
        assert [clip.time(index) for index in (0, 3)] == pytest.approx([0, 0.15])

    def test_an_unknown_speed_makes_unknown_distances(self, root):
        place(root, "vehicle_sequence", "train", VIDEO[1], "vehicle.json").unlink()
        clip = opened(root)[0]
        assert clip.distance(0, 1) is None and clip.distance(1, 3) is None
        assert clip.distance(2, 3) == pytest.approx(12.5 / 17)

    def test_the_car_is_masked_where_labels_are(self, root):
        assert opened(root)[0].ego_mask is None
        labels = np.full((HEIGHT, WIDTH), 7, np.uint8)
        labels[28:], labels[:, 0], labels[:2] = 1, 2, 3
        cv2.imwrite(str(place(root, "gtFine", "train", KEY, "gtFine_labelIds.png")), labels)
        video, single, fog = (opened(root, "train-foggy-0.02")[number] for number in (0, 1, 2))
        assert single.ego_mask is None
        for clip in (video, fog):
            np.testing.assert_array_equal(clip.ego_mask, labels < 7)
        cv2.imwrite(str(place(root, "gtFine", "train", SINGLE, "gtFine_labelIds.png")), labels[1:])
        with pytest.raises(UserError, match=r"labelIds\.png: 64x31 pixels, but its image has 64x32"):
            _ = opened(root)[1].ego_mask

    def test_without_camera_and_disparity_there_are_images(self, tmp_path):
        write_video(tmp_path, "demoVideo", [f"stuttgart_00_000000_{number:06d}" for number in (1, 2, 3)])
        (tmp_path / "leftImg8bit_sequence").rename(tmp_path / "leftImg8bit")
        warnings: list[str] = []
        (clip,) = open_cityscapes(tmp_path, "demoVideo", warnings.append)
        assert clip.camera is None and clip.depth(0) is None and clip.targets() == [0, 1, 2]
        (warning,) = warnings
        assert re.search(r"camera.demoVideo: no such folder; .* no camera and no depth", warning)


class TestTheDoor:
    def test_open_data_and_evaluation(self, root):
        assert [clip.name for clip in open_data(root, choice=FootageChoice(split="train"))] == [
            clip.name for clip in opened(root)
        ]
        assert len(open_part(root, "all", ())) == 6
        with pytest.raises(UserError, match=r"--split: train, train-sequence, train-foggy-0\.01, train-f"):
            open_part(root, None, ())
        with pytest.raises(UserError, match="is a part of cityscapes; give its root"):
            open_data(root / "leftImg8bit")

    @pytest.mark.parametrize("split", ["val", "train-foggy-0.005", "train-foggy", "training"])
    def test_a_split_that_is_not_there(self, root, split):
        with pytest.raises(UserError, match=rf"no images of split {split}; unpack .* another: train, tr"):
            opened(root, split)


def _file(kind: str, ending: str, folder: str | None = None) -> Callable[[Path], Path]:
    return lambda root: place(root, folder or kind, "train", KEY, f"{kind}{ending}")


CAMERA_FILE, DISPARITY = _file("camera", ".json"), _file("disparity", ".png")
SPEED = _file("vehicle", ".json", "vehicle_sequence")
FAULTS = {
    "camera missing": (CAMERA_FILE, None, "no such file"),
    "camera no JSON": (CAMERA_FILE, "{", "not readable as a camera"),
    "camera without fx": (CAMERA_FILE, '{"extrinsic": {"baseline": 1}}', "intrinsic.fx is None, expected a"),
    "camera of text": (CAMERA_FILE, json.dumps(CAMERA).replace("50.0", '"50"'), "fx is '50', expected a n"),
    "no focal length": (CAMERA_FILE, json.dumps(CAMERA).replace("50.0", "0"), "focal lengths"),
    "no baseline": (CAMERA_FILE, json.dumps(CAMERA).replace("0.25", "-1"), "its baseline is -1 m"),
    "disparity missing": (DISPARITY, None, "no such file"),
    "disparity no image": (DISPARITY, "png", "not readable as an image"),
    "speed no number": (SPEED, '{"speed": "fast"}', "speed is 'fast', expected a number"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_and_the_check_finds_it(root, fault, tmp_path_factory):
    where, content, told = FAULTS[fault]
    file = where(root)
    file.write_text(content) if content is not None else file.unlink()
    with pytest.raises(UserError) as caught:
        clip = opened(root)[0]
        clip.depth(2)
        clip.distance(1, 2)
    text = str(caught.value)
    assert text.startswith(f"{file}: ") and "\n" not in text
    report = check_data("cityscapes", root, tmp_path_factory.mktemp("check"), FootageChoice(split="train"))
    (found,) = report.faults
    assert found.text.startswith(f"{file}: ") and told in found.text


@pytest.mark.parametrize(
    "name",
    [f"{KEY}.png", "bochum_000000_000019_leftImg8bit.png", "aachen_0_19_leftImg8bit.png"],
)
def test_a_wrong_name_is_a_fault(root, name, tmp_path):
    place(root, "leftImg8bit", "train", KEY, "leftImg8bit.png").rename(
        file := root / "leftImg8bit" / "train" / "aachen" / name
    )
    with pytest.raises(UserError, match=r"its name is not such as aachen_000000_000019_leftImg8bit\.png"):
        opened(root)
    report = check_data("cityscapes", root, tmp_path / "check", FootageChoice(split="train"))
    assert [found.text.partition(": ")[0] for found in report.faults] == [str(file)]


def test_each_missing_camera_of_a_sequence_is_found(tmp_path):
    stems = [f"ulm_000003_{number:06d}" for number in range(4)]
    write_annotated(tmp_path / "data", "val", stems)
    files = [place(tmp_path / "data", "camera", "val", stem, "camera.json") for stem in stems[1:3]]
    for file in files:
        file.unlink()
    report = check_data("cityscapes", tmp_path / "data", tmp_path / "check")
    assert [found.text.partition(": ")[0] for found in report.faults] == list(map(str, files))


def test_an_image_of_two_kinds(root):
    file = place(root, "leftImg8bit", "train", KEY, "leftImg8bit.png")
    file.with_suffix(".jpg").write_bytes(file.read_bytes())
    with pytest.raises(UserError, match=rf"{KEY}_leftImg8bit\.png: is also there as .*\.jpg; keep one"):
        opened(root)


def test_disparity_without_any_camera_is_a_fault(root):
    (root / "camera").rename(root / "cameras")
    with pytest.raises(UserError, match=r"camera.train: no such folder, but there is disparity"):
        opened(root)


def test_disparity_of_another_size(root):
    cv2.imwrite(str(DISPARITY(root)), np.ones((8, 8), np.uint16))
    with pytest.raises(UserError, match=r"8x8 pixels, but its image has 64x32"):
        opened(root)[0].depth(2)


def test_disparity_of_8_bits(root):
    cv2.imwrite(str(DISPARITY(root)), np.ones((HEIGHT, WIDTH), np.uint8))
    with pytest.raises(UserError, match=r"not a 16-bit gray PNG; disparity is stored as uint16"):
        opened(root)[0].depth(2)


def test_the_whole_of_a_good_download_has_no_faults(root, tmp_path):
    report = check_data("cityscapes", root, tmp_path / "check", sample=0)
    assert report.faults == []
    rows = {(row.split, row.condition): (row.targets, row.measured) for row in report.inventory}
    fogs = [(f"train-foggy-{beta}", kind) for beta in ("0.01", "0.02") for kind in ("clear", "fog")]
    assert rows == dict.fromkeys([("train", "clear"), *fogs], (2, 2))
