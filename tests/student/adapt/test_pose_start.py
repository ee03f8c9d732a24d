"""The teacher's pose network comes back as it was."""

import shutil
from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from acdepth.data.prepared import Prepared
from acdepth.engine import LoopSettings
from acdepth.networks.checkpoint import CheckpointCard, load_checkpoint, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.networks.metres import Metres
from acdepth.student.adapt.pose_start import load_pose_net
from acdepth.teacher.motion import compare_motion
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.training import train_teacher
from tests.data.folders import write_drive

LOOP = LoopSettings(
    steps=1, batch_size=2, log_every=1, checkpoint_every=1, precision="fp32", device="cpu", trackers=()
)
TINY = DepthNetConfig(width=8)
CONFIG = TeacherConfig(
    network=TINY, image_size=(64, 64), initial_forward=0.7, pose_scale=(0.3, 0.02), loop=LOOP
)


def train(folder: Path, config: TeacherConfig) -> Path:
    """A run folder in ``folder``."""
    train_teacher(config, write_drive(folder / "data", count=4), folder / "run")
    return folder / "run"


def motions(run: Path) -> dict[str, dict[str, float]]:
    """What the pose network of a run folder says of the footage there."""
    teacher = run / "model.safetensors"
    network = load_pose_net(teacher, load_checkpoint(teacher)[1])
    return compare_motion(network, Prepared.open(run / "prepared"))


@pytest.mark.parametrize("initial_forward", [0.7, "measured"])
def test_it_says_what_it_said_when_the_teacher_was_done(tmp_path, initial_forward):
    run = train(tmp_path, CONFIG.model_copy(update={"initial_forward": initial_forward}))
    assert motions(run) == read_json(run / "motion.json")


def test_a_measured_start_of_a_former_version_needs_the_footage_it_was_measured_on(tmp_path):
    run = train(tmp_path, CONFIG.model_copy(update={"initial_forward": "measured"}))
    network, card = load_checkpoint(run / "model.safetensors")
    made_by = {name: value for name, value in card.made_by.items() if name != "initial_forward"}
    save_checkpoint(run / "model.safetensors", network, card.model_copy(update={"made_by": made_by}))
    assert motions(run) == read_json(run / "motion.json")
    other = train(tmp_path / "other", CONFIG.model_copy(update={"image_size": (64, 96)}))
    shutil.rmtree(run / "prepared")
    with pytest.raises(UserError, match=r"no such folder.*give --teacher the whole run folder"):
        motions(run)
    shutil.copytree(other / "prepared", run / "prepared")
    with pytest.raises(UserError, match="of other footage than"):
        motions(run)


def test_it_moves_in_the_metres_that_the_card_says(tmp_path):
    run = train(tmp_path, CONFIG)
    before, (network, card) = motions(run), load_checkpoint(run / "model.safetensors")
    metres = Metres(source="camera height", scale=2.5)
    save_checkpoint(run / "model.safetensors", network, card.model_copy(update={"metres": metres}))
    (plain,), (scaled,) = before.values(), motions(run).values()
    assert scaled["predicted"] == pytest.approx(2.5 * plain["predicted"])


def test_a_checkpoint_alone_has_no_pose_network(tmp_path):
    run = train(tmp_path, CONFIG)
    (run / "pose.safetensors").unlink()
    with pytest.raises(UserError, match=r"pose\.safetensors: no such file; .* give --teacher the run folder"):
        motions(run)


def test_a_card_that_does_not_say_how_it_is_built_is_refused(tmp_path):
    network = DepthNet(CONFIG.network)
    card = CheckpointCard(network=CONFIG.network, input_size=(64, 64))
    save_checkpoint(tmp_path / "model.safetensors", network, card)
    with pytest.raises(UserError, match="does not say the network, pose_scale and initial_forward"):
        load_pose_net(tmp_path / "model.safetensors", card)
