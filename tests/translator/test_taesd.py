"""On a base with TAESD's autoencoder the translator is what it is on SD-Turbo's own."""

import copy
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderTiny
from torch import nn

from acdepth.core.condition import Condition
from acdepth.diffusion.autoencoder import encode
from acdepth.diffusion.model import DiffusionModel
from acdepth.translator.adapters import TranslatorCard, load_translator, merge, save_translator
from acdepth.translator.generator import Generator, build_generator
from acdepth.translator.lora import adapt_vae
from tests.diffusion.tiny import random_image, tiny_taesd_model
from tests.translator.tiny import CONDITIONS, FOG, LORA, NIGHT, gradients, indices, stir

CARD = TranslatorCard(
    base="somewhere",
    base_hash="",
    conditions=(Condition.NIGHT, Condition.FOG),
    image_size=(32, 48),
    lora=LORA,
)


@pytest.fixture
def generator() -> Generator:
    made = build_generator(tiny_taesd_model(), LORA, CONDITIONS, 0).eval()
    stir(made)
    return made


@torch.no_grad()
def translated(generator: Generator) -> torch.Tensor:
    image = random_image().to(generator.prompts.dtype)
    return generator(image, indices(NIGHT, FOG), "forth")


def test_a_folder_says_which_class_its_autoencoder_has(tmp_path: Path):
    model = tiny_taesd_model()
    model.save(tmp_path)
    read = DiffusionModel.from_pretrained(tmp_path)
    assert isinstance(read.vae, AutoencoderTiny)
    image = random_image()
    assert torch.equal(encode(read.vae, image)[0], encode(model.vae, image)[0])


def test_it_begins_as_the_pretrained_model():
    model = tiny_taesd_model()
    untouched = copy.deepcopy(model.vae)
    generator = build_generator(model, LORA, CONDITIONS, 0).eval()
    with torch.no_grad():
        image = random_image()
        mine = encode(generator.vaes["forth"].get_base_model(), image)[0]  # pyright: ignore
        torch.testing.assert_close(mine, encode(untouched, image)[0])


def test_all_convolutions_get_adapters():
    adapted = adapt_vae(tiny_taesd_model().vae, 3, 0).get_base_model()
    plain = tiny_taesd_model().vae
    convolutions = {name for name, module in plain.named_modules() if isinstance(module, nn.Conv2d)}
    found = {name for name, module in adapted.named_modules() if hasattr(module, "base_layer")}
    assert found == convolutions and len(convolutions) > 20


def test_only_adapters_and_skips_get_gradients(generator: Generator):
    made = generator(random_image(), indices(NIGHT, FOG), "forth")
    made.square().mean().backward()
    found = gradients(generator)
    assert found and found.keys() <= generator.trained().keys()
    kinds = ("lora_", "skips.forth", "modules_to_save")
    assert all(any(kind in name for kind in kinds) for name in found)
    assert all(any(kind in name for name in found) for kind in kinds)


def test_what_was_saved_is_what_is_loaded(generator: Generator, tmp_path: Path):
    save_translator(tmp_path / "adapters", generator, CARD)
    loaded = load_translator(tmp_path / "adapters", tiny_taesd_model(), "").eval()
    assert torch.equal(translated(loaded.double()), translated(generator.double()))


def test_merged_equals_unmerged(generator: Generator):
    apart = translated(generator.double())
    torch.testing.assert_close(translated(merge(generator)), apart, atol=1e-9, rtol=0)
