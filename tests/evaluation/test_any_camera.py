"""``acdepth evaluate`` on footage of another lens: right metres with the cameras, and a word without them."""

import json
from pathlib import Path

import pytest
import torch

from acdepth.cli.evaluate import evaluate
from acdepth.networks.checkpoint import CheckpointCard, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from tests.data.folders import CAMERA, write_drive


def says(metres: float, path: Path, fx: float | None) -> Path:
    """A checkpoint that says the same distance of everything, trained with this focal length at 64 x 96."""
    trained = CAMERA.resized(64, 96)
    # As wide as high in its stretch as the footage, so that its aspect is the training one.
    camera = None if fx is None else {**trained.to_dict(), "fx": fx, "fy": fx * trained.fy / trained.fx}
    config = DepthNetConfig(width=8)
    network = DepthNet(config)
    with torch.no_grad():
        for name, parameter in network.decoder.named_parameters():
            if parameter.shape[0] == 1:
                part = (1 / metres - 1 / 80) / (10 - 1 / 80)
                parameter.fill_(torch.logit(torch.tensor(part)) if name.endswith("bias") else 0)
    save_checkpoint(path, network, CheckpointCard(network=config, input_size=(64, 96), camera=camera))
    return path


def abs_rel(out: Path) -> float:
    return json.loads((out / "results.json").read_text())["models"]["model"]["clear"]["abs_rel"]["mean"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One frame that is 10 m away everywhere, seen with a focal length of 72 pixels at 64 x 96."""
    write_drive(tmp_path / "data" / "a", 1, depth=True)
    return tmp_path / "data"


@pytest.mark.parametrize(("fx", "says_metres"), [(72.0, 10.0), (48.0, 20 / 3), (96.0, 40 / 3)])
def test_metres_are_right_through_any_lens(tmp_path, data, fx, says_metres, capsys) -> None:
    weights = says(says_metres, tmp_path / "model.safetensors", fx)
    evaluate(data, weights=(f"model={weights}",), out=tmp_path / "out", examples=False, device="cpu")
    assert abs_rel(tmp_path / "out") == pytest.approx(0, abs=1e-4)
    assert "taken as they are" not in capsys.readouterr().err
    evaluate(
        data,
        weights=(f"model={weights}",),
        out=tmp_path / "stretched",
        protocol="world-80m",
        examples=False,
        device="cpu",
    )
    assert abs_rel(tmp_path / "stretched") == pytest.approx(abs(says_metres / 10 - 1), abs=1e-4)


def test_what_cannot_be_rescaled_is_said(tmp_path, data, capsys) -> None:
    weights = says(10.0, tmp_path / "model.safetensors", None)
    write_drive(data / "b", 1, depth=True)
    (data / "b" / "camera.yaml").unlink()
    (data / "b" / "motion.csv").unlink()  # speeds need the frame rate that camera.yaml holds
    evaluate(data, weights=(f"model={weights}",), out=tmp_path / "out", examples=False, device="cpu")
    said = capsys.readouterr().err
    assert "model does not name its training camera: its metres are taken as they are" in said
    assert "1 of 2 sequences have no camera, first b: their metres are taken as they are" in said
