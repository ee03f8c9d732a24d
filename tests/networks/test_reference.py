import pytest
import torch

from acdepth.core.errors import UserError
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.networks.published import load_reference_weights, reference_name

TINY = DepthNetConfig(width=8)


def published(network: DepthNet) -> dict[str, torch.Tensor]:
    """The network's weights as the published implementation would store them."""
    weights = {reference_name(name): tensor for name, tensor in network.state_dict().items()}
    assert len(weights) == len(network.state_dict())
    return {**weights, "encoder.encoder.fc.weight": torch.zeros(1000, 64)}


def test_weights_find_their_layers():
    image = torch.linspace(0, 1, 3 * 64 * 64).view(1, 3, 64, 64)
    source, target = DepthNet(TINY).eval(), DepthNet(TINY).eval()
    load_reference_weights(target, published(source), "test")
    assert torch.equal(target(image).inverse_depths[0], source(image).inverse_depths[0])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("encoder.layer2.0.downsample.0.weight", "encoder.encoder.layer2.0.downsample.0.weight"),
        ("decoder.before.4.weight", "decoder.decoder.0.conv.conv.weight"),
        ("decoder.after.0.bias", "decoder.decoder.9.conv.conv.bias"),
        ("decoder.heads.0.weight", "decoder.decoder.10.conv.weight"),
        ("squeeze.bias", "decoder.net.0.bias"),
        ("convolutions.4.weight", "decoder.net.3.weight"),
    ],
)
def test_names(ours, theirs):
    assert reference_name(ours) == theirs


def test_what_does_not_fit_is_refused():
    network, weights = DepthNet(TINY), published(DepthNet(TINY))
    with pytest.raises(UserError, match=r"there: the published weight decoder\.x has no place"):
        load_reference_weights(network, {**weights, "decoder.x": torch.zeros(1)}, "there")
    del weights["decoder.decoder.0.conv.conv.bias"]
    with pytest.raises(UserError, match=r"there: the weight decoder\.before\.4\.bias is missing"):
        load_reference_weights(network, weights, "there")
