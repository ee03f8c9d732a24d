"""What the published code does with its teacher, beside what ours does by default."""

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.core.crop import Crop
from acdepth.core.seeding import make_generator
from acdepth.data.augment import jitter_colours
from acdepth.data.folder import open_data
from acdepth.data.prepared import prepare
from acdepth.data.settings import AugmentSettings
from acdepth.data.triplets import TripletBatches, published_camera
from acdepth.engine import LoopSettings
from acdepth.geometry.photometric import photometric_loss
from acdepth.geometry.warp import source_coordinates, synthesise_views
from acdepth.networks.checkpoint import load_checkpoint, load_tensors
from acdepth.networks.depth_net import DepthNetConfig
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.task import TeacherTask, mean_smoothness
from acdepth.teacher.training import train_teacher
from tests.data.folders import CAMERA, write_drive
from tests.triplets import HEIGHT, WIDTH, triplets

LOOP = LoopSettings(
    steps=1, batch_size=2, log_every=1, checkpoint_every=1, precision="fp32", device="cpu", trackers=()
)
CONFIG = TeacherConfig(
    network=DepthNetConfig(width=8), image_size=(HEIGHT, WIDTH), initial_depth=15.0, loop=LOOP
)


class Watched:
    """A step of the teacher, and the images that each network was given in it."""

    def __init__(self, seed: int = 3, **values: object) -> None:
        self.task, self.batch = TeacherTask(CONFIG.model_copy(update=values)), triplets()
        self.by_depth: list[Tensor] = []
        self.by_pose: list[Tensor] = []
        self.task.depth_net.register_forward_pre_hook(lambda _, given: self.by_depth.extend(given))
        self.task.pose_net.register_forward_pre_hook(lambda _, given: self.by_pose.extend(given))
        self.terms = self.task(self.batch, make_generator(seed), 0.0)


class TestJitteredInputs:
    def test_off_both_networks_see_the_clips_as_they_are_and_nothing_is_drawn(self):
        step, generator = Watched(), make_generator(3)
        assert torch.equal(step.by_depth[0], step.batch.image)
        assert torch.equal(step.by_pose[1], step.batch.neighbours.flatten(0, 1))
        step.task(step.batch, generator, 0.0)
        assert torch.equal(generator.get_state(), make_generator(3).get_state())

    def test_on_both_networks_see_one_draw_for_the_frames_of_a_clip(self):
        step = Watched(jitter_inputs="both")
        frames = torch.cat([step.batch.image[:, None], step.batch.neighbours], 1).unbind(1)
        target, previous, following = (
            jitter_colours(frame, make_generator(3), AugmentSettings()) for frame in frames
        )
        assert not torch.allclose(target, step.batch.image, atol=0.02)
        torch.testing.assert_close(step.by_depth[0], target)
        of_pose, neighbours = (given.unflatten(0, (2, 2)) for given in step.by_pose)
        torch.testing.assert_close(of_pose, torch.stack([target, target], 1))
        torch.testing.assert_close(neighbours, torch.stack([previous, following], 1))

    def test_on_robotcar_the_pose_network_sees_the_clips_as_they_are(self):
        step = Watched(jitter_inputs="depth")
        assert not torch.allclose(step.by_depth[0], step.batch.image, atol=0.02)
        assert torch.equal(step.by_pose[1], step.batch.neighbours.flatten(0, 1))

    def test_losses_compare_the_clean_images(self):
        step = Watched(jitter_inputs="both")
        target, neighbours = step.by_depth[0], step.by_pose[1].unflatten(0, (2, 2))
        inverse_depths = step.task.depth_net(target).inverse_depths
        motions, clean = step.task.pose_net.motions(target, neighbours), step.batch
        views = synthesise_views(clean, inverse_depths, motions)
        error = photometric_loss(views, clean.image, clean.neighbours).mean()
        torch.testing.assert_close(step.terms["photometric"], error)
        smoothness = 1e-3 * mean_smoothness(inverse_depths, clean.image)
        torch.testing.assert_close(step.terms["smoothness"], smoothness)


