"""The teacher's task on batches, and its whole training on a drive of a few pictures."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from acdepth.core.batches import TripletBatch
from acdepth.core.clip import Frame
from acdepth.core.condition import Condition
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.core.presets import CONFIGS
from acdepth.core.seeding import make_generator
from acdepth.data.folder import open_data
from acdepth.data.prepared import Prepared
from acdepth.engine import LoopSettings
from acdepth.networks.checkpoint import load_checkpoint, save_encoder
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.student.settings import StudentConfig
from acdepth.student.training import train_student
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.task import TeacherTask
from acdepth.teacher.training import train_teacher
from acdepth.translator.depth_source import TeacherDepth
from tests.data.folders import picture, write_drive
from tests.triplets import HEIGHT, WIDTH, triplets

LOOP = LoopSettings(
    steps=2, batch_size=2, log_every=1, checkpoint_every=1, precision="fp32", device="cpu", trackers=()
)
CONFIG = TeacherConfig(
    network=DepthNetConfig(width=8), image_size=(HEIGHT, WIDTH), initial_depth=15.0, loop=LOOP
)
TERMS = {"photometric", "smoothness", "velocity"}


def changed(**values: object) -> TeacherConfig:
    return CONFIG.model_copy(update=values)


def loss_terms(config: TeacherConfig, batch: TripletBatch | None = None) -> dict[str, torch.Tensor]:
    return TeacherTask(config)(batch or triplets(), make_generator(0), 0.0)


class TestTask:
    def test_the_seed_decides_the_first_weights_and_nobody_elses_draws(self):
        before = torch.random.get_rng_state()
        first, again = (TeacherTask(CONFIG).state_dict() for _ in range(2))
        assert torch.equal(torch.random.get_rng_state(), before)
        assert all(torch.equal(first[name], again[name]) for name in first)
        other = TeacherTask(changed(loop=LOOP.model_copy(update={"seed": 1}))).state_dict()
        name = "depth_net.encoder.conv1.weight"
        assert not torch.equal(first[name], other[name])

    def test_weights_multiply_their_terms(self):
        plain = loss_terms(CONFIG)
        assert set(plain) == TERMS and all(term > 0 for term in plain.values())
        doubled = loss_terms(changed(smoothness_weight=2e-3, velocity_weight=0.04))
        torch.testing.assert_close(doubled["photometric"], plain["photometric"])
        torch.testing.assert_close(doubled["smoothness"], 2 * plain["smoothness"])
        torch.testing.assert_close(doubled["velocity"], 2 * plain["velocity"])

    def test_without_automask_warped_neighbours_alone_count(self):
        assert loss_terms(changed(automask=False))["photometric"] > loss_terms(CONFIG)["photometric"]

    def test_measured_lengths_replace_those_of_the_pose_network(self):
        measured = changed(motion_length="measured", automask=False)
        near, far = (loss_terms(measured, triplets(distance)) for distance in (0.5, 2.0))
        assert near["photometric"] != far["photometric"]
        predicted = changed(automask=False)
        near, far = (loss_terms(predicted, triplets(distance)) for distance in (0.5, 2.0))
        assert near["photometric"] == far["photometric"]

    @pytest.mark.parametrize("motion_length", ["predicted", "measured"])
    def test_every_weight_gets_a_finite_gradient_where_some_distances_are_unknown(self, motion_length):
        task, batch = TeacherTask(changed(motion_length=motion_length, automask=False)), triplets()
        batch.distance[0, 0] = float("nan")
        torch.stack([*task(batch, make_generator(0), 0.0).values()]).sum().backward()
        for name, parameter in task.named_parameters():
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert task.pose_net.squeeze.weight.grad.abs().max() > 0
        assert all(head.weight.grad.abs().max() > 0 for head in task.depth_net.decoder.heads)

    def test_steps_lower_the_loss(self):
        task, batch = TeacherTask(changed(pose_scale=(0.1, 0.01))), triplets()
        optimizer = torch.optim.Adam(task.parameters(), lr=1e-3)
        losses = []
        for _ in range(15):
            loss = torch.stack([*task(batch, make_generator(0), 0.0).values()]).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.9 * losses[0]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Data of three frames, and the run folder of a teacher that learnt from them."""
    folder = tmp_path_factory.mktemp("teacher")
    data = write_drive(folder / "data", count=3)
    train_teacher(CONFIG, data, folder / "run")
    return data, folder / "run"


