import pytest
import torch
from pydantic import ValidationError

from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.networks.resnet import ResNetEncoder

TINY = DepthNetConfig(width=8)


def images(height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=make_generator(0))


def test_sizes_of_features_and_scales():
    out = DepthNet(TINY).eval()(images())
    assert [tuple(feature.shape) for feature in out.features] == [
        (2, 8, 32, 48),
        (2, 8, 16, 24),
        (2, 16, 8, 12),
        (2, 32, 4, 6),
        (2, 64, 2, 3),
    ]
    assert [tuple(inverse.shape) for inverse in out.inverse_depths] == [
        (2, 1, 64, 96),
        (2, 1, 32, 48),
        (2, 1, 16, 24),
        (2, 1, 8, 12),
    ]


def test_full_width_is_resnet18():
    count = sum(parameter.numel() for parameter in ResNetEncoder().parameters())
    assert count == 11_176_512  # 11,689,512 of ResNet18 without the 513,000 of its classifier


def test_depth_stays_inside_the_range_for_any_weights():
    network = DepthNet(DepthNetConfig(width=8, min_depth=2.0, max_depth=50.0)).eval()
    with torch.no_grad():
        for parameter in network.decoder.parameters():
            parameter.mul_(50)
        for inverse_depth in network(images()).inverse_depths:
            assert inverse_depth.min() >= 1 / 50 * (1 - 1e-6)
            assert inverse_depth.max() <= 1 / 2 * (1 + 1e-6)


@pytest.mark.parametrize("depth", [4.0, 15.0])
def test_starts_near_the_initial_depth(depth):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = DepthNet(TINY, initial_depth=depth).eval()
    for inverse_depth in network(images()).inverse_depths:
        assert 1 / inverse_depth.median().item() == pytest.approx(depth, rel=0.25)


def test_an_initial_depth_outside_the_range_is_refused():
    with pytest.raises(UserError, match="a depth of 100 m is outside"):
        DepthNet(TINY, initial_depth=100.0)


@pytest.mark.parametrize(("height", "width"), [(63, 96), (64, 100), (32, 64)])
def test_sides_that_do_not_fit_the_network_are_refused(height, width):
    with pytest.raises(
        UserError, match=f"{height}x{width} pixels: both sides must be multiples of 32, at least 64"
    ):
        DepthNet(TINY)(images(height, width))


def test_normalisation_is_part_of_the_network():
    plain = DepthNet(DepthNetConfig(width=8, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))).eval()
    ours = DepthNet(DepthNetConfig(width=8, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))).eval()
    ours.load_state_dict(plain.state_dict())
    by_hand = (images() - torch.tensor([0.4, 0.5, 0.6]).view(3, 1, 1)) / torch.tensor([0.2, 0.3, 0.4]).view(
        3, 1, 1
    )
    torch.testing.assert_close(ours(images()).inverse_depths[0], plain(by_hand).inverse_depths[0])


def test_the_night_has_its_own_normalisation_where_settings_give_one_and_the_label_is_told():
    """ACDepth's numbers for nuScenes, and the published code's oracle: day and night images in one batch."""
    values = {
        "mean": (0.4130,) * 3,
        "std": (0.2093,) * 3,
        "night_mean": (0.1652,) * 3,
        "night_std": (0.1728,) * 3,
    }
    told, label_free = DepthNet(DepthNetConfig(width=8, **values)), DepthNet(TINY)
    image, night = images()[:1].repeat(2, 1, 1, 1), torch.tensor([False, True])
    seen = told.normalised(image, night)
    torch.testing.assert_close(seen[0], (image[0] - 0.4130) / 0.2093)
    torch.testing.assert_close(seen[1], (image[1] - 0.1652) / 0.1728)
    torch.testing.assert_close(told.normalised(image)[1], (image[1] - 0.4130) / 0.2093)
    assert torch.equal(label_free.normalised(image, night), label_free.normalised(image))
    told.eval()
    day, dark = told(image, night).inverse_depths[0]
    assert not torch.allclose(day, dark)


def test_half_a_normalisation_of_the_night_is_refused():
    with pytest.raises(ValidationError, match="belong together"):
        DepthNetConfig(night_mean=(0.1, 0.1, 0.1))


def test_inverse_depth_is_float32_and_learns_in_bfloat16():
    network = DepthNet(TINY)
    with torch.autocast("cpu", torch.bfloat16):
        inverse_depths = network(images()).inverse_depths
    assert {inverse_depth.dtype for inverse_depth in inverse_depths} == {torch.float32}
    # Logits in bfloat16 would leave some ten steps here.
    assert inverse_depths[0].unique().numel() > 1000
    torch.stack([inverse_depth.mean() for inverse_depth in inverse_depths]).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize(
    "wrong", [{"width": 0}, {"width": 6}, {"min_depth": 80.0}, {"min_depth": 0.0}, {"std": (0.2, 0.0, 0.2)}]
)
def test_settings_that_make_no_network_are_refused(wrong):
    with pytest.raises(ValidationError):
        DepthNetConfig(**wrong)
