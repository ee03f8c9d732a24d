"""The world as RobotCar, by a reader written from md4all's description, against ours and the truth."""

from pathlib import Path

import numpy as np
import pytest

from acdepth.core.condition import Condition
from acdepth.data.folder import open_data
from acdepth.data.settings import FootageChoice
from acdepth.recipes.layouts import export_world, read_drives
from acdepth.recipes.layouts.robotcar import SCENES
from tests.data.md4all_reader import Sample, read_samples
from tests.recipes.conftest import EVALUATION, FRAMES, TRAINING

T_LENS_TO_CAR = np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
"""The world's lens sits where its car's frame is."""


@pytest.fixture(scope="module")
def root(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("robotcar")
    export_world(read_drives(world), out, "robotcar", EVALUATION)
    return out


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_both_readers_read_the_same(root, split):
    ours = {}
    for clip in open_data(root, choice=FootageChoice(split=split)):
        ours |= {clip.key(index): (clip, index) for index in clip.targets()}
    scenes = SCENES.values() if split == "test" else [SCENES[Condition.CLEAR]]
    samples = [sample for scene in scenes for sample in read_samples(root, scene, split)]
    assert ours.keys() == {f"{one.scene.name}/stereo/left/{one.stamps[0]}.png" for one in samples}
    for sample in samples:
        clip, index = ours[f"{sample.scene.name}/stereo/left/{sample.stamps[0]}.png"]
        np.testing.assert_allclose(clip.camera.matrix(), sample.intrinsics(), rtol=1e-6)
        depth = clip.depth(index)
        assert (depth > 0).sum() > 1000
        np.testing.assert_allclose(depth, sample.depth(), rtol=1e-6)
        for place in sample.stamps:
            np.testing.assert_array_equal(clip.image(index + place), sample.image(place))
            if place:
                T = T_LENS_TO_CAR @ clip.T_target_to_source(index + place, index) @ T_LENS_TO_CAR.T
                np.testing.assert_allclose(T, sample.pose(place), atol=1e-6)
                assert clip.distance(index, index + place) == pytest.approx(_length(sample, place), abs=1e-6)


def _length(sample: Sample, place: int) -> float:
    return float(np.linalg.norm(sample.pose(place)[:3, 3]))


def test_the_description_leads_to_the_world(root, world):
    """Images, intrinsics, depth and motion of the first training drive, against how it was rendered."""
    drive = next(one for one in read_drives(world) if one.town == TRAINING[0])
    samples = read_samples(root, SCENES[Condition.CLEAR], "train")
    assert len(samples) == len(TRAINING) * (FRAMES - 2)
    (true,) = open_data(drive.folder)
    for index, sample in enumerate(samples[: FRAMES - 2], start=1):
        np.testing.assert_array_equal(sample.image(0), true.image(index))
        np.testing.assert_allclose(sample.intrinsics(), drive.camera.matrix(), rtol=1e-6)
        measured, dense = sample.depth(), true.depth(index)
        assert dense is not None
        np.testing.assert_allclose(measured[measured > 0], dense[measured > 0], rtol=1e-6)
        for place in (-1, 1):
            np.testing.assert_array_equal(sample.image(place), true.image(index + place))
            here, there = drive.T_camera_to_world[[index, index + place]]
            moved = T_LENS_TO_CAR @ np.linalg.inv(here) @ there @ T_LENS_TO_CAR.T
            np.testing.assert_allclose(sample.pose(place), moved, atol=1e-6)
        assert sample.pose(1)[0, 3] > 0 > sample.pose(-1)[0, 3]
