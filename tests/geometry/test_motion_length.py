import pytest
import torch
from torch import Tensor

from acdepth.engine import masked_mean
from acdepth.geometry.motion import pose_matrix, velocity_loss, with_length


class TestWithLength:
    def motions(self) -> torch.Tensor:
        vectors = torch.tensor([[[0.3, 0.0, 0.4, 0.1, 0.2, 0.3], [0.0, 2.0, 0.0, 0.0, 0.1, 0.0]]])
        return pose_matrix(vectors)

    def test_direction_and_rotation_stay(self):
        T, found = self.motions(), with_length(self.motions(), torch.tensor([[2.0, 0.5]]))
        torch.testing.assert_close(found[0, :, :3, 3], torch.tensor([[1.2, 0.0, 1.6], [0.0, 0.5, 0.0]]))
        assert torch.equal(found[..., :3, :3], T[..., :3, :3])
        assert torch.equal(found[..., 3, :], T[..., 3, :])

    def test_unknown_lengths_change_nothing_and_have_a_gradient(self):
        T = self.motions().requires_grad_()
        found = with_length(T, torch.tensor([[float("nan"), 0.5]]))
        assert torch.equal(found[0, 0], T[0, 0])
        (found[0, 0, 0, 3] + found[0, 1, 0, 3]).backward()
        assert T.grad is not None and T.grad.isfinite().all()
        torch.testing.assert_close(T.grad[0, 0, :3, 3], torch.tensor([1.0, 0.0, 0.0]))


def mean_velocity(T: Tensor, distance: Tensor) -> Tensor:
    """As tasks reduce it."""
    return masked_mean(velocity_loss(T, distance), ~distance.isnan())


class TestVelocity:
    def moving(self, *steps: tuple[float, float, float]) -> Tensor:
        T = torch.eye(4).repeat(1, len(steps), 1, 1)
        T[0, :, :3, 3] = torch.tensor(steps)
        return T.requires_grad_()

    def test_compares_lengths_in_any_direction(self):
        T = self.moving((0.0, 3.0, 4.0), (-1.0, 0.0, 0.0))
        assert mean_velocity(T, torch.tensor([[4.0, 1.5]])).item() == pytest.approx((1.0 + 0.5) / 2)

    def test_unknown_distances_do_not_count_and_have_no_gradient(self):
        T = self.moving((0.0, 0.0, 2.0), (0.0, 0.0, 9.0))
        loss = mean_velocity(T, torch.tensor([[1.5, float("nan")]]))
        assert loss.item() == pytest.approx(0.5)
        loss.backward()
        assert T.grad is not None
        assert T.grad[0, 0].abs().max() > 0
        assert T.grad[0, 1].abs().max() == 0

    def test_nothing_known_is_zero(self):
        T = self.moving((0.0, 0.0, 2.0), (0.0, 0.0, 0.0))
        loss = mean_velocity(T, torch.full((1, 2), float("nan")))
        loss.backward()
        assert loss == 0
        assert T.grad is not None and T.grad.abs().max() == 0

    def test_no_predicted_motion_has_a_finite_gradient(self):
        T = self.moving((0.0, 0.0, 0.0))
        mean_velocity(T, torch.tensor([[1.0]])).backward()
        assert T.grad is not None and T.grad.isfinite().all()
