"""Numbers and names that no footage has are refused where they are read, by their file."""

import json
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from acdepth.core.errors import UserError
from acdepth.core.files import write_text
from acdepth.data import open_data
from acdepth.data.cityscapes.measured import read_speed
from acdepth.data.frames import Frames
from acdepth.data.kitti.raw import read_oxts
from acdepth.data.manifest import Manifest
from acdepth.data.nuscenes.records import find_records, find_rows
from acdepth.data.nuscenes.scenes import open_nuscenes
from acdepth.data.nuscenes.tables import SHOT_ROW
from acdepth.data.own.cameras import read_lens
from acdepth.data.prepared import Prepared, prepare
from acdepth.data.rigid import is_rigid
from tests.data.folders import write_drive
from tests.data.kitti_layout import oxts_line
from tests.data.nuscenes_layout import write_nuscenes
from tests.data.own.videos import write_video


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("sequence.yaml", "class_names: {30000000: x}\n", "30000000 is the number of no class"),
        ("sequence.yaml", "class_names: {-1: x}\n", "class_names must be a list of at most 256 names"),
        ("sequence.yaml", "condition: 2026-05-01\n", "condition = '2026-05-01', expected one of clear"),
        ("sequence.yaml", "condition: [[[[]]]]\n", "expected one of clear"),
        ("sequence.yaml", f"condition: {'[' * 200}\n", "nested deeper than 64"),
        ("camera.yaml", "frame_rate: 1.0e+300\n", "expected images per second, 0.0001 to 10000"),
        ("camera.yaml", "frame_rate: true\n", "frame_rate = True"),
        ("camera.yaml", "fx: 1.0e+300\n", "fx is 1e.300, expected a finite number of pixels"),
        ("camera.yaml", "width: 1000000000\n", "width is 1000000000, expected a whole number of pixels"),
        ("camera.yaml", "k1: 1.0e+30\n", "expected finite numbers up to 10000"),
    ],
)
def test_a_number_that_no_drive_has_names_its_file(tmp_path: Path, file: str, text: str, says: str) -> None:
    write_drive(tmp_path / "a", 3)
    path = tmp_path / "a" / file
    key = text.split(":")[0]
    kept = [line for line in path.read_text().splitlines() if not line.startswith(key)]
    write_text(path, "\n".join([*kept, text]))
    with pytest.raises(UserError, match=says) as caught:
        open_data(tmp_path / "a")
    assert str(caught.value).startswith(str(path)) and len(str(caught.value)) < 700


def test_a_camera_file_of_opencv_is_bounded_too(tmp_path: Path) -> None:
    text = "image_width: 640\nimage_height: .inf\ncamera_matrix: [1e3, 0, 320, 0, 1e3, 240, 0, 0, 1]\n"
    write_text(tmp_path / "camera.yaml", text)
    with pytest.raises(UserError, match=r"camera\.yaml: .*whole number of pixels"):
        read_lens(tmp_path / "camera.yaml")


class TestNuScenes:
    def rewritten(self, root: Path, **values: object) -> Path:
        write_nuscenes(root, {"scene-0061": "Clear"}, samples=2, sweeps=1)
        path = root / "v1.0-mini" / "sample_data.json"
        path.write_text(json.dumps([{**row, **values} for row in json.loads(path.read_text())]))
        return root

    @pytest.mark.parametrize(("height", "width"), [(10**6, 10**6), (-5, -5), (2**62, 2), (10**9, 0)])
    def test_a_size_that_no_camera_has(self, tmp_path: Path, height: int, width: int) -> None:
        root = self.rewritten(tmp_path, height=height, width=width)
        with pytest.raises(UserError, match=rf"sample_data.json: record .* has {width}x{height} pixels"):
            open_nuscenes(root, "mini_train")

    @pytest.mark.parametrize("text", [b"x" * 4_000_000, b"/CAM_FRONT/}" * 100_000, b"}" * 1_000_000])
    def test_a_table_without_records_takes_no_square_of_its_length(self, tmp_path: Path, text: bytes) -> None:
        (tmp_path / "a.json").write_bytes(b"[" + text)
        faults: list[UserError] = []
        begun = time.process_time()
        list(find_rows(tmp_path / "a.json", ["/CAM_FRONT/"], SHOT_ROW, faults.append))
        find_records(tmp_path / "a.json", {b"x"}, faults.append)
        assert 0 < len(faults) <= 110 and time.process_time() - begun < 5

    def test_a_byte_order_mark_does_not_matter_and_utf_16_is_named(self, tmp_path: Path) -> None:
        root = self.rewritten(tmp_path)
        for path in (root / "v1.0-mini").glob("*.json"):
            path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
        assert len(open_nuscenes(root, "mini_train")) == 1
        for name in ("sample.json", "sample_data.json"):
            path = root / "v1.0-mini" / name
            content = path.read_bytes()
            path.write_bytes(content.decode("utf-8-sig").encode("utf-16"))
            with pytest.raises(UserError, match=rf"{name}: is text in UTF-16; save it as UTF-8"):
                open_nuscenes(root, "mini_train")
            path.write_bytes(content)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"\xff\xfe\x00", "is text in UTF-16"),
        (b"\xff{}\n", "no UTF-8"),
        (b'{"condition": "night"}\n', "line 1 is no manifest entry"),
        (b"[1]\n", "line 1 is no manifest entry"),
        (b"[" * 5000 + b"\n", "line 1 is no manifest entry"),
    ],
)
def test_a_manifest_of_something_else(tmp_path: Path, line: bytes, says: str) -> None:
    (tmp_path / "manifest.jsonl").write_bytes(line)
    with pytest.raises(UserError, match=says):
        Manifest(tmp_path)


