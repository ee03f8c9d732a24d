"""Snow: white on what faces up, flakes of all sizes in the air, a bright veil."""

from collections.abc import Callable

import torch
from torch import Tensor

from acdepth.weather.bands import bands
from acdepth.weather.blurs import blur
from acdepth.weather.draws import Draws
from acdepth.weather.fields import add_at, luminance, paled, scattered_points, seen_through, smooth_noise
from acdepth.weather.scene import Scene
from acdepth.weather.sensor import capture


def snow(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A snowy picture (3, H, W) in 0..1 from linear daylight (3, H, W), which is overwritten."""
    _, height, width = radiance.shape
    white = draws.uniform(0.35, 0.95) * draws.colour((1.0, 1.0, 1.0), (0.9, 0.95, 1.05), spread=0.04)
    gray = luminance(radiance)
    pale, overcast = draws.uniform(0.3, 0.9), draws.uniform(0.7, 1.1)
    cover_on = _cover(scene, draws, severity)
    around = blur(gray, 0.1 * width)
    visibility, air = draws.log_uniform(50, 500) / (0.3 + severity), draws.tensor(draws.uniform(0.6, 1.0))
    clear, lit = _between_flakes(draws, height, width, severity), draws.tensor(draws.uniform(0.8, 1.3))
    for rows in bands(radiance):
        shown = gray[:, rows]
        covered, through = cover_on(rows), seen_through(scene.z[:, rows], visibility)
        # The picture is a part of the scene, and the rest is white: of sky, cover, air and flakes, one before
        # the other.
        bright = (shown / (around[:, rows] + 0.02)).clamp_(0, 1.6).mul_(0.45).add_(0.55)
        whiteness = torch.lerp(scene.sky[:, rows] * overcast, bright, covered)
        whiteness = torch.lerp(lit, torch.lerp(air, whiteness, through), clear[:, rows])
        kept = (1 - scene.sky[:, rows]).mul_(1 - covered).mul_(through).mul_(clear[:, rows])
        picture = paled(radiance[:, rows], shown, pale).mul_(kept)
        torch.addcmul(picture, white, whiteness, out=radiance[:, rows])
    return capture(
        radiance, draws, draws.log_uniform(0.001, 0.01), draws.uniform(0, 0.004) * width * severity
    )


def _cover(scene: Scene, draws: Draws, severity: float) -> Callable[[slice], Tensor]:
    """How white each place of some rows is (1, h, W): drifts on the ground, tracks kept, a little on all that
    stands."""
    _, height, width = scene.z.shape
    drifts = smooth_noise(draws, height, width, cells=draws.uniform(3, 12), octaves=4)
    depth, middle = severity * draws.uniform(0.1, 0.8) - 0.5, draws.uniform(-2, 2)
    half_road, apart = draws.uniform(1.5, 5), draws.uniform(1.5, 2.2)
    swept, has_tracks, on_ledges = draws.uniform(0, 1), draws.chance(0.6), draws.uniform(0, 0.35)

    def cover_on(rows: slice) -> Tensor:
        here = scene.within(rows)
        amount = (drifts[:, rows] + depth).div_(0.08).sigmoid_()
        aside = here.x - middle
        cleared = (half_road - aside.abs()).div_(0.4).sigmoid_().mul_(swept)
        if has_tracks:
            cleared.mul_((aside.mul_(2 * torch.pi / apart).cos_() - 0.3).div_(0.15).sigmoid_())
        ledges = (1 - here.ground).mul_(1 - here.sky).mul_(on_ledges)
        return torch.addcmul(ledges, here.ground, 1 - cleared).mul_(amount).clamp_(0, 1)

    return cover_on


def _between_flakes(draws: Draws, height: int, width: int, severity: float) -> Tensor:
    """How much (1, H, W) is seen between falling flakes: many small ones, few large ones out of focus."""
    clear = torch.ones(1, height, width, device=draws.device)
    for sigma_part, most in ((0.0015, 0.02), (0.004, 0.004), (0.011, 0.0006)):
        sigma = sigma_part * width * draws.uniform(0.7, 1.4)
        density = most * draws.uniform(0.1, 1.0) * severity
        rows, columns, weights = scattered_points(draws, height, width, density)
        sigma, tall = max(sigma, 0.4), draws.uniform(1.0, 2.0)
        points = torch.zeros_like(clear)
        add_at(points, rows * width + columns, weights * (2 * torch.pi * sigma**2))
        flakes = blur(points, sigma, sigma * tall)
        for band in bands(clear):
            clear[:, band].mul_(1 - flakes[:, band].clamp(0, 0.9))
    return clear
