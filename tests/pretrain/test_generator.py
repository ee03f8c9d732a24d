"""The small diffusion model's training, whole runs at tiny size."""

import hashlib
from pathlib import Path

import pytest
import torch

from acdepth.core.condition import Condition
from acdepth.data.folder import open_data
from acdepth.data.pools import LabelledBatches, make_pools
from acdepth.data.prepared import prepare
from acdepth.diffusion.autoencoder import encode
from acdepth.diffusion.model import DiffusionModel
from acdepth.engine import LoopSettings
from acdepth.engine.log import read_log
from acdepth.pretrain.generator import GeneratorConfig, pretrain_generator
from tests.data.folders import write_drive
from tests.diffusion.tiny import TINY, TINY_TAESD

LOOP = LoopSettings(
    steps=4,
    batch_size=2,
    learning_rate=2e-3,
    log_every=1,
    checkpoint_every=2,
    precision="fp32",
    device="cpu",
    trackers=(),
)
CONFIG = GeneratorConfig(
    network=TINY_TAESD,
    image_size=(32, 64),
    conditions=(Condition.CLEAR, Condition.NIGHT),
    patch=(16, 32),
    autoencoder=LOOP,
    denoiser=LOOP.model_copy(update={"steps": 2}),
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for condition in CONFIG.conditions:
        write_drive(folder / condition, condition=condition)
    return folder


@pytest.mark.parametrize("network", [TINY, TINY_TAESD], ids=["kl", "taesd"])
def test_a_run_ends_in_a_model_that_can_be_loaded(pictures, tmp_path, network):
    config = CONFIG.model_copy(update={"network": network})
    folder = pretrain_generator(config, pictures, tmp_path, "of nothing much")
    model = DiffusionModel.from_pretrained(folder)
    assert model.card["description"] == "of nothing much"
    assert model.card["config"]["image_size"] == [32, 64]
    for name, steps in (("autoencoder", 4), ("denoiser", 2)):
        assert read_log(tmp_path / name / "log.jsonl")[-1]["step"] == steps


def test_latents_have_size_one(pictures, tmp_path):
    model = DiffusionModel.from_pretrained(pretrain_generator(CONFIG, pictures, tmp_path, ""))
    footage = prepare(open_data(pictures), tmp_path / "again", CONFIG.image_size, reach=0)
    batch = LabelledBatches(make_pools([footage], CONFIG.conditions), 16, seed=0).batch(0).to("cpu")
    with torch.no_grad():
        assert float(encode(model.vae, batch.image * 2 - 1)[0].std()) == pytest.approx(1, abs=0.02)


def test_the_same_seed_gives_the_same_model_and_the_second_training_leaves_the_autoencoder(
    pictures, tmp_path
):
    def weights(run: str, part: str, steps: int) -> str:
        denoiser = CONFIG.denoiser.model_copy(update={"steps": steps})
        config = CONFIG.model_copy(update={"denoiser": denoiser})
        folder = pretrain_generator(config, pictures, tmp_path / run, "")
        return hashlib.sha256(
            (folder / part / "diffusion_pytorch_model.safetensors").read_bytes()
        ).hexdigest()

    first, again = (weights(run, "unet", 2) for run in ("first", "again"))
    assert first == again
    longer = weights("longer", "unet", 3)
    assert longer != first
    assert weights("longer", "vae", 3) == weights("first", "vae", 2)
