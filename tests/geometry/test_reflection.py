"""The border of one reflected pixel and what is joined inside of it, against torch's own pieces."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.seeding import make_generator
from acdepth.geometry.reflection import upsampled_and_joined


def plain(x: Tensor, skipped: Tensor | None, factor: int) -> Tensor:
    if factor == 2:
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
    return F.pad(x if skipped is None else torch.cat([x, skipped], 1), (1, 1, 1, 1), mode="reflect")


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("factor", "skips"), [(1, 0), (2, 0), (2, 3), (1, 2)])
@pytest.mark.parametrize("size", [(2, 2), (5, 4)])
def test_it_equals_upsampling_joining_and_padding(layout, factor, skips, size):
    generator, (height, width) = make_generator(0), (factor * size[0], factor * size[1])

    def noise(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    x = noise(2, 4, *size).to(memory_format=layout)
    skipped = noise(2, skips, height, width).to(memory_format=layout) if skips else None
    weights, gradients = noise(2, 4 + skips, height + 2, width + 2), []
    for joined in (plain, upsampled_and_joined):
        leaves = [one.detach().clone().requires_grad_() for one in (x, skipped) if one is not None]
        found = joined(leaves[0], leaves[1] if skips else None, factor)
        (found * weights).sum().backward()
        gradients.append([found.detach(), *(leaf.grad for leaf in leaves)])
    for expected, now in zip(*gradients, strict=True):
        torch.testing.assert_close(now, expected)
    assert torch.equal(*(found[0] for found in gradients))
    assert gradients[1][0].is_contiguous(memory_format=layout)
