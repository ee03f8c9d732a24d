"""The translator's network, against the pretrained model that it starts as."""

import pytest
import torch
from torch.nn import functional as F

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.diffusion.one_step import PROMPTS
from acdepth.translator.generator import DIRECTIONS, build_generator, pad_to_multiple
from tests.diffusion.tiny import random_image, tiny_model
from tests.translator.tiny import CLEAR, CONDITIONS, FOG, LORA, NIGHT, gradients, indices, tiny_generator


@torch.no_grad()
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_it_begins_as_the_pretrained_model(direction):
    """Encoder, UNet, diffusers' scheduler, decoder, one after the other."""
    model, image = tiny_model(), random_image()
    text = model.embed([PROMPTS[Condition.NIGHT], PROMPTS[Condition.FOG]])
    scale = model.vae.config["scaling_factor"]
    latents = model.vae.encode(image).latent_dist.mode() * scale
    model.scheduler.set_timesteps(1)
    (timestep,) = model.scheduler.timesteps
    noise = model.unet(latents, timestep, text).sample
    clean = model.scheduler.step(noise, timestep, latents, return_dict=False)[0]
    expected = model.vae.decode(clean / scale).sample
    found = tiny_generator(stirred=False)(image, indices(NIGHT, FOG), direction)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_each_image_of_a_batch_gets_its_own_condition():
    generator, image = tiny_generator(), random_image()
    both = generator(image, indices(NIGHT, FOG), "forth")
    for row, condition in enumerate((NIGHT, FOG)):
        alone = generator(image[row : row + 1], indices(condition), "forth")
        torch.testing.assert_close(both[row : row + 1], alone, atol=2e-4, rtol=0)
    other = generator(image, indices(FOG, NIGHT), "forth")
    assert not torch.allclose(both, other, atol=1e-4)


@torch.no_grad()
def test_the_directions_have_autoencoders_of_their_own():
    generator, image = tiny_generator(), random_image()
    there, back = (generator(image, indices(NIGHT, FOG), direction) for direction in DIRECTIONS)
    assert not torch.allclose(there, back, atol=1e-3)


@torch.no_grad()
def test_any_size_is_padded_by_its_border_and_cut_back():
    generator, image = tiny_generator(), random_image(height=29, width=43)
    found = generator(image, indices(NIGHT, FOG), "forth")
    assert found.shape == image.shape
    rows, columns = torch.arange(32).clamp(max=28), torch.arange(48).clamp(max=42)
    padded = image[:, :, rows][..., columns]
    expected = generator(padded, indices(NIGHT, FOG), "forth")[..., :29, :43]
    torch.testing.assert_close(found, expected)


def test_padding_leaves_what_fits():
    image = random_image()
    assert pad_to_multiple(image, 8) is image
    assert pad_to_multiple(image[..., :1], 8).shape == (2, 3, 32, 8)


def test_the_text_encoder_is_not_needed_after_building(monkeypatch):
    model = tiny_model()
    generator = build_generator(model, LORA, CONDITIONS, seed=0)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the text encoder was asked")

    monkeypatch.setattr(model.text_encoder, "forward", refuse)
    with torch.no_grad():
        assert generator(random_image(), indices(NIGHT, FOG), "forth").isfinite().all()
    assert not any("text" in name for name, _ in generator.named_modules())
    assert "prompts" not in generator.state_dict()


@pytest.mark.parametrize("condition", [Condition.RAIN, Condition.SNOW])
def test_a_condition_that_it_was_not_built_for_is_an_error(condition):
    with pytest.raises(UserError, match=f"{condition}: .* choose from clear, night, fog"):
        tiny_generator()(random_image(), indices(NIGHT, condition.index), "forth")


def test_only_adapters_and_skips_get_gradients():
    generator, image = tiny_generator(), random_image()
    for direction in DIRECTIONS:
        generator(image, indices(NIGHT, CLEAR), direction).square().mean().backward()
    found = gradients(generator)
    assert found.keys() == generator.trained().keys()
    assert all(".lora_" in name or "skips." in name or "conv_in.modules_to_save" in name for name in found)
    silent = [name for name, gradient in found.items() if not gradient.any()]
    assert not silent


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_sparing_memory_changes_neither_result_nor_gradient(direction):
    results = []
    for frugal in (False, True):
        generator = tiny_generator().train()
        if frugal:
            generator.spare_memory()
        image = random_image(height=30).requires_grad_()
        made = generator(image, indices(NIGHT, FOG), direction)
        F.mse_loss(made, torch.zeros_like(made)).backward()
        results.append({"made": made.detach(), "image": image.grad, **gradients(generator)})
    plain, spared = results
    assert plain.keys() == spared.keys()
    for name, value in plain.items():
        torch.testing.assert_close(spared[name], value, atol=1e-6, rtol=1e-4, msg=name)


@pytest.mark.parametrize("start", [0.0, 1e-5])
def test_skips_start_where_settings_say(start):
    """img2img-turbo: at 1e-5."""
    generator = build_generator(tiny_model(), LORA, CONDITIONS, 0, skip_start=start)
    weights = list(generator.skips.parameters())
    assert len(weights) == 2 * 4 and all(bool((weight == start).all()) for weight in weights)


def test_the_seed_decides_where_training_begins():
    first, again, other = (
        build_generator(tiny_model(), LORA, CONDITIONS, seed).trained() for seed in (0, 0, 1)
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert all(torch.equal(first[name], other[name]) is (".lora_A." not in name) for name in first)
