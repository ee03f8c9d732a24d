"""Weights as they come: every form of a file, given to every reader, and what is refused."""

import io
import json
import pickle
import sys
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

import acdepth
from acdepth.core.errors import UserError
from acdepth.core.weights import read_weights
from acdepth.networks.checkpoint import (
    CARD_KEY,
    CheckpointCard,
    load_checkpoint,
    load_encoder,
    load_encoder_of_any_width,
)
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.networks.pose_net import PoseNet
from acdepth.networks.resnet import ResNetEncoder

WIDTH = 4
CARD = json.dumps(CheckpointCard(network=DepthNetConfig(width=WIDTH), input_size=(64, 96)).to_dict())
LENS = {"fx": 40, "fy": 40, "cx": 48, "cy": 32, "width": 96, "height": 64}
Tensors = dict[str, Tensor]
Metadata = dict[str, str]


def new(path: Path, tensors: Tensors, beside: Metadata) -> Path:
    torch.save({**beside, **tensors}, path)
    return path


def old(path: Path, tensors: Tensors, beside: Metadata) -> Path:
    torch.save({**beside, **tensors}, path, _use_new_zipfile_serialization=False)
    return path


def safe(path: Path, tensors: Tensors, beside: Metadata) -> Path:
    save_file(tensors, path, beside)
    return path


def listed(path: Path, tensors: Tensors, beside: Metadata) -> Path:
    """In two files, one of either kind. A list has no place for a card."""
    names = sorted(tensors)
    first, second = names[::2], names[1::2]
    new(path.with_name("a.bin"), {name: tensors[name] for name in first}, {})
    safe(path.with_name("b.safetensors"), {name: tensors[name] for name in second}, {})
    places = dict.fromkeys(first, "a.bin") | dict.fromkeys(second, "b.safetensors")
    path.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return path


def below(*keys: str) -> Callable[[Path, Tensors, Metadata], Path]:
    def write(path: Path, tensors: Tensors, beside: Metadata) -> Path:
        content: object = dict(tensors)
        for key in reversed(keys):
            content = {"epoch": 3, "step": torch.tensor(7), key: content, **beside}
        torch.save(content, path)
        return path

    return write


FORMS = {
    "safetensors": safe,
    "zip": new,
    "old": old,
    "list": listed,
    **{key: below(key) for key in ("state_dict", "model", "ema", "net")},
    "model.state_dict": below("model", "state_dict"),
}
NAMES = ("w.pt", "w.pth", "w.pth.tar", "w.bin", "w.ckpt", "w.safetensors", "w.PTH", "w")
PREFIXES = ("", "module.", "_orig_mod.", "module._orig_mod.", "depth_model.", "model.module.net.")


@torch.no_grad()
def stirred(network: torch.nn.Module) -> torch.nn.Module:
    for parameter in network.parameters():
        parameter.add_(0.01)
    return network.eval()


def read_depth_net(path: Path) -> torch.nn.Module:
    return load_checkpoint(path)[0]


def read_by_load(path: Path) -> torch.nn.Module:
    """What people call; its network is inside the backend, whose answer is compared."""
    model = acdepth.load(path, device="cpu", backend="torch").model
    image = torch.linspace(0, 1, 3 * 64 * 96).view(1, 3, 64, 96)
    network = read_depth_net(path)
    with torch.no_grad():
        torch.testing.assert_close(model.backend(image, None)[0], network(image)[0], rtol=1e-5, atol=0)
    return network


def read_encoder(path: Path) -> torch.nn.Module:
    encoder = ResNetEncoder(WIDTH)
    load_encoder(encoder, path)
    return encoder


