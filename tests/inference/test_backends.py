"""Whatever computes a network, it says the same; what is converted is kept; int8 has to prove itself."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

import acdepth
from acdepth.core.errors import UserError
from acdepth.inference import devices
from acdepth.inference.devices import Runtime, choose_backend
from acdepth.inference.model import model_of
from acdepth.inference.torch_backend import SHAPES, Recording, Replayed
from acdepth.networks.confidence import ConfidenceHead, ConfidenceHeadConfig
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from tests.inference.tiny import picture, tiny_card, tiny_checkpoint, tiny_network

CPU = torch.device("cpu")
needs_openvino = pytest.mark.skipif(not devices.is_installed("openvino"), reason="no OpenVINO")
needs_onnx = pytest.mark.skipif(not devices.is_installed("onnx"), reason="no ONNX Runtime")
RUNTIMES = [
    pytest.param("openvino", marks=needs_openvino),
    pytest.param("onnx", marks=[needs_onnx, pytest.mark.slow]),
]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "acdepth"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_all_that_a_network_says_is_the_same(runtime: Runtime) -> None:
    head = ConfidenceHead(ConfidenceHeadConfig(), DepthNetConfig(width=8))
    by_torch, other = (
        model_of(tiny_network(), tiny_card(), CPU, head, runtime=one) for one in ("torch", runtime)
    )
    images = [picture(64, 96, seed) for seed in range(2)] + [picture(96, 64)]
    sizes = [(64, 96), (64, 96), (96, 64)]
    for kind in ("none", "scales", "flip", "head"):
        expected = by_torch.infer(images, sizes, mirrored=True, confidence=kind)
        for found, wanted in zip(
            other.infer(images, sizes, mirrored=True, confidence=kind), expected, strict=True
        ):
            for one, another in zip(found, wanted, strict=True):
                if another is None:
                    assert one is None
                else:
                    torch.testing.assert_close(one, another, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_padding_of_efficientnet_is_the_same(runtime: Runtime) -> None:
    network = DepthNet(DepthNetConfig(encoder="efficientnet-lite0", width=8), 15.0).eval()
    card = tiny_card(network=network.config)
    images = [picture(64, 96), picture(96, 128)]
    found, expected = (
        model_of(network, card, CPU, runtime=one).infer(images, [(64, 96), (96, 128)])
        for one in (runtime, "torch")
    )
    for one, another in zip(found, expected, strict=True):
        torch.testing.assert_close(one.inverse_depth, another.inverse_depth, rtol=1e-4, atol=1e-6)


@needs_openvino
def test_a_network_with_a_normalisation_for_the_night_is_told_it() -> None:
    config = DepthNetConfig(width=8, night_mean=(0.1, 0.2, 0.3), night_std=(0.2, 0.2, 0.1))
    network = tiny_network()
    told = DepthNet(config).eval()
    told.load_state_dict(network.state_dict())
    images, sizes, night = [picture(), picture()], [(64, 96)] * 2, [True, False]
    found, expected = (
        model_of(told, tiny_card(network=config), CPU, runtime=one).infer(images, sizes, night=night)
        for one in ("openvino", "torch")
    )
    for one, another in zip(found, expected, strict=True):
        torch.testing.assert_close(one.inverse_depth, another.inverse_depth, rtol=1e-4, atol=1e-6)
    assert not torch.equal(found[0].inverse_depth, found[1].inverse_depth)


@needs_openvino
def test_a_second_start_converts_nothing(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acdepth.inference.graphs import openvino

    weights = tiny_checkpoint(tmp_path / "model.safetensors")
    first = acdepth.load(weights, "cpu", backend="openvino")(picture())
    assert len(list((cache / "openvino").iterdir())) == 1
    monkeypatch.setattr(openvino, "convert", None)
    again = acdepth.load(weights, "cpu", backend="openvino")(picture())
    assert np.array_equal(first.depth, again.depth)


@needs_openvino
@pytest.mark.parametrize("fault", ["no folder", "a full disk"])
def test_where_nothing_can_be_kept_it_says_so_and_works(
    fault: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if fault == "no folder":
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    else:
        from acdepth.inference.graphs.quiet_openvino import openvino

        write = openvino.save_model

        def full(model: object, path: Path, **options: bool) -> None:
            if path.is_relative_to(cache):
                raise RuntimeError("basic_ios::clear: iostream error")
            write(model, path, **options)

        monkeypatch.setattr(openvino, "save_model", full)
    weights = tiny_checkpoint(tmp_path / "model.safetensors")
    with caplog.at_level(logging.WARNING, "acdepth"):
        found = acdepth.load(weights, "cpu", backend="openvino")(picture())
    assert "made anew at each start" in caplog.text
    np.testing.assert_allclose(found.depth, acdepth.load(weights, "cpu")(picture()).depth, rtol=1e-4)


@needs_openvino
@pytest.mark.slow
@pytest.mark.parametrize("largest", [10.0, -1.0])
def test_int8_is_refused_where_it_loses_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest: float
) -> None:
    pytest.importorskip("nncf")
    from acdepth.inference.graphs import int8, pictures

    monkeypatch.setattr(int8, "LARGEST_LOSS", largest)
    monkeypatch.setattr(pictures, "CALIBRATION_TOWNS", range(1))
    monkeypatch.setattr(pictures, "MEASURED_TOWNS", range(1, 2))
    monkeypatch.setattr(pictures, "PLACES", (0,))
    monkeypatch.setattr(pictures, "WIDTH", 96)
    weights = tiny_checkpoint(tmp_path / "model.safetensors")
    if largest < 0:
        with pytest.raises(
            UserError, match=r"in int8 its absRel on the built-in world grows by .*use bf16 or fp32"
        ):
            acdepth.load(weights, "cpu", precision="int8")
        return
    found = acdepth.load(weights, "cpu", precision="int8")(picture())
    exact = acdepth.load(weights, "cpu")(picture())
    assert not np.array_equal(found.depth, exact.depth)
    np.testing.assert_allclose(found.depth, exact.depth, rtol=0.3)


def test_auto_is_openvino_on_a_cpu_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # what holds for the other tests
    monkeypatch.setattr(devices, "is_installed", lambda runtime: True)
    assert choose_backend("auto", "cpu", "fp32") == ("openvino", CPU)
    assert choose_backend("torch", "cpu", "fp32") == ("torch", CPU)
    assert devices.best_runtime(torch.device("cuda")) == "torch"
    monkeypatch.setattr(devices, "is_installed", lambda runtime: False)
    assert choose_backend("auto", "cpu", "fp32") == ("torch", CPU)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("openvino", "cuda", "fp32"), "computes on the CPU, not on cuda"),
        (("onnx", "cpu", "int8"), "ONNX Runtime computes in fp32"),
        (("torch", "cpu", "int8"), "is of OpenVINO alone; use --backend openvino"),
        (("openvino", "cpu", "bf16"), "this CPU does not compute in it"),
    ],
)
def test_what_does_not_go_together_is_refused(
    asked: tuple, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "is_installed", lambda runtime: True)
    monkeypatch.setattr(devices, "fast_bfloat16", lambda device: False)
    with pytest.raises(UserError, match=message):
        choose_backend(*asked)


def test_a_missing_runtime_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "is_installed", lambda runtime: False)
    with pytest.raises(UserError, match=r"needs openvino; pip install 'acdepth\[openvino\]'"):
        choose_backend("openvino", "cpu", "fp32")


def test_a_recording_answers_to_what_it_is_given_now() -> None:
    network, recorded = tiny_network(), []

    def record(backend, image, night) -> Recording:
        """As on a GPU: always the same memory in and out."""
        recorded.append(tuple(image.shape))
        image = image.clone()
        output = backend(image, night)

        def replay() -> None:
            for group, now in zip(output, backend(image, night), strict=True):
                for one, fresh in zip(group, now, strict=True):
                    one.copy_(fresh)

        return Recording(image, night, output, replay)

    backend, draw = Replayed(network, record), torch.Generator().manual_seed(0)
    with torch.inference_mode():
        shapes = [(1, 64, 96), (2, 64, 96), (1, 64, 96)]
        images = [torch.rand(batch, 3, *size, generator=draw) for batch, *size in shapes]
        answers = [backend(image, None) for image in images]
        for image, answer in zip(images, answers, strict=True):
            torch.testing.assert_close(answer.inverse_depths[0], network(image).inverse_depths[0])
        assert recorded == [(1, 3, 64, 96), (2, 3, 64, 96)]
        for columns in range(64, 64 + 32 * SHAPES, 32):
            backend(torch.zeros(1, 3, 64, columns), None)
        backend(images[1], None)
        assert recorded.count((2, 3, 64, 96)) == 2  # it was let go
