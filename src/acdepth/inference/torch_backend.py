"""A network of ours computed by torch: in float32 or bfloat16, on a GPU as one graph of launches."""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from acdepth.inference.devices import Precision, computes_in_bfloat16
from acdepth.networks.depth_net import DepthNet, DepthOutput

Backend = Callable[[Tensor, Tensor | None], DepthOutput]
"""What computes: (B, 3, h, w) float in 0..1 on the model's device, and which of them are of the night, (B,)
bool, or None where that is not told -> inverse depths, the finest first, and features, which may be none.

`DepthNet` is one, in training too; an exported graph or another's model is a function around it."""

WARM_UP = 3
"""Runs before a recording, in which libraries choose their kernels."""
SHAPES = 8
"""Recordings that are kept, each with its own memory; the one used longest ago is dropped."""


def torch_backend(network: DepthNet, device: torch.device, precision: Precision) -> Backend:
    """A network of ours on a device. In bfloat16 its weights lie channels last, which is when that pays."""
    network.eval().requires_grad_(False).to(device)
    backend: Backend = network
    if computes_in_bfloat16(device, precision):
        network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        backend = _in_bfloat16(network, device)
    return Replayed(backend, record_on_gpu) if device.type == "cuda" else backend


def _in_bfloat16(network: DepthNet, device: torch.device) -> Backend:
    # A recording must not hold on to weights that autocast keeps for later.
    cached = device.type != "cuda"

    def answer(image: Tensor, night: Tensor | None) -> DepthOutput:
        with torch.autocast(device.type, torch.bfloat16, cache_enabled=cached):
            output = network(image.contiguous(memory_format=torch.channels_last), night)
        return DepthOutput(*(tuple(one.float() for one in group) for group in output))

    return answer


class Recording(NamedTuple):
    """What a network does to a batch of one shape: new input goes where the old one lies."""

    image: Tensor
    night: Tensor | None
    output: DepthOutput
    replay: Callable[[], object]
    """Fills ``output`` by what ``image`` and ``night`` hold."""


class Replayed:
    """A backend that is recorded once per shape and replayed after that.

    A small batch keeps a GPU waiting for the CPU, which launches some hundred kernels one by one; a recording
    is launched as one.

    Args:
        backend: what is recorded.
        record: makes the recording.
    """

    def __init__(
        self, backend: Backend, record: "Callable[[Backend, Tensor, Tensor | None], Recording]"
    ) -> None:
        self._backend, self._record = backend, record
        self._recordings: OrderedDict[tuple[torch.Size, bool], Recording] = OrderedDict()

    def __call__(self, image: Tensor, night: Tensor | None) -> DepthOutput:
        """See `Backend`; what it answers with is the caller's own."""
        key = image.shape, night is not None
        if key not in self._recordings:
            if len(self._recordings) == SHAPES:
                self._recordings.popitem(last=False)
            self._recordings[key] = self._record(self._backend, image, night)
        self._recordings.move_to_end(key)
        recording = self._recordings[key]
        recording.image.copy_(image)
        if recording.night is not None and night is not None:
            recording.night.copy_(night)
        recording.replay()
        return DepthOutput(*(tuple(one.clone() for one in group) for group in recording.output))


def record_on_gpu(backend: Backend, image: Tensor, night: Tensor | None) -> Recording:
    """Record by CUDA graphs what a backend does to a batch on a GPU."""
    image, night = image.clone(), None if night is None else night.clone()
    with torch.cuda.device(image.device):
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(WARM_UP):
                backend(image, night)
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            output = backend(image, night)
    return Recording(image, night, output, graph.replay)
