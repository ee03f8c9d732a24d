"""ONNX Runtime: a network of ours as an ONNX file of fixed size, in float32."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch

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
    example = torch.zeros(1, 3, *size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own parts
        program = torch.onnx.export(
            AllOutputs(network).eval(),
            (example,),
            input_names=[IMAGE],
            output_names=NAMES,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.save(path)


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
