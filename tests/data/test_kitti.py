"""KITTI's two layouts, on small imitations and on the real thing."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.core.errors import UserError
from acdepth.core.files import write_text
from acdepth.data import TripletBatches, open_data, prepare
from acdepth.data.kitti.calibration import project
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
