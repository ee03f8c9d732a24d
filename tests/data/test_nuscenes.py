"""nuScenes: tables, scenes, splits and projection, on a small data set of the real layout.

``benchmarks/nuscenes_devkit.py`` compares the same reader with the devkit itself.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data import MixBatches, TripletBatches, prepare
from acdepth.data.nuscenes.lidar import moved, moved_back, project, read_points
from acdepth.data.nuscenes.scenes import condition_of, open_nuscenes, scene_names
from acdepth.data.nuscenes.tables import read_tables
from acdepth.data.rigid import from_quaternion
from tests.data.nuscenes_layout import HEIGHT, INTRINSICS, WIDTH, write_nuscenes
from tests.real import REAL, needs_real_data

SCENES = {"scene-0103": "Turning car", "scene-0916": "Night, rain, parking lot", "scene-0061": "In train"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_nuscenes(tmp_path_factory.mktemp("nuscenes"), SCENES)


def test_a_split_opens_its_scenes_only(root):
    assert [clip.name for clip in open_nuscenes(root, "mini_val")] == [
        "scene-0103/CAM_FRONT",
        "scene-0916/CAM_FRONT",
    ]
    assert [clip.name for clip in open_nuscenes(root, "mini_train")] == ["scene-0061/CAM_FRONT"]


def test_a_scene_is_its_images_in_order_with_depth_at_key_frames(root):
    clear, night = open_nuscenes(root, "mini_val")
    assert (clear.condition, night.condition) == (Condition.CLEAR, Condition.NIGHT_RAIN)
    assert len(clear) == 11
    assert [index for index in range(11) if clear.depth(index) is not None] == [0, 5, 10]
    assert [shot.timestamp for shot in clear.shots] == sorted(shot.timestamp for shot in clear.shots)
    assert clear.camera is not None and (clear.camera.width, clear.camera.height) == (WIDTH, HEIGHT)
    assert clear.image(3).shape == (HEIGHT, WIDTH, 3) and abs(int(clear.image(3)[0, 0, 0]) - 30) < 3
    assert clear.key(5).startswith("samples/CAM_FRONT/scene-0103")
    # 0.1 s at 8 m/s; the camera sits beside the point that the car turns about.
    assert clear.distance(3, 4) == pytest.approx(0.8, abs=0.25)
    assert clear.lengths_from == "poses"


def test_other_cameras_open_as_sequences_of_their_own(root):
    names = [s.name for s in open_nuscenes(root, "mini_train", ("CAM_FRONT", "CAM_BACK"))]
    assert names == ["scene-0061/CAM_BACK", "scene-0061/CAM_FRONT"]


def test_depth_goes_through_the_world(root):
    """Against a slow twin: one matrix per point, in float64."""
    clip = open_nuscenes(root, "mini_val")[0]
    shot = clip.shots[5]
    (sweep,) = [s for s in clip.tables.shots["LIDAR_TOP"] if s.sample == shot.sample]
    T_lidar_to_world = (
        clip.tables.ego_poses[sweep.ego_pose].matrix()
        @ clip.tables.calibrations[sweep.calibration].T_sensor_to_ego
    )
    T_world_to_camera = np.linalg.inv(clip.T_camera_to_world(5))
    expected = np.zeros((HEIGHT, WIDTH))
    for point in read_points(root / sweep.file):
        x, y, z, _ = T_world_to_camera @ T_lidar_to_world @ np.append(point, 1.0)
        if z > 1:
            column, row, _ = np.array(INTRINSICS) @ [x / z, y / z, 1]
            if 1 < column < WIDTH - 1 and 1 < row < HEIGHT - 1:
                expected[int(row), int(column)] = z
    depth = clip.depth(5)
    assert depth is not None and (depth > 0).sum() > 50
    agree = np.isclose(depth, expected, atol=1e-3)
    assert agree.mean() > 0.9998  # a point on the border between two pixels may round to either


def test_the_ends_of_a_scene_teach_no_geometry_and_no_weather_where_the_published_filter_drops_them(tmp_path):
    root = write_nuscenes(tmp_path / "data", {"scene-0061": "In train"}, samples=4)
    scene = open_nuscenes(root, "mini_train")
    first, *inner, last = [scene[0].key(position) for position in scene[0].targets()]
    filmed, alone = (prepare(scene, tmp_path / str(reach), (32, 64), reach=reach) for reach in (1, 0))

    def learnt(prepared, batches):
        return sorted(prepared.frames.key(index) for index in batches.order.items)

    assert learnt(filmed, TripletBatches(filmed, 1, 0)) == inner
    assert learnt(alone, MixBatches(alone, {}, None, 1, 0)) == [first, *inner, last]
    assert learnt(alone, MixBatches(alone, {}, None, 1, 0, ends=False)) == inner


def test_motion_and_its_inverse():
    draw = np.random.default_rng(0)
    points = draw.normal(0, 20, (50, 3)).astype(np.float32)
    T = from_quaternion([0.9, 0.1, -0.3, 0.2], [600.0, 1600.0, 2.0])
    np.testing.assert_allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3), atol=1e-12)
    exact = points @ T[:3, :3].T + T[:3, 3]
    np.testing.assert_allclose(moved(points, T), exact, atol=5e-4)
    np.testing.assert_allclose(moved_back(moved(points, T), T), points, atol=5e-4)


def test_the_last_of_two_points_in_one_pixel_stays_and_near_ones_are_dropped():
    intrinsics = np.array([[10.0, 0, 5], [0, 10.0, 5], [0, 0, 1]])
    points = np.array([[0, 0, 4], [0.1, 0.1, 8], [0, 0, 0.9], [-3, 0, 4], [0, 0, -4]], np.float32)
    depth = project(points, intrinsics, (10, 10)).image()
    assert depth[5, 5] == 8 and (depth > 0).sum() == 1


def test_the_outermost_pixels_stay_empty_as_in_the_devkit():
    """Its condition: coordinates above 1 and below the size less 1."""
    places = np.array([0.5, 1.0, 1.001, 8.999, 9.0, 9.5])
    column, row = np.meshgrid(places, places)
    points = np.stack([column.ravel(), row.ravel(), np.ones(36)], 1) * 2
    depth = project(points, np.eye(3), (10, 10)).image()
    assert np.argwhere(depth).tolist() == [[1, 1], [1, 8], [8, 1], [8, 8]]


@pytest.mark.parametrize(
    ("description", "condition"),
    [
        ("Parked cars, ped", Condition.CLEAR),
        ("Night, big street", Condition.NIGHT),
        ("Rain, wait at intersection", Condition.RAIN),
        ("After rain, at night", Condition.NIGHT_RAIN),
    ],
)
def test_conditions_are_read_from_words(description, condition):
    assert condition_of(description) == condition


def test_official_splits():
    counts = {"train": 700, "val": 150, "test": 150, "mini_train": 8, "mini_val": 2}
    splits = {split: scene_names(split) for split in counts}
    assert {split: len(names) for split, names in splits.items()} == counts
    assert not splits["train"] & splits["val"] and not splits["train"] & splits["test"]
    assert splits["mini_train"] <= splits["train"] | splits["val"]


class TestRefusals:
    def test_no_tables(self, tmp_path):
        with pytest.raises(UserError, match=r"v1\.0-trainval: no such folder"):
            open_nuscenes(tmp_path, "val")

    def test_no_scene_of_the_split(self, root, tmp_path):
        shutil.copytree(root / "v1.0-mini", tmp_path / "v1.0-trainval")
        scenes = json.loads((tmp_path / "v1.0-trainval" / "scene.json").read_text())
        for scene in scenes:
            scene["name"] = "scene-9999"
        (tmp_path / "v1.0-trainval" / "scene.json").write_text(json.dumps(scenes))
        with pytest.raises(UserError, match="has no images of split val"):
            open_nuscenes(tmp_path, "val")

    def test_a_pose_that_is_missing(self, root, tmp_path):
        folder = shutil.copytree(root / "v1.0-mini", tmp_path / "v1.0-mini")
        poses = json.loads((folder / "ego_pose.json").read_text())
        (folder / "ego_pose.json").write_text(json.dumps(poses[:5]))
        with pytest.raises(UserError, match=r"ego_pose\.json: lacks \d+ records"):
            read_tables(tmp_path, "v1.0-mini", {"CAM_FRONT"})

    @pytest.mark.parametrize("table", ["scene", "sample_data"])
    def test_a_damaged_table(self, root, tmp_path, table):
        folder = shutil.copytree(root / "v1.0-mini", tmp_path / "v1.0-mini")
        (folder / f"{table}.json").write_bytes(b"")
        with pytest.raises(UserError, match=rf"{table}\.json: (not readable|breaks off)"):
            read_tables(tmp_path, "v1.0-mini", {"CAM_FRONT"})

    def test_a_sweep_that_is_cut(self, tmp_path):
        (tmp_path / "a.pcd.bin").write_bytes(b"1234567")
        with pytest.raises(UserError, match="not a whole nuScenes sweep"):
            read_points(tmp_path / "a.pcd.bin")


@needs_real_data
def test_the_real_sample_projects_as_published():
    folder = REAL / "nuscenes_sample"
    about = json.loads((folder / "calibration.json").read_text())
    intrinsics = np.array(about["intrinsics"])
    points = moved(read_points(next(folder.glob("*.pcd.bin"))), np.array(about["T_lidar_to_camera"]))
    ahead = points[points[:, 2] > 1]
    column, row = ((ahead @ intrinsics.T)[:, :2] / ahead[:, 2:]).T
    inside = (column >= 0) & (column < 1600) & (row >= 0) & (row < 900)
    assert abs(inside.sum() - 3067) <= 5
    depth = project(points, intrinsics, (900, 1600)).image()
    inner = (column > 1) & (column < 1599) & (row > 1) & (row < 899)
    assert inner.sum() - 10 < (depth > 0).sum() <= inner.sum() < inside.sum()
