"""Metres by a tape measure: what is measured in a picture is what a calibrated checkpoint says there."""

from pathlib import Path

import numpy as np
import pytest
import torch

from acdepth.core.camera import Camera
from acdepth.core.distortion import Distortion
from acdepth.core.lens import Lens
from acdepth.inference.model import open_model
from acdepth.inference.predictor import load
from acdepth.networks.checkpoint import load_checkpoint, load_tensors
from acdepth.networks.confidence import ConfidenceHead
from acdepth.networks.settings import ConfidenceHeadConfig
from tests.cli.test_predict import write_image
from tests.commands import call
from tests.inference.tiny import CAMERA, INPUT_SIZE, picture, tiny_card, tiny_checkpoint, tiny_network

NARROW = Camera(fx=150.0, fy=150.0, cx=95.5, cy=63.5, width=192, height=128)
"""Sees less across than the training camera, by a longer lens."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    tiny_checkpoint(tmp_path / "model.safetensors")
    write_image(tmp_path / "street.png", picture(128, 192))
    monkeypatch.chdir(tmp_path)

    def run_it(*arguments: object, weights: str = "model.safetensors") -> tuple[int, str, str]:
        code = call(monkeypatch, "calibrate", weights, "--image", "street.png", "--device", "cpu", *arguments)
        return code, *capsys.readouterr()

    return run_it


def depth(weights: str, camera: Camera | None = None) -> np.ndarray:
    return load(weights, device="cpu")("street.png", camera, confidence=False).depth


def test_one_measured_point_makes_the_checkpoint_say_it(run):
    before = depth("model.safetensors")
    code, out, _ = run("--point", 30, 100, 12.5)
    after = depth("calibrated.safetensors")
    assert code == 0 and "(1 measured point): calibrated.safetensors" in out
    assert after[100, 30] == pytest.approx(12.5, rel=1e-4)
    np.testing.assert_allclose(after / before, 12.5 / before[100, 30], rtol=1e-4)


def test_the_median_of_several_points_counts_and_doubt_is_told(run):
    before = depth("model.safetensors")
    factors = {(30, 100): 2.0, (90, 110): 2.1, (150, 90): 9.0}
    points = [("--point", x, y, factor * before[y, x]) for (x, y), factor in factors.items()]
    code, out, said = run(*(word for point in points for word in point))
    assert code == 0 and out.startswith("depth times 2.1 (3 measured points, 350 % apart)")
    assert "do not agree" in said and f"{before[100, 30]:.4g} m by the network" in said


def test_without_a_lens_no_camera_changes_the_metres(run):
    run("--point", 30, 100, 12.5)
    np.testing.assert_array_equal(depth("calibrated.safetensors", NARROW), depth("calibrated.safetensors"))
    scale = load("calibrated.safetensors", device="cpu").describe_scale(NARROW)
    assert "for the lens that was measured with" in scale and "by what was measured in a picture" in scale


@pytest.mark.parametrize("metric", [True, False])
def test_with_the_lens_metres_follow_other_lenses(run, tmp_path, metric):
    tiny_checkpoint(tmp_path / "model.safetensors", metric=metric)
    NARROW.write(Path("camera.yaml"))
    run("--point", 30, 100, 12.5)
    found = depth("calibrated.safetensors", NARROW)
    assert found[100, 30] == pytest.approx(12.5, rel=1e-4)
    twice = Camera(300.0, 300.0, 95.5, 63.5, 192, 128)
    np.testing.assert_allclose(depth("calibrated.safetensors", twice), 2 * found, rtol=1e-5)


def test_a_point_of_a_bent_picture_is_found_in_the_straight_one(run):
    lens = Lens(NARROW, Distortion("brown", (-0.2, 0.05, 0.0, 0.0)))
    lens.write(Path("camera.yaml"))
    run("--point", 20, 110, 12.5)
    pixels = lens.straighten(picture(128, 192))
    found = load("calibrated.safetensors", device="cpu")(pixels, lens.straight, confidence=False).depth
    x, y = lens.straight_at(np.float64(20), np.float64(110))
    assert found[round(float(y)), round(float(x))] == pytest.approx(12.5, rel=1e-4)
    np.testing.assert_allclose(lens.bent(x, y), (20, 110), atol=1e-3)
    assert abs(x - 20) > 1


def test_calibrating_again_replaces_the_words_and_multiplies_the_scale(run):
    run("--point", 30, 100, 12.5)
    run("--point", 30, 100, 25.0, weights="calibrated.safetensors")
    _, card = load_checkpoint(Path("calibrated.safetensors"))
    _, first = load_checkpoint(Path("model.safetensors"))
    factor = card.network.max_depth / first.network.max_depth
    assert card.description == "untrained, for tests; calibrated: 1 measured point, depth times 2"
    assert card.metres is not None and card.metres.scale == pytest.approx(factor)
    assert (card.metres.source, card.metres.one_lens) == ("measured", True)
    assert depth("calibrated.safetensors")[100, 30] == pytest.approx(25.0, rel=1e-4)


def test_weights_stay_as_they_are_stored(run, tmp_path):
    run("--point", 30, 100, 12.5)
    (first, _), (now, _) = (
        load_tensors(tmp_path / name) for name in ("model.safetensors", "calibrated.safetensors")
    )
    assert first.keys() == now.keys() and all(torch.equal(first[name], now[name]) for name in first)
    sizes = [Path(name).stat().st_size for name in ("model.safetensors", "calibrated.safetensors")]
    assert abs(sizes[0] - sizes[1]) < 1000


def test_confidence_stays_as_it_was(run, tmp_path):
    from acdepth.networks.checkpoint import save_checkpoint

    head = ConfidenceHead(ConfidenceHeadConfig(), tiny_card().network)
    save_checkpoint(tmp_path / "model.safetensors", tiny_network(), tiny_card(), head=head)
    run("--point", 30, 100, 12.5)
    before, after = (
        open_model(tmp_path / name, device="cpu").infer([picture()], [INPUT_SIZE], confidence="head")[0]
        for name in ("model.safetensors", "calibrated.safetensors")
    )
    assert before.confidence is not None and after.confidence is not None
    torch.testing.assert_close(after.confidence, before.confidence, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "one thing must be measured; give --point X Y METRES"),
        (("--point", 1, 1, 5, "--camera-height", 1.5), "one thing must be measured"),
        (("--point", 500, 1, 5), "point 500 1: is not in the picture of 192x128 pixels"),
        (("--point", 5, 1, -5), "-5 is no distance"),
        (("--camera-height", 1.5), "--camera-height needs the lens"),
        (("--camera-height", 1500, "--fov", 60), "camera_height = 1500"),
        (("--point", 5, 1, 5, "--fov", 1), "--fov 1"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_line(run, arguments, words):
    code, _, said = run(*arguments)
    assert code == 2 and words in said and not Path("calibrated.safetensors").exists()


def test_the_training_camera_is_not_needed(run, tmp_path):
    tiny_checkpoint(tmp_path / "model.safetensors", camera=None)
    CAMERA.write(Path("camera.yaml"))
    assert run("--point", 30, 100, 12.5)[0] == 0
    metres = load_checkpoint(Path("calibrated.safetensors"))[1].metres
    assert metres is not None and metres.one_lens
