import json
import subprocess
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.networks.checkpoint import (
    CARD_KEY,
    CheckpointCard,
    load_checkpoint,
    load_encoder,
    save_checkpoint,
    save_encoder,
    save_tensors,
)
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.networks.metres import Metres, in_metres
from acdepth.networks.resnet import ResNetEncoder

CONFIG = DepthNetConfig(width=8, max_depth=60.0, mean=(0.4, 0.4, 0.4), std=(0.2, 0.2, 0.2))
CARD = CheckpointCard(
    network=CONFIG,
    input_size=(64, 96),
    camera={"fx": 60.0, "fy": 60.0, "cx": 47.5, "cy": 31.5, "width": 96, "height": 64},
    conditions=(Condition.CLEAR, Condition.NIGHT),
    description="for tests",
    made_by={"commit": "abc", "data": ["1", "2"]},
)
IMAGE = torch.linspace(0, 1, 3 * 64 * 96).view(1, 3, 64, 96)


@pytest.fixture
def network() -> DepthNet:
    return DepthNet(CONFIG).eval()


@pytest.fixture
def saved(network: DepthNet, tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "model.safetensors", network, CARD)
    return tmp_path / "model.safetensors"


def store(path: Path, tensors: dict[str, torch.Tensor], card: object = None) -> Path:
    save_tensors(path, tensors, {CARD_KEY: json.dumps(CARD.to_dict() if card is None else card)}, half=False)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and "\n" not in message
    return message


def test_comes_back_equal_and_answers_equally(network, saved):
    loaded, card = load_checkpoint(saved)
    assert card == CARD
    assert not loaded.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    assert torch.equal(loaded(IMAGE).inverse_depths[0], network(IMAGE).inverse_depths[0])


def test_a_card_from_before_metres_were_recorded_says_nothing_of_them(network, tmp_path):
    told = {name: value for name, value in CARD.to_dict().items() if name != "metres"}
    _, card = load_checkpoint(store(tmp_path / "old.safetensors", network.state_dict(), told))
    assert card.metric and card.metres is None


def test_metres_come_back(network, tmp_path):
    metres = Metres(source="camera height", scale=0.8, spread=0.03, error=0.01, frames=200)
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, network, CARD.model_copy(update={"metres": metres}))
    assert load_checkpoint(path)[1].metres == metres


def test_a_scale_multiplies_depth_without_touching_a_weight(network):
    scaled = DepthNet(in_metres(CONFIG, 2.5)).eval()
    scaled.load_state_dict(network.state_dict())
    for ours, theirs in zip(network(IMAGE).inverse_depths, scaled(IMAGE).inverse_depths, strict=True):
        torch.testing.assert_close(ours, 2.5 * theirs)
    assert in_metres(CONFIG, 1.0) == CONFIG


def test_a_student_hands_on_whose_metres_it_has():
    taught = Metres(source="camera height", scale=0.8, spread=0.03, frames=200).handed_on()
    assert (taught.source, taught.taught_by, taught.scale, taught.spread) == (
        "teacher", "camera height", 0.8, 0.03,
    )  # fmt: skip
    assert taught.handed_on() == taught
    of_whom = "those of its teacher, from the camera's height above the road"
    assert taught.describe() == f"{of_whom} (quartiles 3.0 % apart over 200 frames)"
    assert Metres(source="none").handed_on() == Metres(source="none")


def test_half_takes_half_the_room_and_loads_as_float32(network, saved, tmp_path):
    small = tmp_path / "half.safetensors"
    save_checkpoint(small, network, CARD, half=True)
    assert small.stat().st_size < 0.65 * saved.stat().st_size
    loaded, _ = load_checkpoint(small)
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
    torch.testing.assert_close(
        loaded(IMAGE).inverse_depths[0], network(IMAGE).inverse_depths[0], rtol=1e-2, atol=1e-3
    )


def test_missing_file(tmp_path):
    assert "no such checkpoint" in refusal(tmp_path / "nothing.safetensors")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello, I am a text file\n" * 20, "no file of weights, or damaged"),
        (b"\x80\x02}q\x00.", "not read, because it is damaged"),
    ],
)
def test_no_weights(tmp_path, content, words):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    assert words in refusal(path)


@pytest.mark.parametrize("part", [0.001, 0.5, 0.999])
def test_truncated(saved, part):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(part * len(content))])
    assert "no file of weights, or damaged" in refusal(saved)


def test_safetensors_of_somebody_else(tmp_path):
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    assert "holds weights, but no card" in refusal(tmp_path / "other.safetensors")