READERS: dict[str, tuple[Callable[[], torch.nn.Module], Callable[[Path], torch.nn.Module]]] = {
    "load_checkpoint": (lambda: DepthNet(DepthNetConfig(width=WIDTH)), read_depth_net),
    "acdepth.load": (lambda: DepthNet(DepthNetConfig(width=WIDTH)), read_by_load),
    "load_encoder": (lambda: ResNetEncoder(WIDTH), read_encoder),
    "load_encoder_of_any_width": (lambda: ResNetEncoder(WIDTH), load_encoder_of_any_width),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_by_every_reader_whatever_its_name(reader, form, tmp_path):
    build, read = READERS[reader]
    made = stirred(build())
    card = {CARD_KEY: CARD} if "encoder" not in reader else {}
    first = 2 * list(FORMS).index(form) + list(READERS).index(
        reader
    )  # all names and prefixes have their turn
    for number in (first, first + 3):
        name, before = NAMES[number % len(NAMES)], PREFIXES[number % len(PREFIXES)]
        tensors = {before + one: value.contiguous() for one, value in made.state_dict().items()}
        path = FORMS[form](tmp_path / name, tensors, card)
        if form == "list" and card:
            with pytest.raises(UserError, match="no card that says of what network"):
                read(path)
            continue
        for one, value in read(path).state_dict().items():
            assert torch.equal(value, made.state_dict()[one]), (name, one)


@pytest.mark.parametrize("before", PREFIXES)
def test_every_prefix_is_taken_off(before, tmp_path):
    made = stirred(ResNetEncoder(WIDTH))
    tensors = {before + name: value for name, value in made.state_dict().items()}
    read = read_encoder(new(tmp_path / "w.bin", tensors, {}))
    assert all(torch.equal(value, made.state_dict()[name]) for name, value in read.state_dict().items())


def test_the_encoder_is_found_inside_a_whole_network(tmp_path):
    network = stirred(DepthNet(DepthNetConfig(width=WIDTH)))
    encoder = read_encoder(new(tmp_path / "net.pth", network.state_dict(), {}))
    assert torch.equal(encoder.conv1.weight, network.encoder.conv1.weight)


def test_of_several_networks_the_learnt_one_is_taken_or_none(tmp_path):
    learnt, other = (stirred(ResNetEncoder(WIDTH)).state_dict() for _ in range(2))
    two = {f"teacher.{name}": value for name, value in other.items()}
    mine = {f"depth_model.{name}": value for name, value in learnt.items()}
    read = read_encoder(new(tmp_path / "a.ckpt", two | mine, {}))
    assert torch.equal(read.conv1.weight, learnt["conv1.weight"])
    mine = {f"student.{name}": value for name, value in learnt.items()}
    with pytest.raises(UserError, match=r"several such networks: student\., teacher\."):
        read_encoder(new(tmp_path / "b.ckpt", two | mine, {}))


def test_averaged_weights_come_before_the_last_ones(tmp_path):
    last, averaged = {"w": torch.zeros(2)}, {"module.w": torch.ones(2), "n_averaged": torch.tensor(9)}
    torch.save({"model": last, "ema": averaged, "epoch": 4, "optimizer": {"state": {}}}, tmp_path / "a.pth")
    stored = read_weights(tmp_path / "a.pth")
    assert list(stored.tensors) == ["w"] and stored.tensors["w"].sum() == 2 and stored.beside["epoch"] == 4


class Foreign:
    """What a stranger's file may want to have executed."""

    def __reduce__(self):
        return (pytest.fail, ("the file was executed",))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("write", [new, old])
def test_no_reader_executes_what_is_in_a_file(reader, write, tmp_path):
    path = write(tmp_path / "w.safetensors", {"conv1.weight": torch.zeros(1)}, {"args": Foreign()})
    with pytest.raises(UserError, match=r"would have to be executed.*; docs/weights\.md shows") as refused:
        READERS[reader][1](path)
    assert "weights_only" not in str(refused.value)


PLAIN_PICKLE = pickle.dumps({"w": [1, 2]}, protocol=2)
REFUSED = {
    "empty": (b"", "is empty"),
    "text": (b"hello\n" * 99, "no file of weights, or damaged"),
    "page": (b"\n<!DOCTYPE html><html>", "is a web page"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS's pointer"),
    "keras": (b"\x89HDF\r\n\x1a\n" + bytes(600), "HDF5"),
    "gzip": (b"\x1f\x8b\x08" + bytes(99), "is an archive"),
    "json": (b'{"a": 1}', "no weight_map"),
    "nested json": (b'{"weight_map":' + b"[" * 100_000, "JSON"),
    "pickle": (PLAIN_PICKLE, "not read, because it is damaged"),
    "header alone": ((2**20).to_bytes(8, "little") + b"{" * 50, "or damaged"),
    "cut zip": (b"PK\x03\x04" + bytes(99), "cut off or damaged"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_files_are_named_for_what_they_are(name, tmp_path):
    content, words = REFUSED[name]
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(UserError, match=words) as refused:
        read_weights(tmp_path / "w.pth")
    assert "\n" not in str(refused.value)


def test_what_torch_cut_or_changed_is_refused_and_never_a_traceback(tmp_path):
    path = new(tmp_path / "w.pt", stirred(ResNetEncoder(4)).state_dict(), {})
    content = path.read_bytes()
    for part in (0.01, 0.3, 0.9, 0.999):
        path.write_bytes(content[: int(part * len(content))])
        with pytest.raises(UserError):
            read_weights(path)


def test_a_list_names_no_file_outside_its_folder(tmp_path):
    safe(tmp_path / "out.safetensors", {"w": torch.zeros(1)}, {})
    (tmp_path / "in").mkdir()
    for named in ("../out.safetensors", str(tmp_path / "out.safetensors")):
        (tmp_path / "in" / "w.json").write_text(json.dumps({"weight_map": {"w": named}}))
        with pytest.raises(UserError, match="which is not within"):
            read_weights(tmp_path / "in" / "w.json")


def test_a_list_that_lists_itself_or_lacks_a_weight(tmp_path):
    (tmp_path / "w.json").write_text(json.dumps({"weight_map": {"w": "w.json"}}))
    with pytest.raises(UserError, match="lists files of weights"):
        read_weights(tmp_path / "w.json")
    safe(tmp_path / "a.safetensors", {"v": torch.zeros(1)}, {})
    (tmp_path / "w.json").write_text(json.dumps({"weight_map": {"w": "a.safetensors"}}))
    with pytest.raises(UserError, match="the weight w is missing; copy all files"):
        read_weights(tmp_path / "w.json")


def test_bombs_are_refused_before_they_unfold(tmp_path):
    packed = tmp_path / "packed.pth"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(10_000_000))
    with pytest.raises(UserError, match="would unpack to more than the file holds"):
        read_weights(packed)
    hollow = new(tmp_path / "hollow.pth", {"w": torch.zeros(1).expand(10**6, 10**6)}, {})
    with pytest.raises(UserError, match="more numbers than the file holds"):
        read_weights(hollow)


def test_programs_and_other_archives_are_told_from_weights(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), tmp_path / "a.pt")
    with pytest.raises(UserError, match="a program of torch"):
        read_weights(tmp_path / "a.pt")
    with zipfile.ZipFile(tmp_path / "b.pt", "w") as archive:
        archive.writestr("folder/model.safetensors", b"x")
    with pytest.raises(UserError, match="a zip archive that torch did not write; unpack it first"):
        read_weights(tmp_path / "b.pt")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": {"width": 1024}}, "has shape"),
        ({"network": {"width": 10**6}}, "network.width = 1000000"),
        ({"network": {"std": [1e-38] * 3}}, "network.std.0 = 1e-38: is not within 0.001 to 10; usual is"),
        ({"network": {"mean": [float("nan")] * 3}}, "network.mean.0 = nan: Input should be a finite number"),
        ({"network": {"max_depth": 1e300}}, "network.max_depth = 1e[+]300: is not within"),
        (
            {"input_size": [320_000, 320_000]},
            "input_size.0 = 320000: is not within 0 to 8192; usual is",
        ),
        ({"confidence": {"channels": 10**9}}, "confidence.channels = 1000000000: is not within 1 to 1024"),
        (
            {"confidence": {"channels": 1024, "hidden": 1024}},
            "head: the weight answer.bias is missing",
        ),
        (
            {"camera": {**LENS, "fx": 1e-300}},
            "w.safetensors: camera: focal lengths 1e-300, 40 must be positive",
        ),
        ({"camera": {"fx": 40}}, "w.safetensors: camera: missing fy"),
        ({"crop": {"height": 10**12, "width": 5}}, "crop.height = 1000000000000: is not within"),
    ],
)
def test_a_small_file_cannot_ask_for_much(change, words, tmp_path):
    card = {**json.loads(CARD), **change}
    network = DepthNet(DepthNetConfig(width=WIDTH))
    path = safe(tmp_path / "w.safetensors", network.state_dict(), {CARD_KEY: json.dumps(card)})
    tracemalloc.start()
    with pytest.raises(UserError, match=words):
        acdepth.load(path, device="cpu", backend="torch")
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_an_encoder_of_no_numbers_makes_no_room_for_many(tmp_path):
    tensors = {**ResNetEncoder(4).state_dict(), "conv1.weight": torch.zeros(10**6, 0, 7, 7)}
    with pytest.raises(UserError, match="no ResNet18"):
        load_encoder_of_any_width(safe(tmp_path / "w.safetensors", tensors, {}))


