"""A teacher that starts from depth: whose metres it has, what learns first, and what holds it."""

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import acdepth.teacher.pose_first as pose_first_module
from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.shipped import SHIPPED, STUDENT
from acdepth.data.folder import open_data
from acdepth.data.prepared import Prepared, prepare
from acdepth.engine import LoopSettings
from acdepth.inference.framing import focal_ratio
from acdepth.networks.checkpoint import CheckpointCard, load_checkpoint, load_tensors, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig, DepthOutput
from acdepth.teacher.gain import Explainer, Gain, find_gain, held_out_frames
from acdepth.teacher.pose_first import bring_to_metres, forward_by_depth
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.start import Start, open_start, starting_files
from acdepth.teacher.task import TeacherTask
from acdepth.teacher.training import train_teacher, training_size
from tests.data.folders import CAMERA, HEIGHT, WIDTH, write_drive
from tests.triplets import triplets

SIZE = (64, 96)
LOOP = LoopSettings(
    steps=1, batch_size=2, log_every=1, checkpoint_every=1, precision="fp32", device="cpu", trackers=()
)
NETWORK = DepthNetConfig(width=8, min_depth=0.5, max_depth=40.0, mean=(0.4, 0.4, 0.4))
TRAINED_WITH = Camera(60.0, 50.0, 47.5, 31.5, 96, 64)
SEEN = CAMERA.resized(*SIZE)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Depth of another camera and another width than the settings below say."""
    file = tmp_path_factory.mktemp("start") / "model.safetensors"
    torch.manual_seed(0)
    camera = {**vars(TRAINED_WITH)}
    card = CheckpointCard(network=NETWORK, input_size=SIZE, camera=camera)
    save_checkpoint(file, DepthNet(NETWORK, 8.0), card)
    return file


def config(start: Path, **values: object) -> TeacherConfig:
    given = {"network": DepthNetConfig(width=4), "image_size": SIZE, "start": start, "loop": LOOP}
    return TeacherConfig(**{**given, "initial_forward": 0.8, **values})


def drive(folder: Path, count: int = 4, known: bool = False) -> Path:
    data = write_drive(folder, count=count)
    if not known:
        (data / "motion.csv").unlink()
    return data


def weights(file: Path) -> dict[str, torch.Tensor]:
    return load_tensors(file)[0]


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


class TestMetres:
    def test_the_range_follows_the_focal_length_and_all_else_is_as_its_card_says(self, checkpoint):
        start = open_start(config(checkpoint), vars(SEEN))
        ratio = math.sqrt(SEEN.fx * SEEN.fy / (60.0 * 50.0))
        assert ratio == pytest.approx(focal_ratio(SEEN, SIZE, TRAINED_WITH, SIZE))
        expected = NETWORK.model_copy(update={"min_depth": 0.5 * ratio, "max_depth": 40.0 * ratio})
        assert start.depth.config == expected
        image = torch.rand(1, 3, *SIZE)
        before, _ = load_checkpoint(checkpoint)
        for ours, theirs in zip(start.depth(image).inverse_depths, before(image).inverse_depths, strict=True):
            torch.testing.assert_close(ours * ratio, theirs)

    def test_without_metres_or_camera_it_stays(self, checkpoint, tmp_path):
        network, card = load_checkpoint(checkpoint)
        for number, change in enumerate(({"camera": None}, {"metric": False})):
            file = tmp_path / str(number)
            save_checkpoint(file, network, card.model_copy(update=change))
            assert open_start(config(file), vars(SEEN)).depth.config == NETWORK

    def test_speeds_say_by_how_much_it_is_off(self, checkpoint, tmp_path, monkeypatch):
        prepared = prepare(open_data(drive(tmp_path / "data", known=True)), tmp_path / "prepared", SIZE)
        monkeypatch.setattr(
            pose_first_module, "predicted_lengths", lambda *given: np.full(len(given[2]), 0.4)
        )
        start = open_start(config(checkpoint), None)
        start.pose.initial_forward = 0.8
        bring_to_metres(config(checkpoint), start, prepared)
        assert start.depth.config.max_depth == 40.0  # nothing has learnt motion against this depth
        bring_to_metres(config(checkpoint, pose_first=1), start, prepared)
        assert start.depth.config.max_depth == pytest.approx(2.5 * 40.0)  # a metre a frame was driven
        assert start.pose.initial_forward == pytest.approx(2.5 * 0.8)

    def test_so_does_the_cameras_height(self, checkpoint, tmp_path, monkeypatch):
        data = drive(tmp_path / "data")
        with (data / "camera.yaml").open("a") as stream:
            stream.write("camera_height: 1.5\n")
        prepared = prepare(open_data(data), tmp_path / "prepared", SIZE)
        monkeypatch.setattr(pose_first_module, "LEAST_FRAMES", 3)
        monkeypatch.setattr("acdepth.teacher.metres.heights_seen", lambda *given: np.full(len(given[2]), 1.2))
        start = open_start(config(checkpoint), None)
        bring_to_metres(config(checkpoint), start, prepared)
        assert start.depth.config.max_depth == pytest.approx(1.25 * 40.0)

    def test_where_nothing_else_is_known_they_are_those_of_the_start(self, checkpoint, tmp_path):
        data = drive(tmp_path / "data")
        held = train_teacher(config(checkpoint, pull=1.0), data, tmp_path / "held")
        free = train_teacher(config(checkpoint), data, tmp_path / "free")
        cards = [load_checkpoint(file)[1] for file in (held, free)]
        assert [(card.metric, card.metres and card.metres.source) for card in cards] == [
            (True, "start"),
            (False, "none"),
        ]


class TestPoseFirst:
    def test_depth_stays_as_it_is_bit_for_bit(self, checkpoint, tmp_path):
        train_teacher(config(checkpoint, pose_first=2), drive(tmp_path / "data"), tmp_path / "run")
        assert same(weights(tmp_path / "run" / "start.safetensors"), weights(checkpoint))
        first = [
            json.loads(line) for line in (tmp_path / "run/pose_first/log.jsonl").read_text().splitlines()
        ]
        assert [line["step"] for line in first] == [1, 2]
        assert set(first[0]["terms"]) == {"photometric"}

    def test_it_goes_on_where_it_was_stopped(self, checkpoint, tmp_path):
        data = drive(tmp_path / "data")
        settings = config(checkpoint, pose_first=2, pull=0.1)
        once = weights(train_teacher(settings, data, tmp_path / "run"))
        for state in (tmp_path / "run" / "checkpoints").iterdir():
            state.unlink()
        assert same(once, weights(train_teacher(settings, data, tmp_path / "run")))


class Wall(torch.nn.Module):
    """Depth of a wall across the view."""

    def __init__(self, depth: float) -> None:
        super().__init__()
        self.depth = torch.nn.Parameter(torch.tensor(depth))

    def forward(self, image: torch.Tensor) -> DepthOutput:
        return DepthOutput(((1 / self.depth).expand(len(image), 1, *image.shape[-2:]),), ())


@pytest.mark.parametrize("metres", [0.5, -0.5])
def test_the_first_motion_is_that_by_which_depth_explains_the_images(tmp_path, metres):
    data = drive(tmp_path / "data", count=3)
    coarse = np.random.default_rng(0).integers(0, 255, (10, 16, 3), np.uint8)
    texture = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    for number, away in enumerate((10 + metres, 10, 10 - metres)):
        move = [[10 / away, 0, CAMERA.cx * (1 - 10 / away)], [0, 10 / away, CAMERA.cy * (1 - 10 / away)]]
        seen = cv2.warpAffine(texture, np.array(move), (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        cv2.imwrite(str(data / "images" / f"{number:06d}.png"), seen)
    prepared = prepare(open_data(data), tmp_path / "prepared", SIZE)
    for unit in (1.0, 7.0):
        found = forward_by_depth(config(SHIPPED), Wall(10 * unit), prepared)  # pyright: ignore[reportArgumentType]
        assert found / unit == pytest.approx(metres, rel=0.25)


class TestHolding:
    def task(self, checkpoint: Path, **values: object) -> tuple[TeacherTask, Start]:
        settings = config(checkpoint, **values)
        start = open_start(settings, None)
        return TeacherTask(settings, start=start), start

    def terms(self, task: TeacherTask) -> dict[str, torch.Tensor]:
        return task(triplets(), torch.Generator().manual_seed(0), 0.0)

    def test_the_pull_is_zero_at_the_start_and_then_the_change_of_log_depth(self, checkpoint):
        task, start = self.task(checkpoint, pull=0.5, depth_batch_norm="eval")
        assert self.terms(task)["pull"] == 0
        twice = TeacherTask(task.config, start=start)
        start.rescale(2.0)
        twice.beside = (start.depth,)
        torch.testing.assert_close(self.terms(twice)["pull"], torch.tensor(0.5 * math.log(2)))
        assert "pull" not in self.terms(self.task(checkpoint)[0])

    @pytest.mark.parametrize("rule", ["eval", "train"])
    def test_statistics_stay_at_rest_where_that_is_asked(self, checkpoint, rule):
        task, _ = self.task(checkpoint, depth_batch_norm=rule)
        name = "depth_net.encoder.bn1.running_mean"
        before = task.state_dict()[name].clone()
        self.terms(task.train())
        assert torch.equal(task.state_dict()[name], before) == (rule == "eval")
        assert task.pose_net.encoder.bn1.training


class TestFiles:
    def test_the_shipped_student_is_a_start_of_its_own_width(self):
        settings = config(SHIPPED, encoder=None)
        start = open_start(settings, None)
        _, card = load_checkpoint(STUDENT)
        assert start.depth.config == card.network and not start.knows_motion
        assert list(starting_files(settings).values()) == [STUDENT]

    def test_a_teachers_run_folder_brings_its_pose_network_with_its_unit(self, checkpoint, tmp_path):
        data = drive(tmp_path / "data")
        train_teacher(config(checkpoint), data, tmp_path / "run")
        network, card = load_checkpoint(tmp_path / "run" / "model.safetensors")
        assert card.metres is not None
        metres = card.metres.model_copy(update={"scale": 3.0})
        card = card.model_copy(update={"metres": metres, "metric": True})
        save_checkpoint(tmp_path / "run" / "model.safetensors", network, card)
        settings = config(tmp_path / "run", pose_scale=(0.1, 0.02))
        start = open_start(settings, card.camera)
        images = torch.rand(1, 3, *SIZE), torch.rand(1, 2, 3, *SIZE)
        before = TeacherTask(config(checkpoint), 0.8).pose_net
        before.load_state_dict(weights(tmp_path / "run" / "pose.safetensors"))
        ours, theirs = (one.eval().motions(*images) for one in (start.pose, before))
        torch.testing.assert_close(ours[..., :3, 3], 3 * theirs[..., :3, 3])
        torch.testing.assert_close(ours[..., :3, :3], theirs[..., :3, :3])
        assert start.knows_motion
        files = {tmp_path / "run" / "model.safetensors", tmp_path / "run" / "pose.safetensors"}
        assert set(starting_files(config(tmp_path / "run", encoder=SHIPPED)).values()) == files

    @pytest.mark.parametrize("name", ["pose_first", "pull", "held_out"])
    def test_what_needs_a_start_says_so(self, name, tmp_path):
        settings = TeacherConfig().model_copy(update={name: 0.5})
        with pytest.raises(UserError, match=f"{name} needs a network to start from"):
            starting_files(settings)


def test_footage_keeps_its_aspect_where_that_is_asked(tmp_path):
    clips = open_data(drive(tmp_path / "data"))
    asked = {"start": SHIPPED, "image_size": (192, 320)}
    assert training_size(TeacherConfig(**asked), clips) == (192, 320)
    assert training_size(TeacherConfig(**asked, keep_aspect=True), clips) == (192, 320)  # 24 x 40
    wide = {**asked, "image_size": (64, 320), "keep_aspect": True}
    height, width = training_size(TeacherConfig(**wide), clips)
    assert abs(math.log(width / height * HEIGHT / WIDTH)) < 0.2 and height * width < 1.3 * 64 * 320


class TestGain:
    def test_runs_of_each_clip_are_held_out(self, tmp_path):
        for name in ("a", "b"):
            drive(tmp_path / "data" / name, count=40)
        prepared = prepare(open_data(tmp_path / "data"), tmp_path / "prepared", (64, 64))
        held = held_out_frames(prepared, 0.25).reshape(2, 40)
        assert held.sum(1).tolist() == [10, 10] and np.array_equal(held[0], held[1])
        assert np.flatnonzero(held[0]).tolist() == [7, 8, 9, 10, 11, 27, 28, 29, 30, 31]
        assert not held_out_frames(prepared, 0).any()

    def test_equal_networks_gain_nothing_and_the_better_of_two_starts_counts(self, checkpoint, tmp_path):
        data = drive(tmp_path / "data", count=40)
        settings = config(checkpoint)
        prepared = prepare(open_data(data), tmp_path / "prepared", SIZE)
        held = held_out_frames(prepared, 0.25)
        start, fast = open_start(settings, None), open_start(settings, None)
        fast.pose.initial_forward = 30.0
        still, moving = (Explainer(one.depth, one.pose) for one in (start, fast))
        alike = find_gain(settings, prepared, held, (still, moving), still, None)
        assert (alike.frames, alike.start, alike.better) == (10, alike.trained, False)
        worse = find_gain(settings, prepared, held, (moving,), moving, None)
        assert worse.start is not None and alike.start is not None and worse.start >= alike.start
        assert Gain.from_dict(alike.to_dict(), "") == alike and "does not explain" in alike.describe()

    def test_a_run_says_it_and_held_out_frames_are_no_targets(self, checkpoint, tmp_path):
        data = drive(tmp_path / "data", count=8)
        train_teacher(config(checkpoint, held_out=0.7), data, tmp_path / "run")
        gain = Gain.from_dict(json.loads((tmp_path / "run" / "gain.json").read_text()), "")
        held = held_out_frames(Prepared.open(tmp_path / "run" / "prepared"), 0.7)
        assert 0 < gain.frames <= held.sum() and gain.start is not None