def test_card_that_is_no_json(network, tmp_path):
    path = tmp_path / "model.safetensors"
    save_tensors(path, network.state_dict(), {CARD_KEY: "{"}, half=False)
    assert "its card is not readable as JSON" in refusal(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"input_size": [64, 100]}, "input_size.1 = 100"),
        ({"netwrok": {}}, "unknown key netwrok; did you mean network?"),
        ({"network": {"width": -8}}, "network.width = -8"),
        ({"conditions": ["sunny"]}, "sunny"),
    ],
)
def test_card_that_describes_no_network(network, tmp_path, change, words):
    path = store(tmp_path / "model.safetensors", network.state_dict(), {**CARD.to_dict(), **change})
    assert words in refusal(path)


def test_card_that_is_no_dictionary(network, tmp_path):
    path = store(tmp_path / "model.safetensors", network.state_dict(), ["width", 8])
    assert "expected keys and values" in refusal(path)


def test_weights_that_do_not_fit(network, tmp_path):
    path, weights = tmp_path / "model.safetensors", network.state_dict()
    name = "decoder.heads.0.bias"
    without = {key: value for key, value in weights.items() if key != name}
    assert f"the weight {name} is missing" in refusal(store(path, without))
    assert "the weight extra has no place" in refusal(store(path, {**weights, "extra": torch.zeros(1)}))
    assert f"{name} has shape (2,), this network needs (1,)" in refusal(
        store(path, {**weights, name: torch.zeros(2)})
    )
    for bad in (float("nan"), float("inf")):
        assert f"{name} holds numbers that are not finite" in refusal(
            store(path, {**weights, name: torch.tensor([bad])})
        )


@pytest.mark.parametrize("half", [False, True])
def test_encoder_starts_another_network(network, tmp_path, half):
    path = tmp_path / "encoder.safetensors"
    save_encoder(path, network, "trained on towns", {"commit": "abc"}, half)
    other = DepthNet(CONFIG)
    assert load_encoder(other.encoder, path) == "trained on towns"
    for name, tensor in network.encoder.state_dict().items():
        torch.testing.assert_close(other.encoder.state_dict()[name], tensor, rtol=1e-3, atol=1e-4)


def imagenet_weights() -> dict[str, torch.Tensor]:
    """Like an old ResNet18 file: no counters, but a classifier."""
    weights = ResNetEncoder(8).state_dict()
    weights = {name: value for name, value in weights.items() if not name.endswith("num_batches_tracked")}
    return {**weights, "fc.weight": torch.zeros(10, 64), "fc.bias": torch.zeros(10)}


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_imagenet_files_start_an_encoder(tmp_path, suffix):
    path, weights = tmp_path / f"resnet18{suffix}", imagenet_weights()
    torch.save(weights, path) if suffix == ".pth" else save_file(weights, path)
    encoder = ResNetEncoder(8)
    assert load_encoder(encoder, path) == ""
    assert torch.equal(encoder.layer3[0].conv1.weight, weights["layer3.0.conv1.weight"])
    assert torch.equal(encoder.bn1.running_var, weights["bn1.running_var"])


def test_an_encoder_of_pairs_sees_equal_images_as_one(tmp_path):
    torch.save(imagenet_weights(), tmp_path / "resnet18.pth")
    single, pair = ResNetEncoder(8).eval(), ResNetEncoder(8, channels_in=6).eval()
    load_encoder(single, tmp_path / "resnet18.pth")
    load_encoder(pair, tmp_path / "resnet18.pth")
    for of_one, of_two in zip(single(IMAGE), pair(torch.cat([IMAGE, IMAGE], 1)), strict=True):
        torch.testing.assert_close(of_one, of_two, rtol=1e-4, atol=1e-5)


def test_encoder_of_another_width_is_refused(tmp_path):
    torch.save(imagenet_weights(), tmp_path / "resnet18.pth")
    with pytest.raises(UserError, match=r"resnet18\.pth: .* has shape .* this network needs"):
        load_encoder(ResNetEncoder(16), tmp_path / "resnet18.pth")


class Harmful:
    """Unpickling this would run a program."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return subprocess.call, (["touch", str(self.trace)],)


def test_a_pickle_is_not_executed(tmp_path):
    torch.save({"conv1.weight": Harmful(tmp_path / "trace")}, tmp_path / "resnet18.pth")
    with pytest.raises(UserError, match="holds objects that would have to be executed"):
        load_encoder(ResNetEncoder(8), tmp_path / "resnet18.pth")
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}])
def test_a_pth_of_something_else_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(UserError, match="something other than named weights"):
        load_encoder(ResNetEncoder(8), tmp_path / "other.pth")
