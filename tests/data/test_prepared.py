"""Prepared data are true to their source: used again while it stays, remade when it changes."""

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from acdepth.core.errors import UserError
from acdepth.core.files import hash_json, read_json, write_json
from acdepth.core.tally import ReadTally
from acdepth.data import Crop, Prepared, open_data, prepare
from acdepth.data.prepared import _list, fingerprint
from tests.data.folders import CAMERA, picture, write_drive
from tests.data.rows import counting, row, rows


def test_pixels_cameras_and_distances(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / "drive", count=3)
    crop = Crop(top=4, left=0, height=20, width=40)
    prepared = prepare(open_data(drive), tmp_path / "out", (10, 20), crop)
    assert prepared.images.shape == (3, 10, 20, 3) and prepared.images.dtype == np.uint8
    window = picture(1)[4:].reshape(10, 2, 20, 2, 3).astype(float).mean((1, 3))
    assert np.abs(prepared.images[1] - window).max() <= 1
    expected = CAMERA.cropped(4, 0, 20, 40).resized(10, 20)
    assert row(prepared.frames, 1).intrinsics == (expected.fx, expected.fy, expected.cx, expected.cy)
    first, middle, last = rows(prepared.frames)
    assert (first.distance_to_previous, last.distance_to_next) == (None, None)
    assert middle.distance_to_next == pytest.approx(1.0) and middle.speed == pytest.approx(12.0)


def test_used_again_until_something_changes(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / "drive")

    def run(size: tuple[int, int] = (12, 20)) -> int:
        with counting() as decoded:
            prepare(open_data(drive), tmp_path / "out", size)
        return len(decoded)

    assert (run(), run()) == (6, 0)
    cv2.imwrite(str(drive / "images" / "000002.png"), picture(9)[..., ::-1])
    assert (run(), run()) == (6, 0)
    changed = Prepared.open(tmp_path / "out").images[2, 0, 0].astype(float)
    assert np.abs(changed - picture(9)[0:2, 0:2].mean((0, 1))).max() <= 1
    assert (run((6, 10)), run((12, 20))) == (6, 6)


def test_another_filter_is_another_preparation_and_area_has_the_name_it_always_had(tmp_path: Path) -> None:
    footage = open_data(write_drive(tmp_path / "drive"))
    size, crop = (12, 20), Crop(top=0, height=24, width=40)
    area = prepare(footage, tmp_path / "out", size, crop)
    before = hash_json([4, size, crop.to_dict(), [_list(clip, 1).content for clip in footage]])
    assert area.made_from == fingerprint(footage, size, crop) == before
    former, pixels = read_json(tmp_path / "out" / "index.json"), area.images.copy()
    write_json(tmp_path / "out" / "index.json", {name: former[name] for name in former if name != "resize"})
    with counting() as decoded:
        assert prepare(footage, tmp_path / "out", size, crop).resize == "area" and not decoded
        lanczos = prepare(footage, tmp_path / "out", size, crop, resize="lanczos")
    assert len(decoded) == 6 and Prepared.open(tmp_path / "out").resize == "lanczos"
    assert lanczos.made_from == fingerprint(footage, size, crop, resize="lanczos") != area.made_from
    expected = Image.fromarray(picture(1)).resize((20, 12), Image.Resampling.LANCZOS)
    assert np.array_equal(lanczos.images[1], np.asarray(expected))
    assert not np.array_equal(lanczos.images, pixels)


def test_a_torn_preparation_does_not_count(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / "drive")
    prepared = prepare(open_data(drive), tmp_path / "out", (12, 20))
    with (tmp_path / "out" / "images.bin").open("r+b") as stream:
        stream.truncate(100)
    with pytest.raises(UserError, match="does not fit its index"):
        _ = Prepared.open(tmp_path / "out").images
    (tmp_path / "out" / "index.json").unlink()
    again = prepare(open_data(drive), tmp_path / "out", (12, 20))
    assert again.made_from == prepared.made_from and len(again.images) == 6


def test_one_bad_frame_in_two_hundred_is_left_out(tmp_path: Path, caplog) -> None:
    drive = write_drive(tmp_path / "drive", count=200)
    (drive / "images" / "000100.png").write_bytes(b"nothing")
    prepared = prepare(open_data(drive), tmp_path / "out", (12, 20))
    assert len(prepared) == 199 and len(caplog.messages) == 1 and "000100.png" in caplog.messages[0]
    assert np.flatnonzero(~prepared.frames.has_neighbour(1)).tolist() == [99, 198]
    assert np.flatnonzero(~prepared.frames.has_neighbour(-1)).tolist() == [0, 100]


def test_more_than_one_in_a_hundred_stops() -> None:
    tally = ReadTally(total=200, on_warning=lambda _: None)
    tally.skip(UserError("a.png", "broken"))
    tally.skip(UserError("b.png", "broken"))
    with pytest.raises(UserError, match=r"c\.png: broken \(3 of 200 frames cannot be read"):
        tally.skip(UserError("c.png", "broken"))


def test_a_crop_beyond_the_image(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / "drive")
    with pytest.raises(UserError, match=r"000000\.png: the crop .* reaches beyond its 40x24"):
        prepare(open_data(drive), tmp_path / "out", (12, 20), Crop(top=10, height=20, width=40))


def test_another_process_gets_the_path_not_the_pixels(tmp_path: Path) -> None:
    prepared = prepare(open_data(write_drive(tmp_path / "drive")), tmp_path / "out", (12, 20))
    assert prepared.images.size == 6 * 12 * 20 * 3
    sent = pickle.dumps(prepared)
    assert len(sent) < 500 and np.array_equal(pickle.loads(sent).images, prepared.images)
