"""A video in, a video out: as many frames, twice as wide, unreadable frames counted."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch

from acdepth.core.errors import UserError
from acdepth.core.prediction import DepthPrediction, nearest_shown
from acdepth.data.own.clip import Description, OwnClip
from acdepth.data.own.video import VideoSource, whole_video
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from acdepth.prediction.video import SteadyColours, predict_video
from acdepth.prediction.writer import WIDEST, VideoWriter
from tests.inference.tiny import CAMERA, picture, tiny_card, tiny_network


def write_video(
    path: Path, images: list[np.ndarray], rate: int = 12, times: list[float] | None = None
) -> Path:
    """``times`` [s], where given, say when each is shown."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 4_000_000
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            if times:
                frame.pts, frame.time_base = round(times[number] * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def read_video(path: Path) -> tuple[list[np.ndarray], Fraction]:
    with av.open(str(path)) as container:
        rate = container.streams.video[0].average_rate
        assert rate is not None
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)], rate


@pytest.fixture
def predictor() -> Predictor:
    return Predictor(model_of(tiny_network(), tiny_card(), torch.device("cpu")))


def test_a_video_becomes_images_and_colours_side_by_side(tmp_path: Path, predictor: Predictor) -> None:
    images = [picture(64, 96, seed) for seed in range(5)]
    video = whole_video(write_video(tmp_path / "drive.mp4", images))
    seen: dict[int, DepthPrediction] = {}
    out = tmp_path / "out" / "drive.mp4"
    left_out = predict_video(
        predictor, video, out, CAMERA, on_frame=lambda n, image, found: seen.update({n: found}), steady=False
    )
    frames, rate = read_video(out)
    assert left_out == (0, []) and rate == 12 and sorted(seen) == [0, 1, 2, 3, 4]
    assert len(frames) == 5 and frames[0].shape == (64, 192, 3)
    for frame, image in zip(frames, images, strict=True):
        assert np.abs(frame[:, :96].astype(int) - image).mean() < 12
    np.testing.assert_array_equal(seen[3].depth, predictor(video.image(3), CAMERA).depth)


class Spoilt(VideoSource):
    """A video some of whose frames cannot be decoded."""

    def __init__(self, path: Path, bad: set[int], repeat: int) -> None:
        super().__init__(path)
        self.bad, self.repeat = bad, repeat

    def __len__(self) -> int:
        return super().__len__() * self.repeat

    def image(self, number: int) -> np.ndarray:
        if number in self.bad:
            raise UserError(self.path, f"frame {number} cannot be decoded")
        return super().image(number % super().__len__())


def spoilt(path: Path, bad: set[int], repeat: int) -> OwnClip:
    source = Spoilt(path, bad, repeat)
    source.play_at(source.frame_rate or 1.0)
    return OwnClip("spoilt", "spoilt", source, Description(frame_rate=source.frame_rate))


