"""Video files as people have them: trimmed, cut off, damaged, turned, squeezed, with pauses, of any kind."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from acdepth.core.errors import UserError
from acdepth.data import open_data
from acdepth.data.own.container import is_video, read_track
from acdepth.data.own.video import VideoSource
from tests.data.own.videos import RATE, number_of, pixels, remux, write_video


def numbers(source: VideoSource) -> list[int]:
    return [round(number_of(source.image(index))) for index in range(len(source))]


def test_a_trimmed_video_has_the_frames_that_a_player_shows(tmp_path: Path) -> None:
    """What stands before the beginning is there for the decoder; a player shows nothing of it."""
    trimmed = remux(write_video(tmp_path / "whole.mp4"), tmp_path / "trimmed.mp4", first=12, shift=1.5)
    with av.open(str(trimmed)) as container:
        assert sum(packet.is_discard for packet in container.demux(video=0)) == 3
        container.seek(0)
        assert len(list(container.decode(video=0))) == 25
    source = VideoSource(trimmed)
    assert numbers(source) == list(range(15, 40))
    np.testing.assert_allclose(source.times(), np.arange(25) / RATE, atol=1e-9)
    assert [round(number_of(source.image(index))) for index in (24, 0, 11, 3)] == [39, 15, 26, 18]


@pytest.mark.parametrize(
    ("suffix", "codec", "options"),
    [
        (".mkv", "mpeg4", {}),
        (".webm", "libvpx", {}),
        (".avi", "mjpeg", {}),
        (".avi", "mpeg4", {}),
        (".flv", "flv", {}),
        (".mp4", "mpeg4", {"movflags": "faststart"}),
        (".mp4", "mpeg4", {"movflags": "frag_keyframe+empty_moov"}),
    ],
)
def test_a_cut_off_video_is_refused_with_what_is_there(
    tmp_path: Path, suffix: str, codec: str, options: dict[str, str]
) -> None:
    path = write_video(tmp_path / f"drive{suffix}", codec=codec, options=options)
    assert numbers(VideoSource(path)) == list(range(40))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * (8 if suffix == ".avi" else 6) // 10])
    with pytest.raises(
        UserError, match=r"is cut off: \d\.\d of \d\.\d seconds are there; copy it again; if"
    ) as told:
        open_data(path)
    there, claimed = (float(word) for word in str(told.value).split() if word.replace(".", "").isdigit())
    assert 0.5 <= there < claimed <= 4.0


@pytest.mark.parametrize(("suffix", "codec"), [(".ts", "libx264"), (".mpg", "mpeg2video"), (".wmv", "wmv2")])
def test_where_no_length_is_told_a_torn_last_frame_is_left_out(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    path = write_video(tmp_path / f"drive{suffix}", codec=codec)
    content, stored = path.read_bytes(), len(read_track(path).pts)
    assert stored == 40
    for percent in (42, 60, 73):
        path.write_bytes(content[: len(content) * percent // 100])
        found = numbers(VideoSource(path))
        # Of frames out of order, a torn one may be shown before others that are whole.
        assert found == sorted(set(found)) and 12 < len(found) > found[-1] - 3 and found[-1] < 39


def test_damage_long_before_the_end_is_not_left_out_in_silence(tmp_path: Path) -> None:
    path = write_video(tmp_path / "drive.mpg", codec="mpeg2video")
    content = bytearray(path.read_bytes())
    content[len(content) * 8 // 10 :] = bytes(len(content) - len(content) * 8 // 10)
    path.write_bytes(content)
    assert len(read_track(path).pts) > 24


def test_what_is_left_of_a_cut_video_is_read_once_it_is_written_anew(tmp_path: Path) -> None:
    path = write_video(tmp_path / "drive.mkv")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    found = numbers(VideoSource(remux(path, tmp_path / "whole.mkv")))
    assert found == list(range(len(found))) and 10 < len(found) < 36


def test_sound_that_ends_later_is_no_cut(tmp_path: Path) -> None:
    path = tmp_path / "drive.mkv"
    with av.open(str(path), "w") as container:
        video, sound = container.add_stream("mpeg4", rate=RATE), container.add_stream("pcm_s16le", rate=8000)
        video.width, video.height = 64, 48
        for number in range(5):
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels(number), format="rgb24")))
        container.mux(video.encode())
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 24000), np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
    assert len(read_track(path).pts) == 5


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_pauses_cut_the_drive_and_times_are_those_of_the_file(tmp_path: Path, suffix: str) -> None:
    times = [0.0, 0.1, 0.2, 0.29, 0.4, 1.9, 2.0, 2.1]
    warnings: list[str] = []
    clips = open_data(write_video(tmp_path / f"drive{suffix}", 8, times=times), warnings.append)
    assert [len(clip) for clip in clips] == [5, 3] and "000004.png and 000005.png" in warnings[0]
    found = [clip.time(index) for clip in clips for index in range(len(clip))]
    assert found == pytest.approx(times, abs=2e-3)
    assert clips[0].frame_rate == pytest.approx(RATE, rel=0.01)


@pytest.mark.parametrize(("aspect", "size"), [(Fraction(13, 9), (48, 92)), (Fraction(2, 3), (72, 64))])
def test_pixels_become_square(tmp_path: Path, aspect: Fraction, size: tuple[int, int]) -> None:
    image = VideoSource(write_video(tmp_path / "drive.mp4", 1, aspect=aspect)).image(0)
    assert image.shape == (*size, 3)
    white = image[..., 0] > 180
    assert white[:, 0].sum() == pytest.approx(size[0] / 2, abs=1.5)
    assert white[0].sum() == pytest.approx(size[1] / 2, abs=1.5)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_all_eight_ways_a_camera_is_held(tmp_path: Path, turn: int, mirrored: bool) -> None:
    """The white corner goes where the display matrix takes it."""
    plain = VideoSource(write_video(tmp_path / "plain.mp4", 1)).image(0)
    path = write_video(tmp_path / "turned.mp4", 1, rotation=(turn, mirrored))
    with av.open(str(path)) as container:
        rotation = next(container.decode(video=0)).rotation
    shown = np.rot90(plain, round(rotation / 90))
    if mirrored:
        shown = [np.fliplr(shown), np.flipud(shown)]
        assert any(np.array_equal(VideoSource(path).image(0), one) for one in shown)
    else:
        assert np.array_equal(VideoSource(path).image(0), shown)


def test_a_damaged_frame_is_missing_and_no_other_takes_its_place(tmp_path: Path) -> None:
    path = write_video(tmp_path / "drive.avi", 20, codec="mjpeg")
    with av.open(str(path)) as container:
        packet = list(container.demux(video=0))[7]
        place, size = packet.pos, packet.size
    content = bytearray(path.read_bytes())
    assert place is not None
    content[place : place + size] = bytes(size)
    path.write_bytes(content)
    source = VideoSource(path)
    assert len(source) == 20
    for index in (6, 8, 7, 9, 3, 7, 10):
        if index == 7:
            with pytest.raises(UserError, match=r"drive\.avi: frame 7 cannot be decoded"):
                source.image(index)
        else:
            assert round(number_of(source.image(index))) == index


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".ts", "mpeg2video"), (".MTS", "libx264"), (".mpg", "mpeg2video"), (".3gp", "mpeg4"), (".wmv", "wmv2")],
)
def test_containers_of_cameras_in_any_order(tmp_path: Path, suffix: str, codec: str) -> None:
    source = VideoSource(write_video(tmp_path / f"drive{suffix}", codec=codec))
    for index in (39, 0, 13, 12, 38, 5, 5, 25):
        assert round(number_of(source.image(index))) == index
    rounding = 0.11 if suffix == ".mpg" else 2e-3  # it notes the time of a pack, which holds several frames
    assert source.times() == pytest.approx(np.arange(40) / RATE, abs=rounding)


def test_a_program_in_typescript_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "main.ts").write_text("import x from 'y'")
    assert not is_video(tmp_path / "main.ts") and not is_video(tmp_path / "nowhere.ts")
    (tmp_path / "drive.TS").write_bytes(b"G@\0")
    assert is_video(tmp_path / "drive.TS") and is_video(Path("A.M2TS")) and not is_video(Path("a.jpg"))


def test_a_cover_is_no_video_and_a_second_video_is_told(tmp_path: Path) -> None:
    path = tmp_path / "song.mka"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
    with pytest.raises(UserError, match="has no video stream"):
        read_track(path)
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("mpeg4", rate=RATE) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height = 64, 48
        for stream in streams:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels(3), format="rgb24")))
            container.mux(stream.encode())
    warnings: list[str] = []
    assert len(open_data(path, warnings.append)) == 1 and "holds 2 videos, one is read" in warnings[0]


def test_a_stream_without_times_is_refused(tmp_path: Path) -> None:
    write_video(tmp_path / "drive.h264", codec="libx264")
    with pytest.raises(UserError, match="frames have no time stamp; convert it"):
        read_track(tmp_path / "drive.h264")
