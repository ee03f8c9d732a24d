"""Predicted beside measured lengths of motion, and motion that starts at the measured one."""

import pytest

from acdepth.core.files import read_json
from acdepth.data.folder import open_data
from acdepth.data.prepared import prepare
from acdepth.engine import LoopSettings
from acdepth.networks.checkpoint import load_checkpoint
from acdepth.networks.depth_net import DepthNetConfig
from acdepth.networks.pose_net import PoseNet
from acdepth.teacher.motion import compare_motion
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.training import train_teacher
from tests.data.folders import write_drive

NETWORK = DepthNetConfig(width=8)
STILL = LoopSettings(
    steps=1, batch_size=2, learning_rate=1e-12, log_every=1, checkpoint_every=1, device="cpu", trackers=()
)


def prepared(folder, **values):
    return prepare(open_data(write_drive(folder / "data", **values)), folder / "prepared", (64, 64))


def test_an_untrained_network_is_off_by_what_it_starts_with(tmp_path):
    frames = prepared(tmp_path, count=4)
    true = float(frames.frames.distance_to_next[0])
    network = PoseNet(NETWORK, initial_forward=2 * true, scale=(1e-9, 1e-9))
    (length,) = compare_motion(network, frames).values()
    assert length["pairs"] == 3
    assert length["measured"] == pytest.approx(true)
    assert length["predicted"] == pytest.approx(2 * true, rel=1e-4)
    assert length["error"] == pytest.approx(1, rel=1e-3)


def test_sequences_of_unknown_motion_are_left_out(tmp_path):
    data = write_drive(tmp_path / "data", count=4)
    (data / "motion.csv").unlink()
    assert compare_motion(PoseNet(NETWORK), prepare(open_data(data), tmp_path / "out", (64, 64))) == {}


def test_measured_start_is_what_the_footage_says(tmp_path):
    data = write_drive(tmp_path / "data", count=4)
    config = TeacherConfig(network=NETWORK, image_size=(64, 64), initial_forward="measured", loop=STILL)
    train_teacher(config, data, tmp_path / "run")
    (length,) = read_json(tmp_path / "run" / "motion.json").values()
    assert length["predicted"] == pytest.approx(length["measured"], rel=0.05)


def test_measured_start_without_motion_warns_and_moves_as_drives_do(tmp_path, caplog):
    data = write_drive(tmp_path / "data", count=4)
    (data / "motion.csv").unlink()
    config = TeacherConfig(network=NETWORK, image_size=(64, 64), initial_forward="measured", loop=STILL)
    _, card = load_checkpoint(train_teacher(config, data, tmp_path / "run"))
    assert not card.metric and card.made_by["initial_forward"] == 0.8
    assert "no frame says how far the camera moved" in caplog.text