@pytest.mark.parametrize(
    "changed",
    [{"condition": "hail"}, {"condition": ["night"]}, {"source": 5}, {"file_size": "9"}, {"seed": None}],
)
def test_a_manifest_entry_of_other_kinds(tmp_path: Path, changed: dict) -> None:
    names = ("source", "source_hash", "source_stamp", "generator", "file_hash")
    entry = {**dict.fromkeys(names, "a"), "condition": "night", "seed": 0, "file_size": 9, **changed}
    write_text(tmp_path / "manifest.jsonl", json.dumps(entry) + "\n")
    with pytest.raises(UserError, match="line 1 is no manifest entry"):
        Manifest(tmp_path)


def test_columns_that_do_not_fit_each_other_are_told(tmp_path: Path) -> None:
    write_drive(tmp_path / "data", 4)
    made = prepare(open_data(tmp_path / "data"), tmp_path / "out", (12, 20), workers=1)
    whole = made.frames.speed
    for name, values in (
        ("speed", np.zeros(9)),
        ("speed", np.zeros((len(whole), 2))),
        ("clip", np.full(len(whole), 7, np.uint32)),
        ("key_ends", np.full(len(whole), 10**9)),
        ("clip_mask", np.array([5])),
    ):
        path = tmp_path / "out" / "frames" / f"{name}.npy"
        kept = path.read_bytes()
        np.save(path, values)
        with pytest.raises(UserError, match=r"frames: its columns are damaged .*; delete .*out, it"):
            Frames.open(tmp_path / "out" / "frames")
        path.write_bytes(kept)
    index = json.loads((tmp_path / "out" / "index.json").read_text())
    for change in (
        {"image_size": [12]},
        {"image_size": [10**9, 10**9]},
        {"crop": 5},
        {"frames": 9},
        {"stamp": None},
    ):
        (tmp_path / "out" / "index.json").write_text(json.dumps(index | change))
        with pytest.raises(UserError, match="out"):
            Prepared.open(tmp_path / "out")


def test_speeds_and_places_of_no_car(tmp_path: Path) -> None:
    write_text(tmp_path / "vehicle.json", '{"speed": 1e300}')
    with pytest.raises(UserError, match=r"a speed of 1e\+300 m/s, expected at most 150"):
        read_speed(tmp_path / "vehicle.json")
    write_text(tmp_path / "1.txt", oxts_line(49.0, speed=1e30))
    with pytest.raises(UserError, match=r"1e\+30 is no length, angle or speed of a car"):
        read_oxts(tmp_path / "1.txt")
    assert not is_rigid(np.full((4, 4), 1e300))


def test_a_video_whose_pixels_are_no_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "a.mp4", 4, aspect=Fraction(2))
    assert open_data(path)[0].image(0).shape == (48, 128, 3)
    monkeypatch.setattr("acdepth.data.own.container.MOST_ASPECT", 1.5)
    with pytest.raises(UserError, match="its pixels are 2 times as wide as high; convert it"):
        open_data(path)


def test_a_video_that_claims_more_pixels_than_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "a.mp4", 4)
    monkeypatch.setattr("acdepth.data.own.video.MOST_PIXELS", 1000)
    with pytest.raises(UserError, match="frame 0 cannot be decoded"):
        open_data(path)[0].image(0)
    monkeypatch.setattr("acdepth.data.own.container.MOST_PIXELS", 1000)
    with pytest.raises(UserError, match=r"64x48 pixels, at most 0 million are read"):
        open_data(path)
