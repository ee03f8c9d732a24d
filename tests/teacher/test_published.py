"""What the published code does with its teacher, beside what ours does by default."""

import torch
from torch import Tensor

from acdepth.core.seeding import make_generator
from acdepth.data.augment import jitter_colours
from acdepth.data.settings import AugmentSettings
from acdepth.geometry.photometric import photometric_loss
from acdepth.geometry.warp import synthesise_views
from acdepth.networks.depth_net import DepthNetConfig
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.task import TeacherTask, mean_smoothness
from tests.triplets import HEIGHT, WIDTH, triplets

CONFIG = TeacherConfig(network=DepthNetConfig(width=8), image_size=(HEIGHT, WIDTH), initial_depth=15.0)


class Watched:
    """A step of the teacher, and the images that each network was given in it."""

    def __init__(self, **values: object) -> None:
        self.task, self.batch = TeacherTask(CONFIG.model_copy(update=values)), triplets()
        self.by_depth: list[Tensor] = []
        self.by_pose: list[Tensor] = []
        self.task.depth_net.register_forward_pre_hook(lambda _, given: self.by_depth.extend(given))
        self.task.pose_net.register_forward_pre_hook(lambda _, given: self.by_pose.extend(given))
        self.terms = self.task(self.batch, make_generator(3), 0.0)


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
