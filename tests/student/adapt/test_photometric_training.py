"""An adaptation to adverse video with L_p: on batches, and whole, resumed exactly."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from acdepth.core.seeding import make_generator
from acdepth.core.shipped import PRIOR
from acdepth.data.adverse import AdaptBatch, FilmedBatch
from acdepth.data.folder import open_data
from acdepth.data.own.clip import OwnClip
from acdepth.engine.log import read_log
from acdepth.geometry.motion import velocity_loss
from acdepth.networks.checkpoint import load_checkpoint
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.pose_net import PoseNet
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.adapt.settings import AdaptConfig, PhotometricOptions, ViewSettings
from acdepth.student.adapt.task import AdaptTask, mean_lit_photometric
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.training import train_teacher
from acdepth.translator import SimulatedWeather, TranslateSettings
from acdepth.translator.depth_source import TeacherDepth
from acdepth.translator.translate import translate
from tests.data.folders import HEIGHT, WIDTH, write_drive
from tests.student.adapt.test_task import PLAIN
from tests.student.adapt.test_training import CONFIG, LOOP, TINY, adapt, die_around_scoring, save_network
from tests.triplets import triplets

WITH_IT = CONFIG.model_copy(update={"photometric_weight": 0.5})


def network(seed: int) -> DepthNet:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return DepthNet(TINY, 15.0)


def task(**values: object) -> AdaptTask:
    config = AdaptConfig(momentum=0.5, loop=LOOP, views=ViewSettings(weak=PLAIN, strong=PLAIN, patches=0))
    with torch.random.fork_rng():
        torch.manual_seed(2)
        pose_net = PoseNet(TINY, scale=(0.5, 0.05))
    prior = DepthAnythingPrior.from_pretrained(PRIOR)
    config = config.model_copy(update={"photometric_weight": 0.5, **values})
    return AdaptTask(config, network(0), network(1), prior, pose_net)


def plain_batch() -> AdaptBatch:
    """Three adverse frames; `filmed_batch` has the last two with neighbours."""
    clear, mixed = torch.rand(2, 2, 3, 64, 64, generator=make_generator(3))
    adverse = torch.cat([torch.rand(1, 3, 64, 64, generator=make_generator(4)), triplets().image])
    conditions = torch.tensor([Condition.CLEAR.index, Condition.NIGHT.index])
    return AdaptBatch(clear, mixed, conditions, adverse, torch.full((3,), Condition.NIGHT.index))


def filmed_batch() -> FilmedBatch:
    return FilmedBatch(**vars(plain_batch()), rows=torch.tensor([1, 2]), triplets=triplets())


class TestTask:
    def test_frames_without_neighbours_take_no_part(self):
        """The terms are what the loss says of the last two frames, and the others are what they were."""
        adapting, other = task().eval(), task().eval()
        for one in (adapting, other):  # so that depth is not the same everywhere
            with torch.no_grad():
                one.student.decoder.heads[0].weight.normal_(0, 0.3, generator=make_generator(5))
        terms = adapting(filmed_batch(), make_generator(0), 0.0)
        without = other(plain_batch(), make_generator(0), 0.0)
        assert set(terms) - set(without) == {"photometric", "velocity"}
        assert all(torch.equal(terms[name], value) for name, value in without.items())
        inverse_depth = adapting.student(triplets().image).inverse_depths[0]
        assert adapting.pose_net is not None
        motions = adapting.pose_net.motions(triplets().image, triplets().neighbours)
        expected = mean_lit_photometric(triplets(), inverse_depth, motions, PhotometricOptions())
        torch.testing.assert_close(terms["photometric"], 0.5 * expected)
        torch.testing.assert_close(
            terms["velocity"], 0.02 * velocity_loss(motions, triplets().distance).mean()
        )
        assert expected > 0.01

    def test_student_and_pose_network_learn_and_their_statistics_stay(self):
        adapting = task().train()
        norms = [module for module in adapting.modules() if isinstance(module, nn.BatchNorm2d)]
        before = [norm.running_mean.clone() for norm in norms]
        adapting(filmed_batch(), make_generator(0), 0.0)["photometric"].backward()
        assert adapting.pose_net is not None and not any(norm.training for norm in norms)
        assert all(torch.equal(norm.running_mean, mean) for norm, mean in zip(norms, before, strict=True))
        for learning in (adapting.student.encoder.conv1, adapting.pose_net.encoder.conv1):
            assert learning.weight.grad is not None and learning.weight.grad.abs().max() > 0

    def test_the_slow_teacher_and_the_frozen_one_learn_nothing_from_it(self):
        adapting = task()
        adapting(filmed_batch(), make_generator(0), 0.0)["photometric"].backward()
        assert all(value.grad is None for value in adapting.anchor.teachers[0].parameters())
        learning = {name.partition(".")[0] for name, _ in adapting.named_parameters()}
        assert learning == {"anchor", "pose_net"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As of the other adaptations, but ``teacher`` is a run folder and ``rain`` a video of a known camera."""
    folder = tmp_path_factory.mktemp("filmed")
    write_drive(folder / "clear", count=3)
    write_drive(folder / "rain", count=6, condition="rain")
    save_network(folder / "student", 0)
    loop = LOOP.model_copy(update={"steps": 2})
    teacher = TeacherConfig(
        network=TINY, image_size=(64, 64), pose_scale=(0.5, 0.05), initial_depth=15.0, loop=loop
    )
    train_teacher(teacher, folder / "clear", folder / "teacher")
    settings, depth = TranslateSettings(conditions=(Condition.NIGHT,)), TeacherDepth(folder / "teacher")
    translate(open_data(folder / "clear"), folder / "translations", SimulatedWeather(), depth, settings)
    return folder


