"""What every translator is: clear images in, the same streets in other weather out; and the simulated one."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import cv2
import torch
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.inference.devices import choose_device
from acdepth.weather import WEATHERS, simulate

SIMULATION_VERSION = 5
"""Counts up when the same draws give another image, so that old translations are not mixed with new ones."""


class Translator(ABC):
    """Makes adverse images of clear ones."""

    conditions: frozenset[Condition]
    """What it can make."""
    name = "the simulation"
    """What people call it in messages."""
    uses_depth = True
    """Whether `translate` needs the depth of the images."""
    size: tuple[int, int] | None = None
    """(height, width) of the images that `translate` wants [px]; None for any."""
    rounds_by_batch = False
    """Whether the last bits of an image may depend on how many are computed together."""

    in_workers = False
    """Whether several processes may each have one, as it is small and computes on a CPU by one thread."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Plain values that name the method and all that shapes its output: options, hashes of weights."""

    @abstractmethod
    def translate(
        self, image: Tensor, depth: Tensor | None, condition: Condition, generators: Sequence[torch.Generator]
    ) -> Tensor:
        """Translate images (B, 3, H, W) in 0..1; none may depend on the others, but for rounding on a GPU.

        Args:
            image: the batch.
            depth: (B, 1, H, W) [m]; None only where `uses_depth` says that none is needed.
            condition: one of `conditions`.
            generators: on the CPU, one per image.
        """


class SimulatedWeather(Translator):
    """`acdepth.weather.simulate` as a translator.

    Args:
        severity: least and largest strength in 0..1, drawn uniformly per image.
        device: where it is computed, as `choose_device` takes it; draws are the CPU's everywhere.
    """

    conditions = frozenset(WEATHERS)

    def __init__(
        self, severity: tuple[float, float] = (0.3, 1.0), device: torch.device | str = "auto"
    ) -> None:
        low, high = severity
        if not 0 <= low <= high <= 1:
            raise UserError(f"severity {low},{high}", "expected least and largest strength within 0..1")
        self.severity, self.device = severity, choose_device(str(device))
        self.in_workers = self.device.type == "cpu"

    def describe(self) -> dict[str, Any]:
        """Method, version, severity, and the device if not a CPU, which rounds differently."""
        place = {} if self.device.type == "cpu" else {"device": self.device.type}
        return {
            "method": "simulate",
            "version": SIMULATION_VERSION,
            "severity": list(self.severity),
            **place,
        }

    def translate(
        self, image: Tensor, depth: Tensor | None, condition: Condition, generators: Sequence[torch.Generator]
    ) -> Tensor:
        """Simulate the weather; see `Translator.translate`."""
        assert depth is not None
        image, depth = image.to(self.device), depth.to(self.device)
        with _one_thread():
            return simulate(image, depth, condition, generators, self.severity).cpu()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums that several threads share would be rounded otherwise; images are made side by side instead."""
    threads, opencv_threads = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        cv2.setNumThreads(opencv_threads)
