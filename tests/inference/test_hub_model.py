"""Depth models of transformers, the real classes at tiny size, against transformers' own pipeline."""

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from torch.nn import functional as F

from acdepth.cli.evaluated_models import open_models
from acdepth.core.camera import Camera
from acdepth.core.clip import Frame
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_json, write_json
from acdepth.core.seeding import make_generator
from acdepth.core.shipped import PRIOR
from acdepth.data.folder import open_data
from acdepth.evaluation.frames import read_frame
from acdepth.evaluation.predict import predict_depth
from acdepth.evaluation.protocols import find_protocol
from acdepth.inference.model import DepthModel, open_model
from acdepth.inference.output import depth_of
from acdepth.inference.predictor import load
from acdepth.translator.depth_source import TeacherDepth
from acdepth.world import render
from tests.data.folders import write_drive
from tests.inference.hub_models import MAKERS, RELATIVE, write_model


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    whole = tmp_path_factory.mktemp("models")
    return {kind: write_model(whole / kind, kind) for kind in MAKERS}


def open_tiny(folder: Path) -> DepthModel:
    return open_model(Path(f"hf:{folder}"), device="cpu")


def pictures(count: int = 2, height: int = 50, width: int = 90) -> list[np.ndarray]:
    drawn = torch.rand(count, 3, 5, 9, generator=make_generator(0, "hub pictures"))
    large = F.interpolate(drawn, (height, width), mode="bicubic").clamp(0, 1)
    return [(255 * one).round().to(torch.uint8).permute(1, 2, 0).numpy() for one in large]


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("size", [(50, 90), (70, 66)])
def test_answers_are_those_of_transformers_own_pipeline(folders, monkeypatch, kind, size):
    if kind == "zoedepth" and "torchvision" not in sys.modules:
        bicubic = SimpleNamespace(InterpolationMode=SimpleNamespace(BICUBIC="bicubic"), resize=resized)
        module = sys.modules[transformers.ZoeDepthImageProcessorPil.__module__]
        monkeypatch.setattr(module, "tvF", bicubic, raising=False)
    network = transformers.AutoModelForDepthEstimation.from_pretrained(folders[kind])
    processor = transformers.AutoImageProcessor.from_pretrained(folders[kind], backend="pil")
    pipeline = transformers.pipeline(
        "depth-estimation", model=network, image_processor=processor, device="cpu"
    )
    model, images = open_tiny(folders[kind]), pictures(2, *size)
    answers = model.infer(images, [model.fit(image.shape) for image in images])
    for image, answer in zip(images, answers, strict=True):
        theirs: Any = pipeline(Image.fromarray(image))
        wanted = theirs["predicted_depth"]
        assert wanted.std() > 1e-3 * wanted.mean() > 0
        said = answer.inverse_depth if kind in RELATIVE else depth_of(answer.inverse_depth, size)
        torch.testing.assert_close(said[0, 0], wanted, rtol=1e-4, atol=1e-4)


def resized(values: torch.Tensor, size: list[int], interpolation: str, antialias: bool) -> torch.Tensor:
    """What torchvision's function of this name does to a tensor."""
    return F.interpolate(values[None], size, mode=interpolation, antialias=antialias, align_corners=False)[0]


def changed(folder: Path, out: Path, name: str, **values: object) -> Path:
    """A copy of a model folder with other values in one of its files."""
    shutil.copytree(folder, out)
    write_json(out / name, read_json(out / name) | values)
    return out


@pytest.mark.parametrize(
    ("kind", "values", "told"),
    [
        ("glpn", {"model_type": "segformer"}, "'segformer', which is not known to say depth"),
        ("glpn", {"model_type": "nothing"}, "not understood by transformers"),
        ("dpt", {"neck_hidden_sizes": [8, 8, 8, 12]}, "does not fit its config.json"),
    ],
)
def test_what_is_no_depth_model_is_refused_in_one_line(folders, tmp_path, kind, values, told):
    folder = changed(folders[kind], tmp_path / "model", "config.json", **values)
    with pytest.raises(UserError, match=told) as refused:
        open_tiny(folder)
    assert "\n" not in str(refused.value)


def test_missing_files_are_named(folders, tmp_path):
    for name in ("preprocessor_config.json", "model.safetensors", "config.json"):
        folder = shutil.copytree(folders["dpt"], tmp_path / name)
        (folder / name).unlink()
        with pytest.raises(UserError, match=name.replace(".", r"\.")):
            open_tiny(folder)
    with pytest.raises(UserError, match="names no model"):
        open_model(Path("hf:"))
    with pytest.raises(UserError, match="no such folder"):
        open_model(Path("hf:no/such/folder"))


def test_models_differ_by_what_they_are_read_from(folders, tmp_path):
    one = open_tiny(folders["dpt"])
    assert one.sha256 == open_tiny(shutil.copytree(folders["dpt"], tmp_path / "copy")).sha256
    other = changed(folders["dpt"], tmp_path / "other", "preprocessor_config.json", image_mean=[0.1] * 3)
    assert one.sha256 != open_tiny(other).sha256


def test_a_metric_model_predicts_metres_of_its_own(folders):
    predictor = load(f"hf:{folders['glpn']}", device="cpu")
    [image] = pictures(1)
    found = predictor(image)
    assert found.metric and found.confidence is None and found.depth.shape == (50, 90)
    assert predictor(image, flip=True).confidence is not None
    assert "does not tell for what camera" in predictor.describe_scale()


def test_a_relative_model_says_no_metres_of_nothing(folders):
    predictor = load(f"hf:{folders['dpt']}", device="cpu")
    with pytest.raises(UserError, match=r"not how far .* give camera.yaml with camera_height"):
        predictor(pictures(1)[0], Camera.central(60, 50, 90))


def test_a_relative_model_says_metres_by_the_cameras_height():
    """The prior that ships, on the built-in world, whose camera is 1.5 m above the road."""
    predictor = load(f"hf:{PRIOR}", device="cpu")
    [frame] = render(3, [Condition.CLEAR], frames=1, image_size=(96, 160))
    image = frame.images[Condition.CLEAR].numpy()
    low, high = (predictor(image, frame.camera, camera_height=height).depth for height in (1.5, 3.0))
    below_sky = high < 1e5
    np.testing.assert_allclose(high[below_sky], 2 * low[below_sky], rtol=1e-5)
    road = frame.depth.numpy()[70:, 60:100]
    assert abs(np.median(low[70:, 60:100] / road) - 1) < 0.15


def test_every_verb_that_asks_for_depth_takes_one(folders, tmp_path):
    """Weather simulation and evaluation, by the name that a flag gives."""
    [clip] = open_data(write_drive(tmp_path / "drive", count=2, depth=True))
    flag = f"hf:{folders['metric_depth_anything']}"
    depth = TeacherDepth(Path(flag), "cpu").depth([clip.image(0)], [Frame(clip, 0)], None)
    [model] = open_models((f"other={flag}",), (), "cpu", "none")
    protocol = find_protocol("own")
    frame = read_frame(clip, 0, protocol)
    assert model.name == "other" and frame is not None
    [found] = predict_depth(model, [frame], protocol)
    wanted = depth[0, 0].numpy().clip(protocol.min_depth, protocol.max_depth)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    [named] = open_models((flag,), (), "cpu", "none")
    assert named.name == "metric_depth_anything"
    with pytest.raises(UserError, match="one scale only"):
        open_models((flag,), (), "cpu", "scales")
