"""Networks that answer and never learn."""

from typing import TypeVar

from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def frozen(network: Network) -> Network:
    """Put a network into evaluation mode without gradients, in place."""
    return network.eval().requires_grad_(False)
