"""The encoder and the tiny prior that ship, whole runs at tiny size."""

import json
from pathlib import Path

import pytest
import torch

from acdepth.core.images import read_image
from acdepth.engine import LoopSettings
from acdepth.engine.log import read_log
from acdepth.networks.checkpoint import load_encoder, load_tensors
from acdepth.networks.resnet import ResNetEncoder
from acdepth.networks.settings import DepthNetConfig
from acdepth.pretrain.depth import pretrain_encoder, pretrain_prior
from acdepth.pretrain.settings import EncoderConfig, PriorConfig
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.prior.settings import TinyPriorConfig
from tests.data.folders import write_drive

LOOP = LoopSettings(
    steps=12,
    batch_size=2,
    learning_rate=1e-3,
    log_every=1,
    checkpoint_every=6,
    precision="fp32",
    device="cpu",
    trackers=(),
)


@pytest.fixture(scope="module")
def streets(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("streets")
    write_drive(folder / "a", count=4, depth=True)
    write_drive(folder / "b", condition="night", depth=True)
    return folder


def losses(run: Path) -> list[float]:
    return [line["loss"] for line in read_log(run / "log.jsonl")]


def test_the_encoder_learns_depth_and_is_one_that_a_training_starts_from(streets, tmp_path):
    config = EncoderConfig(network=DepthNetConfig(width=4), image_size=(64, 96), loop=LOOP)
    path = pretrain_encoder(config, streets, tmp_path / "run", "of nothing much")
    encoder = ResNetEncoder(4)
    assert load_encoder(encoder, path) == "of nothing much"
    assert json.loads(load_tensors(path)[1]["made_by"])["config"] == config.to_dict()
    assert losses(tmp_path / "run")[-1] < losses(tmp_path / "run")[0]
    again = pretrain_encoder(config, streets, tmp_path / "again", "of nothing much")
    ours, theirs = load_tensors(path)[0], load_tensors(again)[0]
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_the_prior_learns_order_and_can_be_loaded(streets, tmp_path):
    config = PriorConfig(
        network=TinyPriorConfig(side=56, width=16, heads=2, neck=(4, 4, 8, 8), fusion=4, head=4),
        image_size=(64, 96),
        loop=LOOP,
    )
    folder = pretrain_prior(config, streets, tmp_path / "run", "of nothing much")
    prior = DepthAnythingPrior.from_pretrained(folder)
    assert losses(tmp_path / "run")[-1] < losses(tmp_path / "run")[0]
    image = torch.from_numpy(read_image(next(streets.rglob("*.png")))).permute(2, 0, 1)[None] / 255
    assert prior(image).isfinite().all()
