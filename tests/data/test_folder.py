"""Every layout is found, and everything that is wrong with footage is said in one line."""

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import write_text
from acdepth.data import TripletBatches, open_data, prepare
from acdepth.data.stored import list_images
from tests.data.folders import CAMERA, HEIGHT, WIDTH, picture, write_drive


def read_all(clip: Clip) -> None:
    for index in range(len(clip)):
        clip.image(index)
        clip.depth(index)
        clip.classes(index)


def test_a_tree_of_drives(tmp_path: Path) -> None:
    write_drive(tmp_path / "town_1" / "night", condition="night", depth=True)
    write_drive(tmp_path / "town_0" / "clear")
    clear, night = open_data(tmp_path)
    assert (clear.name, clear.condition) == ("town_0/clear", Condition.CLEAR)
    assert (night.name, night.condition) == ("town_1/night", Condition.NIGHT)
    assert night.key(3) == "town_1/night/images/000003.png"
    assert np.array_equal(night.image(3), picture(3))
    assert night.camera == CAMERA and night.frame_rate == 12 and night.class_names == ("road", "car")
    depth = night.depth(2)
    assert depth is not None and depth.dtype == np.float32 and (depth == 12).all()
    assert clear.depth(2) is None and clear.classes(2) is None


def test_one_drive_and_a_condition_that_overrides(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / "mine", condition="rain")
    assert [s.name for s in open_data(drive)] == ["mine"]
    assert open_data(drive, condition=Condition.FOG)[0].condition is Condition.FOG


def test_images_come_in_the_order_people_mean(tmp_path: Path) -> None:
    for number in (10, 9, 8):
        cv2.imwrite(str(tmp_path / f"frame_{number}.png"), picture(number))
    (photographs,) = open_data(tmp_path)
    assert [photographs.key(i).split("/")[1] for i in range(3)] == [
        "frame_8.png",
        "frame_9.png",
        "frame_10.png",
    ]
    assert photographs.camera is None and photographs.distance(0, 1) is None
    assert photographs.lengths_from is None


def test_distance_from_speeds_is_their_mean_over_the_frame_rate(tmp_path: Path) -> None:
    drive = write_drive(tmp_path, count=3)
    write_text(drive / "motion.csv", "index,speed\n0,6\n1,12\n2,24\n")
    (clip,) = open_data(drive)
    assert clip.distance(0, 1) == pytest.approx(9 / 12)
    assert clip.distance(2, 1) == pytest.approx(18 / 12)
    assert clip.lengths_from == "speeds"


def test_poses_go_before_speeds(tmp_path: Path) -> None:
    drive = write_drive(tmp_path, count=2)
    header = "index,speed," + ",".join(f"T_{row}{column}" for row in range(4) for column in range(4))
    poses = ["1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1", "1,0,0,3,0,1,0,0,0,0,1,4,0,0,0,1"]
    write_text(drive / "motion.csv", "\n".join([header, f"0,99,{poses[0]}", f"1,99,{poses[1]}", ""]))
    [clip] = open_data(drive)
    assert clip.distance(1, 0) == pytest.approx(5.0) and clip.lengths_from == "poses"


def test_no_clip_crosses_a_gap(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / "drive", count=8)
    (drive / "images" / "000003.png").unlink()
    warnings: list[str] = []
    pieces = open_data(drive, warnings.append)
    assert [len(piece) for piece in pieces] == [3, 4]
    assert pieces[1].key(0) == "drive/images/000004.png"
    assert len(warnings) == 1 and "000002.png and 000004.png" in warnings[0]
    assert pieces[1].distance(0, 1) == pytest.approx(1.0)  # motion.csv still has the missing image's row
    triplets = TripletBatches(prepare(pieces, tmp_path / "out", (HEIGHT, WIDTH)), batch_size=1, seed=0)
    middles = {triplets.prepared.frames.key(index)[-10:] for index in triplets.order.items}
    assert middles == {"000001.png", "000005.png", "000006.png"}


def test_nothing_between_gaps_is_an_error(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / "drive", count=5)
    (drive / "images" / "000002.png").unlink()
    prepared = prepare(open_data(drive, lambda _: None), tmp_path / "out", (HEIGHT, WIDTH))
    with pytest.raises(UserError, match="three consecutive images"):
        TripletBatches(prepared, batch_size=1, seed=0)


def test_every_fifth_frame_is_no_gap(tmp_path: Path) -> None:
    drive = write_drive(tmp_path, count=20)
    (drive / "motion.csv").unlink()
    for number in range(20):
        if number % 5:
            (drive / "images" / f"{number:06d}.png").unlink()
    (clip,) = open_data(drive)
    assert len(clip) == 4


def truncate(drive: Path) -> None:
    for number in range(6):
        (drive / "images" / f"{number:06d}.png").unlink()
    path = drive / "images" / "000000.jpg"
    cv2.imwrite(str(path), picture(0))
    path.write_bytes(path.read_bytes()[:-200])
    (drive / "motion.csv").unlink()


def shrink(drive: Path) -> None:
    cv2.imwrite(str(drive / "images" / "000002.png"), np.zeros((1, 1, 3), np.uint8))


def deepen(drive: Path) -> None:
    cv2.imwrite(str(drive / "images" / "000002.png"), np.zeros((HEIGHT, WIDTH), np.uint16))


def make_transparent(drive: Path) -> None:
    cv2.imwrite(str(drive / "images" / "000002.png"), np.zeros((HEIGHT, WIDTH, 4), np.uint8))


def resize_one(drive: Path) -> None:
    cv2.imwrite(str(drive / "images" / "000002.png"), picture(2, 32, 48))


