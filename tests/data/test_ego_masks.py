"""Masks of the own vehicle on their way from the file to batches and scores."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from acdepth.core.batches import TripletBatch
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.data import MixBatches, TripletBatches, open_data, prepare
from acdepth.data.adverse import AdaptBatches, split_off
from acdepth.data.prepared import Prepared
from acdepth.evaluation.frames import read_frame
from acdepth.evaluation.protocols import PROTOCOLS
from acdepth.evaluation.results import describe_data
from tests.data.folders import HEIGHT, WIDTH, write_drive

SIZE = (HEIGHT // 2, WIDTH // 2)


def paint(drive: Path, rows: int = 7, columns: int = WIDTH) -> Path:
    """Black in the last ``rows`` of the first ``columns``."""
    mask = np.full((HEIGHT, WIDTH), 255, np.uint8)
    mask[HEIGHT - rows :, :columns] = 0
    cv2.imwrite(str(drive / "mask.png"), mask)
    return drive


def prepared(folder: Path, **options: object) -> Prepared:
    return prepare(open_data(folder / "data"), folder / "out", **{"image_size": SIZE, **options})


def test_a_pixel_that_the_vehicle_touches_does_not_count(tmp_path: Path):
    paint(write_drive(tmp_path / "data"), rows=7, columns=11)
    counted = prepared(tmp_path).frames.counted(2)
    assert counted is not None
    expected = np.ones(SIZE, bool)
    expected[8:, :6] = False  # of row 8 and column 5 one half is painted
    assert np.array_equal(counted, expected)


def test_a_thin_line_survives_strong_shrinking(tmp_path: Path):
    drive = write_drive(tmp_path / "data")
    mask = np.full((HEIGHT, WIDTH), 255, np.uint8)
    mask[13, 17] = 0
    cv2.imwrite(str(drive / "mask.png"), mask)
    counted = prepared(tmp_path, image_size=(2, 4)).frames.counted(0)
    assert counted is not None and (~counted).sum() == 1 and not counted[1, 1]


def test_masks_are_cropped_with_their_images(tmp_path: Path):
    paint(write_drive(tmp_path / "data"), rows=4)
    crop = Crop(top=HEIGHT - 12, left=0, height=12, width=WIDTH)
    counted = prepared(tmp_path, crop=crop, image_size=(12, WIDTH)).frames.counted(0)
    assert counted is not None and counted[:8].all() and not counted[8:].any()


def test_without_a_mask_nothing_is_masked_and_nothing_else_changes(tmp_path: Path):
    plain = prepare(open_data(write_drive(tmp_path / "plain")), tmp_path / "a", SIZE)
    masked = prepare(open_data(paint(write_drive(tmp_path / "masked" / "plain"))), tmp_path / "b", SIZE)
    assert plain.frames.counted(0) is None and TripletBatches(plain, 2, 0).batch(0).counted is None
    assert np.array_equal(plain.images, masked.images) and plain.made_from != masked.made_from


def test_batches_carry_the_mask_and_mirror_it(tmp_path: Path):
    paint(write_drive(tmp_path / "data"), rows=8, columns=8)
    footage = prepared(tmp_path)
    found = set()
    for batches in (TripletBatches(footage, 4, 0), MixBatches(footage, {}, None, batch_size=4, seed=0)):
        batch = batches.batch(0)
        image = batch.image if isinstance(batch, TripletBatch) else batch.clear
        assert batch.counted is not None and batch.counted.shape == (4, 1, *SIZE)
        for picture, counted in zip(image, batch.counted, strict=True):
            left, right = (bool(counted[0, -1, column]) for column in (0, -1))
            assert left is not right
            brighter_on_the_right = bool(picture[1, 0, -1] > picture[1, 0, 0])
            assert brighter_on_the_right is right
            found.add(right)
    assert found == {True, False}


def test_adverse_footage_has_its_own_masks(tmp_path: Path):
    clear = prepare(open_data(write_drive(tmp_path / "clear", count=3)), tmp_path / "a", SIZE, reach=0)
    rain = paint(write_drive(tmp_path / "rain", count=10, condition="rain"))
    learning, _ = split_off(prepare(open_data(rain), tmp_path / "b", SIZE), 0.2)
    mix = MixBatches(clear, {}, None, batch_size=1, seed=5)
    batch = AdaptBatches(mix, learning, batch_size=2, seed=0).batch(0)
    assert batch.counted is None
    assert batch.adverse_counted is not None and not batch.adverse_counted[:, :, -1].any()


def test_a_clip_without_mask_counts_whole_beside_one_with(tmp_path: Path):
    paint(write_drive(tmp_path / "data" / "a"))
    write_drive(tmp_path / "data" / "b")
    footage = prepared(tmp_path)
    assert len(footage.frames.masks) == 1
    counted = TripletBatches(footage, 8, 0).batch(0).counted
    assert counted is not None
    assert {bool(one.all()) for one in counted} == {True, False}
    moved = TripletBatches(footage, 8, 0).batch(0).to("cpu")
    assert moved.counted is not None and torch.equal(moved.counted, counted)


def test_results_say_how_much_masks_leave_out(tmp_path: Path):
    write_drive(tmp_path / "data" / "plain")
    assert "masked" not in describe_data(tmp_path, None, None, open_data(tmp_path / "data")).to_dict()
    paint(write_drive(tmp_path / "data" / "masked"), rows=7, columns=11)
    told = describe_data(tmp_path, None, None, open_data(tmp_path / "data"))
    assert told.sequences == 2 and told.masked == pytest.approx(77 / (HEIGHT * WIDTH), abs=1e-6)


def test_masked_pixels_are_not_scored(tmp_path: Path):
    plain = open_data(write_drive(tmp_path / "a", depth=True))[0]
    masked = open_data(paint(write_drive(tmp_path / "b", depth=True)))[0]
    before, after = (read_frame(clip, 0, PROTOCOLS["own"]) for clip in (plain, masked))
    assert before is not None and after is not None
    first = (HEIGHT - 7) * WIDTH
    assert before.truth.pixels[-1] >= (HEIGHT - 1) * WIDTH and after.truth.pixels[-1] < first
    assert np.array_equal(before.truth.pixels[before.truth.pixels < first], after.truth.pixels)


@pytest.mark.parametrize("video", [True, False])
def test_a_mask_of_another_size_is_refused(tmp_path: Path, video: bool):
    drive = write_drive(tmp_path / "data")
    cv2.imwrite(str(drive / "mask.png"), np.full((HEIGHT, WIDTH + 2), 255, np.uint8))
    if video:
        (drive / "camera.yaml").unlink()
        (drive / "motion.csv").unlink()
    with pytest.raises(UserError, match=f"mask has {WIDTH + 2}x{HEIGHT} pixels"):
        open_data(drive)
