"""Adverse frames that come with their neighbours."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data import MixBatches, open_data, prepare
from acdepth.data.adverse import AdaptBatch, AdaptBatches, FilmedBatch, filmed_frames, split_off
from acdepth.data.pools import Pool
from acdepth.data.prepared import Prepared
from tests.data.folders import CAMERA, HEIGHT, WIDTH, picture, write_drive

SIZE = (HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def rain(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A drive of ten frames."""
    folder = tmp_path_factory.mktemp("rain")
    return prepare(open_data(write_drive(folder / "data", count=10, condition="rain")), folder / "out", SIZE)


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> MixBatches:
    folder = tmp_path_factory.mktemp("clear")
    clear = prepare(open_data(write_drive(folder / "data", count=3)), folder / "out", SIZE, reach=0)
    return MixBatches(clear, {}, None, batch_size=1, seed=5)


def pools(prepared: Prepared, *frames: int) -> dict[Condition, Pool]:
    return {Condition.RAIN: Pool(prepared, np.array(frames))}


def test_frames_without_both_neighbours_and_those_beside_hidden_ones_are_not_filmed(rain: Prepared):
    learning, apart = split_off(rain, 0.2)
    assert apart[Condition.RAIN].frames.tolist() == [8, 9]
    assert filmed_frames(rain, learning, apart, None).tolist() == [1, 2, 3, 4, 5, 6]
    assert filmed_frames(rain, pools(rain, 0, 3, 9), {}, None).tolist() == [3]


def test_no_neighbour_is_of_another_drive(tmp_path: Path):
    for name in ("a", "b"):
        write_drive(tmp_path / "data" / name, count=3, condition="rain")
    prepared = prepare(open_data(tmp_path / "data"), tmp_path / "out", SIZE)
    assert filmed_frames(prepared, pools(prepared, *range(6)), {}, None).tolist() == [1, 4]


def test_frames_without_camera_or_motion_are_not_filmed(tmp_path: Path):
    write_drive(tmp_path / "data" / "a", count=10, condition="rain")
    (write_drive(tmp_path / "data" / "b", count=3, condition="rain") / "camera.yaml").unlink()
    (tmp_path / "data" / "b" / "motion.csv").unlink()
    whole = prepare(open_data(tmp_path / "data"), tmp_path / "out", SIZE)
    speed = whole.frames.speed.copy()
    speed[3:5] = 0.2, np.nan
    changed = Prepared(whole.folder, "", None, SIZE, "area", replace(whole.frames, speed=speed))
    everything = pools(changed, *range(13))
    assert filmed_frames(changed, everything, {}, 0.5).tolist() == [1, 2, 4, 5, 6, 7, 8]
    assert filmed_frames(changed, everything, {}, None).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_nothing_filmed_is_one_line(rain: Prepared):
    with pytest.raises(UserError, match=r"^[^\n]*photometric_weight needs adverse video, but[^\n]*$"):
        filmed_frames(rain, pools(rain, 0, 9), {}, None)


def test_clips_are_the_drawn_frames_and_what_is_beside_them(rain: Prepared, mix: MixBatches):
    """Mirrored ones in the frame, its neighbours and the principal point."""
    plain = AdaptBatches(mix, pools(rain, 0, 3, 6), batch_size=12, seed=5)
    filmed = AdaptBatches(mix, pools(rain, 0, 3, 6), batch_size=12, seed=5, filmed=np.array([3, 6]))
    seen = set()
    for step in range(6):
        batch, without = filmed.batch(step), plain.batch(step)
        assert isinstance(batch, FilmedBatch) and type(without) is AdaptBatch
        told = {name: value for name, value in vars(without).items() if value is not None}
        assert all(torch.equal(value, getattr(batch, name)) for name, value in told.items())
        numbers = [first_number(image) for image in batch.adverse]
        assert batch.rows.tolist() == [row for row, (number, _) in enumerate(numbers) if number in (3, 6)]
        assert torch.equal(batch.triplets.image, batch.adverse[batch.rows])
        for row, (number, mirrored) in enumerate(numbers[row] for row in batch.rows.tolist()):
            seen.add((number, mirrored))
            for neighbour, step_beside in zip(batch.triplets.neighbours[row], (-1, 1), strict=True):
                expected = picture(number + step_beside)[:, :: -1 if mirrored else 1]
                assert np.array_equal(neighbour.permute(1, 2, 0), expected)
            cx = WIDTH - 1 - CAMERA.cx if mirrored else CAMERA.cx
            expected = torch.tensor([[CAMERA.fx, 0, cx], [0, CAMERA.fy, CAMERA.cy], [0, 0, 1]])
            assert torch.equal(batch.triplets.intrinsics[row], expected)
        torch.testing.assert_close(batch.triplets.distance, torch.ones(len(batch.rows), 2))
    assert seen == {(3, False), (3, True), (6, False), (6, True)}


def test_a_batch_without_filmed_frames_is_a_plain_one(rain: Prepared, mix: MixBatches):
    batches = AdaptBatches(mix, pools(rain, 0, 3), batch_size=1, seed=5, filmed=np.array([3]))
    kinds = {type(batches.batch(step)) for step in range(12)}
    assert kinds == {AdaptBatch, FilmedBatch}


def test_clips_travel_to_the_device_with_the_batch(rain: Prepared, mix: MixBatches):
    batch = AdaptBatches(mix, pools(rain, 3), batch_size=2, seed=5, filmed=np.array([3])).batch(0)
    assert isinstance(batch, FilmedBatch)
    moved = batch.to("meta")
    assert moved.clear.device.type == moved.triplets.neighbours.device.type == "meta"


def first_number(image: torch.Tensor) -> tuple[int, bool]:
    """Number of a picture of `tests.data.folders.picture`, and whether it is mirrored."""
    mirrored = bool(image[1, 0, 0] > image[1, 0, -1])
    return int(image[0, 0, 0]), mirrored
