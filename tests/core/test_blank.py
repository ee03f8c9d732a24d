"""Broken images are told from dark ones."""

import pytest
import torch

from acdepth.core.blank import faults


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (torch.rand(3, 8, 9), ""),
        (0.02 + 0.01 * torch.rand(3, 8, 9), ""),
        (torch.zeros(3, 8, 9), "is the same everywhere"),
        (torch.tensor([0.1, 0.5, 0.9]).view(3, 1, 1).expand(3, 8, 9), "is the same everywhere"),
        (
            torch.rand(3, 8, 9).index_fill(1, torch.tensor([2]), torch.nan),
            "holds numbers that are not finite",
        ),
        (
            torch.rand(3, 8, 9).index_fill(2, torch.tensor([2]), torch.inf),
            "holds numbers that are not finite",
        ),
    ],
)
def test_each_image_has_its_own_fault(made: torch.Tensor, fault: str) -> None:
    source = torch.rand(2, 3, 8, 9, generator=torch.Generator().manual_seed(0))
    assert faults(torch.stack([made, source[1]]), source) == [fault, ""]


def test_a_source_that_shows_nothing_may_stay_so() -> None:
    assert faults(torch.zeros(1, 1, 8, 9), torch.full((1, 3, 8, 9), 0.4)) == [""]
