"""Folders of diffusion models: written, read, and refused in one line."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.diffusion.model import NEEDED, PARTS, DiffusionModel
from acdepth.diffusion.one_step import PROMPTS
from tests.diffusion.tiny import HEIGHT, WIDTH, random_image, tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("diffusion") / "model"
    replace(tiny_model(), card={"description": "untrained"}).save(folder)
    return folder


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(folder, tmp_path / "model")


def refusal(folder: Path | str) -> str:
    with pytest.raises(UserError) as caught:
        DiffusionModel.from_pretrained(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_was_saved_is_what_is_loaded(folder):
    made, loaded = tiny_model(), DiffusionModel.from_pretrained(folder)
    for part in ("vae", "unet", "text_encoder"):
        first, second = getattr(made, part).state_dict(), getattr(loaded, part).state_dict()
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)
    torch.testing.assert_close(made.embed(["a night"]), loaded.embed(["a night"]))
    assert torch.equal(made.scheduler.alphas_cumprod, loaded.scheduler.alphas_cumprod)
    assert loaded.card == {"description": "untrained"}
    assert not list(folder.rglob("*.bin"))


def test_diffusers_runs_what_was_saved(folder):
    model = DiffusionModel.from_pretrained(folder)
    parts = {part: getattr(model, part) for part in PARTS}
    pipeline = StableDiffusionImg2ImgPipeline(
        **parts,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    image = random_image(1) / 2 + 0.5
    made = pipeline(
        "a night", image=image, strength=1.0, num_inference_steps=1, guidance_scale=0, output_type="pt"
    )
    assert made.images.shape == (1, 3, HEIGHT, WIDTH)


def test_the_seed_decides_the_weights_and_nobody_elses_draws():
    before = torch.random.get_rng_state()
    first, again, other = (tiny_model(seed).unet.conv_in.weight for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_is_named(copied, part):
    shutil.rmtree(copied / part)
    message = refusal(copied)
    assert f"{part}/{NEEDED[part]}: missing" in message and "stabilityai/sd-turbo" in message


@pytest.mark.parametrize("part", ["vae", "unet", "text_encoder"])
def test_missing_weights_are_named(copied, part):
    (weights,) = (copied / part).glob("*.safetensors")
    weights.unlink()
    assert f"{copied / part}: cannot be loaded as" in refusal(copied)


def test_damaged_weights_are_named(copied):
    (weights,) = (copied / "unet").glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:1000])
    assert f"{copied / 'unet'}: cannot be loaded as UNet2DConditionModel" in refusal(copied)


def test_a_pickle_is_never_read(copied):
    (weights,) = (copied / "vae").glob("*.safetensors")
    torch.save(tiny_model().vae.state_dict(), copied / "vae" / "diffusion_pytorch_model.bin")
    weights.unlink()
    assert f"{copied / 'vae'}: cannot be loaded as AutoencoderKL" in refusal(copied)


def test_a_folder_that_is_not_there():
    assert "no such folder; give a model folder or a hub name" in refusal("/nowhere/at/all")


def test_every_condition_has_a_prompt_of_its_own_in_the_order_of_its_number():
    assert list(PROMPTS) == list(Condition)
    embedded = tiny_model().embed(list(PROMPTS.values()))
    assert embedded.shape == (len(Condition), 40, 16)
    distances = torch.cdist(embedded.flatten(1), embedded.flatten(1))
    assert bool((distances + torch.eye(len(Condition)) > 0.01).all())
