"""ONNX Runtime: a network of ours as an ONNX file of fixed size, in float32."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from acdepth.core.cache import kept
from acdepth.inference.graphs.graph import AllOutputs, Graph
from acdepth.networks.depth_net import SCALES, DepthNet

FILE = "network.onnx"
IMAGE = "image"
FEATURES = 5
NAMES = [f"inverse_depth_{scale}" for scale in range(SCALES)] + [
    f"features_{level}" for level in range(FEATURES)
]
"""Of what the graph says, as `AllOutputs`."""


def export_onnx(network: DepthNet, size: tuple[int, int], path: Path) -> None:
    """Write a network as an ONNX file for one image of a (height, width), weights inside."""
    converted(AllOutputs(network), {IMAGE: torch.zeros(1, 3, *size)}, NAMES).save(path)


def converted(
    module: nn.Module,
    example: Mapping[str, Tensor],
    answers: Sequence[str],
    dynamic: Mapping[str, Any] | None = None,
) -> torch.onnx.ONNXProgram:
    """A module as a program of ONNX.

    Args:
        module: answers to the ``example``.
        example: its inputs in order, by the names that they get.
        answers: names of its outputs.
        dynamic: of the inputs' sides, as `torch.export.export` takes it; None: as those of the example.
    """
    # Of its own parts, and of torchvision, which nothing here needs.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval(),
            tuple(example.values()),
            input_names=list(example),
            output_names=list(answers),
            dynamic_shapes=None if dynamic is None else dict(dynamic),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return program


class OnnxGraphs:
    """Makes graphs of a network; ``sha256`` is that of its checkpoint, under which they are kept."""

    def __init__(self, network: DepthNet, sha256: str | None) -> None:
        self.network, self.sha256 = network, sha256

    def with_all(self, size: tuple[int, int]) -> Graph:
        """A graph for a (height, width) that says what `AllOutputs` says."""
        return self._graph(size, NAMES)

    def with_finest(self, size: tuple[int, int]) -> Graph:
        """One that says the finest inverse depth alone."""
        return self._graph(size, NAMES[:1])

    def _graph(self, size: tuple[int, int], names: Sequence[str]) -> Graph:
        versions = {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__}
        made_from = self.sha256 and {"weights": self.sha256, "size": size, "precision": "fp32", **versions}
        with kept(
            "onnx", made_from or None, lambda folder: export_onnx(self.network, size, folder / FILE)
        ) as folder:
            session = onnxruntime.InferenceSession(folder / FILE, providers=["CPUExecutionProvider"])

        def answer(image: np.ndarray) -> Sequence[np.ndarray]:
            return [np.asarray(one) for one in session.run(names, {IMAGE: image})]

        return answer
