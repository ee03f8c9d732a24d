"""An exported file says what the checkpoint says, whoever asks it; one that does not is not left."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import acdepth
from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.inference import devices
from acdepth.inference.exported import export as exporting
from acdepth.inference.exported import whole
from acdepth.inference.exported.export import export
from acdepth.inference.exported.parity import Picture
from acdepth.networks.metres import Metres
from tests.commands import call
from tests.inference.tiny import picture, tiny_checkpoint

needs_openvino = pytest.mark.skipif(not devices.is_installed("openvino"), reason="no OpenVINO")
needs_onnx = pytest.mark.skipif(not devices.is_installed("onnx"), reason="no ONNX Runtime")
RUNTIMES = [
    pytest.param("openvino", ".xml", marks=needs_openvino),
    pytest.param("onnx", ".onnx", marks=[needs_onnx, pytest.mark.slow]),
]
EXAMPLES = Path(__file__).parents[3] / "examples"
SIZE = (90, 140)
"""Which the network sees at 64x96."""


def street(height: int = SIZE[0], width: int = SIZE[1], seed: int = 0) -> np.ndarray:
    """Blobs with edges and grain, which a wrong filter shows."""
    grain = torch.randint(-60, 60, (height, width, 1), generator=make_generator(seed, "grain")).numpy()
    return (picture(height, width, seed).astype(int) + grain).clip(0, 255).astype(np.uint8)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint; the built-in world is two made pictures."""
    worlds = [Picture(f"world {seed}", street(seed=seed)) for seed in range(3)]
    monkeypatch.setattr(exporting, "_of_the_world", lambda size: iter(worlds))
    return tiny_checkpoint(tmp_path / "model.safetensors")


@pytest.mark.parametrize(("target", "suffix"), RUNTIMES)
def test_a_file_for_images_of_any_size_says_what_the_checkpoint_says(target, suffix, weights, tmp_path):
    export(weights, target, tmp_path / f"out{suffix}")
    file, torch_alone = acdepth.load(tmp_path / f"out{suffix}"), acdepth.load(weights, "cpu", backend="torch")
    for height, width in ((64, 96), (96, 64), (120, 333)):
        image, camera = street(height, width), Camera(99.0, 80.0, width / 2, height / 2, width, height)
        for lens in (None, camera):
            found, expected = file(image, lens), torch_alone(image, lens, confidence=False)
            np.testing.assert_allclose(found.depth, expected.depth, rtol=1e-4)
            assert found.confidence is None and found.metric
    assert file.describe_scale() == torch_alone.describe_scale()


@pytest.mark.parametrize(("target", "suffix"), RUNTIMES)
def test_a_file_for_images_of_one_size_brings_them_to_the_networks_itself(target, suffix, weights, tmp_path):
    export(weights, target, tmp_path / f"out{suffix}", SIZE)
    file, torch_alone = acdepth.load(tmp_path / f"out{suffix}"), acdepth.load(weights, "cpu", backend="torch")
    camera = Camera(99.0, 80.0, 70.0, 45.0, SIZE[1], SIZE[0])
    for lens in (None, camera):
        expected = torch_alone(street(), lens, confidence=False).depth
        np.testing.assert_allclose(file(street(), lens).depth, expected, rtol=1e-3)
    assert file(street(180, 280)).depth.shape == (180, 280)
    with pytest.raises(
        UserError, match=r"takes images of 140x90 pixels, and one of 90x90 has another aspect"
    ):
        file(street(90, 90))


def wrong_normalisation(module: whole.ImageToDepth) -> None:
    module.network.mean.fill_(0.5)
    module.network.std.fill_(0.5)


def transposed_channels(module: whole.ImageToDepth) -> None:
    resized = module.resized
    assert resized is not None
    inner = resized.forward
    resized.forward = lambda pixels: inner(pixels.flip(1))


