"""Image in, depth out: the same whatever the image comes as, in metres that follow the lens."""

import io
import logging
import math
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from torch.nn import functional as F

import acdepth
from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.inference import predictor as predictor_module
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from acdepth.networks.checkpoint import save_checkpoint
from acdepth.networks.confidence import ConfidenceHead, ConfidenceHeadConfig, smoothed
from tests.inference.tiny import CAMERA, picture, tiny_card, tiny_checkpoint, tiny_network

CPU = torch.device("cpu")


def make(**changes: object) -> Predictor:
    return Predictor(model_of(tiny_network(), tiny_card(**changes), CPU))


def test_a_checkpoint_becomes_a_prediction_of_the_images_size(tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path / "model.safetensors")
    prediction = acdepth.load(path, device="cpu")(picture(90, 141))
    assert prediction.depth.shape == prediction.confidence.shape == (90, 141)
    assert prediction.depth.dtype == prediction.confidence.dtype == np.float32
    assert prediction.metric and prediction.camera is None
    assert 0.1 <= prediction.depth.min() < prediction.depth.max() <= 80
    assert 0 < prediction.confidence.min() < prediction.confidence.max() <= 1
    same = acdepth.load(tmp_path, device="cpu")(picture(90, 141))
    assert np.array_equal(prediction.depth, same.depth)


def test_damaged_weights_predict_nothing() -> None:
    network = tiny_network()
    with torch.no_grad():
        network.decoder.heads[0].weight.fill_(torch.nan)
    with pytest.raises(UserError, match="depth that is not finite, or the same everywhere"):
        Predictor(model_of(network, tiny_card(), CPU))(picture())


def test_at_the_training_size_it_is_the_networks_own_answer() -> None:
    image = picture()
    with torch.no_grad():
        scales = tiny_network()(torch.from_numpy(image).permute(2, 0, 1)[None] / 255).inverse_depths
    answers = [F.interpolate(scale, (64, 96), mode="bilinear").numpy()[0, 0] for scale in scales]
    prediction = make()(image)
    np.testing.assert_allclose(prediction.depth, 1 / answers[0], rtol=1e-4)
    apart = np.log(np.max(answers, axis=0) / np.min(answers, axis=0))
    expected = np.exp(-smoothed(torch.from_numpy(apart)[None, None], 3.0).numpy()[0, 0])
    np.testing.assert_allclose(prediction.confidence, expected, rtol=1e-4)


def test_the_card_decides_how_images_come_to_the_networks_size(tmp_path: Path) -> None:
    image = picture(128, 192) // 2 + picture(128, 192, seed=1)[::-1] % 2 * 100
    by_area = cv2.resize(image, (96, 64), interpolation=cv2.INTER_AREA)
    by_lanczos = np.asarray(PillowImage.fromarray(image).resize((96, 64), PillowImage.Resampling.LANCZOS))
    seen = {"area": make()(by_area), "lanczos": make()(by_lanczos)}
    assert tiny_card().resize == "area"
    for changes, by in (({}, "area"), ({"resize": "area"}, "area"), ({"resize": "lanczos"}, "lanczos")):
        path = tiny_checkpoint(tmp_path / "model.safetensors", **changes)
        found = acdepth.load(path, device="cpu").model.infer([image], [(64, 96)])[0].inverse_depth
        expected = torch.from_numpy(1 / seen[by].depth)
        torch.testing.assert_close(found[0, 0], expected, rtol=1e-5, atol=1e-6)
    assert np.abs(seen["area"].depth / seen["lanczos"].depth - 1).max() > 1e-3


def test_a_confidence_head_is_asked_and_the_depth_stays(tmp_path: Path) -> None:
    network, card = tiny_network(), tiny_card()
    torch.manual_seed(0)
    head = ConfidenceHead(ConfidenceHeadConfig(), card.network)
    save_checkpoint(tmp_path / "model.safetensors", network, card, head=head)
    image = picture()
    found, without = acdepth.load(tmp_path, device="cpu")(image), make()(image)
    assert np.array_equal(found.depth, without.depth)
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        expected = torch.exp(-head(tensor, network(tensor)).exp())[0, 0].numpy()
    np.testing.assert_allclose(found.confidence, expected, rtol=1e-4)
    assert found.confidence.min() > 0 and found.confidence.max() < 1


