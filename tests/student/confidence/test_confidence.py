"""The confidence head's training: what it learns, and that the student stays as it is."""

from pathlib import Path

import numpy as np
import pytest
import torch

import acdepth
from acdepth.core.batches import MixBatch
from acdepth.core.condition import Condition
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.data.folder import open_data
from acdepth.engine import LoopSettings
from acdepth.engine.log import read_log
from acdepth.networks.checkpoint import CheckpointCard, load_checkpoint, save_checkpoint
from acdepth.networks.confidence import ConfidenceHead
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.student.confidence.settings import ConfidenceConfig
from acdepth.student.confidence.task import ConfidenceTask
from acdepth.student.confidence.training import train_confidence
from acdepth.student.losses import expected_error_loss
from acdepth.translator import SimulatedWeather, TranslateSettings
from acdepth.translator.depth_source import TeacherDepth
from acdepth.translator.translate import translate
from tests.data.folders import write_drive

TINY = DepthNetConfig(width=8)
LOOP = LoopSettings(
    steps=40, batch_size=2, learning_rate=1e-2, log_every=20, checkpoint_every=20, precision="fp32",
    device="cpu", trackers=(),
)  # fmt: skip
CONFIG = ConfidenceConfig(mix={Condition.CLEAR: 1.0, Condition.NIGHT: 1.0}, loop=LOOP)


def network(seed: int, depth: float) -> DepthNet:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return DepthNet(TINY, depth).eval()


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``data``, its ``translations`` into night, ``student`` and ``teacher`` of two sizes."""
    folder = tmp_path_factory.mktemp("confidence")
    write_drive(folder / "data", count=3)
    student = CheckpointCard(network=TINY, input_size=(64, 96), made_by={"commit": "abc"})
    save_checkpoint(folder / "student" / "model.safetensors", network(0, 15.0), student)
    teacher = CheckpointCard(network=TINY, input_size=(64, 64))
    save_checkpoint(folder / "teacher" / "model.safetensors", network(1, 20.0), teacher)
    settings = TranslateSettings(conditions=(Condition.NIGHT,))
    depth = TeacherDepth(folder / "teacher")
    translate(open_data(folder / "data"), folder / "translations", SimulatedWeather(), depth, settings)
    return folder


def train(taught: Path, out: Path, config: ConfidenceConfig = CONFIG) -> Path:
    return train_confidence(
        config, taught / "data", taught / "translations", taught / "student", taught / "teacher", out
    )


def test_the_loss_is_least_at_the_mean_of_the_errors():
    errors = torch.tensor([0.05, 0.1, 0.3, 0.35])
    candidates = torch.linspace(0.01, 1, 991)
    every = candidates.log()[:, None].expand(-1, 4)
    losses = expected_error_loss(every, errors.expand(991, -1)).mean(1)
    assert candidates[losses.argmin()] == pytest.approx(0.2, abs=1e-3)


def test_the_loss_pulls_towards_the_error():
    log_expected = torch.tensor([-2.0, -2.0, -2.0], requires_grad=True)
    expected_error_loss(log_expected, torch.tensor([0.0, np.exp(-2.0), 1.0])).sum().backward()
    gradient = log_expected.grad
    assert gradient is not None and gradient[0] > 0 and gradient[2] < 0
    assert gradient[1] == pytest.approx(0, abs=1e-6)


def test_the_target_is_the_distance_to_the_teacher_at_its_own_size(taught):
    student, teacher = network(0, 15.0), network(1, 20.0)
    still = ConfidenceConfig(augmentation={"jitter": 0.0, "hue": 0.0, "noise_probability": 0.0})  # pyright: ignore
    task = ConfidenceTask(still, ConfidenceHead(still.head, TINY), student, teacher, (64, 96))
    images = torch.rand(2, 3, 64, 96, generator=make_generator(0, "images"))
    batch = MixBatch(clear=images, mixed=images.flip(1), condition=torch.zeros(2, dtype=torch.int64))
    with torch.no_grad():
        (loss,) = task(batch, make_generator(0), 0.0).values()
        shown = student(batch.mixed)
        apart = (shown.inverse_depths[0].log() - teacher(batch.clear).inverse_depths[0].log()).abs()
        expected = task.head(batch.mixed, shown)
    torch.testing.assert_close(loss, (apart / expected.exp() + expected).mean())


def test_a_head_learns_and_the_student_stays_as_it_is(taught, tmp_path):
    path = train(taught, tmp_path)
    (found, card), (source, before) = (
        load_checkpoint(path),
        load_checkpoint(taught / "student" / "model.safetensors"),
    )
    for name, value in source.state_dict().items():
        assert torch.equal(found.state_dict()[name], value), name
    assert card.description == before.description and card.made_by["commit"] == "abc"
    assert card.made_by["confidence"]["config"] == CONFIG.to_dict()
    first, second = (line["loss"] for line in read_log(tmp_path / "log.jsonl"))
    assert second < first - 0.3
    # The expected error is about the real one, which is |log 15 - log 20| and what the images add.
    confidence = acdepth.load(path, device="cpu")(open_data(taught / "data")[0].image(0)).confidence
    assert -np.log(np.median(confidence)) == pytest.approx(np.log(20 / 15), rel=0.5)


def test_the_same_command_gives_the_same_head(taught, tmp_path):
    config = CONFIG.model_copy(update={"loop": LOOP.model_copy(update={"steps": 3})})
    assert (
        train(taught, tmp_path / "a", config).read_bytes()
        == train(taught, tmp_path / "b", config).read_bytes()
    )
    with pytest.raises(UserError, match="other settings or data"):
        train(taught, tmp_path / "a", CONFIG)


def test_a_teacher_of_another_part_of_the_image_is_refused(taught, tmp_path):
    card = CheckpointCard(network=TINY, input_size=(64, 64), crop=Crop(height=16, width=40))
    save_checkpoint(tmp_path / "model.safetensors", network(1, 20.0), card)
    with pytest.raises(UserError, match="saw another part of the images"):
        train_confidence(
            CONFIG, taught / "data", taught / "translations", taught / "student", tmp_path, tmp_path / "run"
        )