class TestMirroredInput:
    @pytest.mark.parametrize("mirrored", [False, True])
    def test_the_depth_of_half_of_the_batches_comes_from_their_mirror_image(self, mirrored):
        draws = [bool(torch.rand((), generator=make_generator(seed)) < 0.5) for seed in range(9)]
        step = Watched(draws.index(mirrored), mirrored="depth")
        (seen,) = step.by_depth
        assert torch.equal(seen, step.batch.image.flip(-1) if mirrored else step.batch.image)
        assert torch.equal(step.by_pose[1], step.batch.neighbours.flatten(0, 1))
        scales = step.task.depth_net(seen).inverse_depths
        told = [scale.flip(-1) if mirrored else scale for scale in scales]
        smoothness = 1e-3 * mean_smoothness(told, step.batch.image)
        torch.testing.assert_close(step.terms["smoothness"], smoothness)

    def test_clips_are_then_left_as_they_are(self, tmp_path):
        prepared = prepare(open_data(write_drive(tmp_path / "drive", count=3)), tmp_path / "out", (24, 40))
        by_default, published = (TripletBatches(prepared, 8, 0, mirror=mirror) for mirror in (True, False))
        principal = by_default.batch(0).intrinsics[:, 0, 2]
        assert set(principal.tolist()) == {CAMERA.cx, 39 - CAMERA.cx}
        assert set(published.batch(0).intrinsics[:, 0, 2].tolist()) == {CAMERA.cx}


class TestNeighboursApart:
    def test_by_default_both_share_a_pass_and_its_batch_statistics(self):
        step = Watched()
        assert [len(given) for given in step.by_pose] == [4, 4]
        assert counted(step) == 1

    def test_apart_each_neighbour_has_a_pass_and_batch_statistics_of_its_own(self):
        step, other = Watched(neighbours_apart=True), triplets()
        previous, following = step.batch.neighbours.unbind(1)
        for given, expected in zip(
            step.by_pose, (other.image, previous, other.image, following), strict=True
        ):
            assert torch.equal(given, expected)
        assert counted(step) == 2
        # What the next frames are says nothing about the motion to the previous ones.
        black = torch.stack([previous, torch.zeros_like(following)], 1)
        motions = [
            step.task.pose_net.motions(other.image, frames, apart=apart)[:, 0]
            for apart in (True, False)
            for frames in (step.batch.neighbours, black)
        ]
        assert torch.equal(motions[0], motions[1]) and not torch.equal(motions[2], motions[3])


def counted(step: Watched) -> int:
    """How many batches the pose network's batch norm has seen."""
    return int(step.task.pose_net.state_dict()["encoder.bn1.num_batches_tracked"])


ROBOTCAR = Camera(983.0, 983.0, 643.6, 493.4, 1280, 960)