def wrong_interpolation(module: whole.ImageToDepth) -> None:
    assert module.resized is not None
    for weights in (module.resized.row_weights, module.resized.column_weights):
        assert isinstance(weights, torch.Tensor)
        nearest = weights.argmax(0)
        weights.zero_()[nearest, torch.arange(weights.shape[1])] = 1


@needs_openvino
@pytest.mark.parametrize("fault", [wrong_normalisation, transposed_channels, wrong_interpolation])
def test_a_file_that_is_wrong_leaves_what_was_there(
    fault: Callable[[whole.ImageToDepth], None],
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken(whole.ImageToDepth):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments)
            fault(self)

    monkeypatch.setattr(exporting, "ImageToDepth", Broken)
    (tmp_path / "out").mkdir()
    files = [tmp_path / "out" / name for name in ("depth.bin", "depth.xml", "other.xml")]
    for file in files:
        file.write_text("before")
    photographs = [Picture("photograph", street(180, 280, 7))]
    with pytest.raises(UserError, match=r"differs from torch by .* nothing is left"):
        export(weights, "openvino", files[1], SIZE, photographs=photographs)
    assert [(one, one.read_text()) for one in sorted((tmp_path / "out").iterdir())] == [
        (one, "before") for one in files
    ]


@needs_openvino
def test_a_calibration_and_all_that_is_known_are_inside(weights, tmp_path):
    """Metres of one lens do not follow others: such a file has one input."""
    import openvino

    metres = Metres(source="measured", one_lens=True)
    tiny_checkpoint(weights, metres=metres)
    export(weights, "openvino", tmp_path / "depth.xml", SIZE, "fp32", "MIT", "streets of ours")
    model = openvino.Core().read_model(tmp_path / "depth.xml")
    assert [place.get_any_name() for place in model.inputs] == ["image"]
    names = ("licence", "licence_of_training_data", "description", "compared", "input_image")
    said = [model.get_rt_info(["acdepth", name]).astype(str) for name in names]
    assert said[:3] == ["MIT", "streets of ours", "untrained, for tests"]
    assert "depth differs by no more than 0.001 % in the mean" in said[3]
    assert "(1, H, W, 3), RGB, 90x140" in said[4]
    assert "lens that was measured" in acdepth.load(tmp_path / "depth.xml").describe_scale()


@needs_onnx
@pytest.mark.slow
def test_the_program_without_torch_says_the_same(weights, tmp_path):
    export(weights, "onnx", tmp_path / "depth.onnx", SIZE)
    Image.fromarray(street()).save(tmp_path / "street.png")
    camera = Camera(99.0, 80.0, 70.0, 45.0, SIZE[1], SIZE[0])
    torch_alone = acdepth.load(weights, "cpu", backend="torch")
    for lens, words in ((None, ()), (camera, ("99", "80"))):
        command = [
            sys.executable,
            EXAMPLES / "depth_onnx.py",
            "depth.onnx",
            "street.png",
            "depth.png",
            *words,
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        found = np.asarray(Image.open(tmp_path / "depth.png")) / 256
        expected = torch_alone(street(), lens, confidence=False).depth
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1 / 256)
        assert done.stdout == f"{expected[45, 70]:.2f} m in the middle of the picture\n"


@needs_openvino
@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++") or sys.platform != "linux", reason="no C++ compiler")
def test_the_program_in_cpp_says_the_same(weights, tmp_path):
    import openvino

    export(weights, "openvino", tmp_path / "depth.xml", SIZE)
    Image.fromarray(street()).save(tmp_path / "street.ppm")
    package = Path(openvino.__file__).parent
    [library] = (package / "libs").glob("libopenvino.so*")
    build = ["g++", "-std=c++17", EXAMPLES / "depth_openvino.cpp", "-o", "depth", "-I", package / "include"]
    build += ["-L", library.parent, f"-l:{library.name}", f"-Wl,-rpath,{library.parent}"]
    subprocess.run(build, cwd=tmp_path, check=True)
    command = ["./depth", "depth.xml", "street.ppm", "depth.pfm", "99", "80"]
    subprocess.run(command, cwd=tmp_path, check=True)
    camera = Camera(99.0, 80.0, 70.0, 45.0, SIZE[1], SIZE[0])
    expected = acdepth.load(weights, "cpu", backend="torch")(street(), camera, confidence=False).depth
    content = (tmp_path / "depth.pfm").read_bytes()
    found = np.frombuffer(content[-4 * street()[..., 0].size :], np.float32).reshape(SIZE)[::-1]
    np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("size", [None, SIZE])