def resize_depth(drive: Path) -> None:
    cv2.imwrite(str(drive / "depth" / "000002.png"), np.ones((HEIGHT, WIDTH // 2), np.uint16))


def replace_in(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(drive: Path) -> None:
        text = (drive / name).read_text()
        assert old in text
        write_text(drive / name, text.replace(old, new))

    return change


@pytest.mark.parametrize(
    ("spoil", "file", "says"),
    [
        (truncate, "000000.jpg", "ends too early"),
        (shrink, "000002.png", "1x1 pixels"),
        (deepen, "000002.png", "16 bits per channel"),
        (make_transparent, "000002.png", "alpha channel"),
        (resize_one, "000002.png", "its camera has 40x24"),
        (resize_depth, "depth/000002.png", "its image has 40x24"),
        (replace_in("camera.yaml", "fx: 30.0", "fx: .nan"), "camera.yaml", "fx is nan"),
        (
            replace_in("camera.yaml", "frame_rate: 12", "frame_rate: fast"),
            "camera.yaml",
            "frame_rate = 'fast'",
        ),
        (replace_in("camera.yaml", "frame_rate: 12\n", ""), "motion.csv", "need frame_rate"),
        (replace_in("motion.csv", "3,12.0\n", ""), "motion.csv", "5 rows for 6 images"),
        (replace_in("motion.csv", "3,12.0", "3,fast"), "motion.csv", "line 5, speed = 'fast'"),
        (replace_in("motion.csv", "3,12.0", "3,-1"), "motion.csv", "negative"),
        (replace_in("motion.csv", "index,speed", "number,v"), "motion.csv", "no column index or time"),
        (replace_in("motion.csv", "index,speed", "time,v"), "motion.csv", "no column speed, speed_kmh"),
        (replace_in("sequence.yaml", "clear", "foggy"), "sequence.yaml", "condition = 'foggy'"),
        (replace_in("sequence.yaml", "[road, car]", "road"), "sequence.yaml", "class_names must be"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, spoil: Callable[[Path], None], file: str, says: str) -> None:
    drive = write_drive(tmp_path / "drive", depth=True)
    spoil(drive)
    with pytest.raises(UserError) as caught:
        read_all(open_data(drive)[0])
    message = str(caught.value)
    assert file in message and says in message and "\n" not in message


@pytest.mark.parametrize("content", ["", "images"])
def test_an_empty_folder(tmp_path: Path, content: str) -> None:
    (tmp_path / content).mkdir(exist_ok=True)
    with pytest.raises(UserError, match="no footage found; put pictures into"):
        open_data(tmp_path)


def test_pictures_one_folder_down_are_pointed_at(tmp_path: Path) -> None:
    for name in ("night", "rain"):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "1.png"), picture(0))
    with pytest.raises(UserError, match="one folder down only; give one of night, rain"):
        open_data(tmp_path)


def test_what_is_no_footage_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file or folder"):
        open_data(tmp_path / "nowhere")
    write_text(tmp_path / "notes.txt", "hello")
    with pytest.raises(UserError, match="neither a video, a bag nor an image"):
        open_data(tmp_path / "notes.txt")


def test_a_misspelt_key_does_not_turn_night_into_clear(tmp_path):
    folder = write_drive(tmp_path / "drive", count=2)
    (folder / "sequence.yaml").write_text("conditon: night\n")
    with pytest.raises(UserError, match=r"unknown key conditon; did you mean condition\?"):
        open_data(folder)
    (folder / "sequence.yaml").write_text("condition: night\nplace: Lausanne\n")
    assert open_data(folder)[0].condition == "night"


def test_pictures_that_are_not_read_are_named(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / "drive")
    (drive / "images/a.heic").touch()
    warnings: list[str] = []
    assert len(open_data(drive, warnings.append)) == 1
    assert "a.heic: a picture is left out, as .heic is not read; save it as JPEG" in warnings[0]
    phone = tmp_path / "phone/images"
    phone.mkdir(parents=True)
    (phone / "a.DNG").touch()
    for path, match in (
        (phone.parent, "pictures of kinds that are not read"),
        (phone / "a.DNG", ".DNG is not read"),
    ):
        with pytest.raises(UserError, match=f"{match}.*; save"):
            open_data(path, warnings.append)


def test_names_with_digits_of_all_kinds_have_an_order(tmp_path: Path) -> None:
    names = ["a2", "a10", "a\u00b2", "a\u0663", "a\u2461"]  # superscript, Arabic-Indic, circled
    for name in names:
        (tmp_path / f"{name}.png").touch()
    assert [path.stem for path in list_images(tmp_path)] == ["a2", "a\u0663", "a10", "a\u00b2", "a\u2461"]


def test_pictures_with_their_camera_beside_them_are_a_drive(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / "in_images", count=4)
    flat = tmp_path / "flat"
    shutil.copytree(drive, flat)
    for path in (flat / "images").iterdir():
        path.rename(flat / path.name)
    (flat / "images").rmdir()
    cv2.imwrite(str(flat / "mask.png"), np.full((HEIGHT, WIDTH), 255, np.uint8))
    (usual,), (clip,) = open_data(drive), open_data(flat)
    assert len(clip) == 4 and clip.camera == usual.camera and clip.distance(0, 1) == usual.distance(0, 1)
    assert clip.key(0) == "flat/000000.png" and clip.ego_mask is not None
    assert np.array_equal(clip.image(3), usual.image(3))
    assert {one.name for one in open_data(tmp_path)} == {"flat", "in_images"}
    (flat / "camera.yaml").unlink()
    assert open_data(flat)[0].camera is None, "without one they are photographs"
