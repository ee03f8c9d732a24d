"""One drive by every door is the same drive: images, cameras, distances and times."""

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.files import write_text
from acdepth.data import open_data
from acdepth.world.export import DriveSettings, sequence_folder, write_towns
from tests.data.bags import START, Bag

FRAMES, RATE, TICKS = 12, 12, 1200
GAP_AFTER, GAP = 7, 1.0
"""The number of the image before the gap, and seconds that are missing there."""


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drive through the world as a sequence folder; its positions are exact."""
    out = tmp_path_factory.mktemp("world")
    write_towns(out, [3], [Condition.CLEAR], DriveSettings(FRAMES, (48, 80)), "cpu")
    return sequence_folder(out, 3, Condition.CLEAR)


def positions_of(drive: Path) -> np.ndarray:
    """(N, 3) [m], straight from the table."""
    table = np.genfromtxt(drive / "motion.csv", delimiter=",", names=True)
    return np.stack([table[f"T_{axis}3"] for axis in range(3)], 1)


def as_images(drive: Path, folder: Path) -> Path:
    return drive


def as_stamped_images(drive: Path, folder: Path) -> Path:
    """Named by their times, as exports of bags are, with a trajectory beside them."""
    shutil.copytree(drive, folder / "drive")
    for number, path in enumerate(sorted((folder / "drive/images").iterdir())):
        path.rename(path.with_name(f"{START + number * 10**9 // RATE}.png"))
    (folder / "drive/motion.csv").unlink()
    trajectory(drive, folder / "drive/motion.txt", START / 1e9 + np.arange(FRAMES) / RATE)
    return folder / "drive"


def as_constant_video(drive: Path, folder: Path) -> Path:
    shutil.copy(drive / "motion.csv", folder / "motion.csv")
    return write_video(drive, folder, [number * TICKS // RATE for number in range(FRAMES)])


def as_variable_video(drive: Path, folder: Path) -> Path:
    """Uneven intervals, a second missing after an image; positions joined by time, not by number."""
    ticks = [number * TICKS // RATE + 12 * (number % 3) for number in range(FRAMES)]
    ticks = [tick + int(GAP * TICKS) * (number > GAP_AFTER) for number, tick in enumerate(ticks)]
    trajectory(drive, folder / "drive.motion.txt", np.array(ticks) / TICKS)
    return write_video(drive, folder, ticks)


def as_bag(kind: str) -> Callable[[Path, Path], Path]:
    def write(drive: Path, folder: Path) -> Path:
        bag, (clip,), positions = Bag(kind), open_data(drive), positions_of(drive)
        assert clip.camera is not None
        for number in range(FRAMES):
            taken = START + number * 10**9 // RATE
            bag.image(taken, clip.image(number), received=taken + 30_000_000 + 5_000_000 * (number % 2))
            bag.camera_info(taken, clip.camera)
            bag.odometry(taken, positions[number])
        return bag.write(folder / "drive")

    return write


def trajectory(drive: Path, path: Path, times: np.ndarray) -> None:
    """TUM's format."""
    rows = zip(times, positions_of(drive), strict=True)
    write_text(path, "".join(f"{t:.9f} {x:.9f} {y:.9f} {z:.9f} 0 0 0 1\n" for t, (x, y, z) in rows))


def write_video(drive: Path, folder: Path, ticks: list[int]) -> Path:
    """Without loss, each image shown at its tick."""
    path, (clip,) = folder / "drive.mov", open_data(drive)
    assert clip.camera is not None
    clip.camera.write(folder / "camera.yaml")
    with av.open(str(path), "w", options={"video_track_timescale": str(TICKS)}) as container:
        stream = container.add_stream("png", rate=RATE)
        stream.height, stream.width = clip.image(0).shape[:2]
        stream.pix_fmt, stream.time_base = "rgb24", Fraction(1, TICKS)
        stream.codec_context.time_base = Fraction(1, TICKS)
        for number, tick in enumerate(ticks):
            frame = av.VideoFrame.from_ndarray(clip.image(number), format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, TICKS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


DOORS = {
    "images": as_images,
    "stamped_images": as_stamped_images,
    "constant_video": as_constant_video,
    "variable_video": as_variable_video,
    **{kind: as_bag(kind) for kind in ("ros1", "sqlite3", "mcap")},
}


@pytest.mark.parametrize("door", DOORS)
def test_the_same_drive(drive: Path, tmp_path: Path, door: str) -> None:
    told: list[str] = []
    clips: list[Clip] = open_data(DOORS[door](drive, tmp_path), told.append)
    (truth,), positions = open_data(drive), positions_of(drive)
    frames = [(clip, index) for clip in clips for index in range(len(clip))]
    assert len(frames) == FRAMES
    for number, (clip, index) in enumerate(frames):
        assert np.array_equal(clip.image(index), truth.image(number))
        assert clip.camera == truth.camera
        if index:
            length = np.linalg.norm(positions[number] - positions[number - 1])
            assert clip.distance(index - 1, index) == pytest.approx(length, abs=1e-5)
    times = np.array([clip.time(index) for clip, index in frames], np.float64)
    expected = np.arange(FRAMES) / RATE
    if door == "variable_video":
        assert [len(clip) for clip in clips] == [GAP_AFTER + 1, FRAMES - GAP_AFTER - 1] and len(told) == 1
        expected = expected + np.arange(FRAMES) % 3 / 100 + GAP * (np.arange(FRAMES) > GAP_AFTER)
    else:
        assert len(clips) == 1 and told == []
    assert times - times[0] == pytest.approx(expected, abs=1e-6)
