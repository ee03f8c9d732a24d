"""Depth Anything V2 in the authors' own names answers as the model of transformers with the same weights."""

import re
from pathlib import Path

import pytest
import torch

from acdepth.core.errors import UserError
from acdepth.prior import DepthAnythingPrior, TinyPriorConfig
from acdepth.prior.depth_anything import content_of

LAYER = r"backbone\.encoder\.layer\.(\d+)\."
THEIRS = (
    (LAYER + r"attention\.(?:o_proj|output\.dense)", r"pretrained.blocks.\1.attn.proj"),
    (LAYER + r"layer_scale(\d)\.lambda1", r"pretrained.blocks.\1.ls\2.gamma"),
    (LAYER + r"(norm|mlp)", r"pretrained.blocks.\1.\2"),
    (r"backbone\.embeddings\.patch_embeddings\.projection", "pretrained.patch_embed.proj"),
    (r"backbone\.embeddings\.position_embeddings", "pretrained.pos_embed"),
    (r"backbone\.embeddings", "pretrained"),
    (r"backbone\.layernorm", "pretrained.norm"),
    (r"neck\.reassemble_stage\.layers\.(\d)\.projection", r"depth_head.projects.\1"),
    (r"neck\.reassemble_stage\.layers\.(\d)\.resize", r"depth_head.resize_layers.\1"),
    (r"neck\.convs\.(\d)", lambda found: f"depth_head.scratch.layer{int(found[1]) + 1}_rn"),
    (r"neck\.fusion_stage\.layers\.(\d)", lambda found: f"depth_head.scratch.refinenet{4 - int(found[1])}"),
    (r"(refinenet\d)\.projection", r"\1.out_conv"),
    (r"residual_layer(\d)\.convolution(\d)", r"resConfUnit\1.conv\2"),
    (r"head\.conv1", "depth_head.scratch.output_conv1"),
    (r"head\.conv2", "depth_head.scratch.output_conv2.0"),
    (r"head\.conv3", "depth_head.scratch.output_conv2.2"),
)


def theirs(prior: DepthAnythingPrior) -> dict[str, torch.Tensor]:
    found, state = {}, prior.network.state_dict()
    for ours, value in state.items():
        if match := re.fullmatch(LAYER + r"attention\.(attention\.query|q_proj)\.(\w+)", ours):
            others = (
                [("query", "key"), ("query", "value")] if "query" in ours else [("q_", "k_"), ("q_", "v_")]
            )
            thirds = [value, *(state[ours.replace(*pair)] for pair in others)]
            found[f"pretrained.blocks.{match[1]}.attn.qkv.{match[3]}"] = torch.cat(thirds)
            continue
        if re.search(r"\.(key|value|k_proj|v_proj)\.", ours):
            continue
        name = ours
        for pattern, published in THEIRS:
            name = re.sub(pattern, published, name)
        found[name] = value
    return found


@pytest.fixture(scope="module")
def made() -> DepthAnythingPrior:
    return DepthAnythingPrior.tiny(3, TinyPriorConfig(width=64, heads=1))


@pytest.mark.parametrize("name", ["depth_anything_v2_vits.pth", "prior.bin"])
def test_a_published_file_is_the_same_network(made, tmp_path, name):
    path = tmp_path / name
    torch.save(theirs(made), path)
    read = DepthAnythingPrior.from_pretrained(path)
    assert read.preprocessing.side == 518
    read.preprocessing = made.preprocessing
    image = torch.rand(1, 3, 98, 126, generator=torch.Generator().manual_seed(0))
    assert torch.equal(read(image), made(image))
    assert len(content_of(path)) == 64, "a hash, of no name of the hub"


def test_other_models_of_the_family_and_other_files_are_refused(made, tmp_path):
    for name in ("depth_anything_v2_metric_hypersim_vits.pth", "depth_anything_vits14.pth"):
        torch.save(theirs(made), tmp_path / name)
        with pytest.raises(UserError, match="by its name a metric model, or the first"):
            DepthAnythingPrior.from_pretrained(tmp_path / name)
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "resnet.pth")
    with pytest.raises(UserError, match="no Depth Anything V2 as it is published"):
        DepthAnythingPrior.from_pretrained(tmp_path / "resnet.pth")
    damaged = {name: value for name, value in theirs(made).items() if "projects.2" not in name}
    torch.save(damaged, tmp_path / "damaged.pth")
    with pytest.raises(UserError, match="not the weights of a Depth Anything V2"):
        DepthAnythingPrior.from_pretrained(tmp_path / "damaged.pth")
    for missing in (Path("weights/depth_anything_v2_vits.pth"), tmp_path / "none.bin"):
        with pytest.raises(UserError, match="no such file"):
            DepthAnythingPrior.from_pretrained(missing)
