"""Depth models of transformers, the real classes at tiny size, against transformers' own pipeline."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from torch.nn import functional as F

from acdepth.core.seeding import make_generator
from acdepth.inference.model import DepthModel, open_model
from acdepth.inference.output import depth_of

BACKBONE = {"hidden_size": 16, "num_hidden_layers": 4, "num_attention_heads": 2, "intermediate_size": 32}
NECK = {"neck_hidden_sizes": [8, 8, 8, 8], "fusion_hidden_size": 8}


def depth_anything(kind: str) -> tuple[Any, Any]:
    backbone = transformers.Dinov2Config(
        **BACKBONE, image_size=28, patch_size=14, out_indices=[1, 2, 3, 4], reshape_hidden_states=False
    )
    config = transformers.DepthAnythingConfig(
        backbone_config=backbone, patch_size=14, reassemble_hidden_size=16, head_hidden_size=8, **NECK,
        depth_estimation_type=kind, max_depth=80,
    )  # fmt: skip
    processor = transformers.DPTImageProcessorPil(
        size={"height": 42, "width": 42}, keep_aspect_ratio=True, ensure_multiple_of=14, resample=3
    )
    return transformers.DepthAnythingForDepthEstimation(config), processor


def dpt() -> tuple[Any, Any]:
    config = transformers.DPTConfig(
        **BACKBONE, **NECK, image_size=32, patch_size=16, is_hybrid=False, backbone_out_indices=[0, 1, 2, 3]
    )
    processor = transformers.DPTImageProcessorPil(size={"height": 32, "width": 32})
    return transformers.DPTForDepthEstimation(config), processor


def zoedepth() -> tuple[Any, Any]:
    backbone = transformers.BeitConfig(
        **BACKBONE, image_size=32, patch_size=16, out_indices=[1, 2, 3, 4], reshape_hidden_states=False,
        use_relative_position_bias=True,
    )  # fmt: skip
    config = transformers.ZoeDepthConfig(
        backbone_config=backbone, backbone_hidden_size=16, bottleneck_features=8, num_relative_features=8,
        bin_embedding_dim=8, num_attractors=[2, 2, 2, 2], reassemble_factors=[4, 2, 1, 0.5],
        bin_configurations=[{"n_bins": 4, "min_depth": 0.01, "max_depth": 80.0, "name": "kitti"}], **NECK,
    )  # fmt: skip
    processor = transformers.ZoeDepthImageProcessorPil(
        size={"height": 32, "width": 48}, ensure_multiple_of=16, keep_aspect_ratio=True
    )
    return transformers.ZoeDepthForDepthEstimation(config), processor


def glpn() -> tuple[Any, Any]:
    config = transformers.GLPNConfig(
        num_encoder_blocks=4, depths=[1] * 4, hidden_sizes=[8, 8, 16, 16], num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=8, max_depth=80,
    )  # fmt: skip
    return transformers.GLPNForDepthEstimation(config), transformers.GLPNImageProcessorPil()


MAKERS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "depth_anything": lambda: depth_anything("relative"),
    "metric_depth_anything": lambda: depth_anything("metric"),
    "dpt": dpt,
    "zoedepth": zoedepth,
    "glpn": glpn,
}
RELATIVE = {"depth_anything", "dpt"}
GAINS = {"depth_anything": 1.2, "metric_depth_anything": 0.6, "dpt": 1.2, "zoedepth": 1.2, "glpn": 0.6}
"""By which tiny networks with random weights say neither the same of all pixels nor the end of their range."""


def write_model(folder: Path, kind: str) -> Path:
    """A model folder with random weights that say something of any image."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network, processor = MAKERS[kind]()
        for name, weight in network.named_parameters():
            if weight.ndim > 1 and "embed" not in name:
                torch.nn.init.normal_(weight, std=GAINS[kind] / weight[0].numel() ** 0.5)
        for name, bias in network.named_parameters():
            if kind in RELATIVE and name.endswith(("head.conv3.bias", "head.head.4.bias")):
                torch.nn.init.constant_(bias, 20.0)  # away from the closed half of the last ReLU
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


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
