"""Where an encoder's weights come from, without a network."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from acdepth.core.errors import UserError
from acdepth.core.shipped import ENCODER
from acdepth.networks.checkpoint import load_encoder
from acdepth.networks.imagenet import HUB_NAME, encoder_file
from acdepth.networks.resnet import ResNetEncoder


def test_shipped_and_files_are_themselves(tmp_path):
    assert encoder_file(Path("shipped")) == ENCODER
    assert encoder_file(tmp_path / "resnet18.pth") == tmp_path / "resnet18.pth"
    for name in ("resnet18.safetensors", "resnet18.bin", "resnet18.pth.tar", "resnet18.ckpt"):
        assert encoder_file(Path("weights") / name) == Path("weights") / name, "not a name of the hub"


def test_a_model_of_the_hub_is_its_weights_with_timms_names(tmp_path, monkeypatch):
    """timm's file of ResNet18 holds torchvision's names, and a classifier that nobody needs."""
    source = ResNetEncoder(64)
    weights = {name: value for name, value in source.state_dict().items() if value.dim()}
    save_file({**weights, "fc.weight": torch.zeros(1000, 512)}, tmp_path / "model.safetensors")
    asked = []

    def download(repository: str, allow_patterns: list[str], **_: object) -> str:
        asked.append((repository, *allow_patterns))
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    encoder = ResNetEncoder(64)
    load_encoder(encoder, encoder_file(Path(HUB_NAME)))
    assert asked == [("timm/resnet18.tv_in1k", "model.safetensors")]
    torch.testing.assert_close(encoder.conv1.weight, source.conv1.weight)


def test_a_hub_that_is_out_of_reach(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UserError, match=r"timm/resnet18\.tv_in1k: no such folder, and not available from"):
        encoder_file(Path(HUB_NAME))
