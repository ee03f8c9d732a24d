"""ACDC, on a few small frames of the real layout."""

from pathlib import Path

import cv2
import pytest

from acdepth.checking import check_data
from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.acdc import is_acdc, open_acdc, split_names
from acdepth.data.folder import open_data
from acdepth.data.parts import open_part
from acdepth.data.prepared import prepare
from acdepth.data.settings import FootageChoice
from acdepth.data.triplets import TripletBatches
from tests.data.folders import HEIGHT, WIDTH, picture


def fail(message: str) -> None:
    raise AssertionError(message)


def write_recording(root: Path, condition: str, split: str, recording: str, numbers: range) -> None:
    """Adverse images and their references, which are brighter."""
    for folder, ending, light in ((split, "rgb_anon", 0), (f"{split}_ref", "rgb_ref_anon", 100)):
        place = root / "rgb_anon" / condition / folder / recording
        place.mkdir(parents=True)
        for number in numbers:
            file = place / f"{recording}_frame_{number:06d}_{ending}.png"
            cv2.imwrite(str(file), picture(number + light)[..., ::-1])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_recording(tmp_path, "fog", "train", "GOPR0475", range(41, 44))
    write_recording(tmp_path, "snow", "train", "GP010122", range(2))
    write_recording(tmp_path, "night", "val", "GOPR0356", range(3))
    return tmp_path


def test_recordings_and_their_references(root):
    clips = open_acdc(root, "train", fail)
    assert is_acdc(root) and not is_acdc(root / "rgb_anon")
    assert {clip.name: (clip.condition, len(clip)) for clip in clips} == {
        "fog/train/GOPR0475": (Condition.FOG, 3),
        "fog/train_ref/GOPR0475": (Condition.CLEAR, 3),
        "snow/train/GP010122": (Condition.SNOW, 2),
        "snow/train_ref/GP010122": (Condition.CLEAR, 2),
    }
    fog, clear = clips[:2]
    assert fog.key(1) == "rgb_anon/fog/train/GOPR0475/GOPR0475_frame_000042_rgb_anon.png"
    assert clear.key(1) == "rgb_anon/fog/train_ref/GOPR0475/GOPR0475_frame_000042_rgb_ref_anon.png"
    assert (fog.image(1) == picture(42)).all() and (clear.image(1) == picture(142)).all()
    assert fog.camera is None and fog.depth(0) is None and fog.distance(0, 1) is None


def test_splits_come_in_by_the_door(root):
    assert split_names(root) == ["train", "val"]
    assert sum(map(len, open_data(root, choice=FootageChoice(split="val")))) == 6
    assert len(open_data(root)) == len(open_part(root, "all", ())) == 6
    with pytest.raises(UserError, match=r"no images of split test; give another: train, val"):
        open_acdc(root, "test", fail)
    with pytest.raises(UserError, match=r"is a data set with splits; say which .* train, val, or all"):
        open_part(root, None, ())


def test_somebodys_camera_is_taken_and_makes_no_video(root, tmp_path):
    """Frames of a recording are no video, so self-supervision must not take them for neighbours."""
    Camera(30.0, 30.0, 19.5, 11.5, WIDTH, HEIGHT).write(root / "camera.yaml")
    clips = open_acdc(root, "train", fail)
    assert all(clip.camera and clip.camera.fx == 30 for clip in clips)
    prepared = prepare(clips, tmp_path / "prepared", (16, 32), workers=1)
    assert len(prepared) == 10 and not prepared.frames.has_neighbour(1).any()
    with pytest.raises(UserError, match="no frame of the footage has a neighbour before and after it"):
        TripletBatches(prepared, 1, 0)


def test_a_missing_reference_is_told(root, tmp_path):
    next((root / "rgb_anon/fog/train_ref").rglob("*_000042_*")).unlink()
    warnings: list[str] = []
    assert [len(clip) for clip in open_acdc(root, "train", warnings.append)] == [3, 2, 2, 2]
    (warning,) = warnings
    told = "1 of 3 images have no clear reference, such as GOPR0475_frame_000042_rgb_anon.png"
    assert warning == f"{root / 'rgb_anon/fog/train_ref'}: {told}"
    report = check_data("acdc", root, tmp_path / "check")
    assert report.faults == [] and warning in [doubt.text for doubt in report.doubts]


def test_a_wrong_name_is_a_fault_and_hides_no_other_recording(root, tmp_path):
    file = next((root / "rgb_anon/fog/train").rglob("*_000042_*"))
    wrong = file.rename(file.with_name("GOPR0475_frame_000042_rgb.png"))
    with pytest.raises(UserError, match=r"not such as GOPR0475_frame_000123_rgb_anon\.png; take it out"):
        open_acdc(root, "train", fail)
    report = check_data("acdc", root, tmp_path / "check")
    (fault,) = report.faults
    assert fault.text.startswith(f"{wrong}: ")
    assert {(row.split, row.condition, row.targets) for row in report.inventory} >= {("train", "snow", 2)}


def test_empty_folders_are_told(tmp_path):
    (tmp_path / "rgb_anon" / "rain" / "train" / "GOPR0400").mkdir(parents=True)
    with pytest.raises(
        UserError, match=r"no image of any split can be opened; unpack rgb_anon_trainvaltest\.zip"
    ):
        open_acdc(tmp_path, None, fail)
