"""A video is read like a folder, forwards and at random."""

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.files import write_text
from acdepth.core.lens import Lens
from acdepth.data import open_data
from acdepth.data.own.video import whole_video

COUNT = 70


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """70 frames whose brightness grows, with a key frame every 12."""
    path = tmp_path_factory.mktemp("video") / "drive.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.gop_size = 64, 48, 12
        for number in range(COUNT):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 3 * number, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    Camera(50.0, 50.0, 31.5, 23.5, 64, 48).write(path.with_name("camera.yaml"))
    return path


def test_frames_in_any_order(video: Path) -> None:
    (clip,) = open_data(video)
    assert len(clip) == COUNT and clip.frame_rate == 10
    assert clip.key(7) == "drive/000007.png"
    assert clip.camera is not None and clip.camera.fx == 50
    forwards = [clip.image(index) for index in range(COUNT)]
    assert np.allclose([image.mean() for image in forwards], 3 * np.arange(COUNT), atol=4)
    for index in (69, 0, 13, 12, 68, 5, 5):
        assert np.array_equal(clip.image(index), forwards[index])


def test_a_folder_of_videos_and_motion_beside_one(video: Path) -> None:
    rows = "".join(f"{number},5\n" for number in range(COUNT))
    write_text(video.with_name("drive.motion.csv"), "index,speed\n" + rows)
    (clip,) = open_data(video.parent)
    assert clip.distance(0, 1) == pytest.approx(0.5)


def test_a_broken_video(tmp_path: Path) -> None:
    write_text(tmp_path / "broken.mp4", "no video")
    with pytest.raises(UserError, match=r"broken\.mp4: not readable as a video"):
        open_data(tmp_path / "broken.mp4")


def test_a_camera_of_another_size(video: Path, tmp_path: Path) -> None:
    copy, camera = tmp_path / "copy.mp4", Camera(500.0, 500.0, 319.5, 239.5, 640, 480)
    copy.write_bytes(video.read_bytes())
    camera.write(tmp_path / "copy.camera.yaml")
    assert open_data(copy)[0].camera == camera.resized(48, 64), "the video was scaled since"
    camera.cropped(0, 0, 360, 640).write(tmp_path / "copy.camera.yaml")
    with pytest.raises(UserError, match=r"copy.mp4: the camera is for 640x360 pixels, but .* has 64x48"):
        open_data(copy)


def test_a_frame_of_another_size_is_named(video: Path) -> None:
    clip = whole_video(video).through(Lens(Camera.central(60.0, 48, 64)))
    clip.source.image = lambda number: np.zeros((20, 30, 3), np.uint8)
    with pytest.raises(UserError, match=r"drive.mp4, frame 7: 30x20 pixels, but its camera has 64x48"):
        clip.image(7)


def test_a_frame_stands_as_a_player_shows_it(tmp_path: Path) -> None:
    upright = tmp_path / "upright.mp4"
    with av.open(str(upright), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 48
        pixels = np.zeros((48, 64, 3), np.uint8)
        pixels[:24] = 200
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(_held_sideways(upright.read_bytes()))
    (straight,), (sideways,) = open_data(upright), open_data(turned)
    assert straight.image(0).shape == (48, 64, 3) and sideways.image(0).shape == (64, 48, 3)
    # Shown a quarter turn clockwise: the bright top is on the right.
    assert np.array_equal(sideways.image(0), np.rot90(straight.image(0), -1))


def _held_sideways(mp4: bytes) -> bytes:
    """Write a quarter turn clockwise into the track header, as a phone does."""
    one = 1 << 16
    matrix = struct.pack(">9i", 0, one, 0, -one, 0, 0, 48 * one, 0, 1 << 30)
    start = mp4.index(b"tkhd") + 4 + 40
    return mp4[:start] + matrix + mp4[start + 36 :]
