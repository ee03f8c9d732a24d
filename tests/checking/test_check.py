"""``acdepth data check``: every damage is named, and what is only unlikely is doubted."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.checking import Finding, check_data
from acdepth.checking.doubts import (
    camera_doubts,
    depth_doubts,
    depth_facts,
    direction_doubts,
    speed_doubts,
)
from acdepth.checking.findings import MOST_TOLD, Findings, told
from acdepth.checking.sheet import depth_colours, draw_points
from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.files import write_text
from acdepth.data.nuscenes.scenes import open_nuscenes
from acdepth.data.settings import FootageChoice
from tests.data.bags import START, Bag
from tests.data.driving_stereo_layout import write_calibration, write_weather
from tests.data.folders import CAMERA, picture, write_drive
from tests.data.kitti_layout import DAY, write_kitti_raw
from tests.data.nuscenes_layout import write_nuscenes
from tests.data.robotcar_layout import CLOUDS, write_prepared

VERSION = "v1.0-mini"
SCENES = {
    "scene-0061": "Parked cars",
    "scene-0103": "Turning car",
    "scene-0553": "Wait at intersection",
    "scene-0655": "Rain, parking lot",
    "scene-0757": "Arrive at busy intersection",
    "scene-0916": "Night, parking lot",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_nuscenes(tmp_path_factory.mktemp("nuscenes"), SCENES)


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "nuscenes"))


@dataclass(frozen=True)
class Damage:
    """Something that happens to a data set, and how it must be named."""

    name: str
    do: Callable[[Path], object]
    text: str


def edit(root: Path, table: str, change: Callable[[list[dict]], object]) -> None:
    path = root / VERSION / f"{table}.json"
    rows = json.loads(path.read_text())
    change(rows)
    path.write_text(json.dumps(rows, indent=0))


def cut(path: Path, most: int) -> None:
    path.write_bytes(path.read_bytes()[:-most])


def shots(rows: list[dict], scene: str, channel: str) -> list[dict]:
    return [row for row in rows if f"/{channel}/{scene}" in row["filename"]]


def file(root: Path, scene: str, channel: str, number: int = 0) -> Path:
    return sorted((root / "samples" / channel).glob(f"{scene}__*"))[number]


def put_nan(root: Path) -> None:
    path = file(root, "scene-0103", "LIDAR_TOP")
    points = np.fromfile(path, np.float32)
    points[7] = np.nan
    points.tofile(path)


def turn_pose_into_text(root: Path) -> None:
    samples = json.loads((root / VERSION / "sample_data.json").read_text())
    pose = shots(samples, "scene-0757", "CAM_FRONT")[2]["ego_pose_token"]
    edit(
        root, "ego_pose", lambda rows: [row.update(rotation="north") for row in rows if row["token"] == pose]
    )


def drop_pose(root: Path) -> None:
    samples = json.loads((root / VERSION / "sample_data.json").read_text())
    pose = shots(samples, "scene-0061", "CAM_FRONT")[3]["ego_pose_token"]
    edit(root, "ego_pose", lambda rows: rows.remove(next(row for row in rows if row["token"] == pose)))


# In this order they do not undo each other: tables are edited before they are cut.
DAMAGES = [
    Damage(
        "a scene without description",
        lambda root: edit(root, "scene", lambda rows: rows[2].pop("description")),
        r"scene\.json: record \w+ has no description",
    ),
    Damage(
        "a value of the wrong type",
        lambda root: edit(
            root,
            "sample_data",
            lambda rows: shots(rows, "scene-0103", "CAM_FRONT")[1].update(timestamp="soon"),
        ),
        r"sample_data\.json: record \w+ has 'soon' as timestamp",
    ),
    Damage(
        "a record without its token",
        lambda root: edit(
            root, "sample_data", lambda rows: shots(rows, "scene-0103", "CAM_FRONT")[2].pop("sample_token")
        ),
        r"sample_data\.json: record \w+ has no sample_token",
    ),
    Damage(
        "a record without a name",
        lambda root: edit(
            root, "sample_data", lambda rows: shots(rows, "scene-0103", "CAM_FRONT")[4].pop("token")
        ),
        r"sample_data\.json: record sweeps/CAM_FRONT/scene-0103\S*\.jpg has no token",
    ),
    Damage(
        "a calibration without direction",
        lambda root: edit(root, "calibrated_sensor", lambda rows: rows[9].update(rotation=[0, 0, 0, 0])),
        r"calibrated_sensor\.json: record \w+ is no calibration \(rotation \[0, 0, 0, 0\] has no length\)",
    ),
    Damage("a pose of text", turn_pose_into_text, r"ego_pose\.json: record \w+ is no pose"),
    Damage("a pose that is missing", drop_pose, r"ego_pose\.json: lacks \d records? that others point to"),
    Damage(
        "a table that breaks off",
        lambda root: cut(root / VERSION / "ego_pose.json", 1),
        r"ego_pose\.json: breaks off before its end",
    ),
    Damage(
        "a sweep that is missing",
        lambda root: file(root, "scene-0916", "LIDAR_TOP").unlink(),
        r"LIDAR_TOP/scene-0916\S*\.pcd\.bin: [Nn]o such file",
    ),
    Damage(
        "a sweep that breaks off",
        lambda root: cut(file(root, "scene-0916", "LIDAR_TOP", 1), 9),
        r"LIDAR_TOP/scene-0916\S*\.pcd\.bin: not a (whole )?nuScenes sweep",
    ),
    Damage(
        "a point that is nowhere", put_nan, r"LIDAR_TOP/scene-0103\S*\.pcd\.bin: holds points that are not"
    ),
    Damage(
        "an image that is missing",
        lambda root: file(root, "scene-0655", "CAM_FRONT").unlink(),
        r"CAM_FRONT/scene-0655\S*\.jpg: No such file",
    ),
    Damage(
        "an image that breaks off",
        lambda root: cut(file(root, "scene-0061", "CAM_FRONT"), 100),
        r"CAM_FRONT/scene-0061\S*\.jpg: the JPEG ends too early",
    ),
]
FIRST_LOST = Damage(
    "a table of which nothing is readable",
    lambda root: cut(root / VERSION / "sample.json", 1),
    r"sample\.json: not readable as a nuScenes table",
)


def read_everything(root: Path) -> None:
    for split in ("mini_train", "mini_val"):
        for clip in open_nuscenes(root, split):
            for index in range(len(clip)):
                clip.image(index)
                clip.depth(index)
                clip.distance(index, max(0, index - 1))


class TestNuScenes:
    def test_a_whole_set_has_no_faults(self, whole, tmp_path):
        read_everything(whole)
        report = check_data("nuscenes", whole, tmp_path / "check", sample=0)
        assert report.faults == []
        rows = {(row.split, row.condition.value): row for row in report.inventory}
        assert list(rows) == [
            ("mini_train", "clear"),
            ("mini_train", "rain"),
            ("mini_val", "clear"),
            ("mini_val", "night"),
        ]
        train = rows["mini_train", "clear"]
        assert (train.sequences, train.images, train.targets) == (3, 33, 9)
        assert (train.looked_at, train.measured) == (9, 9)
        assert train.hours == pytest.approx(33 / 12 / 3600)
        assert not [doubt for doubt in report.doubts if doubt.group in ("cameras", "motion")]

    @pytest.mark.parametrize("damage", [*DAMAGES, FIRST_LOST], ids=lambda damage: damage.name)
    def test_each_damage_alone_is_one_line_for_who_reads(self, root, damage):
        damage.do(root)
        with pytest.raises(UserError, match=damage.text) as stopped:
            read_everything(root)
        assert "\n" not in str(stopped.value)

    def test_all_damages_are_named_at_once(self, root, tmp_path):
        for damage in DAMAGES:
            damage.do(root)
        report = check_data("nuscenes", root, tmp_path / "check", sample=0)
        for damage in DAMAGES:
            naming = [fault.text for fault in report.faults if re.search(damage.text, fault.text)]
            assert len(naming) == 1 and "\n" not in naming[0], damage.name
        # Besides these only what follows: scene and calibration that others point to.
        assert len(report.faults) == len(DAMAGES) + 2
        stored = json.loads((tmp_path / "check" / "check.json").read_text())
        assert stored["faults"] == [fault.text for fault in report.faults]

    def test_a_table_that_is_lost_does_not_hide_missing_files(self, root, tmp_path):
        FIRST_LOST.do(root)
        file(root, "scene-0916", "LIDAR_TOP").unlink()
        cut(file(root, "scene-0916", "LIDAR_TOP", 1), 9)
        file(root, "scene-0061", "CAM_FRONT").write_bytes(b"")
        faults = [fault.text for fault in check_data("nuscenes", root, tmp_path).faults]
        assert any(re.search(FIRST_LOST.text, fault) for fault in faults)
        assert sum("LIDAR_TOP/scene-0916" in fault for fault in faults) == 2
        assert any("CAM_FRONT/scene-0061" in fault and "is empty" in fault for fault in faults)
        assert not (tmp_path / "sheet.png").exists()

    def test_one_split_and_one_that_is_not_there(self, whole, tmp_path):
        report = check_data("nuscenes", whole, tmp_path, FootageChoice(split="mini_val"))
        assert {row.split for row in report.inventory} == {"mini_val"}
        with pytest.raises(UserError, match="no split minival; there are train, val"):
            check_data("nuscenes", whole, tmp_path, FootageChoice(split="minival"))

    def test_what_is_unlikely_is_doubted(self, root, tmp_path):
        def lift(rows: list[dict]) -> None:
            for row in rows:
                row["translation"][2] += 9.0

        edit(root, "calibrated_sensor", lift)
        edit(root, "scene", lambda rows: rows[0].update(description=" "))
        report = check_data("nuscenes", root, tmp_path)
        texts = [doubt.text for doubt in report.doubts]
        assert "scene-0061: its description is empty, so it counts as clear" in texts
        assert any("the camera sits 10.50 m above the ground" in text for text in texts)
        assert report.faults == []

    def test_a_camera_that_looks_back_is_doubted(self, root, tmp_path):
        def turn(rows: list[dict]) -> None:
            for row in rows:
                if row["camera_intrinsic"]:
                    row["rotation"] = [0.5, -0.5, -0.5, 0.5]  # along the car's -x

        edit(root, "calibrated_sensor", turn)
        doubts = [d.text for d in check_data("nuscenes", root, tmp_path).doubts if d.group == "motion"]
        assert len(doubts) == len(SCENES)
        assert doubts[0].startswith("scene-0061/CAM_FRONT: drives backwards")

    def test_a_key_frame_whose_sweep_has_no_record_is_doubted(self, root, tmp_path):
        edit(root, "sample_data", lambda rows: rows.remove(shots(rows, "scene-0655", "LIDAR_TOP")[0]))
        report = check_data("nuscenes", root, tmp_path, sample=0)
        (doubt,) = [d.text for d in report.doubts if "no whole record of a LiDAR sweep" in d.text]
        assert doubt.startswith("samples/CAM_FRONT/scene-0655")
        assert [row.measured - row.targets for row in report.inventory] == [0, -1, 0, 0]


class TestFolders:
    def test_a_broken_image_is_a_fault_and_an_odd_camera_a_doubt(self, tmp_path):
        good, bad = write_drive(tmp_path / "data/a", depth=True), write_drive(tmp_path / "data/b", count=5)
        cut(bad / "images/000002.png", 60)
        Camera(3.0, 3.0, 1.0, 11.0, CAMERA.width, CAMERA.height).write(bad / "camera.yaml", frame_rate=12)
        report = check_data("folder", tmp_path / "data", tmp_path / "out", sample=0)
        (fault,) = report.faults
        assert fault.text.startswith(f"{bad / 'images/000002.png'}: not readable as an image")
        doubts = [doubt.text for doubt in report.doubts if doubt.group == "cameras"]
        assert [text.partition(":")[0] for text in doubts] == ["b", "b"]
        assert "fx = 3 for 40 pixels sees 163 degrees" in doubts[0] and "cx = 1 of 40" in doubts[1]
        (row,) = report.inventory
        assert (row.sequences, row.images, row.looked_at, row.measured) == (2, 11, 11, 6)
        assert row.points == CAMERA.width * CAMERA.height and good.exists()
        assert cv2.imread(str(tmp_path / "out/sheet.png")) is not None

    def test_a_drive_that_does_not_open_hides_no_other(self, tmp_path):
        for name in "abc":
            write_drive(tmp_path / "data" / name / "clear")
        write_text(tmp_path / "data/a/clear/camera.yaml", "fx: 3\n")
        write_text(tmp_path / "data/c/clear/motion.csv", "index,speed\n0,fast\n")
        report = check_data("folder", tmp_path / "data", tmp_path / "out")
        starts = [fault.text.partition(": ")[0] for fault in report.faults]
        assert starts == [
            str(tmp_path / "data" / path) for path in ("a/clear/camera.yaml", "c/clear/motion.csv")
        ]
        assert [(row.sequences, row.images) for row in report.inventory] == [(1, 6)]

    def test_depth_of_another_size_or_not_16_bit(self, tmp_path):
        drive = write_drive(tmp_path / "data", depth=True)
        cv2.imwrite(str(drive / "depth/000001.png"), np.ones((9, 9), np.uint16))
        cv2.imwrite(str(drive / "depth/000002.png"), np.ones((24, 40), np.uint8))
        faults = check_data("folder", tmp_path / "data", tmp_path / "out").faults
        assert [re.sub(r".*depth/", "", fault.text)[:20] for fault in faults] == [
            "000001.png: 9x9 pixe",
            "000002.png: not a 16",
        ]

    def test_a_missing_file_is_found_outside_the_sample_too(self, tmp_path):
        drive = write_drive(tmp_path / "data", count=40)
        for number in range(40):
            (drive / f"images/{number:06d}.png").unlink()
            (drive / f"images/{number:06d}.png").symlink_to(tmp_path / "unplugged")
        report = check_data("folder", drive, tmp_path / "out", sample=4)
        assert len(report.faults) == 40 and report.inventory[0].looked_at <= 4 + 6

    def test_warnings_and_missing_cameras_are_doubts(self, tmp_path):
        drive = write_drive(tmp_path / "data", count=9)
        (drive / "images/000004.png").unlink()
        (drive / "camera.yaml").unlink()
        (drive / "motion.csv").unlink()
        report = check_data("folder", drive, tmp_path / "out")
        texts = [doubt.text for doubt in report.doubts]
        assert "images are missing between 000003.png and 000005.png" in texts[0]
        assert texts[1] == "data and 1 other: no camera; good for prediction only"
        assert report.faults == []

    def test_a_split_that_means_nothing_is_a_fault(self, tmp_path):
        write_drive(tmp_path / "data")
        report = check_data("folder", tmp_path / "data", tmp_path / "out", FootageChoice(split="val"))
        assert "so split val means nothing" in report.faults[0].text and report.inventory == []

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("kitti", "is not laid out as kitti, it lacks days such as"),
            ("nuscenes", "is not laid out as nuscenes"),
        ],
    )
    def test_another_kind_than_said(self, tmp_path, kind, text):
        (tmp_path / "data").mkdir()
        cv2.imwrite(str(tmp_path / "data/a.png"), np.zeros((24, 40, 3), np.uint8))
        with pytest.raises(UserError, match=text):
            check_data(kind, tmp_path / "data", tmp_path / "out")

    def test_nuscenes_under_another_name_and_nothing_at_all(self, whole, tmp_path):
        with pytest.raises(
            UserError, match="is laid out as nuscenes, not as kitti; say acdepth data check nus"
        ):
            check_data("kitti", whole, tmp_path)
        with pytest.raises(UserError, match="no such folder"):
            check_data("folder", tmp_path / "nowhere", tmp_path)


class TestOtherLayouts:
    """They come in by the door; here their damages come out."""

    def test_robotcar(self, tmp_path):
        night = "2014-12-16-18-44-24"
        root = write_prepared(tmp_path / "data", {"2014-12-09-13-21-02": range(6), night: range(6)})
        clouds = sorted((root / night / CLOUDS).iterdir())
        cut(clouds[2], 5)
        pose_file = root / "2014-12-09-13-21-02" / "poses_synchronized.json"
        pose_file.write_text(json.dumps(json.loads(pose_file.read_text())[:-2]))
        report = check_data("robotcar", root, tmp_path / "out", sample=0)
        assert [(row.condition, row.images, row.measured) for row in report.inventory] == [
            ("clear", 6, 6),
            ("night", 6, 5),
        ]
        (fault,) = report.faults
        assert fault.text.startswith(str(clouds[2]))
        texts = [doubt.text for doubt in report.doubts if doubt.group == "motion"]
        assert texts == ["2014-12-09-13-21-02: how far the camera went is unknown at image 3 and 1 other"]

    def test_kitti_raw(self, tmp_path):
        root = write_kitti_raw(tmp_path / "data", {"0001": range(5)})
        scan = next((root / DAY).glob("*/velodyne_points/data/0000000003.bin"))
        cut(scan, 3)
        report = check_data("kitti", root, tmp_path / "out", sample=0)
        assert [(row.images, row.measured) for row in report.inventory] == [(5, 4)]
        assert [fault.text.partition(": ")[0] for fault in report.faults] == [str(scan)]
        assert not [doubt for doubt in report.doubts if doubt.group == "motion"]

    def test_a_list_with_missing_images_hides_no_missing_cloud(self, tmp_path):
        scene = "2014-12-09-13-21-02"
        root = write_prepared(tmp_path / "data", {scene: range(6)})
        images, clouds = (sorted((root / scene / folder).iterdir()) for folder in ("stereo/left", CLOUDS))
        write_text(root / f"splits/{scene}_test.txt", "".join(f"{image.stem}\n" for image in images))
        images[0].unlink()
        clouds[3].unlink()
        report = check_data("robotcar", root, tmp_path / "out", sample=0)
        assert [fault.text for fault in report.faults] == [
            f"{clouds[3]}: no such file; prepare its scene again, or take its image off the list"
        ]
        (doubt,) = [doubt.text for doubt in report.doubts if doubt.group == "lists"]
        assert "_test.txt: 1 of 6 images are not there" in doubt

    def test_robotcar_without_lists_misses_clouds_without_fault(self, tmp_path):
        scene = "2014-12-09-13-21-02"
        root = write_prepared(tmp_path / "data", {scene: range(6)})
        cloud = min((root / scene / CLOUDS).iterdir())
        cloud.unlink()
        report = check_data("robotcar", root, tmp_path / "out", sample=0)
        assert report.faults == []
        assert f"1 of 6 images have no cloud, such as {cloud}" in report.doubts[0].text
        stamps = [image.stem for image in sorted((root / scene / "stereo/left").iterdir())]
        lines = [" ".join(stamps[first : first + 3]) for first in (0, 1)]
        write_text(root / f"splits/{scene}_train_stride_1.txt", "\n".join(lines))
        cloud.with_name(f"{stamps[1]}.pcd.bin").unlink()
        assert check_data("robotcar", root, tmp_path / "out", sample=0).faults == []

    def test_the_former_layout_of_robotcar_is_told_from_md4alls(self, tmp_path):
        """It had poses by time, and lists that named files."""
        scene = "2014-12-09-13-21-02"
        root = write_prepared(tmp_path / "data", {scene: range(3)}, lens="stereo/centre")
        write_text(root / scene / "poses_synchronized.json", json.dumps({"17": np.eye(4).tolist()}))
        write_text(root / "splits/train.txt", f"{scene}/stereo/centre/17.png\n")
        report = check_data("robotcar", root, tmp_path / "out")
        (fault,) = report.faults
        assert "is of acdepth's own former layout" in fault.text and "make the scene again" in fault.text

    def test_robotcars_centre_lens(self, tmp_path):
        root = write_prepared(tmp_path / "data", {"2014-12-09-13-21-02": range(3)}, lens="stereo/centre")
        report = check_data("robotcar", root, tmp_path / "out", FootageChoice(cameras=("stereo/centre",)))
        assert report.faults == [] and [row.measured for row in report.inventory] == [3]

    def test_kitti_scans_that_are_not_there_are_doubted(self, tmp_path):
        root = write_kitti_raw(tmp_path / "data", {"0001": range(5)})
        scan = next((root / DAY).glob("*/velodyne_points/data/0000000003.bin"))
        scan.unlink()
        report = check_data("kitti", root, tmp_path / "out", sample=0)
        assert report.faults == []
        (doubt,) = [doubt.text for doubt in report.doubts if doubt.group == "depth"]
        assert f"1 of 5 images have no scan, such as {scan}" in doubt

    def test_driving_stereo(self, tmp_path):
        name = "2018-10-25-07-37-26_2018-10-25-07-37-28-123"
        for weather in ("foggy", "sunny"):
            write_weather(tmp_path / "data", weather, [name])
        write_calibration(tmp_path / "data", name.partition("_")[0])
        report = check_data("driving-stereo", tmp_path / "data", tmp_path / "out")
        assert {(row.condition, row.measured) for row in report.inventory} == {("clear", 1), ("fog", 1)}
        assert report.faults == []


class TestPlausible:
    def test_cameras(self):
        assert camera_doubts(Camera(1266.4, 1266.4, 816.3, 491.5, 1600, 900)) == []
        assert "sees 14 degrees" in camera_doubts(Camera(1266.4, 1266.4, 160, 90, 320, 180))[0]
        assert "cy = 600 of 720" in camera_doubts(Camera(800, 800, 640, 600, 1280, 720))[0]

    def test_speeds(self):
        steady = np.linspace(0, 30, 100)
        assert speed_doubts(steady) == [] and speed_doubts(np.full(9, np.nan)) == []
        assert "never moves" in speed_doubts(np.zeros(5))[0]
        assert "at image 50 at up to 700 m/s" in speed_doubts(np.where(np.arange(100) == 50, 700, steady))[0]
        stopped = np.where(np.arange(100) == 60, 0, steady)
        assert "jumps from 17.9 to 0.0 m/s, at image 60 and 1 other" in speed_doubts(stopped)[0]
        assert speed_doubts(np.where(np.arange(100) == 60, 2 * steady, steady)) == []
        assert speed_doubts(np.array([9, 9, np.nan, 9])) == ["how far the camera went is unknown at image 2"]

    def test_directions(self):
        assert direction_doubts(np.array([[0, 0, 1.0], [0.3, 0, 0.8]])) == []
        assert "moves along (1.00, 0.00, 0.00)" in direction_doubts(np.array([[2.0, 0, 0]]))[0]
        assert direction_doubts(np.zeros((4, 3))) == []
        assert direction_doubts(np.array([[0, 0, 1.0], [np.nan] * 3])) == []

    def test_depth(self):
        """A road seen by a camera 1.5 m above it, and the same picture upside down."""
        rows = np.arange(100)[:, None] - 49.5
        road = np.where(rows > 2, 1.5 * 100 / np.maximum(rows, 1), 0) * np.ones((1, 50))
        facts = depth_facts(road)
        assert (facts.points, facts.falls) == (48 * 50, True)
        assert facts.median == pytest.approx(np.median([z for z in road.ravel() if z > 0]))
        assert depth_doubts([facts]) == []
        upside_down = depth_facts(np.where(road > 0, 100 / np.maximum(road, 1), 0))
        assert "does not fall" in depth_doubts([upside_down, upside_down, facts])[0]
        assert depth_doubts([upside_down, facts, facts]) == []
        assert "is it in metres?" in depth_doubts([depth_facts(road * 256)])[0]
        assert "only 0 pixels" in depth_doubts([depth_facts(road * 0)])[0]


class TestTelling:
    def test_of_a_large_group_the_first_ones_and_the_number(self):
        findings = [Finding("sweeps", f"sweeps/{number}.jpg: gone") for number in range(MOST_TOLD + 5)]
        lines = told([*findings, Finding("samples", "samples/0.jpg: gone")], "fault")
        assert len(lines) == MOST_TOLD + 2
        assert lines[0] == "fault: sweeps/0.jpg: gone" and lines[-2] == "fault: samples/0.jpg: gone"
        assert lines[-1] == "fault: sweeps: 5 more, see check.json"

    def test_a_file_is_named_once_but_each_fault_of_a_table(self):
        findings = Findings()
        for text in ("a/b.jpg: No such file", "a/b.jpg: not readable"):
            findings.file_fault(UserError(*text.split(": ", 1)))
        for text in ("t.json: record 1", "t.json: record 2", "t.json: record\n2"):
            findings.fault(UserError(*text.split(": ", 1)))
        assert [fault.text for fault in findings.faults] == [
            "a/b.jpg: No such file",
            "t.json: record 1",
            "t.json: record 2",
        ]
        assert findings.faults[0].group == "a"


class TestPoints:
    def test_a_point_is_drawn_where_it_is_and_near_ones_lie_on_top(self):
        depth = np.zeros((50, 100))
        depth[20, 60], depth[20, 61], depth[40, 10] = 40, 4, 10
        pixels = np.zeros((100, 200, 3), np.uint8)
        draw_points(pixels, depth)
        near, middle = depth_colours(np.array([4.0, 10.0]))
        assert (pixels[41, 123] == near).all() and (pixels[41, 121] == near).all()
        assert (pixels[81, 21] == middle).all()
        painted = np.argwhere(pixels.any(-1))
        assert len(painted) == 4 * 4 + 4 * 6
        np.testing.assert_array_equal(painted.min(0), [39, 19])

    def test_colours_tell_near_from_far(self):
        near, far = depth_colours(np.array([2.0, 80.0])).astype(int)
        assert near[0] > 2 * near[2] and far[2] > 2 * far[0]
        np.testing.assert_array_equal(depth_colours(np.array([0.5, 500.0])), [near, far])

    def test_dense_depth_leaves_the_picture_to_be_seen(self):
        pixels = np.zeros((96, 160, 3), np.uint8)
        draw_points(pixels, np.full((96, 160), 9.0))
        assert 0.1 < pixels.any(-1).mean() < 0.5


def test_a_bag_of_ones_own_is_one_file(tmp_path: Path) -> None:
    bag = Bag("mcap_file")
    for number in range(4):
        bag.image(START + number * 10**8, picture(number))
        bag.camera_info(START + number * 10**8, CAMERA)
    path = bag.write(tmp_path / "drive")
    assert check_data("folder", path, tmp_path / "check").faults == []
    path.write_bytes(path.read_bytes()[:-30])
    (fault,) = check_data("folder", path, tmp_path / "check").faults
    assert "drive.mcap: not readable as a bag" in fault.text
    with pytest.raises(UserError, match="no such folder"):
        check_data("kitti", path, tmp_path / "check")
