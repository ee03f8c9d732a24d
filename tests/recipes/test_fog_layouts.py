"""The world as Cityscapes with its fog, and as ACDC, by our readers and by one written from descriptions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.acdc import open_acdc
from acdepth.data.cityscapes.drives import open_cityscapes
from acdepth.data.folder import open_data
from acdepth.evaluation.evaluate import evaluate
from acdepth.evaluation.protocols import find_protocol
from acdepth.recipes.layouts import WorldDrive, export_world, read_drives
from tests.data.cityscapes_reader import Moment, read_moments, read_pairs
from tests.evaluation.footage import model
from tests.recipes.conftest import EVALUATION, FRAMES, TRAINING

ANNOTATED = 5
"""Of eight frames."""
STEP = 1 / 512
"""Half of a step of disparity [px]: nothing is held better."""


@pytest.fixture(scope="module")
def drives(world: Path) -> list[WorldDrive]:
    """The world's clear drives, and those of the night as if they were of fog and of snow."""
    found = read_drives(world)
    dark = [one for one in found if one.condition is Condition.NIGHT]
    return found + [
        replace(one, condition=other) for one in dark for other in (Condition.FOG, Condition.SNOW)
    ]


@pytest.fixture(scope="module")
def cityscapes(drives: list[WorldDrive], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cityscapes")
    export_world(drives, out, "cityscapes", EVALUATION)
    return out


@pytest.fixture(scope="module")
def acdc(drives: list[WorldDrive], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("acdc")
    export_world(drives, out, "acdc", EVALUATION)
    return out


def fail(message: str) -> None:
    raise AssertionError(message)


def true(world: Path, condition: str) -> Clip:
    (clip,) = open_data(world / "town_8001" / condition)
    return clip


def of(clip: Clip, index: int) -> np.ndarray:
    depth = clip.depth(index)
    assert depth is not None
    return depth


@pytest.fixture(scope="module")
def moment(cityscapes: Path) -> Moment:
    (found,) = read_moments(cityscapes, "val")
    return found


class TestCityscapes:
    def test_images_cameras_and_conditions_read_back(self, cityscapes, world):
        clear, fog = open_cityscapes(cityscapes, "val-foggy-0.02", fail)
        assert (clear.condition, fog.condition) == (Condition.CLEAR, Condition.FOG)
        assert (len(clear), clear.targets(), len(fog)) == (FRAMES, [ANNOTATED], 1)
        rendered = true(world, "clear")
        for index in range(FRAMES):
            np.testing.assert_array_equal(clear.image(index), rendered.image(index))
        np.testing.assert_array_equal(fog.image(0), true(world, "night").image(ANNOTATED))
        assert clear.camera == fog.camera == rendered.camera
        assert [clip.name for clip in open_cityscapes(cityscapes, "train", fail)] == [
            f"train/town{town:04d}_000000_000000" for town in TRAINING
        ]

    def test_depth_is_exact_to_half_a_step_of_disparity(self, cityscapes, world, moment):
        """At 80 m that is 26 mm, or more where something stood so near that the baseline is shorter."""
        dense = of(true(world, "clear"), ANNOTATED).astype(np.float64)
        for clip, index in zip(
            open_cityscapes(cityscapes, "val-foggy-0.02", fail), (ANNOTATED, 0), strict=True
        ):
            depth = of(clip, index)
            np.testing.assert_array_equal(depth > 0, dense > 0)
            known, scale = dense > 0, moment.baseline_times_focal()
            off = np.abs(scale / depth[known].astype(np.float64) - scale / dense[known])
            assert off.max() < STEP * 1.01  # float32 rounds, too
        far = known & (dense < 80)
        assert np.abs(depth[far] - dense[far]).max() < 1.01 * STEP * 80**2 / scale

    def test_distances_are_those_of_the_speeds(self, cityscapes, world, drives):
        (clear,) = open_cityscapes(cityscapes, "val", fail)
        (drive,) = [one for one in drives if one.town == 8001 and one.condition is Condition.CLEAR]
        for index in range(FRAMES - 1):
            expected = (drive.speeds[index] + drive.speeds[index + 1]) / 2 / 12
            assert clear.distance(index, index + 1) == pytest.approx(expected, rel=1e-6)
            poses = true(world, "clear").distance(index, index + 1)
            assert clear.distance(index, index + 1) == pytest.approx(poses, rel=0.02)

    def test_both_readers_read_the_same(self, cityscapes, moment):
        clear, fog = open_cityscapes(cityscapes, "val-foggy-0.02", fail)
        np.testing.assert_allclose(of(clear, ANNOTATED), moment.depth(), rtol=1e-6)
        assert clear.camera is not None
        np.testing.assert_allclose(clear.camera.matrix(), moment.intrinsics(), rtol=1e-6)
        np.testing.assert_array_equal(fog.image(0), moment.fog("0.02"))
        for step in (-1, 0, 1):
            np.testing.assert_array_equal(clear.image(ANNOTATED + step), moment.image(step))
        seconds, speed = moment.time(1) - moment.time(0), (moment.speed(1) + moment.speed(0)) / 2
        assert clear.distance(ANNOTATED, ANNOTATED + 1) == pytest.approx(seconds * speed)

    def test_the_protocol_measures_it(self, cityscapes):
        """A model that always says 20 m, against a few lines of numpy on what the reader gives."""
        footage = open_cityscapes(cityscapes, "val-foggy-0.02", fail)
        constant = model("20", lambda image, night: torch.full((len(image), 1, 64, 96), 1 / 20), (64, 96))
        rows = evaluate([constant], footage, find_protocol("cityscapes-80m"))
        depth = of(footage[1], 0)[:48][16:, 9:87]
        depth = depth[(depth > 1e-3) & (depth < 80)]
        for row in rows:
            assert row.metrics["abs_rel"] == pytest.approx(np.mean(np.abs(20 - depth) / depth), rel=1e-5)
        assert {row.condition for row in rows} == {Condition.CLEAR, Condition.FOG}


class TestAcdc:
    @pytest.mark.parametrize("condition", ["fog", "snow"])
    def test_images_and_references_read_back(self, acdc, world, condition):
        clips = {clip.name: clip for clip in open_acdc(acdc, "val", fail)}
        adverse, clear = clips[f"{condition}/val/town8001"], clips[f"{condition}/val_ref/town8001"]
        assert (adverse.condition, clear.condition) == (condition, Condition.CLEAR)
        pairs = list(read_pairs(acdc, condition, "val").values())
        assert len(pairs) == len(adverse) == len(clear) == FRAMES
        for index, pair in enumerate(pairs):
            for clip, read, kind in zip((adverse, clear), pair, ("night", "clear"), strict=True):
                np.testing.assert_array_equal(clip.image(index), true(world, kind).image(index))
                np.testing.assert_array_equal(clip.image(index), read)

    def test_splits(self, acdc):
        assert {clip.name.split("/", 1)[1] for clip in open_acdc(acdc, "train", fail)} == {
            f"{split}/town{town:04d}" for split in ("train", "train_ref") for town in TRAINING
        }


@pytest.mark.parametrize("layout", ["cityscapes", "acdc"])
def test_adverse_drives_without_a_clear_one_are_left_out_aloud(drives, tmp_path, caplog, layout):
    kept = [one for one in drives if (one.town, one.condition) != (8001, Condition.CLEAR)]
    export_world(kept, tmp_path, layout, EVALUATION)
    assert "have no clear one of the same town: left out" in caplog.text
    with pytest.raises(UserError, match="no images of split val"):
        opener = open_acdc if layout == "acdc" else open_cityscapes
        opener(tmp_path, "val", fail)
