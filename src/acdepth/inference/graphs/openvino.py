"""OpenVINO: a network of ours in float32, bfloat16 or int8 on a CPU."""

import logging
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from acdepth.core.cache import kept
from acdepth.core.precision import bytes_saturate
from acdepth.core.resize import crop_and_resize
from acdepth.core.stopping import stopping_later
from acdepth.inference.graphs import pictures
from acdepth.inference.graphs.graph import AllOutputs, Graph
from acdepth.inference.graphs.pictures import world_pictures
from acdepth.inference.graphs.quiet_openvino import openvino
from acdepth.inference.output import depth_of
from acdepth.networks.checkpoint import CheckpointCard
from acdepth.networks.depth_net import DepthNet

FILE = "network.xml"
PRECISIONS = {"fp32": "f32", "bf16": "bf16", "int8": "f32"}
"""OpenVINO's names for what the parts are computed in that are not int8. It has to be told: by itself it
computes in bfloat16 where the CPU can, whatever the weights are."""


class OpenVinoGraphs:
    """Makes graphs of a network.

    It is converted once, at its own size, and kept; for each size of image it is reshaped and compiled.

    Args:
        network: of ours.
        card: its own.
        name: what messages call it.
        precision: of the graphs.
        sha256: of its checkpoint, under which what is converted is kept; None keeps nothing.
    """

    def __init__(
        self,
        network: DepthNet,
        card: CheckpointCard,
        name: str,
        precision: Literal["fp32", "bf16", "int8"],
        sha256: str | None,
    ) -> None:
        self.network, self.card, self.name = network, card, name
        self.precision = precision
        self.core = openvino.Core()
        versions = {"torch": torch.__version__, "openvino": openvino.__version__}
        weights = "int8" if precision == "int8" else "fp32"
        if precision == "int8" and bytes_saturate():
            weights = "int8 of 7 bits"
        made_from = sha256 and {"weights": sha256, "size": card.input_size, "precision": weights, **versions}
        with kept("openvino", made_from or None, self._make) as folder:
            self.model = self.core.read_model(folder / FILE)

    def with_all(self, size: tuple[int, int]) -> Graph:
        """A graph for a (height, width) that says what `AllOutputs` says."""
        return self._compiled(size, len(self.model.outputs))

    def with_finest(self, size: tuple[int, int]) -> Graph:
        """One that says the finest inverse depth alone."""
        return self._compiled(size, 1)

    def _make(self, folder: Path) -> None:
        model = convert(self.network, self.card.input_size)
        if self.precision == "int8":
            model = self._in_int8(model)
        openvino.save_model(model, folder / FILE, compress_to_fp16=False)

    def _in_int8(self, model: openvino.Model) -> openvino.Model:
        """A model of the network's own size in eight bits; refused where they lose too much."""
        from acdepth.inference.graphs import int8

        log, size = logging.getLogger("acdepth"), self.card.input_size
        log.warning(
            "%s: is brought to int8, which takes a minute or two and is kept for the next start", self.name
        )

        def seen(picture: np.ndarray) -> np.ndarray:
            pixels = crop_and_resize(picture, None, size, "world", self.card.resize)
            return pixels.transpose(2, 0, 1)[None].astype(np.float32) / 255

        def asked(graph: Graph) -> Callable[[np.ndarray], np.ndarray]:
            return lambda picture: _depth(graph(seen(picture))[0], picture.shape)

        inputs = (seen(one.image) for one in world_pictures(pictures.CALIBRATION_TOWNS, size))
        short = int8.quantised(model, inputs, any_cpu=bytes_saturate())
        measured = list(world_pictures(pictures.MEASURED_TOWNS, size))
        exact, other = (asked(compiled(self.core, one, "f32")) for one in (model, short))
        int8.refuse_loss(self.name, exact, other, measured)
        return short

    def _compiled(self, size: tuple[int, int], outputs: int) -> Graph:
        model = self.model.clone()
        model = openvino.Model([one.node for one in model.outputs[:outputs]], model.get_parameters(), "depth")  # pyright: ignore[reportGeneralTypeIssues]
        model.reshape([1, 3, *size])
        return compiled(self.core, model, PRECISIONS[self.precision])


def convert(network: DepthNet, size: tuple[int, int]) -> openvino.Model:
    """A network as a graph of OpenVINO for one image of a (height, width), in float32."""
    return converted(AllOutputs(network), (torch.zeros(1, 3, *size),))


def converted(module: nn.Module, example: tuple[Tensor, ...]) -> openvino.Model:
    """A module as a graph of OpenVINO for inputs as those of the example, in float32."""
    shapes = [list(one.shape) for one in example]
    with stopping_later(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer that OpenVINO uses, about itself
        return openvino.convert_model(module.eval(), example_input=example, input=shapes)


def compiled(core: openvino.Core, model: openvino.Model, precision: str) -> Graph:
    """A model ready to answer to one image after the other as soon as it can."""
    options = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(model, "CPU", options).create_infer_request()

    def answer(image: np.ndarray) -> Sequence[np.ndarray]:
        said = request.infer({0: image}, share_inputs=True)
        return [said[index] for index in range(len(said))]

    return answer


def _depth(inverse_depth: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """(H, W) [m] of what a graph says, (1, 1, h, w) [1/m]."""
    return depth_of(torch.from_numpy(np.array(inverse_depth)), size)[0, 0].numpy()