def test_the_documented_way_out_works(tmp_path, monkeypatch):
    """The program of docs/weights.md, run on a file with foreign objects, leaves one that is read."""
    page = (Path(__file__).parents[2] / "docs" / "weights.md").read_text(encoding="utf-8")
    program = page.partition("```python\n")[2].partition("```")[0]
    encoder = stirred(ResNetEncoder(WIDTH))
    bare, kept = tmp_path / "bare.ckpt", tmp_path / "weights.pth"
    parts = {"networks": {"encoder": encoder.state_dict(), "pose": {"w": torch.ones(1)}}, "args": Path("x")}
    whole = {"state_dict": encoder.state_dict(), "args": Path("x")}
    for content in (whole, encoder, {"model": encoder}, parts):
        torch.save(content, bare)
        with pytest.raises(UserError, match=r"docs/weights\.md"):
            read_encoder(bare)
        monkeypatch.setattr(sys, "argv", ["keep_weights.py", str(bare), str(kept)])
        exec(program, {})
        assert torch.equal(read_encoder(kept).conv1.weight, encoder.conv1.weight)


def test_a_pose_network_of_a_wrapped_training(tmp_path):
    from acdepth.networks.checkpoint import load_tensors, load_weights

    made = stirred(PoseNet(DepthNetConfig(width=WIDTH)))
    tensors = {f"module.{name}": value for name, value in made.state_dict().items()}
    path, read = new(tmp_path / "pose.safetensors", tensors, {}), PoseNet(DepthNetConfig(width=WIDTH))
    load_weights(read, load_tensors(path)[0], path)
    assert all(torch.equal(value, made.state_dict()[name]) for name, value in read.state_dict().items())


def test_what_is_read_again_is_the_same(tmp_path):
    buffer = io.BytesIO()
    torch.save({"w": torch.arange(3, dtype=torch.float16)}, buffer)
    (tmp_path / "w").write_bytes(buffer.getvalue())
    assert read_weights(tmp_path / "w").tensors["w"].dtype == torch.float16
