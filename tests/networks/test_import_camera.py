"""The training camera of an imported checkpoint, which no published file names."""

from pathlib import Path

import pytest
import torch

import acdepth
from acdepth.core.camera import Camera
from acdepth.networks.checkpoint import load_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from tests.commands import call
from tests.networks.test_published import write_lightning

NUSCENES = Camera(1260.0, 1260.0, 799.5, 449.5, 1600, 900)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        write_lightning(tmp_path / "a.ckpt", DepthNet(DepthNetConfig()))
    NUSCENES.write(tmp_path / "camera.yaml")

    def run_it(*flags: object) -> tuple[int, str]:
        code = call(monkeypatch, "import", tmp_path / "a.ckpt", tmp_path / "model.safetensors", *flags)
        return code, capsys.readouterr().err

    return run_it


def test_it_is_stored_at_the_networks_size_and_read_back(run, tmp_path) -> None:
    assert run("--kind", "acdepth", "--camera", tmp_path / "camera.yaml") == (0, "")
    _, card = load_checkpoint(tmp_path / "model.safetensors")
    assert card.camera is not None
    assert Camera.from_dict(card.camera) == NUSCENES.resized(320, 576)
    predict = acdepth.load(tmp_path / "model.safetensors", "cpu")
    image = torch.linspace(0, 1, 3 * 64 * 96).view(3, 64, 96)
    tele = Camera.central(2 * NUSCENES.fx * 96 / 1600, 64, 96)
    usual = Camera.central(NUSCENES.fx * 96 / 1600, 64, 96)
    assert "rescaled by" in predict.describe_scale(tele)
    ratio = predict(image, tele).depth / predict(image, usual).depth
    assert ratio.min() == pytest.approx(2, rel=1e-5) and ratio.max() == pytest.approx(2, rel=1e-5)


def test_without_it_the_checkpoint_names_none(run, tmp_path) -> None:
    assert run("--kind", "acdepth") == (0, "")
    assert load_checkpoint(tmp_path / "model.safetensors")[1].camera is None
    predict = acdepth.load(tmp_path / "model.safetensors", "cpu")
    assert "which the model does not name" in predict.describe_scale(NUSCENES)


def test_a_translator_has_no_training_camera(run, tmp_path) -> None:
    camera = tmp_path / "camera.yaml"
    code, said = run("--kind", "img2img-turbo", "--condition", "night", "--camera", camera)
    assert code == 2 and said == (
        f"acdepth: error: --camera {camera}: is for depth networks; img2img-turbo knows no lens\n"
    )