def test_torch_runs_its_file_without_this_package(size, weights, tmp_path):
    export(weights, "torch-export", tmp_path / "depth.pt2", size)
    code = (
        "import sys, torch; program = torch.export.load('depth.pt2').module()\n"
        "image = torch.arange(64 * 96 * 3 if len(sys.argv) == 1 else 90 * 140 * 3) % 251\n"
        "image = image.to(torch.uint8).view(1, *((64, 96) if len(sys.argv) == 1 else (90, 140)), 3)\n"
        "print(program(image, torch.zeros(2)).mean().item(), 'acdepth' in sys.modules)"
    )
    command = [sys.executable, "-c", code, *(["one size"] if size else [])]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    height, width = size or (64, 96)
    image = (np.arange(height * width * 3) % 251).astype(np.uint8).reshape(height, width, 3)
    expected = acdepth.load(weights, "cpu", backend="torch")(image, confidence=False).depth.mean()
    mean, imported = done.stdout.split()
    assert float(mean) == pytest.approx(expected, rel=1e-3) and imported == "False"
    with pytest.raises(UserError, match="is not opened here, as torch executes what such files hold"):
        acdepth.load(tmp_path / "depth.pt2")


@needs_openvino
@pytest.mark.slow
def test_int8_is_near_and_smaller(weights, tmp_path, monkeypatch):
    pytest.importorskip("nncf")
    from acdepth.inference.graphs import pictures

    for name, value in {"CALIBRATION_TOWNS": range(1), "MEASURED_TOWNS": range(1), "WIDTH": 96}.items():
        monkeypatch.setattr(pictures, name, value)
    monkeypatch.setattr(pictures, "PLACES", (0,))
    export(weights, "openvino", tmp_path / "depth.xml", SIZE)
    before = (tmp_path / "depth.bin").stat().st_size
    export(weights, "openvino", tmp_path / "depth.xml", SIZE, "int8")
    # What resizes stays in float32, and is most of so small a network.
    assert (tmp_path / "depth.bin").stat().st_size < 0.9 * before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--to", "onnx", "--out", "depth.xml"), "depth.xml: onnx files end in .onnx"),
        (("--to", "onnx", "--precision", "int8"), "is of OpenVINO alone; use --to openvino, or fp16"),
        (("--to", "torch-export", "--image-size", "big"), "--image-size"),
        (("--to", "torch-export", "--images", "none"), "none: no such folder"),
        (("--to", "torch-export", "--images", "."), ".: holds no pictures"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(words, message, weights, monkeypatch, capsys):
    monkeypatch.chdir(weights.parent)
    assert call(monkeypatch, "export", weights.name, *words) == 2
    assert message in capsys.readouterr().err
    assert list(weights.parent.iterdir()) == [weights]


@needs_onnx
def test_what_is_no_file_of_ours_is_not_opened(tmp_path):
    for name, content in (("noise.onnx", b"noise"), ("empty.onnx", b""), ("noise.xml", b"<net>")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "noise.bin").write_bytes(b"")
    for name in ("noise.onnx", "empty.onnx", "noise.xml"):
        with pytest.raises(UserError, match="cannot be read by"):
            acdepth.load(tmp_path / name)
    with pytest.raises(UserError, match="no such file; make it with: acdepth export"):
        acdepth.load(tmp_path / "lacking.onnx")
