"""Keep what a module returns, and compute its inside again where a gradient needs it."""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.utils.checkpoint import checkpoint

Runner = Callable[[Any, Tensor], Tensor]
"""Calls a module with a tensor."""


def runner(frugal: bool) -> Runner:
    """What calls modules, keeping their insides for the backward pass or not."""

    def run(module: Any, features: Tensor) -> Tensor:
        if frugal:
            return checkpoint(module, features, use_reentrant=False)  # pyright: ignore[reportReturnType]
        return module(features)

    return run
