"""Translation without training: weather simulated in image space."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.translator.method import Translator
from acdepth.weather import WEATHERS, simulate

VERSION = 1
"""Counts up when the same draws give another image, so that old translations are not mixed with new ones."""


class SimulatedWeather(Translator):
    """`acdepth.weather.simulate` as a translator.

    Args:
        severity: least and largest strength in 0..1, drawn uniformly per image.

    Raises:
        UserError: if ``severity`` is no range within 0..1.
    """

    conditions = frozenset(WEATHERS)

    def __init__(self, severity: tuple[float, float] = (0.3, 1.0)) -> None:
        low, high = severity
        if not 0 <= low <= high <= 1:
            raise UserError(f"severity {low},{high}", "expected least and largest strength within 0..1")
        self.severity = severity

    def describe(self) -> dict[str, Any]:
        """Method, version, severity."""
        return {"method": "simulate", "version": VERSION, "severity": list(self.severity)}

    def translate(
        self, image: Tensor, depth: Tensor | None, condition: Condition, generators: Sequence[torch.Generator]
    ) -> Tensor:
        """Simulate the weather; see `Translator.translate`."""
        assert depth is not None
        return simulate(image, depth, condition, generators, self.severity)
