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
from acdepth.core.errors import first_line
from acdepth.core.precision import bytes_saturate
from acdepth.core.stopping import stopping_later
from acdepth.inference.graphs import int8
from acdepth.inference.graphs.graph import AllOutputs, Graph
from acdepth.inference.graphs.quiet_openvino import openvino
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
        weights = "fp32"
        if precision == "int8":
            weights = f"int8{' of 7 bits' if bytes_saturate() else ''}, recipe {int8.RECIPE}"
            versions["nncf"] = int8.nncf_version()
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
        save(model, folder / FILE)

    def _in_int8(self, model: openvino.Model) -> openvino.Model:
        """A model of the network's own size in eight bits; refused where they lose too much."""
        log, size, resize = logging.getLogger("acdepth"), self.card.input_size, self.card.resize
        log.warning(
            "%s: is brought to int8, which takes a minute or two and is kept for the next start", self.name
        )

        def asked(graph: Graph) -> Callable[[np.ndarray], np.ndarray]:
            return lambda image: 1 / np.array(graph(_taken(image))[0][0, 0])

        inputs = (_taken(image) for image in int8.seen_by_calibration(size, resize))
        short = int8.quantised(model, inputs, any_cpu=bytes_saturate())
        exact, other = (asked(compiled(self.core, one, "f32")) for one in (model, short))
        int8.refuse_loss(self.name, exact, other, size, resize)
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


def save(model: openvino.Model, path: Path, half: bool = False) -> None:
    """Write ``.xml`` and ``.bin``; ``half`` stores weights in float16.

    Raises:
        OSError: if the disk does not take them, of which OpenVINO makes another error.
    """
    try:
        openvino.save_model(model, path, compress_to_fp16=half)
    except RuntimeError as error:
        raise OSError(f"OpenVINO: {first_line(error)}") from error


def compiled(core: openvino.Core, model: openvino.Model, precision: str) -> Graph:
    """A model ready to answer to one image after the other as soon as it can."""
    options = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(model, "CPU", options).create_infer_request()

    def answer(image: np.ndarray) -> Sequence[np.ndarray]:
        said = request.infer({0: image}, share_inputs=True)
        return [said[index] for index in range(len(said))]

    return answer


def _taken(image: np.ndarray) -> np.ndarray:
    """What a graph takes, (1, 3, h, w) in 0..1, of RGB, uint8 (h, w, 3)."""
    return image.transpose(2, 0, 1)[None].astype(np.float32) / 255
