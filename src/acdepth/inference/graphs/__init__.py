"""Networks of ours computed by OpenVINO or ONNX Runtime instead of torch."""

import torch

from acdepth.inference.devices import Precision, Runtime, computes_in_bfloat16
from acdepth.inference.graphs.graph import GraphBackend
from acdepth.inference.torch_backend import Backend
from acdepth.networks.checkpoint import CheckpointCard
from acdepth.networks.depth_net import DepthNet


def graph_backends(
    network: DepthNet,
    card: CheckpointCard,
    name: str,
    runtime: Runtime,
    precision: Precision,
    sha256: str | None,
) -> tuple[Backend, Backend]:
    """A backend with all that the network says, and one with its finest inverse depth alone.

    Args:
        network: of ours.
        card: its own.
        name: what messages call it.
        runtime: not torch.
        precision: that it can do.
        sha256: of its checkpoint, under which its graphs are kept; None keeps none.

    Raises:
        UserError: if in int8 it loses too much.
    """
    network.eval().requires_grad_(False)
    if runtime == "onnx":
        from acdepth.inference.graphs.onnx import OnnxGraphs

        graphs = OnnxGraphs(network, sha256)
    else:
        from acdepth.inference.graphs.openvino import OpenVinoGraphs

        if precision != "int8":
            precision = "bf16" if computes_in_bfloat16(torch.device("cpu"), precision) else "fp32"
        graphs = OpenVinoGraphs(network, card, name, precision, sha256)
    return (
        GraphBackend(network, graphs.with_all),
        GraphBackend(network, graphs.with_finest),
    )
