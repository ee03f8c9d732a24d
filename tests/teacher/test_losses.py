import pytest
import torch
from torch import Tensor

from acdepth.core.seeding import make_generator
from acdepth.teacher.losses import smoothness_loss
from acdepth.teacher.task import mean_smoothness


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=make_generator(seed))


class TestSmoothness:
    def test_constant_depth_is_smooth(self):
        scales = [torch.full((2, 1, 8 // 2**s, 16 // 2**s), 0.2) for s in range(4)]
        assert mean_smoothness(scales, noise(2, 3, 8, 16)) == 0

    def test_a_step_costs_its_height_over_the_mean_and_less_at_an_edge(self):
        step = torch.cat([torch.full((1, 1, 4, 4), 0.1), torch.full((1, 1, 4, 4), 0.3)], -1)
        flat_image = torch.full((1, 3, 4, 8), 0.5)
        one_of_seven_columns = (0.3 - 0.1) / 0.2 / 7
        assert mean_smoothness([step], flat_image).item() == pytest.approx(one_of_seven_columns, rel=1e-6)
        edge_image = flat_image.clone()
        edge_image[..., 4:] = 0.9
        weaker = one_of_seven_columns * torch.tensor(-0.4).exp().item()
        assert mean_smoothness([step], edge_image).item() == pytest.approx(weaker, rel=1e-6)

    def test_coarser_scales_count_half_as_much_each(self):
        image, inverse_depth = noise(1, 3, 8, 8), noise(1, 1, 8, 8, seed=1)
        constant = torch.full((1, 1, 8, 8), 0.2)
        first = mean_smoothness([inverse_depth, constant], image)
        second = mean_smoothness([constant, inverse_depth], image)
        torch.testing.assert_close(second, first / 2)

    def test_ignores_the_unit_of_depth(self):
        image, inverse_depth = noise(1, 3, 8, 8), noise(1, 1, 8, 8, seed=1)
        torch.testing.assert_close(
            mean_smoothness([7 * inverse_depth], image), mean_smoothness([inverse_depth], image)
        )

    def test_scales_together_are_scales_alone(self):
        image, scales = noise(2, 3, 6, 8), noise(3, 2, 1, 6, 8, seed=1) + 0.1
        alone = [smoothness_loss(scale, image) for scale in scales]
        for together, parts in zip(smoothness_loss(scales, image), zip(*alone, strict=True), strict=True):
            torch.testing.assert_close(together, torch.stack(parts))