class TestTraining:
    def test_a_drive_of_three_frames_becomes_a_checkpoint(self, trained):
        _, run = trained
        network, card = load_checkpoint(run / "model.safetensors")
        assert card.network == CONFIG.network and card.input_size == (HEIGHT, WIDTH)
        assert card.conditions == ("clear",) and card.metric
        assert card.camera is not None and (card.camera["width"], card.camera["height"]) == (WIDTH, HEIGHT)
        assert card.made_by["config"] == CONFIG.to_dict()
        assert TeacherConfig.read(run / "config.yaml") == CONFIG
        weight = network.state_dict()["encoder.conv1.weight"]
        assert not torch.equal(weight, TeacherTask(CONFIG).depth_net.encoder.conv1.weight)

    def test_a_finished_run_is_left_as_it_is(self, trained, tmp_path):
        data, run = trained
        again = shutil.copytree(run, tmp_path / "run")
        train_teacher(CONFIG, data, again)
        first, second = (load_checkpoint(folder / "model.safetensors")[0] for folder in (run, again))
        assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
        assert (again / "log.jsonl").read_text() == (run / "log.jsonl").read_text()

    def test_another_teacher_goes_on_where_an_earlier_one_ended(self, trained, tmp_path):
        data, run = trained
        still = LOOP.model_copy(update={"steps": 1, "learning_rate": 1e-12})
        train_teacher(changed(start=run, loop=still), data, tmp_path)
        for file in ("model.safetensors",):
            first, second = (load_checkpoint(folder / file)[0] for folder in (run, tmp_path))
            for a, b in zip(first.parameters(), second.parameters(), strict=True):
                torch.testing.assert_close(a, b)

    def test_both_encoders_start_from_the_given_one(self, trained, tmp_path):
        data, _ = trained
        source = DepthNet(CONFIG.network)
        save_encoder(tmp_path / "encoder.safetensors", source, "", {}, half=False)
        still = LOOP.model_copy(update={"steps": 1, "learning_rate": 1e-12})
        config = changed(encoder=tmp_path / "encoder.safetensors", loop=still)
        train_teacher(config, data, tmp_path / "run")
        network, _ = load_checkpoint(tmp_path / "run" / "model.safetensors")
        torch.testing.assert_close(network.encoder.conv1.weight, source.encoder.conv1.weight)
        other = source.encoder.layer4[1].conv2.weight
        torch.testing.assert_close(network.encoder.layer4[1].conv2.weight, other)

    def test_a_crop_is_part_of_the_card_and_the_student_sees_it_too(self, tmp_path):
        data = write_drive(tmp_path / "data", count=3)
        crop = Crop(top=4, height=16, width=32)
        teacher = train_teacher(changed(crop=crop), data, tmp_path / "teacher")
        assert load_checkpoint(teacher)[1].crop == crop
        student = StudentConfig(
            mix={Condition.CLEAR: 1.0}, start_from="teacher", ordinal_weight=0.0, loop=LOOP
        )
        made = train_student(student, data, None, teacher, None, tmp_path / "student")
        first, second = (
            Prepared.open(tmp_path / folder) for folder in ("teacher/prepared", "student/prepared/clear")
        )
        assert first.crop == second.crop == crop
        assert np.array_equal(first.frames.clip_intrinsics, second.frames.clip_intrinsics)
        assert load_checkpoint(made)[1].crop == crop
        frames = [Frame(open_data(data)[0], 0)]
        with pytest.raises(UserError, match="trained on a part of the image; give --crop 4,0,16,32"):
            TeacherDepth(teacher).depth([picture(0)], frames, None)
        assert TeacherDepth(teacher).depth([picture(0, 16, 32)], frames, crop).shape == (1, 1, 16, 32)

    @pytest.mark.parametrize("resize", ["area", "lanczos"])
    def test_the_filter_is_part_of_the_card_and_of_what_is_prepared(self, trained, tmp_path, resize):
        data, run = trained
        path = train_teacher(changed(resize=resize), data, tmp_path)
        assert load_checkpoint(path)[1].resize == Prepared.open(tmp_path / "prepared").resize == resize
        same = Prepared.open(run / "prepared").images == Prepared.open(tmp_path / "prepared").images
        assert same.all() == (resize == "area")

    @pytest.mark.parametrize("data_set", ["nuscenes", "robotcar"])
    def test_as_published_images_are_resized_with_lanczos(self, data_set):
        ours, published = (
            TeacherConfig.read(CONFIGS / "teacher" / f"{name}.yaml").resize
            for name in (data_set, f"{data_set}-published")
        )
        assert (ours, published) == ("area", "lanczos")

    def test_a_copy_of_the_data_goes_on_with_the_run(self, trained, tmp_path):
        data, run = trained
        copied, again = shutil.copytree(data, tmp_path / "data"), shutil.copytree(run, tmp_path / "run")
        for image in (copied / "images").iterdir():
            image.touch()
        train_teacher(changed(loop=LOOP.model_copy(update={"workers": 1})), copied, again)
        assert (again / "log.jsonl").read_text() == (run / "log.jsonl").read_text()

    @pytest.mark.parametrize(
        ("values", "metric"),
        [
            ({}, True),
            ({"velocity_weight": 0.0}, False),
            ({"velocity_weight": 0.0, "motion_length": "measured"}, True),
        ],
    )
    def test_depth_is_metric_if_measured_lengths_are_used(self, trained, tmp_path, values, metric):
        data, _ = trained
        one_step = LOOP.model_copy(update={"steps": 1})
        path = train_teacher(changed(loop=one_step, **values), data, tmp_path)
        assert load_checkpoint(path)[1].metric is metric

    def test_depth_is_not_metric_without_speeds(self, tmp_path):
        data = write_drive(tmp_path / "data", count=3)
        (data / "motion.csv").unlink()
        assert not load_checkpoint(train_teacher(CONFIG, data, tmp_path / "run"))[1].metric


class TestRefusals:
    def test_footage_without_clear_frames(self, tmp_path):
        data = write_drive(tmp_path / "data", count=3, condition="night")
        with pytest.raises(UserError, match="no clear footage; the teacher learns on clear video only"):
            train_teacher(CONFIG, data, tmp_path / "run")

    def test_a_start_that_is_no_run(self, trained, tmp_path):
        data, _ = trained
        with pytest.raises(UserError, match="no such checkpoint"):
            train_teacher(changed(start=tmp_path / "nowhere"), data, tmp_path / "run")

    @pytest.mark.parametrize("values", [{"smoothness_weight": 0.5}, {"image_size": (64, 96)}])
    def test_a_folder_of_another_run_stays_as_it_is(self, trained, tmp_path, values):
        data, run = trained
        again = shutil.copytree(run, tmp_path / "run")
        with pytest.raises(UserError, match="other settings or data"):
            train_teacher(changed(**values), data, again)
        files = [path.relative_to(run) for path in run.rglob("*") if path.is_file()]
        assert all((again / file).read_bytes() == (run / file).read_bytes() for file in files)
        assert len(files) == sum(path.is_file() for path in again.rglob("*"))
