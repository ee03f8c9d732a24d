import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.seeding import make_generator
from acdepth.geometry.photometric import (
    mean_of_3x3,
    photometric_error,
    photometric_loss,
    ssim,
    whole_windows,
    windows_of,
)


def noise(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(*shape, generator=make_generator(seed), dtype=dtype)


class TestSsim:
    def test_equal_images_are_alike(self):
        torch.testing.assert_close(ssim(noise(2, 3, 8, 9), noise(2, 3, 8, 9)), torch.ones(2, 3, 8, 9))

    def test_equals_a_loop_over_windows(self):
        a, b = noise(1, 1, 4, 5, dtype=torch.float64), noise(1, 1, 4, 5, seed=1, dtype=torch.float64)
        found = ssim(a, b)[0, 0]
        padded_a, padded_b = (F.pad(x, (1, 1, 1, 1), mode="reflect")[0, 0] for x in (a, b))
        for row in range(4):
            for column in range(5):
                x, y = (p[row : row + 3, column : column + 3].flatten() for p in (padded_a, padded_b))
                covariance = ((x - x.mean()) * (y - y.mean())).mean()
                top = (2 * x.mean() * y.mean() + 1e-4) * (2 * covariance + 9e-4)
                bottom = (x.mean() ** 2 + y.mean() ** 2 + 1e-4) * (
                    x.var(correction=0) + y.var(correction=0) + 9e-4
                )
                torch.testing.assert_close(found[row, column], top / bottom)

    def test_other_leading_shapes_broadcast(self):
        many, one = noise(4, 2, 3, 3, 6, 7), noise(3, 3, 6, 7, seed=1)
        found = ssim(many, one)
        assert found.shape == many.shape
        torch.testing.assert_close(found[1, 0], ssim(many[1, 0], one))

    def test_its_gradient_is_that_of_differences(self):
        many, one = noise(2, 2, 3, 4, 5, dtype=torch.float64), noise(2, 3, 4, 5, seed=1, dtype=torch.float64)
        assert torch.autograd.gradcheck(lambda image: ssim(image, one), many.requires_grad_())

    def test_the_mean_of_windows_and_its_gradient_equal_pooling(self):
        image = noise(2, 3, 6, 7, dtype=torch.float64).requires_grad_()
        twin = image.detach().clone().requires_grad_()
        weights = noise(2, 3, 4, 5, seed=2, dtype=torch.float64)
        (mean_of_3x3(image) * weights).sum().backward()
        (F.avg_pool2d(twin, 3, 1) * weights).sum().backward()
        torch.testing.assert_close(mean_of_3x3(image), F.avg_pool2d(twin, 3, 1))
        torch.testing.assert_close(image.grad, twin.grad)


class TestPhotometric:
    def test_error_of_black_and_white(self):
        black, white = torch.zeros(1, 3, 5, 5), torch.ones(1, 3, 5, 5)
        similarity = 1e-4 * 9e-4 / ((1 + 1e-4) * 9e-4)
        expected = 0.85 * (1 - similarity) / 2 + 0.15
        torch.testing.assert_close(photometric_error(black, white), torch.full((1, 1, 5, 5), expected))

    def test_the_better_neighbour_counts(self):
        target = noise(2, 3, 6, 7)
        bad = 1 - target
        synthesised = torch.stack([torch.stack([bad, target]), torch.stack([bad, bad])])
        neighbours = torch.stack([bad, bad], 1)
        loss = photometric_loss(synthesised, target, neighbours)
        assert loss.shape == (2, 2, 1, 6, 7)
        assert loss[0].abs().max() < 1e-6
        torch.testing.assert_close(loss[1], photometric_error(bad, target))

    def test_where_the_unwarped_neighbour_fits_better_nothing_is_taught(self):
        target = noise(1, 3, 6, 7)
        neighbours = target[:, None].repeat(1, 2, 1, 1, 1)
        synthesised = noise(1, 2, 1, 3, 6, 7, seed=1).requires_grad_()
        photometric_loss(synthesised, target, neighbours).sum().backward()
        assert synthesised.grad is not None and synthesised.grad.abs().max() == 0
        photometric_loss(synthesised, target, neighbours, automask=False).sum().backward()
        assert synthesised.grad.abs().max() > 0

    def test_a_window_that_shows_the_vehicle_fits_as_badly_as_can_be(self):
        target = noise(1, 3, 6, 7)
        vehicle = torch.zeros(2, 2, 1, 1, 6, 7, dtype=torch.bool)
        vehicle[0, 0, ..., 2, 3] = True  # of the first neighbour, at the first scale
        synthesised = target.expand(2, 2, 1, 3, 6, 7).clone()
        synthesised[0, 1] = 1 - target
        neighbours = torch.stack([1 - target] * 2, 1)
        loss = photometric_loss(synthesised, target, neighbours, automask=False, vehicle=vehicle)
        seen = torch.ones(6, 7, dtype=torch.bool)
        seen[1:4, 2:5] = False
        assert loss[1].abs().max() < 1e-6
        assert loss[0, 0, 0][seen].abs().max() < 1e-6
        other = photometric_error(1 - target, target)[0, 0]
        torch.testing.assert_close(loss[0, 0, 0][~seen], other[~seen].clamp(max=1.0))
        both = vehicle | vehicle.flip(1)
        loss = photometric_loss(synthesised, target, neighbours, automask=False, vehicle=both)
        assert loss[0, 0, 0][~seen].eq(1.0).all()

    def test_windows_that_are_known_are_not_computed_again(self):
        seen, target = noise(2, 3, 6, 7), noise(2, 3, 6, 7, seed=1)
        expected = photometric_error(seen, target)
        assert torch.equal(photometric_error(seen, target, windows_of(target)), expected)
        assert not torch.equal(photometric_error(seen, target, windows_of(seen)), expected)

    def test_whole_windows(self):
        counted = torch.ones(2, 1, 5, 6, dtype=torch.bool)
        counted[0, 0, 0, 5] = False
        whole = whole_windows(counted)
        assert whole is not None and whole[1].all()
        assert (~whole[0, 0]).nonzero().tolist() == [[0, 4], [0, 5], [1, 4], [1, 5]]
        assert whole_windows(None) is None
