"""A network of ours as a graph of fixed size, asked by whatever computes it."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock

import numpy as np
import torch
from torch import Tensor, nn

from acdepth.networks.depth_net import SCALES, DepthNet, DepthOutput

Graph = Callable[[np.ndarray], Sequence[np.ndarray]]
"""Image (1, 3, h, w) float32 in 0..1 -> inverse depths, the finest first, and features, as `AllOutputs`."""

SIZES = 8
"""Graphs that are held ready, of one size each; the one used longest ago is let go."""


class AllOutputs(nn.Module):
    """What a graph is made from: by an image alone, and with a flat answer."""

    def __init__(self, network: DepthNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """(1, 3, h, w) in 0..1 -> four inverse depths [1/m], the finest first, and five features."""
        output = self.network(image)
        return *output.inverse_depths, *output.features


class GraphBackend:
    """Asks one graph for each size of image, and the images of a batch one after the other.

    A graph answers to an image alike whatever else is in its batch, and one image keeps all cores busy.

    Args:
        network: whose graph it is.
        make: makes the graph for a (height, width).
    """

    def __init__(self, network: DepthNet, make: Callable[[tuple[int, int]], Graph]) -> None:
        self._network, self._graph = network, lru_cache(SIZES)(make)
        self._lock = Lock()

    def __call__(self, image: Tensor, night: Tensor | None) -> DepthOutput:
        """See `Backend`."""
        size = int(image.shape[-2]), int(image.shape[-1])
        seen = self._of_the_day(image, night).numpy()
        with self._lock:  # a graph has one memory for its answer
            graph = self._graph(size)
            answers = [graph(seen[index : index + 1]) for index in range(len(seen))]
        joined = [torch.from_numpy(np.concatenate(parts)) for parts in zip(*answers, strict=True)]
        return DepthOutput(tuple(joined[:SCALES]), tuple(joined[SCALES:]))

    def _of_the_day(self, image: Tensor, night: Tensor | None) -> Tensor:
        """The image that is, normalised as by day, what a network with a normalisation for the night sees."""
        network = self._network
        if night is None or network.config.night_mean is None:
            return image
        return network.normalised(image, night) * network.std + network.mean
