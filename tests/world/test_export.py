"""Sequence folders on disk, and the flags that ask for them."""

import csv

import cv2
import numpy as np
import pytest
import yaml

from acdepth.cli.world import make, parse_conditions, parse_image_size, parse_towns, sheet
from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.sheet import GAP, HEADING
from acdepth.data.own.cameras import read_frame_rate
from acdepth.recipes.layouts import read_drives
from acdepth.world import export, prepare

SMALL = {"image_size": "24x40", "frames": 2}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    out = tmp_path_factory.mktemp("world")
    make(out, towns="2", conditions="clear,night", **SMALL)
    return out


def test_sequence_folder_holds_what_it_says(data):
    folder = data / "town_0002" / "night"
    frame = prepare(2, 2, (24, 40)).frame(1, [Condition.NIGHT])
    image = cv2.imread(str(folder / "images" / "000001.png"))
    assert np.array_equal(image[..., ::-1], frame.images[Condition.NIGHT].numpy())
    depth = cv2.imread(str(folder / "depth" / "000001.png"), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    assert np.abs(depth / 256 - frame.depth.numpy()).max() <= 1 / 512 + 1e-6
    classes = cv2.imread(str(folder / "classes" / "000001.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(classes, frame.classes.numpy())
    assert Camera.read(folder / "camera.yaml") == frame.camera
    facts = yaml.safe_load((folder / "sequence.yaml").read_text())
    assert (facts["condition"], facts["town"]) == ("night", 2)
    assert facts["classes"] == {0: "none", 1: "ground", 2: "facades", 3: "objects"}
    with (folder / "motion.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["index"] for row in rows] == ["0", "1"]
    assert float(rows[1]["T_13"]) == pytest.approx(frame.pose[1, 3].item(), abs=1e-6)
    assert float(rows[1]["speed"]) == pytest.approx(frame.speed, abs=1e-5)


def test_conditions_share_their_truth(data):
    for part in ("depth/000001.png", "classes/000001.png", "motion.csv", "camera.yaml"):
        night, clear = ((data / "town_0002" / c / part).read_bytes() for c in ("night", "clear"))
        assert night == clear


def test_complete_sequences_are_left_and_missing_ones_made(data, monkeypatch):
    seen = data / "town_0002" / "clear" / "images" / "000000.png"
    before = seen.stat().st_mtime_ns
    made = []
    real = export.write_town
    monkeypatch.setattr(export, "write_town", lambda *a: (made.append(a[1:3]), real(*a)))
    make(data, towns="2", conditions="clear,fog", **SMALL)
    make(data, towns="2", conditions="clear,night,fog", **SMALL)
    assert made == [(2, [Condition.FOG])]
    assert seen.stat().st_mtime_ns == before


def test_other_settings_are_refused(data):
    with pytest.raises(UserError, match="other settings"):
        make(data, towns="2", conditions="clear", image_size="24x40", frames=3)


def test_interrupted_town_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "_write_facts", fail)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, towns="2", conditions="clear", **SMALL)
    assert list((tmp_path / "town_0002").iterdir()) == []


def test_remains_of_a_killed_run_are_replaced(tmp_path):
    town = tmp_path / "town_0002"
    for name in (".clear.4711.partial", ".4711-0123abcd.partial"):  # of an earlier version, and of this one
        (town / name / "images").mkdir(parents=True)
    make(tmp_path, towns="2", conditions="clear", image_size="24x40", frames=1)
    assert [folder.name for folder in town.iterdir()] == ["clear"]


def test_workers_write_the_same_bytes(data, tmp_path):
    make(tmp_path, towns="2", conditions="night", workers=2, **SMALL)
    for part in ("images/000001.png", "depth/000001.png", "motion.csv", "sequence.yaml"):
        one, two = (folder / "town_0002" / "night" / part for folder in (data, tmp_path))
        assert one.read_bytes() == two.read_bytes()


def test_one_of_several_frames_keeps_its_place_and_speed(tmp_path):
    make(tmp_path, towns="2", frames=3, every=4, image_size="16x40")
    folder = tmp_path / "town_0002" / "clear"
    assert read_frame_rate(folder / "camera.yaml") == 3.0
    assert yaml.safe_load((folder / "sequence.yaml").read_text())["every"] == 4
    rows = list(csv.DictReader((folder / "motion.csv").open()))
    drive = prepare(2, 9, (16, 40))
    assert [row["index"] for row in rows] == ["0", "1", "2"]
    for row, index in zip(rows, (0, 4, 8), strict=True):
        frame = drive.frame(index, [Condition.CLEAR])
        assert float(row["speed"]) == pytest.approx(frame.speed, abs=1e-5)
        assert float(row["T_23"]) == pytest.approx(frame.pose[2, 3].item(), abs=1e-6)
    last = cv2.imread(str(folder / "images" / "000002.png"))
    assert np.array_equal(last[..., ::-1], frame.images[Condition.CLEAR].numpy())
    with pytest.raises(UserError, match="other settings"):
        make(tmp_path, towns="2", frames=3, image_size="16x40")
    with pytest.raises(UserError, match="one of 4 frames"):
        read_drives(tmp_path)


@pytest.mark.parametrize("size", [(16, 72), (72, 16)])
def test_pictures_may_be_of_any_aspect(size):
    frame = prepare(2, 1, size).frame(0, list(Condition))
    assert frame.depth.shape == size
    assert all(image.shape == (*size, 3) for image in frame.images.values())


def test_sheet_shows_all_conditions_and_depth(data, tmp_path):
    sheet(data, tmp_path / "sheet.png", frame=1)
    picture = cv2.imread(str(tmp_path / "sheet.png"))
    conditions = sum((data / "town_0002" / condition.value).is_dir() for condition in Condition)
    assert picture is not None and picture.shape == (HEADING + 24 + GAP, (conditions + 1) * (40 + GAP), 3)
    with pytest.raises(UserError, match="no towns"):
        sheet(tmp_path, tmp_path / "other.png")
    with pytest.raises(UserError, match="000009"):
        sheet(data, tmp_path / "other.png", frame=9)


def test_lists_and_sizes_are_read():
    assert parse_towns("3,5,9-12,5") == [3, 5, 9, 10, 11, 12]
    assert parse_conditions("night, clear") == [Condition.NIGHT, Condition.CLEAR]
    assert parse_conditions("all") == list(Condition)
    assert parse_image_size("96x160") == (96, 160)


@pytest.mark.parametrize("text", ["", "a", "5-3", "-1", "1,,2", "1-2-3", "0.5"])
def test_bad_towns(text):
    with pytest.raises(UserError, match="--towns"):
        parse_towns(text)


@pytest.mark.parametrize("text", ["", "96", "0x160", "96x", "-96x160", "99999x99999"])
def test_bad_sizes(text):
    with pytest.raises(UserError, match="--image-size"):
        parse_image_size(text)


def test_bad_flags(tmp_path):
    with pytest.raises(UserError, match="'hail' is unknown"):
        parse_conditions("clear,hail")
    for flags in ({"frames": 0}, {"every": 0}, {"workers": 0}):
        with pytest.raises(UserError, match=f"--{next(iter(flags))}"):
            make(tmp_path, towns="1", **flags)
