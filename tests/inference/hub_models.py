"""Depth models of transformers, the real classes at tiny size with random weights."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers

BACKBONE: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
LEVELS: dict[str, Any] = {"out_indices": [1, 2, 3, 4], "reshape_hidden_states": False}
NECK: dict[str, Any] = {"neck_hidden_sizes": [8, 8, 8, 8], "fusion_hidden_size": 8}


def depth_anything(kind: str) -> tuple[Any, Any]:
    backbone = transformers.Dinov2Config(**BACKBONE, image_size=28, patch_size=14, **LEVELS)
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
        **BACKBONE, image_size=32, patch_size=16, **LEVELS,
        use_relative_position_bias=True,
    )  # fmt: skip
    config = transformers.ZoeDepthConfig(
        **{"backbone_config": backbone, "backbone_hidden_size": 16}, bottleneck_features=8,
        num_relative_features=8,
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
"""With which random weights say neither the same of all pixels nor the end of their range."""


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
