"""Pools of images by condition, and the unpaired batches drawn from them."""

from collections import Counter

import cv2
import numpy as np
import pytest
import torch

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data import open_data, prepare
from acdepth.data.pools import STRATA, UnpairedBatches, _spread, make_pools
from acdepth.data.prepared import Prepared
from tests.data.folders import HEIGHT, WIDTH, write_drive
from tests.data.rows import row

ALL = (Condition.CLEAR, Condition.NIGHT, Condition.FOG)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("data")
    for condition in ALL:
        write_drive(folder / "data" / condition, count=8, condition=condition)
    return prepare(open_data(folder / "data"), folder / "out", (HEIGHT, WIDTH), reach=0)


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Forty dark images, and one for each of the other seven classes of brightness."""
    folder = tmp_path_factory.mktemp("uneven")
    drive = write_drive(folder / "data", count=47)
    for number in range(47):
        light = 10 + number % 5 if number < 40 else 10 + 30 * (number - 39)
        picture = np.full((HEIGHT, WIDTH, 3), light, np.uint8)
        cv2.imwrite(str(drive / "images" / f"{number:06d}.png"), picture)
    return prepare(open_data(drive), folder / "out", (HEIGHT, WIDTH), reach=0)


def test_a_pool_holds_its_condition_alone(prepared: Prepared) -> None:
    pools = make_pools([prepared], ALL)
    for condition, pool in pools.items():
        assert len(pool.frames) == 8
        assert {row(prepared.frames, frame).condition for frame in pool.frames} == {condition}


def test_a_smaller_pool_is_drawn_by_the_seed(prepared: Prepared) -> None:
    chosen = [make_pools([prepared], ALL, 3, seed=seed)[Condition.FOG].frames.tolist() for seed in range(6)]
    assert all(len(set(one)) == 3 for one in chosen) and len({tuple(one) for one in chosen}) > 2
    assert chosen[2] == make_pools([prepared], ALL, 3, seed=2)[Condition.FOG].frames.tolist()


def test_luminance_takes_as_many_from_every_class_of_brightness(uneven: Prepared) -> None:
    pool = make_pools([uneven], (Condition.CLEAR,), STRATA, "luminance")[Condition.CLEAR]
    assert sum(frame < 40 for frame in pool.frames) == 1 and set(range(40, 47)) <= set(pool.frames)
    plain = make_pools([uneven], (Condition.CLEAR,), STRATA)[Condition.CLEAR]
    assert sum(frame < 40 for frame in plain.frames) > 4


def test_choosing_reads_no_pixel(uneven: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = make_pools([uneven], (Condition.CLEAR,), STRATA, "luminance")[Condition.CLEAR].frames.tolist()
    monkeypatch.setattr(Prepared, "images", property(lambda self: pytest.fail("read")))
    again = make_pools([uneven], (Condition.CLEAR,), STRATA, "luminance")[Condition.CLEAR]
    assert again.frames.tolist() == whole


def test_the_spread_is_that_of_counting_one_by_one_and_linear() -> None:
    """Of each stratum of brightness the first comes first, then of each the second."""
    draw = np.random.default_rng(4)
    brightness = 255 * draw.random(300) ** 3
    stratum = np.digitize(brightness, np.linspace(brightness.min(), brightness.max(), STRATA + 1)[1:-1])
    rank = [np.count_nonzero(stratum[:place] == one) for place, one in enumerate(stratum)]
    assert _spread(brightness).tolist() == np.lexsort((stratum, rank)).tolist()
    many = _spread(draw.random(500_000))  # a quadratic number of steps would take an hour
    assert np.array_equal(np.sort(many), np.arange(500_000))


def test_a_condition_without_images_is_named(prepared: Prepared) -> None:
    with pytest.raises(UserError, match="no images of condition snow, only of clear, fog, night"):
        make_pools([prepared], (*ALL, Condition.SNOW))


def test_a_batch_depends_on_its_number_alone_and_conditions_come_equally_often(prepared: Prepared) -> None:
    pools = make_pools([prepared], ALL)
    source = UnpairedBatches(pools, 2, seed=0)
    forward, backward = [source.batch(step) for step in range(6)], UnpairedBatches(pools, 2, seed=0)
    for step in reversed(range(6)):
        again = backward.batch(step)
        for name in ("clear", "adverse", "condition"):
            assert torch.equal(getattr(forward[step], name), getattr(again, name))
    seen = Counter(torch.cat([batch.condition for batch in forward]).tolist())
    assert seen == {Condition.NIGHT.index: 6, Condition.FOG.index: 6}
    assert not torch.equal(UnpairedBatches(pools, 2, seed=1).batch(0).clear, forward[0].clear)


def test_processes_divide_the_batch_of_one(prepared: Prepared) -> None:
    pools = make_pools([prepared], ALL)
    whole = UnpairedBatches(pools, 4, seed=0).batch(3)
    parts = [UnpairedBatches(pools, 2, 0, rank, 2).batch(3) for rank in range(2)]
    assert torch.equal(torch.cat([part.clear for part in parts]), whole.clear)
    assert torch.equal(torch.cat([part.condition for part in parts]), whole.condition)


def test_patches_are_parts_of_the_images(prepared: Prepared) -> None:
    pools = make_pools([prepared], ALL)
    images = [pools[Condition.CLEAR].image(frame, mirror) for frame in range(8) for mirror in (False, True)]
    clear = UnpairedBatches(pools, 6, 0, patch=(10, 12)).batch(0).clear
    assert clear.shape == (6, 3, 10, 12)
    for part in clear.permute(0, 2, 3, 1).numpy():
        windows = (np.lib.stride_tricks.sliding_window_view(image, part.shape)[:, :, 0] for image in images)
        assert any(bool((window == part).all((2, 3, 4)).any()) for window in windows)
    with pytest.raises(UserError, match="patch 30x12: larger than the images of 24x40"):
        UnpairedBatches(pools, 1, 0, patch=(30, 12))
