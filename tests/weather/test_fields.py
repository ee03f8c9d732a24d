"""Blurs, noise and scattered light against slow twins."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from acdepth.core.seeding import make_generator
from acdepth.weather import products
from acdepth.weather.blurs import blur, enlarge, shrink, shrunk_blur, sums_down
from acdepth.weather.draws import Draws
from acdepth.weather.fields import part_below, powered, running_max, smooth_noise
from acdepth.weather.rain import streaks


def draws(seed: int = 0) -> Draws:
    return Draws(make_generator(seed), "cpu")


def point(size: int) -> Tensor:
    image = torch.zeros(1, size, size)
    image[0, size // 2, size // 2] = 1
    return image


@pytest.mark.parametrize("sigma", [0.8, 2.0, 7.0])
def test_blur_keeps_light_and_spreads_it_by_sigma(sigma: float) -> None:
    spread, offsets = blur(point(65), sigma)[0], torch.arange(65.0) - 32
    assert spread.sum().item() == pytest.approx(1, abs=0.03)
    assert (spread.sum(0) * offsets**2).sum().sqrt().item() == pytest.approx(sigma, rel=0.1)
    assert (spread.sum(1) * offsets**2).sum().sqrt().item() == pytest.approx(sigma, rel=0.1)


def test_a_blur_may_be_wide_one_way_and_narrow_the_other() -> None:
    spread, offsets = blur(point(97), 0.8, 9.0)[0], torch.arange(97.0) - 48
    assert (spread.sum(0) * offsets**2).sum().sqrt().item() == pytest.approx(0.8, rel=0.1)
    assert (spread.sum(1) * offsets**2).sum().sqrt().item() == pytest.approx(9.0, rel=0.1)


@pytest.mark.parametrize("sigma", [0.5, 1.3, 3.9])
def test_a_narrow_blur_is_a_convolution_renormalised_at_the_border(sigma: float) -> None:
    """Larger than a block of rows, so that windows inside and at both borders count."""
    image = torch.rand(1, 1, 110, 61, generator=make_generator(1))
    offsets = torch.arange(-math.ceil(2.5 * sigma), math.ceil(2.5 * sigma) + 1.0)
    line = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = (line[:, None] * line)[None, None]
    light, pixels = (F.conv2d(one, kernel, padding="same") for one in (image, torch.ones_like(image)))
    assert torch.allclose(blur(image[0], sigma), (light / pixels)[0], atol=1e-5)


@pytest.mark.parametrize(("sigma", "near"), [(0.6, 1e-5), (3.9, 1e-5), (5.0, 1e-2), (17.0, 1e-2)])
def test_cpus_and_other_devices_blur_alike(sigma: float, near: float) -> None:
    """Wide blurs differ a little: OpenCV's begin with means, and products do not."""
    image = torch.rand(2, 112, 64, generator=make_generator(1))
    small, (step, _) = shrunk_blur(image, sigma)
    other = products.shrunk(products.shrunk(image, sigma, step, -2), sigma, step, -1)
    assert torch.allclose(other, small, atol=near)
    large = products.enlarged(products.enlarged(small, step, 64, -1), step, 112, -2)
    assert torch.allclose(enlarge(small, (step, step), (112, 64)), large, atol=1e-5)


@pytest.mark.parametrize("step", [2, 3, 5])
@pytest.mark.parametrize("rest", [0, 1, 2])
def test_what_no_group_stands_for_is_enlarged_alike(step: int, rest: int) -> None:
    small = torch.rand(2, 14, 9, generator=make_generator(1))
    height, width = 14 * step + min(rest, step // 2), 9 * step - rest
    large = products.enlarged(products.enlarged(small, step, width, -1), step, height, -2)
    assert torch.allclose(enlarge(small, (step, step), (height, width)), large, atol=1e-5)


@pytest.mark.parametrize("length", [1, 9, 31])
def test_sums_of_columns(length: int) -> None:
    image = torch.rand(1, 25, 7, generator=make_generator(1))
    padded = F.pad(image, (0, 0, length // 2, length // 2))
    assert torch.allclose(sums_down(image, length), padded.unfold(1, length, 1).sum(-1), atol=1e-5)


@pytest.mark.parametrize("axis", [1, 2])
def test_the_greatest_so_far(axis: int) -> None:
    values = torch.rand(2, 13, 17, generator=make_generator(1))
    assert torch.equal(running_max(values, axis), values.cummax(axis).values)


@pytest.mark.parametrize("sigma", [0.6, 5.0, 17.0, 300.0])
def test_a_flat_picture_stays_flat_to_its_borders(sigma: float) -> None:
    assert torch.allclose(blur(torch.full((2, 101, 67), 0.3), sigma), torch.tensor(0.3), atol=1e-5)


@pytest.mark.parametrize(("size", "step"), [((12, 20), 4), ((13, 23), 4), ((9, 8), 5), ((7, 7), 1)])
def test_shrinking_takes_means(size: tuple[int, int], step: int) -> None:
    image = torch.rand(3, *size, generator=make_generator(2))
    means = F.avg_pool2d(image[None], step, ceil_mode=True)[0]
    assert torch.allclose(shrink(image, step), means, atol=1e-6)


def test_smooth_noise_is_the_sum_of_enlarged_grids() -> None:
    height, width, cells, seeds = 37, 64, 2.4, draws()
    total = torch.zeros(1, 1, height, width)
    for octave, across in enumerate((2, 5, 10)):
        grid = seeds.rand(1, 1, max(2, round(across * height / width)) + 1, across + 1)
        total += 0.5**octave * F.interpolate(grid, (height, width), mode="bilinear", align_corners=True)
    assert torch.allclose(smooth_noise(draws(), height, width, cells), total[0] / 1.75, atol=1e-6)


def test_powers_and_parts() -> None:
    values = torch.rand(1000, generator=make_generator(3))
    values[0] = 0
    assert torch.allclose(powered(values.clone(), 2.2), values**2.2, atol=1e-6)
    assert (values < part_below(values, 0.7)).float().mean().item() == pytest.approx(0.7, abs=0.002)


def test_streaks_are_steep_lines_of_drops_that_keep_their_light() -> None:
    """Light along columns goes on, across them it does not; and twice the pixels hold twice the light."""
    near, far = 0.0, 0.0
    for seed in range(6):
        lit = streaks(draws(seed), 1.0, 120, 160)[0]
        assert lit.min() >= 0 and lit.isfinite().all()
        centred = lit - lit.mean()
        near += float((centred[1:] * centred[:-1]).mean())
        far += float((centred[:, 3:] * centred[:, :-3]).mean())
    assert near > 5 * abs(far)
