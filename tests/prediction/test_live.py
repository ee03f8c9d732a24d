"""Cameras and streams: the newest picture counts, Ctrl-C is an end like any other."""

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch

from acdepth.core.errors import UserError
from acdepth.core.prediction import DepthPrediction
from acdepth.data.own import live
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from acdepth.prediction.options import Options
from acdepth.prediction.run import run_all
from tests.inference.tiny import picture, tiny_card, tiny_network
from tests.prediction.test_video import read_video


class SlowPredictor(Predictor):
    """Takes as long as a network on a slow machine, and stops the program after a few pictures."""

    def __init__(self, after: int | None = None) -> None:
        super().__init__(model_of(tiny_network(), tiny_card(), torch.device("cpu")))
        self.after, self.seen = after, 0

    def __call__(self, *image, **told) -> DepthPrediction:
        self.seen += 1
        if self.seen == self.after:
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        return super().__call__(*image, **told)


class Capture:
    """A camera that gives 100 pictures a second, 40 in all, each with its number as its shade."""

    pictures = 40

    def __init__(self, number: int) -> None:
        self.number, self.given = number, 0

    def isOpened(self) -> bool:
        return self.number == 0

    def read(self) -> tuple[bool, np.ndarray | None]:
        time.sleep(0.01)
        self.given += 1
        return self.given <= self.pictures, np.full((64, 96, 3), 5 * self.given, np.uint8)

    def release(self) -> None:
        self.number = -1


@contextmanager
def camera_server() -> Iterator[str]:
    """A camera with a web server: JPEGs without end, as such cameras send them; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
            self.end_headers()
            for number in range(100_000):
                content = cv2.imencode(".jpg", picture(seed=number % 3)[..., ::-1])[1].tobytes()
                head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n"
                try:
                    self.wfile.write(head.encode() + content + b"\r\n")
                except OSError:
                    return
                time.sleep(0.01)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://me:secret@127.0.0.1:{server.server_address[1]}/video.mjpg"
    finally:
        server.shutdown()
        server.server_close()


def test_what_comes_in_meanwhile_is_dropped(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    predictor = SlowPredictor()
    with pytest.raises(UserError, match="camera 0: gives no more pictures"):
        run_all(("0",), tmp_path, lambda: predictor, Options(to=("colour", "npy")))
    said = capsys.readouterr().err
    frames, _ = read_video(tmp_path / "camera0_colour.mp4")
    stored = sorted((tmp_path / "camera0_frames").iterdir())
    assert 2 <= len(frames) == len(stored) == predictor.seen < 30
    assert f"predicted {len(frames)} of {Capture.pictures} pictures" in said
    shades = [frame[:, :96].mean() for frame in frames]
    assert shades == sorted(shades) and shades[-1] == pytest.approx(5 * Capture.pictures, abs=4)


def test_ctrl_c_ends_a_stream_with_what_was_written(tmp_path, capsys) -> None:
    reader = pytest.importorskip("mcap.reader")
    predictor = SlowPredictor(after=3)
    usual = signal.getsignal(signal.SIGINT)
    with camera_server() as address:
        run_all((address,), tmp_path, lambda: predictor, Options(fov=70, to=("colour", "mcap")))
    assert signal.getsignal(signal.SIGINT) is usual
    said = capsys.readouterr().err
    told = re.search(r"predicted 3 of (\d+) pictures", said)
    assert told and int(told[1]) > 3 and "secret" not in said
    with av.open(str(tmp_path / "127.0.0.1_video_colour.mp4")) as film:
        times = [frame.time for frame in film.decode(video=0)]
    assert len(times) == 3 and times[1] > 0.05
    with (tmp_path / "127.0.0.1_video.mcap").open("rb") as stream:
        stamps = [one.log_time for _, _, one in reader.make_reader(stream).iter_messages(["/acdepth/points"])]
    assert len(stamps) == 3 and 0 <= time.time_ns() - stamps[0] < 60e9


def test_a_camera_that_is_not_there_is_one_error(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    with pytest.raises(UserError, match="camera 7: cannot be opened"):
        run_all(("7",), tmp_path / "out", SlowPredictor, Options())
    with pytest.raises(UserError, match=r"127\.0\.0\.1_a: the stream cannot be read"):
        run_all(("http://127.0.0.1:9/a.mp4",), tmp_path / "out", SlowPredictor, Options())
    assert not (tmp_path / "out").exists()


def test_what_breaks_in_the_background_is_told(tmp_path, monkeypatch) -> None:
    class Broken(Capture):
        def read(self) -> tuple[bool, np.ndarray | None]:
            raise RuntimeError("driver")

    monkeypatch.setattr(cv2, "VideoCapture", Broken)
    with pytest.raises(RuntimeError, match="driver"):
        run_all(("0",), tmp_path / "out", SlowPredictor, Options())


def test_a_stream_that_is_silent_has_failed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(live, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/a.mjpg"
        with pytest.raises(UserError, match=r"127\.0\.0\.1_a: gives no picture for 0\.5 seconds"):
            run_all((address,), tmp_path / "out", SlowPredictor, Options())


def test_what_is_live(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert all(map(live.is_live, ("0", "12", "rtsp://cam/1", "http://cam/a", "udp://@:5000")))
    assert not any(map(live.is_live, ("a.mp4", "drive", "1234", "C:/a.mp4", "file://a.mp4")))
    Path("0").mkdir()
    assert not live.is_live("0")
    assert live.live_name("rtsp://me:secret@cam.local:554/a/b.sdp?x=1") == "cam.local_a_b"
    assert live.live_name("2") == "camera2" and live.live_name("rtsp://cam") == "cam"
    assert live.live_name("http://cam/") == "cam" and live.live_name("udp://@:5000") == "stream"
    with pytest.raises(UserError, match="address of a stream: Invalid IPv6 URL"):
        live.live_name("http://me:secret@[cam/a")
    with pytest.raises(UserError, match="camera3: is live, and predicted alone"):
        run_all(("3", "4"), tmp_path / "out", SlowPredictor, Options())
