"""The images of both sides: found, drawn in equal numbers, shown alike."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.cli.main import run
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.rating.pictures import (
    Kind,
    Picture,
    common_size,
    draw_pictures,
    encode_alike,
    find_pictures,
)
from tests.data.folders import write_drive

EVERY = list(Condition)


def gray(name: str, height: int, width: int, kind: Kind = Kind.REAL) -> Picture:
    return Picture(kind, name, Condition.CLEAR, lambda: np.full((height, width, 3), 128, np.uint8))


def test_translations_are_found_by_condition_from_their_root_or_below(tmp_path: Path) -> None:
    write_drive(tmp_path / "data" / "a", count=2, depth=True)
    out = tmp_path / "out"
    options = ["--conditions", "night,fog", "--depth", "measured"]
    run(["translate", str(tmp_path / "data"), str(out), *options])
    night = find_pictures(out, Kind.GENERATED, [Condition.NIGHT])
    assert [picture.name for picture in night] == ["night/a/images/000000.png", "night/a/images/000001.png"]
    assert [one.name for one in find_pictures(out / "night", Kind.GENERATED, EVERY)] == [
        one.name for one in night
    ]
    assert night[0].read().shape == (24, 40, 3)
    assert len(find_pictures(out, Kind.GENERATED, EVERY)) == 4
    with pytest.raises(UserError, match=r"no images of --conditions snow; it has night, fog"):
        find_pictures(out, Kind.GENERATED, [Condition.SNOW])
    with pytest.raises(UserError, match=r"no images of --conditions night; it has clear"):
        find_pictures(tmp_path / "data", Kind.REAL, [Condition.NIGHT])


def test_both_sides_are_drawn_in_equal_numbers_and_more_images_keep_the_first() -> None:
    real = [gray(f"{n}", 20, 20) for n in range(7)]
    made = [gray(f"{n}", 20, 20, Kind.GENERATED) for n in range(30)]
    few, more = draw_pictures(real, made, 6, seed=3), draw_pictures(real, made, 100, seed=3)
    assert [picture.kind for picture in few] == [Kind.REAL] * 3 + [Kind.GENERATED] * 3
    assert len(more) == 14 and set(few) < set(more)
    assert set(few) != set(draw_pictures(real, made, 6, seed=4))


def test_all_are_shown_at_one_size_that_enlarges_none() -> None:
    pictures = [gray("wide", 30, 100), gray("high", 80, 60), gray("even", 40, 80)]
    size = common_size(pictures)
    assert size == (30, 60)
    for picture in pictures:
        shown = cv2.imdecode(np.frombuffer(encode_alike(picture, size), np.uint8), cv2.IMREAD_COLOR)
        assert shown.shape == (30, 60, 3)
    with pytest.raises(UserError, match="even: 80x40 pixels, and would be enlarged to 90x30"):
        encode_alike(pictures[2], (30, 90))


def test_the_middle_is_shown_in_its_own_aspect() -> None:
    image = np.zeros((40, 200, 3), np.uint8)
    image[:, 60:140] = 255  # 2 : 1, in the middle
    shown = encode_alike(Picture(Kind.REAL, "a", Condition.CLEAR, lambda: image), (20, 40))
    assert cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_COLOR).min() > 250
