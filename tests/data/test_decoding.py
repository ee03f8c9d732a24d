"""Prepared images do not depend on kills, on the number of processes, or on who else prepares them."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.data import decoding, open_data, prepare, prepared
from acdepth.data.decoding import FRAMES_PER_PART
from acdepth.data.own.clip import OwnClip
from acdepth.data.prepared import fingerprint
from acdepth.data.settings import FootageChoice
from tests.data.driving_stereo_layout import write_weather
from tests.data.folders import CAMERA, picture, write_drive
from tests.data.kitti_layout import write_kitti_raw
from tests.data.nuscenes_layout import write_nuscenes
from tests.data.robotcar_layout import write_prepared
from tests.data.rows import counting

COUNT, SIZE = 3 * FRAMES_PER_PART + 8, (12, 20)
BROKEN = 70
"""In the second part, so that all after it moves down by one."""


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drive with one unreadable frame, and a video."""
    root = tmp_path_factory.mktemp("footage")
    drive = write_drive(root / "drive", COUNT - 30)
    (drive / "images" / f"{BROKEN:06d}.png").write_bytes(b"nothing")
    (root / "film").mkdir()
    write_video(root / "film" / "film.mp4", 30)
    CAMERA.write(root / "film" / "camera.yaml")
    return root


@pytest.fixture(scope="module")
def unbroken(footage: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("unbroken")
    prepare(open_data(footage), out, SIZE, workers=1)
    return files(out)


def write_video(path: Path, count: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.gop_size = 40, 24, 12
        for number in range(count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number), format="rgb24")))
        container.mux(stream.encode())


