"""A bag goes in, MCAP comes out: other readers find as many messages, at the same nanosecond."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from acdepth.core.cloud import PointChoice
from acdepth.core.errors import UserError
from acdepth.data.own.bag import whole_bag
from acdepth.data.own.recording import Recording
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from acdepth.prediction.collect import collect
from acdepth.prediction.options import Options
from acdepth.prediction.recordings import FolderRecordings
from acdepth.prediction.run import run_all
from tests.cli.test_predict import write_image
from tests.data.bags import START, Bag
from tests.inference.tiny import CAMERA, picture, tiny_card, tiny_network

reader = pytest.importorskip("mcap.reader", reason="needs mcap: pip install 'acdepth[ros]'")
STAMPS = [START + number * 83_333_333 + 7 for number in (0, 1, 3, 4)]
TOPICS = ("/acdepth/image/compressed", "/acdepth/camera_info", "/acdepth/depth", "/acdepth/points")


def predictor() -> Predictor:
    return Predictor(model_of(tiny_network(), tiny_card(), torch.device("cpu")))


def predict(source: Path, out: Path, *formats: Any, **told: Any) -> None:
    run_all((source,), out, predictor, Options(to=formats, **told))


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    made = Bag("sqlite3")
    for number, stamp in enumerate(STAMPS):
        made.image(stamp, picture(seed=number))
        made.camera_info(stamp, CAMERA)
        made.odometry(stamp + 1000, (0.5 * number, 0, 0))
    return made.write(tmp_path / "drive")


def read_mcap(path: Path) -> dict[str, list[tuple[int, bytes]]]:
    found = defaultdict(list)
    with path.open("rb") as stream:
        for _, channel, message in reader.make_reader(stream).iter_messages():
            found[channel.topic].append((message.log_time, message.data))
    return found


def test_counts_and_stamps_are_those_of_the_bag(bag: Path, tmp_path: Path) -> None:
    predict(bag, tmp_path / "out", "mcap")
    (file,) = (tmp_path / "out").iterdir()
    found = read_mcap(file)
    assert {topic: [time for time, _ in said] for topic, said in found.items()} == dict.fromkeys(
        TOPICS, STAMPS
    )
    video, model = whole_bag(bag), predictor()
    with Recording(file) as recording:  # rosbags
        assert [recording.stamp(content) for _, content in found["/acdepth/points"]] == STAMPS
        for number, (_, content) in enumerate(found["/acdepth/depth"]):
            message = recording.message("/acdepth/depth", content)
            depth = message.data.view("<f4").reshape(message.height, message.width)
            expected = model(video.image(number), video.camera, confidence=False).depth
            np.testing.assert_array_equal(depth, expected)
            assert message.header.frame_id == "camera" and message.encoding == "32FC1"
        points = recording.message("/acdepth/points", found["/acdepth/points"][0][1])
    assert [field.name for field in points.fields] == ["x", "y", "z", "rgb"]
    assert points.data.size == points.row_step == 16 * points.width > 0


def test_what_comes_out_goes_in_again(bag: Path, tmp_path: Path) -> None:
    predict(bag, tmp_path / "out", "mcap")
    again = whole_bag(tmp_path / "out" / "drive.mcap")
    assert again.source.nanoseconds().tolist() == STAMPS and again.camera == CAMERA
    assert np.abs(again.image(2).astype(int) - picture(seed=2)).mean() < 4


def test_two_inputs_of_one_recording_are_refused_before_anything_is_done(tmp_path: Path) -> None:
    for place in ("mon", "tue"):
        write_image(tmp_path / place / "front" / f"{place}.png", picture())
    jobs = collect([tmp_path / "mon" / "front", tmp_path / "tue" / "front"], tmp_path / "out")
    with pytest.raises(UserError, match=r"would both be recorded as .*front\.\*; rename one"):
        FolderRecordings(Options(to=("mcap",)), jobs)


def test_without_a_camera_it_is_said_that_points_are_missing(tmp_path: Path, capsys) -> None:
    for number in range(2):
        write_image(tmp_path / "drive" / f"{number}.png", picture(seed=number))
    predict(tmp_path / "drive", tmp_path / "out", "mcap")
    assert capsys.readouterr().err.count("no points in space, as the camera is not known") == 1
    assert "/acdepth/points" not in read_mcap(tmp_path / "out" / "drive.mcap")


def test_a_folder_is_one_recording_and_far_points_are_left_out(tmp_path: Path) -> None:
    for number in range(3):
        write_image(tmp_path / "drive" / f"{number}.png", picture(seed=number))
    CAMERA.write(tmp_path / "drive" / "camera.yaml")
    depths = [predictor()(picture(seed=number), CAMERA, confidence=False).depth for number in range(3)]
    middle = float(np.median(depths))
    predict(tmp_path / "drive", tmp_path / "out", "mcap", "npy", choice=PointChoice(middle))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "0_depth.npy",
        "1_depth.npy",
        "2_depth.npy",
        "drive.mcap",
    ]
    found = read_mcap(tmp_path / "out" / "drive.mcap")
    assert [time for time, _ in found["/acdepth/depth"]] == [0, 100_000_000, 200_000_000]
    with Recording(tmp_path / "out" / "drive.mcap") as recording:
        for depth, (_, content) in zip(depths, found["/acdepth/points"], strict=True):
            points = recording.message("/acdepth/points", content)
            assert points.width == (depth <= np.float32(middle)).sum()


@pytest.mark.slow
def test_rerun_reads_what_is_written_for_it(bag: Path, tmp_path: Path) -> None:
    pytest.importorskip("rerun", reason="needs Rerun: pip install 'acdepth[rerun]'")
    predict(bag, tmp_path / "out", "rrd")
    command = [sys.executable, "-m", "rerun", "rrd", "stats", str(tmp_path / "out" / "drive.rrd")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # Of each image a camera, a picture and depth; once what Rerun says of itself and which way is up.
    assert f"num_rows = {3 * len(STAMPS) + 2}\n" in done.stdout and "/camera/depth" in done.stdout