def test_file_array_pillow_and_tensor_are_the_same_image(tmp_path: Path) -> None:
    image, predict = picture(70, 110), make()
    cv2.imwrite(str(tmp_path / "image.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    content = (tmp_path / "image.png").read_bytes()
    bytes_first = torch.from_numpy(image).permute(2, 0, 1)
    expected = predict(image).depth
    for other in (
        tmp_path / "image.png",
        str(tmp_path / "image.png"),
        content,
        io.BytesIO(content),
        PillowImage.fromarray(image),
        bytes_first,
        bytes_first / 255,
    ):
        assert np.array_equal(predict(other).depth, expected)
    with (tmp_path / "image.png").open("rb") as opened:
        assert np.array_equal(predict(opened).depth, expected)


def test_blue_first_is_said_of_pixels_and_known_of_files(tmp_path: Path) -> None:
    image, predict = picture(70, 110), make()
    blue_first = np.ascontiguousarray(image[..., ::-1])
    expected = predict(image).depth
    assert np.array_equal(predict(blue_first, bgr=True).depth, expected)
    assert np.array_equal(predict(torch.from_numpy(blue_first).permute(2, 0, 1), bgr=True).depth, expected)
    assert not np.allclose(predict(blue_first).depth, expected, rtol=1e-3)
    for known in (PillowImage.fromarray(image), tmp_path / "image.png", b"", io.BytesIO()):
        with pytest.raises(UserError, match="tells the order of its channels itself; give bgr for arrays"):
            predict(known, bgr=True)


def test_a_batch_of_many_sizes_is_what_its_images_are_alone() -> None:
    predict = make()
    images = [picture(64, 96, seed) for seed in range(10)] + [picture(200, 90), picture(65, 97, 3)]
    images.insert(4, picture(40, 160))
    together = predict.predict_batch(images)
    assert len(together) == len(images)
    for image, prediction in zip(images, together, strict=True):
        np.testing.assert_allclose(prediction.depth, predict(image).depth, rtol=1e-4)


def test_metres_follow_the_focal_length() -> None:
    predict, image = make(), picture()
    same = predict(image, CAMERA)
    tele = predict(image, Camera(120.0, 120.0, 47.5, 31.5, 96, 64))
    np.testing.assert_allclose(same.depth, predict(image).depth, rtol=1e-6)
    np.testing.assert_allclose(tele.depth, 2 * same.depth, rtol=1e-6)
    assert same.camera == CAMERA


def test_an_enlarged_image_with_its_camera_keeps_its_metres() -> None:
    predict, camera = make(), CAMERA.resized(256, 384)
    large = cv2.resize(picture(), (384, 256), interpolation=cv2.INTER_NEAREST)
    prediction = predict(large, CAMERA)
    assert prediction.camera == camera
    assert np.median(prediction.depth) == pytest.approx(np.median(predict(picture()).depth), rel=0.02)


def test_depth_without_scale_is_not_rescaled() -> None:
    predict, image = make(metric=False), picture()
    prediction = predict(image, Camera(120.0, 120.0, 47.5, 31.5, 96, 64))
    assert not prediction.metric
    assert np.array_equal(prediction.depth, predict(image).depth)
    assert "no true scale" in predict.describe_scale()


def test_the_scale_is_described() -> None:
    assert "77 degrees" in make().describe_scale()
    assert "rescaled" in make().describe_scale(CAMERA)
    assert "does not name" in make(camera=None).describe_scale(CAMERA)
    assert "metres are" not in make().describe_scale(CAMERA)  # a card of before


def test_the_scale_says_where_its_metres_come_from() -> None:
    metres = {"source": "camera height", "scale": 0.8, "spread": 0.034, "frames": 240}
    said = make(metres=metres).describe_scale(CAMERA)
    told = "metres are from the camera's height above the road (quartiles 3.4 % apart over 240 frames)"
    assert "rescaled" in said and said.endswith(f"; {told}")


def test_the_camera_of_load_holds_until_a_call_gives_another(tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path / "model.safetensors")
    predict = acdepth.load(path, "cpu", CAMERA)
    assert predict(picture()).camera == CAMERA
    assert predict(picture(), CAMERA.resized(128, 192)).camera == CAMERA.resized(128, 192).resized(64, 96)
    with pytest.raises(UserError, match="give the intrinsics of this image"):
        predict(picture(64, 120))


def test_with_flip_a_mirrored_image_has_the_mirrored_depth() -> None:
    predict, image = make(), picture()
    mirrored = np.ascontiguousarray(image[:, ::-1])
    straight, flipped = predict(image, flip=True), predict(mirrored, flip=True)
    np.testing.assert_allclose(flipped.depth[:, ::-1], straight.depth, rtol=1e-4)
    np.testing.assert_allclose(flipped.confidence[:, ::-1], straight.confidence, rtol=1e-4)
    assert not np.allclose(predict(mirrored).depth[:, ::-1], predict(image).depth, rtol=1e-3)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((64, 96), np.uint8), r"expected RGB as uint8 \(H, W, 3\)"),
        (np.zeros((64, 96, 4), np.uint8), "expected RGB"),
        (np.zeros((64, 96, 3), np.uint16), "uint16"),
        (np.zeros((64, 96, 3), np.float32), "float32"),
        (np.zeros((1, 1, 3), np.uint8), "1x1 pixels"),
        (PillowImage.new("RGBA", (96, 64)), "convert"),
        (PillowImage.new("HSV", (96, 64)), r"a PIL image of mode HSV; give image.convert\('RGB'\)"),
        (io.StringIO("text"), "a file that gives str; open it by mode 'rb'"),
        (io.BytesIO(b"no image"), "image: not readable as an image"),
        (torch.full((3, 64, 96), 255.0), "divide it by 255"),
        (torch.full((3, 64, 96), torch.nan), "outside 0..1"),
        (torch.zeros(2, 3, 64, 96), "predict_batch"),
        ("nowhere.jpg", r"nowhere\.jpg: No such file"),
    ],
)
def test_other_pixels_are_refused_in_words(image: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        make()(image)


def test_what_is_no_checkpoint_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    with pytest.raises(UserError, match="no file of weights"):
        acdepth.load(tmp_path / "model.safetensors")
    with pytest.raises(UserError, match="no such checkpoint"):
        acdepth.load(tmp_path / "missing.safetensors")


def test_a_device_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path / "model.safetensors")
    for device in ("cuda:99", "abacus"):
        with pytest.raises(UserError, match=f"device '{device}' cannot be used here"):
            acdepth.load(path, device)


