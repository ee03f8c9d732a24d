"""Regular patterns without aliasing: each is the exact mean of the pattern over the ray's footprint."""

import torch
from torch import Tensor


def pulse(u: Tensor, period: Tensor | float, start: Tensor | float, stop: Tensor | float, width: Tensor):
    """Share of the window [u - width/2, u + width/2] where (u mod period) lies between start and stop.

    All arguments are lengths [m] that broadcast together, with 0 <= start <= stop <= period.
    """

    def covered(position: Tensor) -> Tensor:
        turns = torch.floor(position / period)
        return turns * (stop - start) + ((position - turns * period).clamp(max=stop) - start).clamp(min=0)

    width = width.clamp(min=1e-3)
    return (covered(u + width / 2) - covered(u - width / 2)) / width


def inside(u: Tensor, start: Tensor | float, stop: Tensor | float, width: Tensor) -> Tensor:
    """Share of the window [u - width/2, u + width/2] that lies between start and stop."""
    width = width.clamp(min=1e-3)
    low = torch.maximum(u - width / 2, torch.as_tensor(start, device=u.device))
    high = torch.minimum(u + width / 2, torch.as_tensor(stop, device=u.device))
    return ((high - low) / width).clamp(0, 1)


def fade(footprint: Tensor, size: Tensor | float) -> Tensor:
    """1 where a detail of the given size [m] is resolved, down to 0 where a ray covers all of it."""
    return (1.5 - footprint / size).clamp(0, 1)


def hash01(*keys: Tensor) -> Tensor:
    """A number in [0, 1) that looks random for each tuple of whole-number keys (any integer dtype)."""
    mixed = torch.zeros((), dtype=torch.int64, device=keys[0].device)
    for key, factor in zip(keys, (73856093, 19349663, 83492791, 49979687), strict=False):
        mixed = mixed ^ (key.to(torch.int64) * factor)
    mixed = (mixed & 0x7FFFFFFF) * 1103515245 + 12345
    mixed = ((mixed >> 13) ^ mixed) & 0x7FFFFFFF
    mixed = mixed * 69069 + 1
    return ((mixed >> 9) & 0xFFFF).to(torch.float32) / 65536.0


def mix(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    """Blend (N, 3) colours by a share (N,) of the second."""
    return first + (second - first) * share[:, None]
