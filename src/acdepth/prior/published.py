"""Depth Anything V2 as its authors publish it: one file of torch's, with other names than in transformers.

Size and layers are read off the weights; that it is relative, and which blocks are looked at, is not in them.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import DepthAnythingConfig, Dinov2Config

from acdepth.core.errors import UserError
from acdepth.core.weights import read_weights
from acdepth.prior.preprocessing import Preprocessing

LOOKED_AT = {12: (3, 6, 9, 12), 24: (5, 12, 18, 24)}
"""Blocks whose output the head sees, of the published sizes; others are looked at after each quarter."""
PER_HEAD = 64
"""Channels of an attention head of DINOv2."""
FIRST_WEIGHT = "pretrained.patch_embed.proj.weight"
RENAMED = (
    (r"pretrained\.(cls_token|mask_token)", r"backbone.embeddings.\1"),
    (r"pretrained\.pos_embed", r"backbone.embeddings.position_embeddings"),
    (r"pretrained\.patch_embed\.proj\.", r"backbone.embeddings.patch_embeddings.projection."),
    (r"pretrained\.norm\.", r"backbone.layernorm."),
    (r"pretrained\.blocks\.(\d+)\.attn\.proj\.", r"backbone.encoder.layer.\1.attention.output.dense."),
    (r"pretrained\.blocks\.(\d+)\.ls([12])\.gamma", r"backbone.encoder.layer.\1.layer_scale\2.lambda1"),
    (r"pretrained\.blocks\.", r"backbone.encoder.layer."),
    (r"depth_head\.projects\.(\d)\.", r"neck.reassemble_stage.layers.\1.projection."),
    (r"depth_head\.resize_layers\.(\d)\.", r"neck.reassemble_stage.layers.\1.resize."),
    (r"(neck\..*)\.out_conv\.", r"\1.projection."),
    (r"(neck\..*)\.resConfUnit([12])\.conv([12])\.", r"\1.residual_layer\2.convolution\3."),
    (r"depth_head\.scratch\.output_conv1\.", r"head.conv1."),
    (r"depth_head\.scratch\.output_conv2\.0\.", r"head.conv2."),
    (r"depth_head\.scratch\.output_conv2\.2\.", r"head.conv3."),
)
"""How published names begin, and those of the models that transformers opens."""


def read_published(path: Path) -> tuple[DepthAnythingConfig, dict[str, Tensor], Preprocessing]:
    """Settings, weights by the names of published folders of transformers, and preprocessing.

    Raises:
        UserError: if the file is unreadable or of another network, or its name says that it is a metric model
            or the first Depth Anything.
    """
    tensors = read_weights(path).tensors
    if FIRST_WEIGHT not in tensors:
        what = f"no Depth Anything V2 as it is published, it has no {FIRST_WEIGHT}"
        raise UserError(path, what, "give such a file, or a model folder of transformers")
    if "metric" in path.name or re.search(r"depth_anything_vit[sbl]14", path.name):
        what = "by its name a metric model, or the first Depth Anything, and the prior is relative V2"
        raise UserError(path, what, "give depth_anything_v2_vits.pth or a larger one")
    try:
        return _config(tensors), _renamed(tensors), Preprocessing()
    except (KeyError, ValueError, IndexError) as error:
        raise UserError(path, f"not the weights of a Depth Anything V2 ({error})", "copy it again") from error


def _config(tensors: Mapping[str, Tensor]) -> DepthAnythingConfig:
    width, _, patch, _ = tensors[FIRST_WEIGHT].shape
    cells = tensors["pretrained.pos_embed"].shape[1] - 1
    numbers = [re.match(r"pretrained\.blocks\.(\d+)\.", name) for name in tensors]
    layers = 1 + max(int(one[1]) for one in numbers if one)
    backbone = Dinov2Config.from_dict(
        {
            "hidden_size": width,
            "num_hidden_layers": layers,
            "num_attention_heads": max(1, width // PER_HEAD),
            "image_size": math.isqrt(cells) * patch,
            "patch_size": patch,
            "out_indices": list(LOOKED_AT.get(layers) or (layers * quarter // 4 for quarter in (1, 2, 3, 4))),
            "reshape_hidden_states": False,
        }
    )
    return DepthAnythingConfig(
        backbone_config=backbone,
        patch_size=patch,
        reassemble_hidden_size=width,
        neck_hidden_sizes=[len(tensors[f"depth_head.projects.{level}.weight"]) for level in range(4)],
        fusion_hidden_size=len(tensors["depth_head.scratch.layer1_rn.weight"]),
        head_hidden_size=len(tensors["depth_head.scratch.output_conv2.0.weight"]),
    )


def _renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    found: dict[str, Any] = {}
    for name, value in tensors.items():
        if match := re.fullmatch(r"pretrained\.blocks\.(\d+)\.attn\.qkv\.(weight|bias)", name):
            layer, kind = match.groups()
            for part, third in zip(("query", "key", "value"), value.chunk(3), strict=True):
                found[f"backbone.encoder.layer.{layer}.attention.attention.{part}.{kind}"] = third
        else:
            found[_name(name)] = value
    return found


def _name(name: str) -> str:
    if match := re.fullmatch(r"depth_head\.scratch\.layer(\d)_rn\.weight", name):
        return f"neck.convs.{int(match[1]) - 1}.weight"
    if match := re.match(r"depth_head\.scratch\.refinenet(\d)\.", name):  # numbered from the finest
        name = f"neck.fusion_stage.layers.{4 - int(match[1])}.{name[match.end() :]}"
    for published, ours in RENAMED:
        name = re.sub(f"^{published}", ours, name)
    return name
