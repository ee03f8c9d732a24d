"""Ways past the latents: nothing at first, and then exactly what is added."""

from typing import Any

import pytest
import torch

from acdepth.core.seeding import make_generator
from acdepth.diffusion.autoencoder import Autoencoder, decode, encode, make_skips, reduction
from tests.diffusion.tiny import random_image, tiny_model, tiny_taesd_model

KL: Any = tiny_model().vae.requires_grad_(False)
TAESD: Any = tiny_taesd_model().vae.requires_grad_(False)
BOTH = pytest.mark.parametrize("vae", [KL, TAESD], ids=["kl", "taesd"])


def through(vae: Autoencoder, skips: torch.nn.ModuleList, image: torch.Tensor, frugal: bool = False):
    latents, seen = encode(vae, image, frugal)
    return decode(vae, latents, skips, seen, frugal)


def drawn_skips(vae: Autoencoder) -> torch.nn.ModuleList:
    skips = make_skips(vae)
    for place, skip in enumerate(skips):
        torch.nn.init.normal_(skip.weight, std=0.1, generator=make_generator(place))
    return skips


def test_latents_are_the_middle_of_what_the_encoder_says():
    image = random_image()
    mode = KL.encode(image).latent_dist.mode()
    latents, seen = encode(KL, image)
    torch.testing.assert_close(latents, mode * KL.config["scaling_factor"])
    assert [tuple(one.shape[1:]) for one in seen] == [(8, 32, 48), (8, 16, 24), (8, 8, 12), (16, 4, 6)]


def test_taesd_has_one_answer():
    image = random_image()
    latents, seen = encode(TAESD, image)
    assert torch.equal(latents, TAESD.encode(image).latents)
    assert [tuple(one.shape[1:]) for one in seen] == [(8, 32, 48), (8, 16, 24), (8, 8, 12), (8, 4, 6)]


@BOTH
def test_latents_are_as_much_smaller_as_is_said(vae):
    assert encode(vae, random_image())[0].shape[-2:] == (32 // reduction(vae), 48 // reduction(vae))


@BOTH
def test_the_models_own_scale_is_applied_and_taken_back(vae):
    image, skips = random_image(), make_skips(vae)
    (before, _), unchanged = encode(vae, image), through(vae, skips, image)
    factor = vae.config["scaling_factor"]
    vae.register_to_config(scaling_factor=2 * factor)
    torch.testing.assert_close(encode(vae, image)[0], 2 * before)
    torch.testing.assert_close(through(vae, skips, image), unchanged)
    vae.register_to_config(scaling_factor=factor)


@BOTH
def test_zero_skips_leave_the_pretrained_autoencoder_as_it_is(vae):
    image = random_image()
    said = vae.encode(image)
    expected = vae.decode(said.latents if vae is TAESD else said.latent_dist.mode()).sample
    torch.testing.assert_close(through(vae, make_skips(vae), image), expected, atol=1e-4, rtol=1e-4)


@BOTH
def test_each_skip_adds_what_the_encoder_saw_at_the_same_stride(vae):
    image = random_image()
    plain = through(vae, make_skips(vae), image)
    for place in range(len(make_skips(vae))):
        skips = make_skips(vae)
        torch.nn.init.normal_(skips[place].weight, generator=make_generator(0))  # pyright: ignore
        assert not torch.allclose(through(vae, skips, image), plain, atol=1e-3)


def test_what_was_seen_is_added_before_the_level():
    image = random_image()
    _, seen = encode(KL, image)
    inputs = []
    hooks = [
        level.register_forward_pre_hook(lambda _, given: inputs.append(given[0]))
        for level in KL.decoder.up_blocks
    ]
    through(KL, make_skips(KL), image)
    through(KL, drawn_skips(KL), image)
    for hook in hooks:
        hook.remove()
    first_skip, coarsest = drawn_skips(KL)[0], seen[-1]
    torch.testing.assert_close(inputs[4], inputs[0] + first_skip(coarsest))


@BOTH
def test_sparing_memory_changes_no_gradient(vae):
    gradients = []
    for frugal in (False, True):
        skips, image = drawn_skips(vae), random_image().requires_grad_()
        through(vae, skips, image, frugal).square().mean().backward()
        gradients.append([image.grad, *(skip.weight.grad for skip in skips)])
    for plain, spared in zip(*gradients, strict=True):
        torch.testing.assert_close(spared, plain)
        assert plain.abs().max() > 0
