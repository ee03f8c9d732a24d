"""KITTI's raw drives: lists, gaps, depth and motion, on small drives of the real layout."""

import math
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import write_text
from acdepth.data.kitti.benchmarks import open_lidar_folder
from acdepth.data.kitti.calibration import project, read_points
from acdepth.data.kitti.drives import is_kitti_raw, open_kitti_raw
from acdepth.data.kitti.raw import mercator_scale, read_oxts
from tests.data.folders import picture
from tests.data.kitti_layout import (
    AXES,
    DAY,
    HEIGHT,
    IMU_T,
    LATITUDE,
    LIDAR_T,
    P_RECT_02,
    P_RECT_03,
    SPEED,
    STEP,
    WIDTH,
    oxts_line,
    write_calibration,
    write_kitti_raw,
    write_matrices,
)
from tests.real import REAL, needs_real_data

ONE, TWO = (f"{DAY}/{DAY}_drive_{number}_sync" for number in ("0001", "0002"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    numbers = {"0001": range(3, 9), "0002": [0, 1, 2, 5, 6, 7, 11]}
    return write_kitti_raw(tmp_path_factory.mktemp("kitti_raw"), numbers)


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "raw")


def fail(message: str) -> None:
    raise AssertionError(message)


def write_list(path: Path, lines: list[str]) -> Path:
    write_text(path, "".join(f"{line}\n" for line in lines))
    return path


class TestOpening:
    def test_without_a_list_every_left_image_is_a_target_and_gaps_cut(self, made):
        warnings = []
        clips = open_kitti_raw(made, None, warnings.append)
        assert is_kitti_raw(made) and not is_kitti_raw(made / DAY)
        assert {s.name: len(s.targets()) for s in clips} == {
            f"{ONE}/image_02": 6,
            f"{TWO}/image_02": 3,
            f"{TWO}/image_02/from_0000000005": 3,
            f"{TWO}/image_02/from_0000000011": 1,
        }
        (warning,) = warnings
        assert "0000000002.png and 0000000005.png, and 1 times more" in warning and "0002_sync" in warning

    def test_a_sequence_is_its_images(self, made):
        first = open_kitti_raw(made, None, lambda _: None)[0]
        assert (first.condition, first.frame_rate) == (Condition.CLEAR, 10)
        assert first.key(2) == f"{ONE}/image_02/data/0000000005.png"
        np.testing.assert_array_equal(first.image(2), picture(5, HEIGHT, WIDTH))
        camera = first.camera
        assert camera is not None and (camera.width, camera.height) == (WIDTH, HEIGHT)
        assert (camera.fx, camera.fy, camera.cx, camera.cy) == (90, 95, 80, 22)

    def test_lists_decide_targets_sides_and_drives(self, root):
        lines = [f"{TWO} 0000000006 l", "", f"{ONE} 4 r", f"{ONE} 0000000007 r"]
        write_list(root / "splits" / "small_files.txt", lines)
        other, two = open_kitti_raw(root, "small", lambda _: None)
        assert (other.name, other.targets(), len(other)) == (f"{ONE}/image_03", [1, 4], 6)
        assert (two.name, two.targets(), len(two)) == (f"{TWO}/image_02/from_0000000005", [1], 3)
        assert other.key(0) == f"{ONE}/image_03/data/0000000003.png"
        by_path = open_kitti_raw(root, str(root / "splits" / "small_files.txt"), lambda _: None)
        assert [s.name for s in by_path] == [other.name, two.name]

    def test_images_of_the_list_that_are_not_there(self, tmp_path):
        root = write_kitti_raw(tmp_path / "raw", {"0001": range(100)})
        lines = [f"{ONE} {number} l" for number in range(100)]
        file = write_list(tmp_path / "train.txt", lines)
        (folder,) = root.glob("*/*/image_02/data")
        (folder / "0000000099.png").unlink()
        warnings = []
        (clip,) = open_kitti_raw(root, str(file), warnings.append)
        assert len(clip.targets()) == 99
        assert len(warnings) == 1 and "1 of 100 images are not there, such as" in warnings[0]
        (folder / "0000000098.png").unlink()
        with pytest.raises(UserError, match=r"train\.txt: 2 of 100 images .*0000000098\.png; download"):
            open_kitti_raw(root, str(file), fail)

    def test_converted_images(self, tmp_path):
        (clip,) = open_kitti_raw(write_kitti_raw(tmp_path, {"0001": range(2)}, ".jpg"), None, fail)
        assert clip.camera is not None and clip.camera.width == WIDTH
        assert clip.key(1).endswith("0000000001.jpg") and clip.image(1).shape == (HEIGHT, WIDTH, 3)

    def test_drives_that_are_not_rectified_are_none(self, root):
        shutil.move(root / ONE, root / ONE.replace("sync", "extract"))
        assert all(s.name.startswith(TWO) for s in open_kitti_raw(root, None, lambda _: None))


class TestDepth:
    @pytest.mark.parametrize(("side", "projection"), [("l", P_RECT_02), ("r", P_RECT_03)])
    def test_against_a_slow_twin(self, root, side, projection):
        """One matrix and one point at a time, by the definition."""
        (clip,) = open_kitti_raw(root, str(write_list(root / "a.txt", [f"{ONE} 4 {side}"])), fail)
        cameras, lidar = (
            matrices(root / DAY / f"calib_{name}.txt") for name in ("cam_to_cam", "velo_to_cam")
        )
        expected = np.zeros((HEIGHT, WIDTH))
        for point in read_points(root / ONE / "velodyne_points" / "data" / "0000000004.bin"):
            if point[0] < 0:
                continue
            in_camera_0 = lidar["R"].reshape(3, 3) @ point + lidar["T"]
            u, v, z = np.array(projection) @ np.append(cameras["R_rect_00"].reshape(3, 3) @ in_camera_0, 1)
            if z <= 0:
                continue
            column, row = round(u / z) - 1, round(v / z) - 1
            if 0 <= column < WIDTH and 0 <= row < HEIGHT:
                expected[row, column] = min(z, expected[row, column] or np.inf)
        depth = clip.depth(1)
        assert depth is not None and depth.dtype == np.float32 and (depth > 0).sum() > 500
        np.testing.assert_allclose(depth, expected, atol=1e-5)

    def test_pixels_are_counted_from_one_and_the_nearest_stays(self):
        projected = np.array([[1.4, 1.6, 1], [4, 8, 4], [0.9, 1, 2]]) * [[5], [1], [1]]
        depth = project(projected, np.eye(3, 4), (3, 3), first_pixel=1).image()
        assert depth[1, 0] == 4 and (depth > 0).sum() == 1

    def test_points_behind_the_scanner_are_dropped(self, tmp_path):
        """Even where a camera five metres behind it would see them."""
        root = write_kitti_raw(tmp_path, {"0001": [0]})
        write_matrices(root / DAY / "calib_velo_to_cam.txt", {"R": AXES, "T": [0, 0, 5]})
        points = np.array([[-2, 1, 0, 0], [3, -1, 0, 0]], "<f4")
        points.tofile(root / ONE / "velodyne_points" / "data" / "0000000000.bin")
        depth = open_kitti_raw(root, None, fail)[0].depth(0)
        assert depth is not None and (depth > 0).sum() == 1 and depth.max() == pytest.approx(8, abs=0.1)

    def test_a_frame_without_a_scan_has_none(self, root):
        (root / ONE / "velodyne_points" / "data" / "0000000004.bin").unlink()
        first = open_kitti_raw(root, None, lambda _: None)[0]
        assert first.depth(1) is None and first.depth(0) is not None


class TestMotion:
    def test_a_step_northwards(self, made):
        """A hundred-thousandth of a degree on a sphere of 6378.137 km is 1.1132 m."""
        first = open_kitti_raw(made, None, lambda _: None)[0]
        assert first.distance(1, 2) == pytest.approx(1.11319, abs=1e-5)
        assert first.distance(3, 1) == pytest.approx(2 * 1.11319, abs=2e-5)
        assert first.lengths_from == "poses"

    def test_the_camera_on_the_turning_car(self, tmp_path):
        """A car that turns about its inertial unit from east to north takes the camera with it."""
        root = write_kitti_raw(tmp_path, {"0001": range(2)})
        write_plain_calibration(root / DAY)
        write_text(root / ONE / "oxts" / "data" / "0000000001.txt", oxts_line(LATITUDE, yaw=math.pi / 2))
        (clip,) = open_kitti_raw(root, None, fail)
        T, turned = (clip.T_camera_to_world(index) for index in (0, 1))
        np.testing.assert_allclose(T[:3, :3], AXES.T, atol=1e-9)
        np.testing.assert_allclose(turned[:3, 2], [0, 1, 0], atol=1e-9)
        # Forward, left, up from the inertial unit: to scanner, camera 0, and 0.05 m to the right, camera 2.
        place = -np.array(IMU_T) - AXES.T @ LIDAR_T - AXES.T @ in_camera_0()
        start = read_oxts(root / ONE / "oxts" / "data" / "0000000000.txt")
        np.testing.assert_allclose(
            T[:3, 3] - start.T_imu_to_world(mercator_scale(start))[:3, 3], place, atol=1e-6
        )
        assert clip.distance(0, 1) == pytest.approx(math.sqrt(2) * math.hypot(*place[:2]), abs=1e-6)

    def test_north_is_up_the_map(self, tmp_path):
        """A thousandth of a degree of latitude is 111 m, wherever on earth."""
        path = tmp_path / "oxts.txt"
        for latitude in (-33.9, 0.0, LATITUDE):
            there = []
            for more in (0.0, 0.001):
                write_text(path, oxts_line(latitude + more))
                there.append(read_oxts(path))
            scale = mercator_scale(there[0])
            moved = there[1].T_imu_to_world(scale)[:3, 3] - there[0].T_imu_to_world(scale)[:3, 3]
            np.testing.assert_allclose(moved, [0, 111.32, 0], atol=0.01)

    def test_roll_pitch_and_yaw_turn_in_this_order(self, tmp_path):
        line = oxts_line(LATITUDE).split()
        write_text(tmp_path / "0.txt", " ".join([*line[:3], "0.1", "0.2", "0.3", *line[6:]]))
        R = read_oxts(tmp_path / "0.txt").T_imu_to_world(1.0)[:3, :3]
        about_x, about_y, about_z = (cv2.Rodrigues(row)[0] for row in np.diag([0.1, 0.2, 0.3]))
        np.testing.assert_allclose(R, about_z @ about_y @ about_x, atol=1e-12)

    def test_the_scale_is_the_first_image_s(self, root):
        """Lengths in the projection are true where the drive begins, not where its second piece does."""
        (root / ONE / "oxts" / "data" / "0000000003.txt").write_text(oxts_line(60.0))
        first = open_kitti_raw(root, None, lambda _: None)[0]
        at_sixty = 1.11319 * math.cos(math.radians(60)) / math.cos(math.radians(LATITUDE + 4.5 * STEP))
        assert first.distance(1, 2) == pytest.approx(at_sixty, abs=1e-5)

    @pytest.mark.parametrize("file", ["calib_velo_to_cam.txt", "calib_imu_to_velo.txt"])
    def test_without_calibration_the_speed_decides(self, root, file):
        (root / DAY / file).unlink()
        faster = oxts_line(LATITUDE, speed=-SPEED - 2)
        (root / ONE / "oxts" / "data" / "0000000006.txt").write_text(faster)
        first = open_kitti_raw(root, None, lambda _: None)[0]
        assert first.distance(1, 3) == pytest.approx((SPEED + 1) * 0.2)
        assert first.lengths_from == "speeds"

    def test_without_a_pose_there_is_no_distance(self, root):
        (root / ONE / "oxts" / "data" / "0000000006.txt").unlink()
        first = open_kitti_raw(root, None, lambda _: None)[0]
        assert first.distance(2, 3) is None and first.distance(1, 2) is not None

    def test_a_drive_without_any_pose_is_opened(self, root):
        shutil.rmtree(root / ONE / "oxts")
        first = open_kitti_raw(root, None, lambda _: None)[0]
        assert first.distance(1, 2) is None and first.depth(1) is not None


class TestRefusals:
    @pytest.mark.parametrize(
        ("file", "content", "message"),
        [
            ("calib_cam_to_cam.txt", b"R_rect_00: 1 0 0 0 1 0 0 0 1\n", "has no matrix P_rect_02"),
            (
                "calib_cam_to_cam.txt",
                b"P_rect_02: 1 0 0\nR_rect_00: 1 0 0 0 1 0 0 0 1\n",
                "has 3 numbers, expected 12",
            ),
            ("calib_cam_to_cam.txt", b"\xff\xfe\x00", "is text in UTF-16; save it as UTF-8"),
            (
                "calib_cam_to_cam.txt",
                b"P_rect_02: 0 0 0 0 0 0 0 0 0 0 0 0\nR_rect_00: 1 0 0 0 1 0 0 0 1\n",
                "focal",
            ),
            ("calib_velo_to_cam.txt", b"R: 1 0 0 0 1 0 0 0 1\n", "has no matrix T"),
            ("calib_velo_to_cam.txt", b"R: 1 0 0 0 1 0 0 0 0\nT: 0 0 0\n", "R is no rotation"),
            (
                "calib_cam_to_cam.txt",
                b"R_rect_00: 1 0 0 0 1 0 0 0 1e300\n",
                "R_rect_00 has 9 numbers, expected 9 of at most 1e[+]06",
            ),
            ("calib_cam_to_cam.txt", b"R_rect_00: 1 0 0 0 1 0 0 0 -1\n", "R_rect_00 is no rotation"),
            ("calib_imu_to_velo.txt", b"R: 1 0 0 0 1 0 0 0 nan\nT: 0 0 0\n", "R has 9 numbers"),
        ],
    )
    def test_a_damaged_calibration(self, root, file, content, message):
        (root / DAY / file).write_bytes(content)
        refuses(f"{file}: .*{message}", lambda: open_kitti_raw(root, None, lambda _: None))

    @pytest.mark.parametrize("content", [b"", b"\0" * 40, np.full(4, np.nan, "<f4").tobytes()])
    def test_a_damaged_scan(self, root, content):
        (root / ONE / "velodyne_points" / "data" / "0000000003.bin").write_bytes(content)
        first = open_kitti_raw(root, None, lambda _: None)[0]
        refuses(r"0000000003\.bin: (not a KITTI scan|holds points)", lambda: first.depth(0))

    def test_a_scan_that_nobody_can_place(self, root):
        (root / DAY / "calib_velo_to_cam.txt").unlink()
        first = open_kitti_raw(root, None, lambda _: None)[0]
        refuses(r"calib_velo_to_cam\.txt: no such file", lambda: first.depth(0))

    @pytest.mark.parametrize(
        "line", ["1 2 3", oxts_line(LATITUDE).replace("49", "nan", 1), "x " * 30, oxts_line(91.0)]
    )
    def test_a_damaged_pose(self, root, line):
        (root / ONE / "oxts" / "data" / "0000000005.txt").write_text(line)
        first = open_kitti_raw(root, None, lambda _: None)[0]
        refuses(r"0000000005\.txt: ", lambda: first.distance(1, 2))

    @pytest.mark.parametrize(
        "line", ["0 1 l", f"{ONE} 4", f"{ONE} 4 x", f"{ONE.replace(DAY, '2011_09_28', 1)} 4 l", "../../x 4 l"]
    )
    def test_a_line_that_is_none(self, root, line):
        file = write_list(root / "bad.txt", [f"{ONE} 4 l", "", line])
        refuses(r"bad\.txt: line 3, ", lambda: open_kitti_raw(root, str(file), fail))

    def test_lists_that_are_not_there_or_empty(self, root):
        write_list(root / "splits" / "eigen" / "test_files.txt", [""])
        refuses(r"zhou: no such list.*eigen/test_files\.txt", lambda: open_kitti_raw(root, "zhou", fail))
        refuses(r"test_files\.txt: names no images", lambda: open_kitti_raw(root, "eigen/test", fail))
        (root / "bin.txt").write_bytes(b"\xff\xfe\x00")
        refuses(r"bin\.txt: is text in UTF-16", lambda: open_kitti_raw(root, str(root / "bin.txt"), fail))

    def test_images_twice_misnamed_or_none(self, root):
        folder = root / ONE / "image_02" / "data"
        shutil.copy(folder / "0000000003.png", folder / "0000000003.jpg")
        refuses(r"0000000003\.png: is also there as", lambda: open_kitti_raw(root, None, fail))
        shutil.move(folder / "0000000003.jpg", folder / "left.jpg")
        refuses(r"left\.jpg: its name is no frame number", lambda: open_kitti_raw(root, None, fail))
        shutil.rmtree(root / ONE)
        shutil.rmtree(root / TWO)
        refuses("raw: has no images", lambda: open_kitti_raw(root, None, fail))

    def test_a_first_image_that_is_none(self, root):
        (root / ONE / "image_02" / "data" / "0000000003.png").write_bytes(b"GIF")
        refuses(r"0000000003\.png: not a PNG", lambda: open_kitti_raw(root, None, fail))


@needs_real_data
def test_a_real_scan_falls_one_pixel_beside_the_object_benchmark_s(tmp_path):
    frame = open_lidar_folder(REAL / "kitti_lidar", "real")[0]
    calibration = matrices(frame._calibration)
    R, t = np.split(calibration["Tr_velo_to_cam"].reshape(3, 4), [3], axis=1)
    write_matrices(
        tmp_path / DAY / "calib_cam_to_cam.txt",
        {"P_rect_02": calibration["P2"], "R_rect_00": calibration["R0_rect"]},
    )
    write_matrices(tmp_path / DAY / "calib_velo_to_cam.txt", {"R": R, "T": t})
    for source, part in ((frame.paths[0], "image_02"), (frame._points, "velodyne_points")):
        folder = tmp_path / ONE / part / "data"
        folder.mkdir(parents=True)
        shutil.copy(source, folder / f"0000000000{source.suffix}")
    (clip,) = open_kitti_raw(tmp_path, None, fail)
    depth, beside = clip.depth(0), frame.depth(0)
    assert depth is not None and beside is not None and (depth > 0).sum() > 10_000
    np.testing.assert_allclose(depth[:-1, :-1], beside[1:, 1:], atol=1e-4)


def refuses(pattern: str, act) -> None:
    """Check that ``act`` raises a `UserError` of one line."""
    with pytest.raises(UserError, match=pattern) as caught:
        act()
    assert "\n" not in str(caught.value)


def matrices(path: Path) -> dict[str, np.ndarray]:
    """The numbers of a calibration file by name."""
    named = {}
    for line in path.read_text().splitlines():
        name, _, values = line.partition(": ")
        if line and not name.endswith("time"):
            named[name] = np.array([float(value) for value in values.split()])
    return named


def write_plain_calibration(day: Path) -> None:
    """The axes exactly, so that places can be added up by hand."""
    write_calibration(day, np.random.default_rng(0))
    cameras = {"P_rect_02": P_RECT_02, "P_rect_03": P_RECT_03, "R_rect_00": np.eye(3)}
    write_matrices(day / "calib_cam_to_cam.txt", cameras)
    write_matrices(day / "calib_velo_to_cam.txt", {"R": AXES, "T": LIDAR_T})
    write_matrices(day / "calib_imu_to_velo.txt", {"R": np.eye(3), "T": IMU_T})


def in_camera_0() -> np.ndarray:
    """Where camera 2 sees camera 0 [m], from the last column of its projection."""
    (fx, _, cx, x), (_, fy, cy, y), (*_, z) = P_RECT_02
    return np.array([(x - cx * z) / fx, (y - cy * z) / fy, z])
