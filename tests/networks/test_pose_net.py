import pytest
import torch

from acdepth.core.seeding import make_generator
from acdepth.geometry.motion import pose_matrix
from acdepth.networks.depth_net import DepthNetConfig
from acdepth.networks.pose_net import PoseNet

TINY = DepthNetConfig(width=8)


def frames(seed: int) -> torch.Tensor:
    return torch.rand(2, 3, 64, 96, generator=make_generator(seed))


def test_poses_are_those_of_each_pair():
    network = PoseNet(TINY).eval()
    target, previous, following = frames(0), frames(1), frames(2)
    T = network.motions(target, torch.stack([previous, following], 1))
    assert T.shape == (2, 2, 4, 4)
    torch.testing.assert_close(T[:, 0], pose_matrix(network(target, previous)))
    torch.testing.assert_close(T[:, 1], pose_matrix(network(target, following)))


def test_the_order_of_a_pair_matters():
    network = PoseNet(TINY).eval()
    assert not torch.equal(network(frames(0), frames(1)), network(frames(1), frames(0)))


def test_initial_forward_puts_the_previous_camera_behind_and_the_next_ahead():
    network = PoseNet(TINY, initial_forward=0.8).eval()
    with torch.no_grad():
        network.convolutions[-1].weight.zero_()
        network.convolutions[-1].bias.zero_()
        T = network.motions(frames(0), torch.stack([frames(1), frames(2)], 1))
    # What the target sees 10 m ahead is farther from the previous camera, nearer to the next.
    point = torch.tensor([0.0, 0.0, 10.0, 1.0])
    torch.testing.assert_close((T @ point)[..., 2], torch.tensor([[10.8, 9.2]] * 2))
    torch.testing.assert_close(T[..., :3, :3], torch.eye(3).expand(2, 2, 3, 3))


def test_the_untrained_network_starts_near_no_motion():
    assert PoseNet(TINY).eval()(frames(0), frames(1)).abs().max() < 0.05


def test_every_weight_learns_in_bfloat16_and_poses_stay_float32():
    network = PoseNet(TINY)
    with torch.autocast("cpu", torch.bfloat16):
        T = network.motions(frames(0), torch.stack([frames(1), frames(2)], 1))
    assert T.dtype == torch.float32
    T.square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("layer", ["squeeze", "convolutions.0", "convolutions.2"])
def test_head_has_a_quarter_of_resnets_channels_per_width(layer):
    assert PoseNet(TINY).get_submodule(layer).weight.shape[0] == 4 * TINY.width


def test_scale_is_metres_and_radians_per_unit_of_the_head():
    network = PoseNet(TINY, scale=(1.0, 1.0)).eval()
    scaled = PoseNet(TINY, scale=(0.5, 0.1)).eval()
    scaled.load_state_dict(network.state_dict())
    metres_and_radians = torch.tensor([0.5, 0.5, 0.5, 0.1, 0.1, 0.1])
    torch.testing.assert_close(
        scaled(frames(0), frames(1)), network(frames(0), frames(1)) * metres_and_radians
    )


def test_rotation_comes_first_out_of_the_head_as_in_published_weights():
    network = PoseNet(TINY).eval()
    with torch.no_grad():
        network.convolutions[-1].weight.zero_()
        network.convolutions[-1].bias.copy_(torch.arange(12.0))
        found = network(frames(0), frames(1))
    torch.testing.assert_close(found, 0.01 * torch.tensor([[3.0, 4.0, 5.0, 0.0, 1.0, 2.0]] * 2))


def test_bfloat16_leaves_rotations_whole():
    network = PoseNet(TINY, scale=(0.01, 1.0)).eval()
    with torch.no_grad():
        network.convolutions[-1].weight.zero_()
        network.convolutions[-1].bias.copy_(torch.tensor([0.01, 0.05, 0.02] + [0.0] * 9))
        with torch.autocast("cpu", torch.bfloat16):
            T = network.motions(frames(0), torch.stack([frames(1), frames(2)], 1))
    turned = T[..., :3, :3]
    torch.testing.assert_close(turned @ turned.mT, torch.eye(3).expand_as(turned), atol=1e-5, rtol=0)
