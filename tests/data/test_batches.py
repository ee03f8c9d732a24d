"""Batches are pure functions of (seed, step), for one process and for many."""

import math
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data import MixBatches, Prepared, TripletBatches, open_data, prepare
from tests.data.folders import HEIGHT, WIDTH, picture, write_drive


@pytest.fixture(scope="module")
def clear(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("clear")
    write_drive(folder / "data" / "a", count=6)
    write_drive(folder / "data" / "b", count=5)
    return prepare(open_data(folder / "data"), folder / "out", (HEIGHT, WIDTH))


@pytest.fixture(scope="module")
def night(clear: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The clear frames with all values halved."""
    folder = tmp_path_factory.mktemp("night")
    shutil.copytree(clear.folder, folder, dirs_exist_ok=True)
    (folder / "images.bin").write_bytes((clear.images // 2).tobytes())
    (folder / "frames" / "check.npy").unlink()
    return Prepared.open(folder)


def test_a_clip_is_previous_target_next(clear: Prepared) -> None:
    triplets = TripletBatches(clear, batch_size=7, seed=3)
    assert len(triplets) == 4 + 3
    batch = triplets.batch(5)
    for row in range(7):
        image = batch.image[row].permute(1, 2, 0).numpy()
        mirrored = image[0, 0, 1] > image[0, -1, 1]
        number = int(image[0, 0, 0])  # picture() puts its number there
        frames = [picture(number + step)[:, :: -1 if mirrored else 1] for step in (0, -1, 1)]
        assert np.array_equal(image, frames[0])
        for neighbour, frame in zip(batch.neighbours[row], frames[1:], strict=True):
            assert np.array_equal(neighbour.permute(1, 2, 0), frame)
        assert batch.intrinsics[row, 0, 2] == (WIDTH - 1 - 18 if mirrored else 18)
    assert torch.allclose(batch.distance, torch.ones(7, 2))


def test_one_pass_sees_each_clip_once_and_each_pass_is_another_order(clear: Prepared) -> None:
    triplets = TripletBatches(clear, batch_size=1, seed=3)
    passes = [[triplets.order.item(draw) for draw in range(start, start + 7)] for start in (0, 7, 14)]
    assert all(sorted(one) == sorted(triplets.order.items.tolist()) for one in passes)
    assert passes[0] != passes[1] or passes[1] != passes[2]


def test_a_step_is_the_same_whoever_asks_first(clear: Prepared) -> None:
    walked, jumped = TripletBatches(clear, 4, seed=3), TripletBatches(clear, 4, seed=3)
    batches = [walked.batch(step) for step in range(6)]
    for step in (5, 0):
        again = jumped.batch(step)
        assert torch.equal(again.image, batches[step].image)
        assert torch.equal(again.intrinsics, batches[step].intrinsics)
    assert not torch.equal(TripletBatches(clear, 4, seed=4).batch(5).image, batches[5].image)


def test_two_processes_share_what_one_would_see(clear: Prepared) -> None:
    together = TripletBatches(clear, 4, seed=3).batch(2)
    halves = [TripletBatches(clear, 2, seed=3, rank=rank, world_size=2).batch(2) for rank in (0, 1)]
    assert torch.equal(torch.cat([half.image for half in halves]), together.image)


def test_slow_frames_are_left_out(tmp_path: Path) -> None:
    write_drive(tmp_path / "data" / "a", speed=12)
    write_drive(tmp_path / "data" / "b", speed=0.3)
    prepared = prepare(open_data(tmp_path / "data"), tmp_path / "out", (HEIGHT, WIDTH))
    clips = prepared.frames.clip[TripletBatches(prepared, 1, 0).order.items]
    assert {prepared.frames.clip_name(clip) for clip in clips} == {"a"}
    assert len(TripletBatches(prepared, 1, 0, min_speed=None)) == 8
    with pytest.raises(UserError, match=r"all 12 frames are slower than 20 m/s"):
        TripletBatches(prepared, 1, 0, min_speed=20)


def test_unknown_motion_is_nan_and_no_camera_is_an_error(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / "data")
    (drive / "motion.csv").unlink()
    prepared = prepare(open_data(drive), tmp_path / "out", (HEIGHT, WIDTH))
    assert all(math.isnan(value) for value in TripletBatches(prepared, 1, 0).batch(0).distance.flatten())
    (drive / "camera.yaml").unlink()
    with pytest.raises(UserError, match=r"000001\.png: its camera is not known; put camera\.yaml"):
        TripletBatches(prepare(open_data(drive), tmp_path / "out", (HEIGHT, WIDTH)), 1, 0)


def test_mixed_is_the_clear_frame_or_its_translation(clear: Prepared, night: Prepared) -> None:
    mix = MixBatches(clear, {Condition.NIGHT: night}, None, batch_size=64, seed=1)
    batch = mix.batch(3)
    bright, mixed = batch.clear, batch.mixed
    dark = batch.degraded
    assert 16 < dark.sum() < 48
    assert torch.equal(mixed[dark], bright[dark] // 2) and torch.equal(mixed[~dark], bright[~dark])
    assert set(batch.condition.tolist()) == {Condition.CLEAR.index, Condition.NIGHT.index}
    assert torch.equal(mix.batch(3).mixed, batch.mixed)
    mirrored = bright[:, 1, 0, 0] > bright[:, 1, 0, -1]
    assert 16 < mirrored.sum() < 48


@pytest.mark.parametrize("alike", [False, True])
def test_each_sample_is_mirrored_or_a_whole_batch(clear: Prepared, night: Prepared, alike: bool) -> None:
    batches = MixBatches(clear, {Condition.NIGHT: night}, {Condition.CLEAR: 1.0}, 4, seed=0, alike=alike)
    parts = set()
    for step in range(12):
        images = batches.batch(step).clear.permute(0, 2, 3, 1).numpy()
        plain = [any((image == one).all() for one in clear.images) for image in images]
        parts.add(sum(plain) / 4)
    assert (parts == {0.0, 1.0}) is alike


def test_weights_decide_the_parts(clear: Prepared, night: Prepared) -> None:
    weights = {Condition.CLEAR: 1.0, Condition.NIGHT: 3.0}
    mix = MixBatches(clear, {Condition.NIGHT: night}, weights, batch_size=100, seed=1)
    counts = Counter(condition for step in range(10) for condition in mix.batch(step).condition.tolist())
    assert counts[Condition.NIGHT.index] == pytest.approx(750, abs=60)


def test_weights_and_frames_must_fit(clear: Prepared, night: Prepared, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="rain has no translations; there are clear, night"):
        MixBatches(clear, {Condition.NIGHT: night}, {Condition.RAIN: 1.0}, 1, 0)
    with pytest.raises(UserError, match="all are 0"):
        MixBatches(clear, {}, {Condition.CLEAR: 0.0}, 1, 0)
    other = prepare(open_data(write_drive(tmp_path / "data")), tmp_path / "out", (HEIGHT, WIDTH))
    with pytest.raises(UserError, match="its frames are not those of"):
        MixBatches(clear, {Condition.NIGHT: other}, None, 1, 0)
