import pytest
import torch

from acdepth.core.errors import UserError
from acdepth.networks.depth_net import inverse_depth_from_sigmoid, logit_of_depth


def test_ends_of_the_range():
    ends = inverse_depth_from_sigmoid(torch.tensor([0.0, 1.0]), 0.1, 80.0)
    torch.testing.assert_close(1 / ends, torch.tensor([80.0, 0.1]))


@pytest.mark.parametrize("depth", [0.11, 1.0, 15.0, 79.0])
def test_logit_is_the_inverse(depth):
    logit = torch.tensor(logit_of_depth(depth, 0.1, 80.0), dtype=torch.float64)
    assert 1 / inverse_depth_from_sigmoid(logit.sigmoid(), 0.1, 80.0).item() == pytest.approx(depth, rel=1e-9)


@pytest.mark.parametrize("depth", [0.1, 80.0, 100.0, -1.0])
def test_a_depth_outside_the_range_is_refused(depth):
    with pytest.raises(UserError, match=r"outside the network's range of 0\.1 to 80 m"):
        logit_of_depth(depth, 0.1, 80.0)