def test_without_a_path_the_shipped_student_says_what_it_was_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(predictor_module, "STUDENT", tmp_path / "model.safetensors")
    with pytest.raises(UserError, match="give a checkpoint, or make one with: acdepth demo"):
        acdepth.load()
    tiny_checkpoint(tmp_path / "model.safetensors")
    with caplog.at_level(logging.WARNING, "acdepth"):
        acdepth.load(device="cpu")
    assert "untrained, for tests" in caplog.text


def test_importing_the_package_costs_nothing() -> None:
    code = "import sys, acdepth; assert not {'torch', 'numpy', 'cv2'} & set(sys.modules); acdepth.UserError"
    subprocess.run([sys.executable, "-c", code], check=True)
    kinds = {"Camera", "Condition", "DepthPrediction", "Lens", "Predictor", "Steady", "UserError"}
    assert set(acdepth.__all__) == kinds | {"__version__", "load", "register_with_transformers"}
    with pytest.raises(AttributeError, match="nothing"):
        _ = acdepth.nothing


def test_bfloat16_is_close_to_and_not_the_same_as_float32(tmp_path: Path) -> None:
    path = tiny_checkpoint(tmp_path / "model.safetensors")
    exact, short = (acdepth.load(path, "cpu", precision=one)(picture()) for one in ("fp32", "bf16"))
    assert not np.array_equal(exact.depth, short.depth)
    np.testing.assert_allclose(short.depth, exact.depth, rtol=0.1)
    assert short.depth.dtype == short.confidence.dtype == np.float32


def test_a_very_large_jpeg_is_decoded_smaller_and_has_its_depth_whole(tmp_path: Path) -> None:
    image, predict = picture(256, 384), make()
    jpeg = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    (tmp_path / "a.jpg").write_bytes(jpeg)
    assert predict.read(jpeg).array.shape == (128, 192, 3)  # twice what the network sees
    assert predict.read(jpeg, 1.0).array.shape == (64, 96, 3)
    whole = predict.read(jpeg, math.inf)
    assert whole.array.shape == (256, 384, 3)
    np.testing.assert_array_equal(predict(whole).depth, predict(whole.array).depth)
    found = predict(tmp_path / "a.jpg", CAMERA.resized(256, 384))
    assert found.depth.shape == (256, 384) and found.camera == CAMERA.resized(256, 384)
    np.testing.assert_allclose(found.depth, predict(whole).depth, rtol=0.03)
    assert make(resize="lanczos").read(jpeg).array.shape == (256, 384, 3)
