"""Pairs of points drawn from measured depth, and the images that pairs are of."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.core.errors import UserError
from acdepth.data.folder import open_data
from acdepth.data.pairs import ask_frames, draw_point_pairs
from acdepth.evaluation.pairs import PointPair, Relation
from tests.data.folders import HEIGHT, WIDTH, picture, write_drive

RANGE = (0.1, 80.0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two drives; depth of the first frames grows from left to right, with a hole, the others have none."""
    for name in ("a", "b"):
        drive = write_drive(tmp_path / "data" / name, count=2)
        (drive / "depth").mkdir()
        metres = np.tile(np.linspace(2, 90, WIDTH), (HEIGHT, 1))
        metres[:, 10:20] = 0
        cv2.imwrite(str(drive / "depth" / "000000.png"), (metres * 256).astype(np.uint16))
    return tmp_path / "data"


def named(image: str) -> PointPair:
    return PointPair(image, 1, 2, 3, 4, Relation.CLOSER)


def test_pairs_have_the_ratio_lie_where_depth_is_and_say_its_order(data: Path) -> None:
    footage = open_data(data)
    pairs = draw_point_pairs(footage, 30, 1.15, 4, RANGE, seed=1)
    assert len(pairs) == 2 * 34 and {pair.image for pair in pairs} == {
        "a/images/000000.png",
        "b/images/000000.png",
    }
    depth = footage[0].depth(0)
    assert depth is not None
    for pair in pairs:
        first, second = (depth[int(y), int(x)] for x, y in ((pair.x1, pair.y1), (pair.x2, pair.y2)))
        assert min(first, second) > 0.1 and max(first, second) < 80
        ratio = first / second
        if pair.relation is Relation.SAME:
            assert 1 / 1.01 < ratio < 1.01 and (pair.x1, pair.y1) != (pair.x2, pair.y2)
        else:
            assert ratio <= 1 / 1.15 if pair.relation is Relation.CLOSER else ratio >= 1.15
    kinds = [pair.relation for pair in pairs]
    assert kinds.count(Relation.SAME) == 8
    assert min(kinds.count(Relation.CLOSER), kinds.count(Relation.FARTHER)) > 15


def test_an_ordered_pair_is_never_the_same_however_close_the_depths(data: Path) -> None:
    pairs = draw_point_pairs(open_data(data), 200, 1.001, 0, RANGE, seed=1)
    assert {pair.relation for pair in pairs} == {Relation.CLOSER, Relation.FARTHER}


def test_pairs_of_an_image_depend_on_the_seed_and_its_name_alone(data: Path) -> None:
    both = draw_point_pairs(open_data(data), 5, 1.15, 0, RANGE, seed=1)
    assert draw_point_pairs(reversed(open_data(data)), 5, 1.15, 0, RANGE, seed=1) == both[5:] + both[:5]
    assert draw_point_pairs(open_data(data), 5, 1.15, 0, RANGE, seed=2) != both
    assert [pair.x1 for pair in both[:5]] != [pair.x1 for pair in both[5:]]


def test_fewer_come_where_there_are_none(tmp_path: Path) -> None:
    write_drive(tmp_path / "flat", count=1, depth=True)
    assert draw_point_pairs(open_data(tmp_path), 5, 1.15, 0, RANGE, seed=1) == []
    assert len(draw_point_pairs(open_data(tmp_path), 5, 1.15, 3, RANGE, seed=1)) == 3


def test_images_are_found_by_their_key_with_or_without_the_folders_name(data: Path) -> None:
    footage = open_data(data)
    pairs = [named("b/images/000001.png"), named("a/images/000000.png"), named("b/images/000001.png")]
    asked = ask_frames(pairs, footage, data)
    assert [(one.clip.name, one.index, len(one.pairs)) for one in asked] == [("b", 1, 2), ("a", 0, 1)]
    alone = open_data(data / "a")
    assert ask_frames([named("images/000001.png")], alone, data / "a")[0].index == 1
    with pytest.raises(UserError, match=r"has no image c.png, of which .* named as a/images/000000.png"):
        ask_frames([*pairs, named("c.png")], footage, data)


def test_photographs_in_folders_of_folders_are_found_by_their_path(tmp_path: Path) -> None:
    for name in ("images/street/1.png", "images/shop/1.png", "2.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), picture(1))
    asked = ask_frames(
        [named("images/street/1.png"), named("images/shop/1.png"), named("2.png")], [], tmp_path
    )
    assert [one.clip.name for one in asked] == ["images/street/1.png", "images/shop/1.png", "2.png"]
    assert [one.clip.key(0) for one in asked] == [
        "images/street/1.png",
        "images/shop/1.png",
        f"{tmp_path.name}/2.png",
    ]
    assert asked[0].clip.image(0).shape == (HEIGHT, WIDTH, 3)
    with pytest.raises(UserError, match=r"has no image images/3\.png"):
        ask_frames([named("2.png"), named("images/3.png")], [], tmp_path)
