"""A second round on footage without speeds: an earlier teacher's lengths, by the camera's height."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import acdepth.teacher.lengths as lengths_module
from acdepth.core.errors import UserError
from acdepth.data.folder import open_data
from acdepth.data.prepared import Prepared, prepare
from acdepth.data.triplets import TripletBatches
from acdepth.engine import LoopSettings
from acdepth.networks.checkpoint import load_checkpoint, save_checkpoint
from acdepth.networks.depth_net import DepthNetConfig
from acdepth.teacher.lengths import LEAST_FRAMES, lengths_by_height
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.training import train_teacher
from tests.data.folders import write_drive

FRAMES = LEAST_FRAMES + 1
CONFIG = TeacherConfig(
    network=DepthNetConfig(width=8),
    image_size=(64, 64),
    initial_forward=0.8,
    pose_scale=(1e-6, 1e-6),
    loop=LoopSettings(
        steps=1, batch_size=2, log_every=1, checkpoint_every=1, precision="fp32", device="cpu", trackers=()
    ),
)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Drives, one with speeds, two with a camera height; and a teacher of them that says 0.8 each frame."""
    folder = tmp_path_factory.mktemp("lengths")
    for name, height in {"a": 1.5, "b": 1.2, "c": None, "speeds": None}.items():
        drive = write_drive(folder / "data" / name, count=FRAMES)
        if name != "speeds":
            (drive / "motion.csv").unlink()
        if height:
            with (drive / "camera.yaml").open("a") as stream:
                stream.write(f"camera_height: {height}\n")
    train_teacher(CONFIG, folder / "data", folder / "run")
    return folder / "data", folder / "run"


def see(monkeypatch: pytest.MonkeyPatch, *heights: float) -> None:
    """What the network sees, clip by clip in order."""
    of_clip = iter(heights)
    monkeypatch.setattr(lengths_module, "heights_seen", lambda *given: np.full(len(given[2]), next(of_clip)))


def test_each_drive_has_the_lengths_that_its_height_says(first, tmp_path, monkeypatch):
    data, run = first
    prepared = prepare(open_data(data), tmp_path / "prepared", (64, 64))
    see(monkeypatch, 0.75, 2.4)
    lengths = lengths_by_height(run, CONFIG, prepared).reshape(4, FRAMES, 2)
    expected = np.full((4, FRAMES, 2), np.nan)
    expected[0], expected[1], expected[3] = 2 * 0.8, 0.8 / 2, 1.0
    expected[:, 0, 0] = expected[:, -1, 1] = np.nan
    np.testing.assert_allclose(lengths, expected, rtol=1e-4)
    batches = TripletBatches(prepared, 24, seed=0, distances=lengths.reshape(-1, 2))
    told = batches.batch(0).distance.numpy()
    assert {round(float(one), 3) for one in told[~np.isnan(told)]} == {1.6, 0.4, 1.0}


def test_a_second_round_learns_from_them(first, tmp_path, monkeypatch):
    data, run = first
    see(monkeypatch, 0.75, 2.4)
    config = CONFIG.model_copy(update={"start": run, "lengths_by_height": True})
    given = []
    real = TripletBatches.__init__
    monkeypatch.setattr(
        TripletBatches,
        "__init__",
        lambda self, *values, **named: given.append(named["distances"]) or real(self, *values, **named),
    )
    train_teacher(config, data, tmp_path / "run")
    assert given[0].shape == (4 * FRAMES, 2) and not np.isnan(given[0][1]).any()


def test_a_drive_without_a_road_has_none_and_none_at_all_is_refused(first, tmp_path, monkeypatch):
    data, run = first
    for name in ("a", "b"):
        shutil.copytree(data / name, tmp_path / "data" / name)
    prepared = prepare(open_data(tmp_path / "data"), tmp_path / "prepared", (64, 64))
    see(monkeypatch, float("nan"), 1.2)
    lengths = lengths_by_height(run, CONFIG, prepared)
    assert np.isnan(lengths[:FRAMES]).all() and lengths[-1, 0] == pytest.approx(0.8, rel=1e-4)
    see(monkeypatch, float("nan"), float("nan"))
    with pytest.raises(UserError, match="sees no road in a drive whose camera_height is known"):
        lengths_by_height(run, CONFIG, prepared)


def test_a_teacher_of_an_earlier_version_is_refused(first, tmp_path):
    _, run = first
    old = shutil.copytree(run, tmp_path / "run")
    network, card = load_checkpoint(old / "model.safetensors")
    save_checkpoint(old / "model.safetensors", network, card.model_copy(update={"made_by": {}}))
    with pytest.raises(UserError, match="does not say where its pose network started"):
        lengths_by_height(old, CONFIG, Prepared.open(run / "prepared"))


def test_it_needs_an_earlier_teacher(first, tmp_path):
    config = CONFIG.model_copy(update={"lengths_by_height": True})
    with pytest.raises(UserError, match="takes them from an earlier teacher; give --start"):
        train_teacher(config, first[0], tmp_path / "run")
