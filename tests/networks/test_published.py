"""Published checkpoints, written as their owners write them, come out as the network they were."""

from pathlib import Path

import pytest
import torch

from acdepth.core.errors import UserError
from acdepth.networks.checkpoint import load_checkpoint, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.networks.published import import_published, reference_name


@pytest.fixture(scope="module")
def source() -> DepthNet:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return DepthNet(DepthNetConfig(mean=(0.4130,) * 3, std=(0.2093,) * 3)).eval()


def named(network: DepthNet) -> dict[str, torch.Tensor]:
    weights = {reference_name(name): value for name, value in network.state_dict().items()}
    return {**weights, "encoder.encoder.fc.weight": torch.zeros(1000, 512)}


def write_lightning(path: Path, network: DepthNet, **more: object) -> Path:
    state = {f"depth_model.{name}": value for name, value in named(network).items()}
    state |= {f"teacher_model.{name}": torch.zeros_like(value) for name, value in named(network).items()}
    state["depth_anything.pretrained.cls_token"] = torch.zeros(1, 1, 4)
    torch.save({"epoch": 24, "global_step": 1, "state_dict": state, **more}, path)
    return path


def image() -> torch.Tensor:
    return torch.linspace(0, 1, 3 * 64 * 96).view(1, 3, 64, 96)


def test_a_lightning_file_gives_the_trained_network(source, tmp_path):
    network, card = import_published(write_lightning(tmp_path / "a.ckpt", source), "acdepth")
    assert torch.equal(network(image()).inverse_depths[0], source(image()).inverse_depths[0])
    assert card.input_size == (320, 576) and card.metric and "night" in card.conditions
    assert card.resize == "lanczos"
    save_checkpoint(tmp_path / "a.safetensors", network, card)
    again, same_card = load_checkpoint(tmp_path / "a.safetensors")
    assert same_card == card
    assert torch.equal(again(image()).inverse_depths[0], source(image()).inverse_depths[0])


def test_robotcar_has_its_own_normalisation_and_size(source, tmp_path):
    _, card = import_published(write_lightning(tmp_path / "a.ckpt", source), "md4all", "robotcar")
    assert card.input_size == (320, 544) and card.network.mean[0] == 0.5758
    assert card.network.night_mean == (0.2471,) * 3 and card.network.night_std == (0.2627,) * 3
    assert "rain" not in card.conditions


def test_a_pair_of_monodepth2_files(source, tmp_path):
    weights = named(source)
    encoder = {n.removeprefix("encoder."): v for n, v in weights.items() if n.startswith("encoder.")}
    decoder = {n.removeprefix("decoder."): v for n, v in weights.items() if n.startswith("decoder.")}
    torch.save({**encoder, "height": 192, "width": 640, "use_stereo": False}, tmp_path / "encoder.pth")
    torch.save(decoder, tmp_path / "depth.pth")
    network, card = import_published(tmp_path, "monodepth2")
    assert card.input_size == (192, 640) and card.resize == "lanczos" and not card.metric
    assert card.network.max_depth == 100 and card.network.mean[0] == 0.45
    torch.testing.assert_close(network.decoder.heads[0].weight, source.decoder.heads[0].weight)


class Foreign:
    """What a stranger's file may want to have executed."""

    def __reduce__(self):
        return (pytest.fail, ("the file was executed",))


def test_foreign_objects_are_refused_and_not_executed(source, tmp_path):
    path = write_lightning(tmp_path / "a.ckpt", source, hyper_parameters=Foreign())
    with pytest.raises(UserError, match=r"have to be executed.* \(\S+Fail\w*\); docs/weights") as refused:
        import_published(path, "acdepth")
    assert "weights_only" not in str(refused.value)


def test_what_is_no_such_checkpoint_is_refused(source, tmp_path):
    with pytest.raises(UserError, match="no such file"):
        import_published(tmp_path / "none.ckpt", "acdepth")
    torch.save({"weights": {}}, tmp_path / "other.ckpt")
    with pytest.raises(UserError, match="other than named weights"):
        import_published(tmp_path / "other.ckpt", "acdepth")
    two = {f"{net}.encoder.encoder.conv1.weight": torch.zeros(1) for net in ("net", "other")}
    torch.save({"state_dict": two}, tmp_path / "net.ckpt")
    with pytest.raises(UserError, match=r"2 networks.* none named depth_model\.\*.*it holds net, other"):
        import_published(tmp_path / "net.ckpt", "acdepth")
    state = {f"depth_model.{name}": value for name, value in named(source).items()}
    state["depth_model.encoder.encoder.bn1.weight"] = torch.ones(3)
    torch.save({"state_dict": state}, tmp_path / "shape.ckpt")
    with pytest.raises(UserError, match=r"encoder\.bn1\.weight has shape \(3,\)"):
        import_published(tmp_path / "shape.ckpt", "acdepth")
    (tmp_path / "encoder.pth").write_bytes(b"no zip")
    with pytest.raises(UserError, match=r"encoder\.pth: no file of weights"):
        import_published(tmp_path, "monodepth2")
