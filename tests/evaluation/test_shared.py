"""Several processes measure together what one measures."""

import json
from pathlib import Path
from threading import local
from typing import Any

import pytest
import torch

from acdepth.cli import evaluate as verb
from acdepth.core.share import ALL, Share
from acdepth.networks.checkpoint import CheckpointCard, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from tests.shares import together


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(3)
    card = CheckpointCard(network=DepthNetConfig(width=8), input_size=(64, 96))
    save_checkpoint(tmp_path / "model.safetensors", DepthNet(card.network), card)
    return tmp_path / "model.safetensors"


def files(folder: Path) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != ".lock"}


@pytest.mark.parametrize(
    "asked", [{"keep_predictions": True}, {"corruptions": ("fog",), "corruption_size": "image"}]
)
def test_the_files_are_those_of_one_process(data, weights, tmp_path, monkeypatch, asked: dict[str, Any]):
    here = local()  # each thread has a share, as each launched process does
    monkeypatch.setattr(verb, "own_share", lambda: here.share)

    def measure(out: Path, share: Share = ALL) -> None:
        here.share = share
        verb.evaluate(data, weights=(f"m={weights}",), out=out, batch_size=2, device="cpu", **asked)

    measure(tmp_path / "one")
    together(2, lambda share: measure(tmp_path / "two", share))
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    assert one.keys() == two.keys() and [name for name in one if one[name] != two[name]] == []
    assert json.loads(one["results.json"])["frames"]["scored"] == 12
