"""Ways past the latents: nothing at first, and then exactly what is added."""

import torch

from acdepth.core.seeding import make_generator
from acdepth.diffusion.autoencoder import decode, encode, make_skips
from tests.diffusion.tiny import random_image, tiny_model

VAE = tiny_model().vae.requires_grad_(False)


def through(skips: torch.nn.ModuleList, image: torch.Tensor, frugal: bool = False) -> torch.Tensor:
    latents, seen = encode(VAE, image, frugal)
    return decode(VAE, latents, skips, seen, frugal)


def drawn_skips() -> torch.nn.ModuleList:
    skips = make_skips(VAE)
    for place, skip in enumerate(skips):
        torch.nn.init.normal_(skip.weight, std=0.1, generator=make_generator(place))
    return skips


def test_latents_are_the_middle_of_what_the_encoder_says():
    image = random_image()
    mode = VAE.encode(image).latent_dist.mode()
    latents, seen = encode(VAE, image)
    torch.testing.assert_close(latents, mode * VAE.config["scaling_factor"])
    assert [tuple(one.shape[1:]) for one in seen] == [(8, 32, 48), (8, 16, 24), (8, 8, 12), (16, 4, 6)]


def test_zero_skips_leave_the_pretrained_autoencoder_as_it_is():
    image = random_image()
    latents, seen = encode(VAE, image)
    expected = VAE.decode(latents / VAE.config["scaling_factor"]).sample
    assert torch.equal(decode(VAE, latents, make_skips(VAE), seen), expected)
    whole = VAE.decode(VAE.encode(image).latent_dist.mode()).sample
    torch.testing.assert_close(expected, whole, atol=1e-4, rtol=1e-4)


def test_each_skip_adds_what_the_encoder_saw_at_the_same_stride():
    image = random_image()
    plain = through(make_skips(VAE), image)
    for place in range(len(make_skips(VAE))):
        skips = make_skips(VAE)
        torch.nn.init.normal_(skips[place].weight, generator=make_generator(0))
        assert not torch.allclose(through(skips, image), plain, atol=1e-3)
    _, seen = encode(VAE, image)
    inputs = []
    hooks = [
        level.register_forward_pre_hook(lambda _, given: inputs.append(given[0]))
        for level in VAE.decoder.up_blocks
    ]
    through(make_skips(VAE), image)
    through(drawn_skips(), image)
    for hook in hooks:
        hook.remove()
    first_skip, coarsest = drawn_skips()[0], seen[-1]
    torch.testing.assert_close(inputs[4], inputs[0] + first_skip(coarsest))


def test_sparing_memory_changes_no_gradient():
    gradients = []
    for frugal in (False, True):
        skips, image = drawn_skips(), random_image().requires_grad_()
        through(skips, image, frugal).square().mean().backward()
        gradients.append([image.grad, *(skip.weight.grad for skip in skips)])
    for plain, spared in zip(*gradients, strict=True):
        torch.testing.assert_close(spared, plain)
        assert plain.abs().max() > 0
