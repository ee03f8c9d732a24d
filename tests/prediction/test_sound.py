"""The sound of a video goes where its pictures go, at the same moments."""

from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
import torch
from av.audio.stream import AudioStream

from acdepth.data.own.video import whole_video
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from acdepth.prediction.video import predict_video
from tests.inference.tiny import picture, tiny_card, tiny_network

RATE, BEGIN = 8000, 0.25


@pytest.fixture
def predictor() -> Predictor:
    return Predictor(model_of(tiny_network(), tiny_card(), torch.device("cpu")))


def write_with_sound(path: Path, codec: str) -> Path:
    """A second of pictures, of which the first is shown after `BEGIN`, and a click half a second later."""
    sound = np.zeros((1, RATE * 5 // 4), np.int16)
    sound[0, RATE * 3 // 4 : RATE * 3 // 4 + 200] = 20000
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=8)
        stream.height, stream.width, stream.pix_fmt = 32, 48, "yuv420p"
        heard = cast(AudioStream, container.add_stream(codec, rate=RATE, layout="mono"))
        for number in range(8):
            frame = av.VideoFrame.from_ndarray(picture(32, 48, number), format="rgb24")
            frame.pts = number + 2
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        piece = av.AudioFrame.from_ndarray(sound, format="s16", layout="mono")
        piece.sample_rate = RATE
        container.mux(heard.encode(piece))
        container.mux(heard.encode(None))
    return path


def click(path: Path) -> tuple[float, str]:
    """When the loudest part begins [s], and the codec."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        begin, pieces = None, []
        for frame in container.decode(stream):
            begin = frame.time if begin is None else begin
            pieces.append(
                frame.to_ndarray().astype(float).reshape(-1) / (32768 if "s16" in frame.format.name else 1)
            )
        sound = np.abs(np.concatenate(pieces))
        assert begin is not None
        return begin + int(np.argmax(sound > 0.5 * sound.max())) / stream.rate, stream.codec_context.name


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_sound_is_kept_in_time(tmp_path: Path, predictor: Predictor, codec: str) -> None:
    path = write_with_sound(tmp_path / "drive.mkv", codec)
    predict_video(predictor, whole_video(path), tmp_path / "out.mp4")
    (before, _), (after, found) = click(path), click(tmp_path / "out.mp4")
    assert found == "aac" and after == pytest.approx(before - BEGIN, abs=0.01)


def test_other_times_than_the_files_have_no_sound(
    tmp_path: Path, predictor: Predictor, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_with_sound(tmp_path / "drive.mkv", "aac")
    camera = "fx: 60\nfy: 60\ncx: 23.5\ncy: 15.5\nwidth: 48\nheight: 32\nframe_rate: 4\n"
    (tmp_path / "camera.yaml").write_text(camera)
    predict_video(predictor, whole_video(path), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert not container.streams.audio and len(list(container.decode(video=0))) == 8
    assert "its camera file says other times than its sound has, which is left out" in caplog.text
