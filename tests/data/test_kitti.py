"""KITTI's two layouts, on small imitations and on the real thing."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.core.errors import UserError
from acdepth.core.files import write_text
from acdepth.data import TripletBatches, open_data, prepare
from acdepth.data.kitti.beside import camera_beside
from acdepth.data.kitti.calibration import project, read_calibration
from tests.real import REAL, needs_real_data

IDENTITY = "1 0 0 0 1 0 0 0 1"


def write_lidar_frame(folder: Path, points: list[tuple[float, float, float]]) -> None:
    for part in ("image_2", "velodyne", "calib"):
        (folder / part).mkdir(parents=True)
    cv2.imwrite(str(folder / "image_2" / "000007.png"), np.zeros((20, 30, 3), np.uint8))
    scan = np.c_[np.array(points, np.float32), np.ones(len(points), np.float32)]
    scan.astype(np.float32).tofile(folder / "velodyne" / "000007.bin")
    # The LiDAR looks along its x axis; the camera's x is the LiDAR's -y, its y the LiDAR's -z.
    calibration = (
        f"P2: 10 0 15 0 0 10 10 0 0 0 1 0\nR0_rect: {IDENTITY}\nTr_velo_to_cam: 0 -1 0 0 0 0 -1 0 1 0 0 0\n"
    )
    write_text(folder / "calib" / "000007.txt", calibration)


def test_lidar_points_become_depth_and_the_nearest_stays(tmp_path: Path) -> None:
    write_lidar_frame(tmp_path / "kitti", [(10, 5, 4), (20, 10, 8), (5, 0, 0), (-5, 0, 0), (2, 9, 0)])
    (frame,) = open_data(tmp_path / "kitti")
    depth = frame.depth(0)
    assert depth is not None and depth.shape == (20, 30)
    assert {(int(r), int(c)): float(depth[r, c]) for r, c in zip(*depth.nonzero(), strict=True)} == {
        (6, 10): 10.0,
        (10, 15): 5.0,
    }
    assert frame.key(0) == "kitti/image_2/000007.png" and frame.camera is not None and frame.camera.cx == 15


def test_no_point_inside_is_no_depth() -> None:
    points = np.array([[0.0, 0.0, -1.0], [900.0, 0.0, 1.0]])
    assert not project(points, np.eye(3, 4), (4, 5)).image().any()


def test_a_torn_scan(tmp_path: Path) -> None:
    write_lidar_frame(tmp_path, [(10, 5, 4)])
    (tmp_path / "velodyne" / "000007.bin").write_bytes(b"\0" * 10)
    with pytest.raises(UserError, match=r"000007\.bin: not a KITTI scan"):
        open_data(tmp_path)[0].depth(0)


def write_odometry_drive(folder: Path) -> Path:
    (folder / "image_0").mkdir(parents=True)
    for number in range(4):
        cv2.imwrite(str(folder / "image_0" / f"{number:06d}.png"), np.full((20, 30), 40 * number, np.uint8))
    write_text(folder / "calib.txt", "P0: 10 0 15 0 0 11 10 0 0 0 1 0\n")
    poses = "".join(f"1 0 0 0 0 1 0 0 0 0 1 {1.5 * number}\n" for number in range(4))
    write_text(folder / "poses.txt", poses)
    return folder


def test_a_gray_drive_with_poses(tmp_path: Path) -> None:
    (drive,) = open_data(write_odometry_drive(tmp_path / "04"))
    image = drive.image(2)
    assert image.shape == (20, 30, 3) and (image == 80).all()
    assert drive.distance(1, 2) == pytest.approx(1.5) and drive.frame_rate == 10
    assert drive.camera is not None and (drive.camera.fy, drive.camera.width) == (11, 30)


def test_a_calibration_without_the_matrix_and_too_few_poses(tmp_path: Path) -> None:
    drive = write_odometry_drive(tmp_path / "04")
    write_text(drive / "poses.txt", "1 0 0 0 0 1 0 0 0 0 1 0\n")
    with pytest.raises(UserError, match=r"poses\.txt: 1 rows of 12"):
        open_data(drive)
    write_text(drive / "calib.txt", "P2: 10 0 15 0 0 11 10 0 0 0 1 0\n")
    with pytest.raises(UserError, match=r"calib\.txt: has no matrix P0"):
        open_data(drive)


def test_poses_lie_in_the_benchmarks_own_folder_and_count_by_image(tmp_path: Path) -> None:
    drive = write_odometry_drive(tmp_path / "sequences" / "04")
    (drive / "image_0" / "000000.png").unlink()
    (tmp_path / "poses").mkdir()
    (drive / "poses.txt").unlink()
    rows = "".join(f"1 0 0 {number**2} 0 1 0 0 0 0 1 0\n" for number in range(4))
    write_text(tmp_path / "poses" / "04.txt", rows)
    (opened,) = open_data(drive)
    assert [opened.distance(0, 1), opened.distance(1, 2)] == pytest.approx([3, 5])
    for bad in (
        rows.replace("1 0 0 9", "1 0 0 nan"),
        rows.replace("0\n", "\n"),
        rows[: rows.rindex("1 0 0 9")],
    ):
        write_text(tmp_path / "poses" / "04.txt", bad)
        with pytest.raises(UserError, match=r"04\.txt: \d rows of 1\d, expected 12 finite numbers"):
            open_data(drive)
    (tmp_path / "poses" / "04.txt").unlink()
    assert open_data(drive)[0].distance(0, 1) is None


def test_the_left_colour_camera_goes_first(tmp_path: Path) -> None:
    drive = write_odometry_drive(tmp_path / "04")
    write_text(drive / "calib.txt", "P0: 10 0 15 0 0 11 10 0 0 0 1 0\n\nP2: 20 0 15 0 0 21 10 0 0 0 1 0\n")
    assert open_data(drive)[0].camera.fx == 10  # pyright: ignore[reportOptionalMemberAccess]
    (drive / "image_2").mkdir()
    assert open_data(drive)[0].camera.fx == 10, "an empty folder is none"  # pyright: ignore
    for path in (drive / "image_0").iterdir():
        path.rename(drive / "image_2" / path.name)
    (clip,) = open_data(drive)
    assert clip.camera is not None and clip.camera.fx == 20 and clip.key(1) == "04/image_2/000001.png"


def test_calibrations_without_names_are_counted_and_words_passed_over(tmp_path: Path) -> None:
    write_text(tmp_path / "calib.txt", "1 2 3\n\ncorner_dist: 9.95e-02\ncalib_time: 09-Jan 13:57\n4 5\n")
    found = read_calibration(tmp_path / "calib.txt")
    assert {name: values.tolist() for name, values in found.items()} == {
        "P0": [1, 2, 3],
        "corner_dist": [0.0995],
        "P3": [4, 5],
    }


def test_the_camera_beside_an_image_is_found_by_the_names_of_folders(tmp_path: Path) -> None:
    def picture(*parts: str) -> Path:
        path = tmp_path.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.zeros((20, 30, 3), np.uint8))
        return path

    def focal(*parts: str) -> float | None:
        camera = camera_beside(picture(*parts))
        return camera and camera.fx

    rows = "".join(f"P{number}: {10 + number} 0 15 0 0 10 10 0 0 0 1 0\n" for number in range(4))
    assert focal("04", "image_0", "000007.png") is None
    write_text(tmp_path / "04" / "calib.txt", rows)
    assert [focal("04", f"image_{name}", "000007.png") for name in "0123l4"] == [10, 11, 12, 13, 10, None]
    write_text(tmp_path / "04" / "calib" / "000007.txt", rows.replace("P2: 12", "P2: 22"))
    assert focal("04", "image_2", "000007.png") == 22 and focal("04", "image_2", "000008.png") == 12
    raw = "2011_09_26", "2011_09_26_drive_0001_sync"
    write_text(tmp_path / raw[0] / "calib_cam_to_cam.txt", rows.replace("P", "P_rect_0"))
    assert [focal(*raw, f"image_{name}", "data", "0.png") for name in ("00", "03", "04")] == [10, 13, None]
    assert focal(*raw, "image_02", "other", "0.png") is None and focal("data", "0.png") is None


@needs_real_data
def test_the_real_drives_and_frames(tmp_path: Path) -> None:
    drives = open_data(REAL / "kitti_odometry")
    assert [len(drive) for drive in drives] == [51, 51]
    steps = [drive.distance(index, index + 1) or 0 for drive in drives for index in range(50)]
    assert min(steps) > 0.9 and max(steps) < 1.3
    triplets = TripletBatches(prepare(drives[:1], tmp_path, (32, 96)), batch_size=2, seed=0)
    assert triplets.batch(0).image.shape == (2, 3, 32, 96)
    frames = open_data(REAL / "kitti_lidar")
    assert len(frames) == 6
    depth = frames[0].depth(0)
    assert depth is not None and depth.shape == frames[0].image(0).shape[:2]
    assert (depth > 0).sum() > 10_000 and depth[depth > 0].min() > 2 and depth.max() < 121
