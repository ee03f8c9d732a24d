"""Adverse frames beside the mix, and those kept apart."""

from pathlib import Path

import numpy as np
import pytest
import torch

from acdepth.core.batches import is_night
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data import MixBatches, open_data, prepare
from acdepth.data.adverse import AdaptBatches, split_off
from acdepth.data.prepared import Prepared
from tests.data.folders import HEIGHT, WIDTH, write_drive
from tests.data.rows import row, rows

SIZE = (HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def adverse(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Five drives of the night, one in the rain."""
    folder = tmp_path_factory.mktemp("adverse")
    for number in range(5):
        write_drive(folder / "data" / f"night_{number}", count=3, condition="night")
    write_drive(folder / "data" / "rain", count=10, condition="rain")
    return prepare(open_data(folder / "data"), folder / "out", SIZE, reach=0)


@pytest.fixture(scope="module")
def clear(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("clear")
    return prepare(open_data(write_drive(folder / "data", count=6)), folder / "out", SIZE, reach=0)


def test_whole_drives_are_kept_apart_and_of_a_single_one_its_end(adverse):
    learning, apart = split_off(adverse, 0.2)
    drives = {row(adverse.frames, frame).clip for frame in apart[Condition.NIGHT].frames}
    assert drives == {"night_2"} and len(apart[Condition.NIGHT].frames) == 3
    positions = [row(adverse.frames, frame).position for frame in apart[Condition.RAIN].frames]
    assert positions == [8, 9]
    for condition in (Condition.NIGHT, Condition.RAIN):
        together = [*learning[condition].frames, *apart[condition].frames]
        assert sorted(together) == [
            index for index, frame in enumerate(rows(adverse.frames)) if frame.condition is condition
        ]


@pytest.mark.parametrize("part", [0.001, 0.999])
def test_neither_side_is_ever_empty(adverse, part):
    for pools in split_off(adverse, part):
        assert all(len(pool.frames) for pool in pools.values()) and len(pools) == 2


def test_a_frame_alone_is_refused(tmp_path: Path):
    drive = write_drive(tmp_path / "data", count=1, condition="fog")
    prepared = prepare(open_data(drive), tmp_path / "out", SIZE, reach=0)
    with pytest.raises(UserError, match="one fog frame alone"):
        split_off(prepared, 0.2)


def test_batches_hold_the_mix_and_frames_to_learn_from_alone(adverse, clear):
    learning, _ = split_off(adverse, 0.4)
    mix = MixBatches(clear, {}, None, batch_size=2, seed=5)
    batches = AdaptBatches(mix, learning, batch_size=12, seed=5)
    allowed = {  # equally numbered frames of all drives are the same picture
        condition.index: {adverse.images[frame].tobytes() for frame in pool.frames}
        for condition, pool in learning.items()
    }
    seen, mirrored = [], 0
    for step in range(4):
        batch = batches.batch(step)
        assert torch.equal(batch.clear, mix.batch(step).clear)
        for image, index in zip(batch.adverse, batch.adverse_condition.tolist(), strict=True):
            pixels = image.permute(1, 2, 0).numpy()
            turned = np.ascontiguousarray(pixels[:, ::-1])
            assert {pixels.tobytes(), turned.tobytes()} & allowed[index]
            mirrored += pixels.tobytes() not in allowed[index]
            seen.append(index)
    assert seen.count(Condition.NIGHT.index) == seen.count(Condition.RAIN.index) == 24
    assert 12 < mirrored < 36
    again = AdaptBatches(mix, learning, batch_size=12, seed=5).batch(3)
    assert torch.equal(again.adverse, batch.adverse)


def test_nights():
    indices = torch.tensor([one.index for one in (Condition.RAIN, Condition.NIGHT, Condition.NIGHT_RAIN)])
    assert is_night(indices).tolist() == [False, True, True]


def test_two_processes_see_together_what_one_sees(adverse, clear):
    learning, _ = split_off(adverse, 0.2)

    def batches(size: int, *process: int) -> AdaptBatches:
        mix = MixBatches(clear, {}, None, size, 0, None, *process)
        return AdaptBatches(mix, learning, size, 0, (), *process)

    for step in range(5):
        one = batches(4).batch(step)
        two = [batches(2, rank, 2).batch(step) for rank in range(2)]
        for name in ("clear", "adverse", "adverse_condition"):
            assert torch.equal(torch.cat([getattr(part, name) for part in two]), getattr(one, name))