class TestIntrinsicsOfCroppedImages:
    def test_published_ones_are_scaled_by_the_whole_images_size(self):
        true = ROBOTCAR.cropped(0, 0, 768, 1280).resized(320, 544)
        camera = published_camera(true, Crop(height=768, width=1280), (960, 1280))
        assert camera.fy == pytest.approx(983.0 * 320 / 960) == pytest.approx(true.fy * 768 / 960)
        assert camera.cy == pytest.approx(493.4 * 320 / 960)
        assert camera.fx == pytest.approx(983.0 * 544 / 1280) == pytest.approx(true.fx)
        assert camera.cx == pytest.approx(643.6 * 544 / 1280)

    def test_a_window_is_moved_before(self):
        crop = Crop(top=100, left=60, height=700, width=1000)
        true = ROBOTCAR.cropped(100, 60, 700, 1000).resized(320, 544)
        camera = published_camera(true, crop, (960, 1280))
        assert (camera.cx, camera.cy) == pytest.approx((583.6 * 544 / 1280, 393.4 * 320 / 960))

    def test_without_a_crop_they_differ_by_part_of_a_pixel(self):
        true = ROBOTCAR.resized(320, 544)
        camera = published_camera(true, None, (960, 1280))
        assert (camera.fx, camera.fy) == pytest.approx((true.fx, true.fy))
        assert 0 < camera.cx - true.cx < 0.5 and 0 < camera.cy - true.cy < 0.5

    def test_a_forward_drive_looks_the_same_through_them_if_it_seems_to_point_elsewhere(self):
        true = ROBOTCAR.cropped(0, 0, 768, 1280).resized(320, 544)
        wrong = published_camera(true, Crop(height=768, width=1280), (960, 1280))
        aside = (true.cx - wrong.cx) / wrong.fx, (true.cy - wrong.cy) / wrong.fy
        depth = 5 + 40 * torch.rand(1, 1, 320, 544, generator=make_generator(0), dtype=torch.float64)
        seen = []
        for camera, direction in ((true, [0.0, 0.0, 1.0]), (wrong, [*aside, 1.0])):
            motion = torch.eye(4, dtype=torch.float64)
            motion[:3, 3] = -torch.tensor(direction)
            matrix = camera.matrix().double()
            seen.append(source_coordinates(1 / depth, matrix[None], motion[None]))
        torch.testing.assert_close(seen[1], seen[0], atol=1e-5, rtol=0)
        assert math.hypot(*aside, 1.0) == pytest.approx(1.01, abs=0.003)  # metres become that much shorter

    @pytest.mark.parametrize(("rule", "cut_off"), [("exact", 1.0), ("published", 16 / 24)])
    def test_the_losses_have_them_and_the_card_keeps_the_images_camera(self, tmp_path, rule, cut_off):
        data, crop = write_drive(tmp_path / "data", count=3), Crop(height=16, width=40)
        config = CONFIG.model_copy(update={"crop": crop, "intrinsics": rule})
        given = intrinsics_of_a_step(config, data, tmp_path / "run")
        true = CAMERA.cropped(0, 0, 16, 40).resized(HEIGHT, WIDTH)
        assert given[0, 0, 0] == pytest.approx(true.fx)
        assert given[0, 1, 1] == pytest.approx(true.fy * cut_off)
        card = load_checkpoint(tmp_path / "run" / "model.safetensors")[1]
        assert card.camera == true.to_dict()
        assert card.made_by["config"]["intrinsics"] == rule


def intrinsics_of_a_step(config: TeacherConfig, data: Path, out: Path) -> Tensor:
    """(B, 3, 3): what a training gave to the losses in its last step."""
    given = []
    with pytest.MonkeyPatch.context() as patch:
        forward = TeacherTask.forward
        patch.setattr(
            TeacherTask, "forward", lambda *step: given.append(step[1].intrinsics) or forward(*step)
        )
        train_teacher(config, data, out)
    return given[-1]


@pytest.mark.parametrize("pose_rate", [1.0, 0.4])
def test_the_pose_network_may_learn_more_slowly(tmp_path, pose_rate):
    config = CONFIG.model_copy(update={"pose_rate": pose_rate})
    path = train_teacher(config, write_drive(tmp_path / "data", count=3), tmp_path / "run")
    start, depth = TeacherTask(config), load_checkpoint(path)[0].state_dict()
    pose, _ = load_tensors(path.parent / "pose.safetensors")

    def moved(name: str, network: torch.nn.Module, trained: dict[str, Tensor]) -> float:
        return (trained[name] - network.state_dict()[name]).abs().max().item()

    # Adam's first step is as long as the learning rate; depth networks are saved in half precision.
    slowly = moved("convolutions.4.bias", start.pose_net, pose)
    assert slowly == pytest.approx(pose_rate * LOOP.learning_rate, rel=0.01)
    assert moved("decoder.heads.0.bias", start.depth_net, depth) == pytest.approx(LOOP.learning_rate, rel=0.1)
