"""Values at few pixels of an enlarged image are those of all of them."""

import pytest
import torch

from acdepth.inference.output import depth_of, depth_of_published, enlarge, enlarge_published


@pytest.mark.parametrize("enlarged", [enlarge, enlarge_published, depth_of, depth_of_published])
@pytest.mark.parametrize(
    ("seen", "size"), [((7, 15), (90, 161)), ((32, 64), (32, 64)), ((24, 40), (9, 13)), ((1, 4), (1, 9))]
)
def test_some_pixels_are_as_all(enlarged, seen: tuple[int, int], size: tuple[int, int]) -> None:
    draw = torch.Generator().manual_seed(0)
    values = 0.02 + torch.rand(1, 1, *seen, generator=draw)
    at = torch.randint(0, size[0] * size[1], (200,), generator=draw)
    torch.testing.assert_close(
        enlarged(values, size, at), enlarged(values, size).flatten()[at], rtol=1e-6, atol=0
    )