@pytest.fixture(scope="module")
def unbroken(made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("unbroken")
    adapt(made, out, WITH_IT)
    return out


def state(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "checkpoints" / "step_0000004.safetensors")


def test_it_changes_the_student_and_the_pose_network(made, unbroken, tmp_path):
    adapt(made, tmp_path, CONFIG)
    without, found = state(tmp_path), state(unbroken)
    students = {name for name in without if name.startswith("task.anchor.student.encoder.layer")}
    assert students and any(not torch.equal(without[name], found[name]) for name in students)
    weights = load_file(made / "teacher" / "pose.safetensors")
    assert {name for name in found if name.startswith("task.pose_net.")} == {
        f"task.pose_net.{name}" for name in weights
    }
    name = "convolutions.4.weight"
    assert not torch.equal(weights[name], found[f"task.pose_net.{name}"])
    assert not any(name.startswith("task.pose_net.") for name in without)
    for line in read_log(unbroken / "log.jsonl"):
        assert line["terms"]["photometric"] > 0 and line["terms"]["velocity"] > 0


def test_the_card_says_what_the_pose_network_was(made, unbroken):
    made_by = load_checkpoint(unbroken / "model.safetensors")[1].made_by
    assert len(made_by["student, teacher, prior, pose network"]) == 4


def test_without_weight_its_settings_and_the_neighbours_change_nothing(made, tmp_path):
    """Nor is a teacher's run folder asked for, and bare pictures are footage as before."""
    adapt(made, tmp_path / "plain", CONFIG)
    bare = shutil.copytree(made, tmp_path / "bare")
    for file in ("teacher/pose.safetensors", "rain/camera.yaml", "rain/motion.csv"):
        (bare / file).unlink()
    options = PhotometricOptions(velocity_weight=9.0, pose_rate=9.0, well_lit=(0.0, 1.0))
    adapt(bare, tmp_path / "other", CONFIG.model_copy(update={"photometric": options}))
    first, second = state(tmp_path / "plain"), state(tmp_path / "other")
    assert set(first) == set(second) and all(torch.equal(first[name], second[name]) for name in first)
    assert {name.split(".")[1] for name in first if name.startswith("task.")} == {"anchor", "slow"}


def test_the_pose_network_may_learn_at_a_rate_of_its_own(made, unbroken, tmp_path):
    still = PhotometricOptions(pose_rate=1e-12)
    adapt(made, tmp_path, WITH_IT.model_copy(update={"photometric": still}))
    weights = load_file(made / "teacher" / "pose.safetensors")
    for name, value in weights.items():
        torch.testing.assert_close(state(tmp_path)[f"task.pose_net.{name}"], value)


def test_a_killed_run_ends_like_an_unbroken_one(made, unbroken, tmp_path, monkeypatch):
    """It goes on with a process that reads ahead, to which clips travel."""
    die_around_scoring(monkeypatch, lambda: adapt(made, tmp_path, WITH_IT))
    reading_ahead = LOOP.model_copy(update={"workers": 1})
    adapt(made, tmp_path, WITH_IT.model_copy(update={"loop": reading_ahead}))
    ours, theirs = state(tmp_path), state(unbroken)
    assert set(ours) == set(theirs) and all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert (tmp_path / "agreement.jsonl").read_bytes() == (unbroken / "agreement.jsonl").read_bytes()


def test_neighbours_count_that_are_no_targets_themselves(made, tmp_path, monkeypatch):
    """As the frames between nuScenes' key frames; another neighbour makes another run."""
    monkeypatch.setattr(
        OwnClip, "is_target", lambda self, index: self.condition is Condition.CLEAR or index in (2, 4)
    )
    footage = shutil.copytree(made, tmp_path / "made")
    adapt(footage, tmp_path / "run", WITH_IT)
    assert read_log(tmp_path / "run" / "log.jsonl")[0]["terms"]["photometric"] > 0
    cv2.imwrite(str(footage / "rain/images/000003.png"), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    with pytest.raises(UserError, match="other settings or data"):
        adapt(footage, tmp_path / "run", WITH_IT)
    adapt(footage, tmp_path / "without", CONFIG)
    assert read_json(tmp_path / "without" / "prepared" / "adverse" / "index.json")["frames"] == 2


def test_another_pose_network_or_motion_is_another_run(made, unbroken, tmp_path):
    other = shutil.copytree(made, tmp_path / "made")
    run = shutil.copytree(unbroken, tmp_path / "run")
    adapt(made, run, WITH_IT)
    for file in ("rain/motion.csv", "rain/camera.yaml"):
        text = (other / file).read_text()
        (other / file).write_text(text.replace("12", "13"))
        with pytest.raises(UserError, match="other settings or data"):
            adapt(other, run, WITH_IT)
        (other / file).write_text(text)
    file = other / "teacher" / "pose.safetensors"
    save_file({name: value + 1e-3 for name, value in load_file(file).items()}, file)
    with pytest.raises(UserError, match="other settings or data"):
        adapt(other, run, WITH_IT)


def test_a_teacher_without_pose_network_is_one_line(made, tmp_path):
    bare = shutil.copytree(made, tmp_path / "made")
    (bare / "teacher" / "pose.safetensors").unlink()
    with pytest.raises(UserError, match=r"pose\.safetensors: no such file; photometric_weight needs"):
        adapt(bare, tmp_path / "out", WITH_IT)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("missing", ["camera", "neighbours"])
def test_footage_that_is_no_video_of_a_known_camera_is_one_line(made, tmp_path, missing):
    bare = shutil.copytree(made, tmp_path / "made")
    if missing == "camera":
        for file in ("camera.yaml", "motion.csv"):
            (bare / "rain" / file).unlink()
    else:
        shutil.rmtree(bare / "rain")
        write_drive(bare / "rain", count=3, condition="rain")  # the last is kept apart
    with pytest.raises(UserError, match=r"^[^\n]*photometric_weight needs adverse video[^\n]*$"):
        adapt(bare, tmp_path / "out", WITH_IT)