def files(folder: Path) -> dict[str, bytes]:
    """Content by name; the lock is no part of it."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def run(code: str, *arguments: object) -> subprocess.Popen:
    """A process of its own that has this module's names."""
    begin = f"import sys; from tests.data.test_decoding import *; arguments = sys.argv[1:]; {code}"
    return subprocess.Popen(
        [sys.executable, "-c", begin, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def prepare_until(footage: str, out: str, point: str) -> None:
    """Prepare, killed while a frame of the second part is read, its gap is closed, or the index is written.

    Tells which frames of the drive are read.
    """
    read, close_gaps = OwnClip.image, decoding._close_gaps

    def image(self: OwnClip, index: int) -> np.ndarray:
        print(index, flush=True)
        return die() if (point, index) == ("read", 90) else read(self, index)

    def close(images: Path, kept: list[int], rows: int, size: int) -> None:
        close_gaps(images, kept, rows, size)
        if (point, rows) == ("close", FRAMES_PER_PART):
            die()

    OwnClip.image, decoding._close_gaps = image, close
    prepared.write_json = die
    prepare(open_data(Path(footage)), Path(out), SIZE, workers=1)


def test_killed_at_three_points_it_goes_on_and_gives_the_same_bytes(footage, unbroken, tmp_path):
    for point, first in (("read", 0), ("close", FRAMES_PER_PART), ("index", FRAMES_PER_PART)):
        process = run("prepare_until(*arguments)", footage, tmp_path, point)
        assert int(process.communicate()[0].split()[0]) == first
        assert process.returncode == -signal.SIGKILL and not (tmp_path / "index.json").exists()
    assert decoded_now(footage, tmp_path) == 0
    assert files(tmp_path) == unbroken


def decoded_now(footage: Path, out: Path) -> int:
    """How many frames are decoded when footage is prepared."""
    with counting() as decoded:
        prepare(open_data(footage), out, SIZE)
    return len(decoded)


def test_the_number_of_processes_does_not_show(footage, unbroken, tmp_path, caplog, capsys):
    prepare(open_data(footage), tmp_path, SIZE, workers=2)
    assert files(tmp_path) == unbroken
    assert len(caplog.messages) == 1 and f"{BROKEN:06d}.png" in caplog.messages[0]
    assert f"prepare: {COUNT}/{COUNT}" in capsys.readouterr().err


def test_of_several_processes_at_once_one_does_the_work_and_all_open_it(footage, unbroken, tmp_path):
    code = "print(decoded_now(*map(Path, arguments)), len(prepared.Prepared.open(arguments[1]).images))"
    processes = [run(code, footage, tmp_path) for _ in range(2)]
    told = sorted(process.communicate()[0].split() for process in processes)
    assert told == [["0", str(COUNT - 1)], [str(COUNT - 1)] * 2]
    assert files(tmp_path) == unbroken


@pytest.fixture
def begun(footage, tmp_path, monkeypatch) -> Path:
    """A folder whose preparation ended before its index was written."""
    with monkeypatch.context() as patch:
        patch.setattr(prepared, "write_json", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            prepare(open_data(footage), tmp_path, SIZE)
    return tmp_path


def test_other_footage_makes_what_was_begun_void(footage, begun):
    assert decoded_now(footage / "drive", begun) == COUNT - 31
    assert len(prepared.Prepared.open(begun).images) == COUNT - 31


@pytest.mark.parametrize(
    ("name", "left", "again"), [("images.parts.jsonl", -5, 8), ("images.bin", 100, COUNT - 1)]
)
def test_a_line_half_written_does_not_count_and_a_cut_file_voids_all(
    footage, unbroken, begun, name, left, again
):
    (begun / name).write_bytes((begun / name).read_bytes()[:left])
    assert decoded_now(footage, begun) == again
    assert files(begun) == unbroken


def test_more_than_one_in_a_hundred_stops_and_can_be_mended(tmp_path):
    drive = write_drive(tmp_path / "drive", 200)
    paths = [drive / "images" / f"{number:06d}.png" for number in (100, 101, 102)]
    whole = [path.read_bytes() for path in paths]
    for path in paths:
        path.write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"000102\.png: .* \(3 of 200 frames cannot be read"):
        prepare(open_data(drive), tmp_path / "out", SIZE)
    for path, content in zip(paths, whole, strict=True):
        path.write_bytes(content)
    assert len(prepare(open_data(drive), tmp_path / "out", SIZE)) == 200


def every_kind_of_footage(root: Path) -> list[Clip]:
    write_drive(root / "folder")
    write_video(root / "film.mp4", 4)
    write_nuscenes(root / "nuscenes", {"scene-0061": "Rain"})
    write_prepared(root / "robotcar", {"2014-12-09-13-21-02": range(4)})
    write_kitti_raw(root / "kitti", {"0001": range(3)})
    names = ["2018-08-17-09-45-58_2018-08-17-10-11-57-995"]
    write_weather(root / "stereo", "rainy", names)
    parts = [open_data(root / "nuscenes", choice=FootageChoice(split="mini_train"))]
    parts += [open_data(root / name) for name in ("folder", "film.mp4", "robotcar", "kitti", "stereo")]
    return [clip for part in parts for clip in part]


def test_footage_of_every_kind_goes_to_another_process(tmp_path):
    found = every_kind_of_footage(tmp_path)
    assert len({type(clip) for clip in found}) >= 5
    for clip in found:
        clip.image(0)  # opens what there is to open
        there = pickle.loads(pickle.dumps(clip))
        assert vars(there).keys() == vars(clip).keys() and there.condition is clip.condition
        assert np.array_equal(there.image(1 % len(clip)), clip.image(1 % len(clip)))


def as_own(clip: Clip) -> OwnClip:
    assert isinstance(clip, OwnClip)
    return clip


def test_each_file_is_asked_once(footage, tmp_path, monkeypatch):
    asked: list[str] = []
    stat = Path.stat

    def counted(self: Path, **options: bool) -> os.stat_result:
        asked.append(str(self))
        return stat(self, **options)

    clips = open_data(footage)
    own = {str(clip.source.file_of(number)) for clip in map(as_own, clips) for number in clip.numbers}
    monkeypatch.setattr(Path, "stat", counted)
    for call in (lambda: fingerprint(clips, SIZE, None), lambda: prepare(clips, tmp_path, SIZE)):
        asked.clear()
        call()
        assert sorted(path for path in asked if path in own) == sorted(own)
