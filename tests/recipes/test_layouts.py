"""The world in other data sets' clothes reads back as the world: images, cameras, motion, depth, splits."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.folder import open_data
from acdepth.data.kitti.raw import KittiRawClip
from acdepth.data.rigid import from_quaternion
from acdepth.data.settings import FootageChoice
from acdepth.data.stored import PosedClip
from acdepth.evaluation.evaluate import evaluate
from acdepth.evaluation.protocols import find_protocol
from acdepth.recipes.layouts import Layout, export_world, read_drives
from acdepth.recipes.layouts.drives import FARTHEST
from acdepth.recipes.layouts.nuscenes import quaternion
from tests.evaluation.footage import model
from tests.recipes.conftest import EVALUATION, FRAMES, TRAINING

LAYOUTS: dict[Layout, str] = {"nuscenes": "val", "robotcar": "test", "kitti": "test"}


@pytest.fixture(scope="module", params=LAYOUTS)
def exported(request, world: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Layout, Path]:
    out = tmp_path_factory.mktemp(request.param)
    export_world(read_drives(world), out, request.param, EVALUATION)
    return request.param, out


def opened(exported: tuple[Layout, Path], split: str) -> list[Clip]:
    return open_data(exported[1], choice=FootageChoice(split=split))


def test_splits_and_conditions(exported):
    layout, _ = exported
    measured, training = opened(exported, LAYOUTS[layout]), opened(exported, "train")
    night = [] if layout == "kitti" else [Condition.NIGHT]
    assert sorted(clip.condition for clip in measured) == sorted([Condition.CLEAR, *night])
    clear = [clip for clip in training if clip.condition is Condition.CLEAR]
    assert len(clear) == len(TRAINING)
    targets = {"nuscenes": [0, 6, 7], "robotcar": [*range(1, FRAMES - 1)], "kitti": [*range(FRAMES)]}
    assert all(len(clip) == FRAMES and clip.targets() == targets[layout] for clip in clear)


def test_it_reads_back_as_the_world(exported, world):
    layout, _ = exported
    (read,) = [one for one in opened(exported, LAYOUTS[layout]) if one.condition is Condition.CLEAR]
    (true,) = open_data(world / "town_8001" / "clear")
    assert read.camera is not None and true.camera is not None
    assert (read.camera.width, read.camera.height) == (true.camera.width, true.camera.height)
    np.testing.assert_allclose(read.camera.matrix(), true.camera.matrix(), rtol=1e-6)
    for index in range(FRAMES):
        difference = np.abs(read.image(index).astype(int) - true.image(index).astype(int))
        assert difference.mean() < (6 if layout == "nuscenes" else 1e-9)  # nuScenes is JPEG
    for index in range(FRAMES - 1):
        assert read.distance(index, index + 1) == pytest.approx(true.distance(index, index + 1), abs=1e-5)
    sparse, dense = read.depth(6), true.depth(6)
    assert sparse is not None and dense is not None
    # 32 rows of 62 and all 94 columns; no point may be lost or fall on another.
    rows = np.unique(np.linspace(1, 62, 32).astype(int))
    aimed = np.zeros_like(dense, bool)
    aimed[rows, 1:95] = (dense[rows, 1:95] > 0) & (dense[rows, 1:95] < FARTHEST)
    np.testing.assert_array_equal(sparse > 0, aimed)
    np.testing.assert_allclose(sparse[aimed], dense[aimed], atol=1e-3)


PROTOCOLS = {"nuscenes": "nuscenes-80m", "robotcar": "robotcar-50m", "kitti": "kitti-eigen-80m"}


def test_each_protocol_measures_its_layout(exported):
    """A model that always says 20 m, against a few lines of numpy on what the reader gives."""
    layout, _ = exported
    protocol = find_protocol(PROTOCOLS[layout])
    footage = [one for one in opened(exported, LAYOUTS[layout]) if one.condition is Condition.CLEAR]
    constant = model("constant", lambda image, night: torch.full((len(image), 1, 64, 96), 1 / 20), (64, 96))
    rows = evaluate([constant], footage, protocol)
    (clip,) = footage
    for row in rows:
        depth = clip.depth(row.index)
        assert depth is not None
        height, width = depth.shape
        if layout == "robotcar":
            depth = depth[: int(0.8 * height)]
        if layout == "kitti":
            depth = depth[int(0.40810811 * height) : int(0.99189189 * height)]
            depth = depth[:, int(0.03594771 * width) : int(0.96405229 * width)]
        low, high = {"nuscenes": (0.1, 80), "robotcar": (0.1, 50), "kitti": (1e-3, 80)}[layout]
        true = depth[(depth > low) & (depth < high)]
        assert row.metrics["abs_rel"] == pytest.approx(np.mean(np.abs(20 - true) / true), rel=1e-5)
    assert [row.index for row in rows] == clip.targets()


def test_turns_of_the_camera_read_back(exported, world):
    layout, _ = exported
    (read,) = [one for one in opened(exported, LAYOUTS[layout]) if one.condition is Condition.CLEAR]
    (true,) = [
        drive for drive in read_drives(world) if drive.town == 8001 and drive.condition is Condition.CLEAR
    ]
    expected = np.linalg.inv(true.T_camera_to_world[5]) @ true.T_camera_to_world[2]
    if isinstance(read, PosedClip):
        moved = read.T_target_to_source(2, 5)
    else:
        assert isinstance(read, KittiRawClip)
        moved = np.linalg.inv(read.T_camera_to_world(5)) @ read.T_camera_to_world(2)
    np.testing.assert_allclose(moved, expected, atol=1e-6)


def test_quaternions_of_any_turn():
    draw = np.random.default_rng(0)
    for _ in range(50):
        numbers = draw.normal(size=4)
        R = from_quaternion(numbers.tolist(), [0, 0, 0])[:3, :3]
        np.testing.assert_allclose(from_quaternion(quaternion(R), [0, 0, 0])[:3, :3], R, atol=1e-12)


def test_what_cannot_be_exported(world, tmp_path):
    drives = read_drives(world)
    with pytest.raises(UserError, match="town 77 is not in the data"):
        export_world(drives, tmp_path / "new", "kitti", [77])
    with pytest.raises(UserError, match="leave some for training"):
        export_world(drives, tmp_path / "new", "kitti", [1, 2, 8001])
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="is not empty"):
        export_world(drives, tmp_path, "kitti", EVALUATION)
    with pytest.raises(UserError, match="no drives of the built-in world"):
        read_drives(tmp_path)
    (tmp_path / "new").write_text("a file")
    with pytest.raises(UserError, match="new: is no folder"):
        export_world(drives, tmp_path / "new", "kitti", EVALUATION)


def test_a_layout_without_clear_training_or_evaluation_is_refused(world, tmp_path):
    drives, out = read_drives(world), tmp_path / "new"
    clear = {drive.town: drive for drive in drives if drive.condition is Condition.CLEAR}
    night = {drive.town: drive for drive in drives if drive.condition is Condition.NIGHT}
    with pytest.raises(UserError, match="training towns have no clear drive"):
        export_world([night[1], clear[8001]], out, "robotcar", EVALUATION)
    with pytest.raises(UserError, match="evaluation towns have no drive that kitti has a place for"):
        export_world([clear[1], night[8001]], out, "kitti", EVALUATION)
    assert not out.exists()


def test_scenes_begin_at_different_times(world, tmp_path):
    """The devkit lists scenes sorted by it and stops at equal ones."""
    export_world(read_drives(world), tmp_path, "nuscenes", EVALUATION)
    samples = json.loads((tmp_path / "v1.0-trainval" / "sample.json").read_text())
    begins = [sample["timestamp"] for sample in samples if not sample["prev"]]
    assert len(begins) == len(set(begins)) == 6


@pytest.mark.parametrize(
    ("file", "damaged", "told"),
    [
        ("sequence.yaml", "a: [", "says no town and condition"),
        ("sequence.yaml", "source: acdepth world\ntown: 1\n", "says no town and condition"),
        ("motion.csv", None, "not readable as poses and speeds"),
        ("motion.csv", "index,speed\n0,1.0\n", "not readable as poses and speeds"),
        ("motion.csv", lambda text: text.replace("\n3,", "\n3,fast,", 1), "not readable as poses and speeds"),
        ("motion.csv", lambda text: re.sub(r"\n3,[^,]*", "\n3,fast", text), "expected numbers in 8 rows"),
        ("motion.csv", lambda text: text[: text.index("\n7,") + 1], "expected numbers in 8 rows"),
    ],
)
def test_a_damaged_drive_is_named(world, tmp_path, file, damaged, told):
    folder = shutil.copytree(world / "town_0001" / "clear", tmp_path / "town_0001" / "clear")
    if damaged is None:
        (folder / file).unlink()
    else:
        text = damaged if isinstance(damaged, str) else damaged((folder / file).read_text())
        (folder / file).write_text(text)
    with pytest.raises(UserError, match=rf"clear/{re.escape(file)}: {told}"):
        read_drives(tmp_path)