def test_one_bad_frame_in_a_hundred_is_counted_and_time_goes_on(
    tmp_path: Path, predictor: Predictor, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_video(tmp_path / "drive.mp4", [picture(32, 48, seed) for seed in range(10)])
    left_out = predict_video(predictor, spoilt(path, {7}, repeat=10), tmp_path / "out.mp4")
    assert left_out.unreadable == 1 and "frame 7 cannot be decoded" in caplog.text
    assert len(read_video(tmp_path / "out.mp4")[0]) == 100


def test_frames_are_shown_when_the_video_shows_them(tmp_path: Path, predictor: Predictor) -> None:
    times = [0.0, 0.05, 0.13, 0.2, 1.2, 1.25]
    path = write_video(tmp_path / "drive.mp4", [picture(32, 48, seed) for seed in range(6)], times=times)
    predict_video(predictor, whole_video(path), tmp_path / "out.mp4", alone=True)
    with av.open(str(tmp_path / "out.mp4")) as container:
        frames = list(container.decode(video=0))
    assert [frame.pts * frame.time_base for frame in frames if frame.pts is not None and frame.time_base] == [
        Fraction(round(1000 * time), 1000) for time in times
    ]
    assert frames[0].width == 48


def test_a_phones_portrait_clip_is_upright_and_keeps_its_times(tmp_path: Path, predictor: Predictor) -> None:
    """Stored on its side with a note that says so, as phones do, and at times of its own."""
    upright, times = picture(96, 64), [0, 40, 80, 130, 150, 400, 433, 900, 933]
    with av.open(str(tmp_path / "phone.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 96, 64, "yuv420p", 4_000_000
        stream.set_display_rotation(90)  # degrees against the clock, which bring it upright
        for time in times:
            frame = av.VideoFrame.from_ndarray(np.rot90(upright, -1).copy(), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    predict_video(predictor, whole_video(tmp_path / "phone.mp4"), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        frames = list(container.decode(video=0))
    assert [round(1000 * (frame.time or 0)) for frame in frames] == times
    shown = frames[0].to_ndarray(format="rgb24")
    assert shown.shape == (96, 128, 3) and frames[0].rotation == 0
    assert np.abs(shown[:, :64].astype(int) - upright).mean() < 12


def test_every_frame_draws_on_those_before_it(tmp_path: Path, predictor: Predictor) -> None:
    """The same as the stream of images: in order, and of the past alone."""
    still = picture(96, 128)
    noise = np.random.default_rng(0).integers(-9, 9, (5, *still.shape))
    video = whole_video(
        write_video(tmp_path / "drive.mp4", list((still + noise).clip(0, 255).astype(np.uint8)))
    )
    seen: dict[int, DepthPrediction] = {}
    predict_video(
        predictor, video, tmp_path / "out.mp4", on_frame=lambda n, image, found: seen.update({n: found})
    )
    times = [n / 12 for n in range(5)]
    wanted = predictor.stream([video.image(n) for n in range(5)], times, confidence=False)
    for number, prediction in enumerate(wanted):
        np.testing.assert_allclose(seen[number].depth, prediction.depth, rtol=1e-5)
    assert np.abs(seen[4].depth / predictor(video.image(4)).depth - 1).max() > 1e-3


def test_unreadable_frames_keep_their_times(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "pair.mp4", 10) as writer:
        writer.repeat(4.8)
        for time, seed in ((5.0, 0), (5.5, None), (5.6, 1)):
            if seed is None:
                writer.repeat(time)
            else:
                writer.write([picture(32, 48, seed), picture(32, 48)], time)
    with av.open(str(tmp_path / "pair.mp4")) as container:
        frames = list(container.decode(video=0))
    assert [frame.time for frame in frames] == pytest.approx([0, 0.2, 0.7, 0.8])
    first, second, third, fourth = (frame.to_ndarray(format="rgb24").astype(int) for frame in frames)
    assert max(np.abs(first - second).mean(), np.abs(second - third).mean()) < 2
    assert np.abs(third - fourth).mean() > 2


def test_more_than_one_in_a_hundred_stops_and_leaves_nothing(tmp_path: Path, predictor: Predictor) -> None:
    path = write_video(tmp_path / "drive.mp4", [picture(32, 48, seed) for seed in range(10)])
    for bad in ({0}, {3}):
        with pytest.raises(UserError, match=r"1 of 10 frames cannot be read so far, none may be skipped"):
            predict_video(predictor, spoilt(path, bad, repeat=1), tmp_path / "out.mp4")
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["drive.mp4"]


def test_wide_and_odd_sizes_become_what_players_accept(tmp_path: Path) -> None:
    for shape, count, expected in (
        ((33, 47), 2, (32, 96)),
        ((400, 4000), 2, (192, WIDEST)),
        ((400, 4000), 1, (384, WIDEST)),
    ):
        with VideoWriter(tmp_path / "pair.mp4", None) as writer:
            writer.write([picture(*shape)] * count)
        frames, rate = read_video(tmp_path / "pair.mp4")
        assert [frame.shape[:2] for frame in frames] == [expected] and rate == 25


def test_colours_do_not_jump_when_something_near_appears() -> None:
    colours = SteadyColours()
    far = np.full((8, 8), 0.02, np.float32)
    first = colours(far, nearest_shown(far))
    near = cv2.rectangle(far.copy(), (0, 0), (7, 3), 0.5, -1)
    second = colours(near, nearest_shown(near))
    assert colours.nearest == pytest.approx(0.9 * 0.02 + 0.1 * 0.5)
    assert second[7, 7].sum() > 0.2 * first[7, 7].sum() > 0
