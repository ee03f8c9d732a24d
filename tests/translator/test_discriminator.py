"""Discriminators: one set of scores per condition, from which a row is taken."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModel

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.networks.checkpoint import load_encoder_of_any_width
from acdepth.networks.imagenet import encoder_file
from acdepth.networks.resnet import ResNetEncoder
from acdepth.translator.discriminator import Discriminator, PatchDiscriminator
from acdepth.translator.feature_discriminators import (
    CLIP_MEAN,
    CLIP_STD,
    ClipDiscriminator,
    EncoderDiscriminator,
)
from tests.diffusion.tiny import random_image
from tests.translator.tiny import CLEAR, FOG, NIGHT, indices

SIDE = 32


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    config = CLIPVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=4, num_attention_heads=2, image_size=SIDE,
        patch_size=8,
    )  # fmt: skip
    CLIPVisionModel(config).save_pretrained(folder)
    return folder


def patch_discriminator() -> PatchDiscriminator:
    torch.manual_seed(0)
    return PatchDiscriminator(width=4).eval()


def clip_discriminator(folder: Path) -> ClipDiscriminator:
    torch.manual_seed(0)
    discriminator = ClipDiscriminator.from_pretrained(folder)
    return discriminator.eval()


def encoder_discriminator() -> EncoderDiscriminator:
    torch.manual_seed(0)
    return EncoderDiscriminator(ResNetEncoder(8), width=8).eval()


@pytest.fixture(params=["patch", "clip", "encoder"])
def discriminator(request: pytest.FixtureRequest, clip_folder: Path) -> Discriminator:
    if request.param == "clip":
        return clip_discriminator(clip_folder)
    return patch_discriminator() if request.param == "patch" else encoder_discriminator()


def test_each_image_is_taken_for_its_own_condition(discriminator):
    image, wanted = random_image(3), (CLEAR, NIGHT, FOG)
    found, every = discriminator(image, indices(*wanted)), discriminator.scores(image)
    assert len(found) == len(every) > 1
    for one, table in zip(found, every, strict=True):
        assert table.shape == (3, len(Condition), *one.shape[1:])
        for row, condition in enumerate(wanted):
            assert torch.equal(one[row], table[row, condition])
    as_other = discriminator(image, indices(FOG, CLEAR, NIGHT))
    assert not any(torch.allclose(a, b, atol=1e-5) for a, b in zip(found, as_other, strict=True))


def test_a_score_reaches_the_image_and_all_that_learns(discriminator):
    discriminator.train()
    image = random_image().requires_grad_()
    torch.stack([one.mean() for one in discriminator(image, indices(NIGHT, FOG))]).sum().backward()
    assert image.grad is not None and image.grad.abs().sum() > 0
    assert all(parameter.grad is not None for parameter in discriminator.parameters())


def test_the_patch_discriminator_looks_at_two_sizes_and_at_places():
    discriminator = patch_discriminator()
    large, small = discriminator.scores(torch.zeros(1, 3, 64, 96))
    assert large.shape[-2:] == (8, 12) and small.shape[-2:] == (4, 6)
    inner = large[0, NIGHT, 2:-2, 2:-2]
    assert inner.std() > 1e-4, "an even image is not even to a discriminator that knows places"


def test_the_patch_discriminator_sees_more_than_one_colour_at_half_size():
    """A checkerboard averages out at half the size; an even grey does not change."""
    discriminator, grey = patch_discriminator(), torch.zeros(1, 3, 64, 96)
    board = grey.clone()
    board[..., ::2, ::2], board[..., 1::2, 1::2] = 1, 1
    board[..., ::2, 1::2], board[..., 1::2, ::2] = -1, -1
    (large_grey, small_grey), (large, small) = discriminator.scores(grey), discriminator.scores(board)
    torch.testing.assert_close(small, small_grey)
    assert not torch.allclose(large, large_grey, atol=1e-3)


def test_clip_is_frozen_and_no_part_of_what_is_saved(clip_folder):
    discriminator = clip_discriminator(clip_folder)
    (encoder,) = discriminator.frozen
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert discriminator.levels == (1, 2, 3, 4)
    assert all(name.startswith("heads.") for name in discriminator.state_dict())
    discriminator.train()
    assert not encoder.training


def test_clip_sees_images_as_it_was_trained_to(clip_folder, monkeypatch):
    discriminator, seen = clip_discriminator(clip_folder), []
    (encoder,) = discriminator.frozen
    encoder.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    discriminator.scores(torch.stack([torch.full((3, 40, 56), -1.0), torch.full((3, 40, 56), 1.0)]))
    (given,) = seen
    assert given.shape == (2, 3, SIDE, SIDE)
    for channel in range(3):
        for row, value in enumerate((0, 1)):
            expected = (value - CLIP_MEAN[channel]) / CLIP_STD[channel]
            torch.testing.assert_close(given[row, channel], torch.full((SIDE, SIDE), expected))


def test_a_folder_without_clip_is_named(tmp_path):
    with pytest.raises(UserError, match="no CLIP image encoder") as caught:
        ClipDiscriminator.from_pretrained(tmp_path)
    assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)


def test_the_encoder_is_frozen_and_no_part_of_what_is_saved():
    discriminator = encoder_discriminator()
    (encoder,) = discriminator.frozen
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert {name.partition(".")[0] for name in discriminator.state_dict()} == {"heads", "patches"}
    discriminator.train()
    assert not encoder.training


def test_the_encoder_discriminators_four_levels_of_any_size_beside_the_patches():
    discriminator = encoder_discriminator()
    found = discriminator.scores(torch.zeros(1, 3, 64, 96))
    assert [tuple(one.shape[-2:]) for one in found] == [(16, 24), (8, 12), (4, 6), (2, 3), (8, 12), (4, 6)]
    assert len(discriminator.scores(torch.zeros(1, 3, 40, 56))) == len(found)


def test_the_encoder_that_ships_is_read_at_its_width():
    discriminator = EncoderDiscriminator(load_encoder_of_any_width(encoder_file(Path("shipped"))))
    assert discriminator.frozen[0].channels[0] == 32
    image = random_image()
    (level, *_) = discriminator.frozen[0](torch.zeros(1, 3, 64, 96))
    assert level.abs().sum() > 0 and discriminator.scores(image)[0].isfinite().all()


def test_a_file_that_is_no_resnet_is_named(tmp_path):
    save_file({"something": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(UserError, match=r"other\.safetensors: has no conv1\.weight"):
        EncoderDiscriminator(load_encoder_of_any_width(tmp_path / "other.safetensors"))
