"""Leaves, bark, lamps, signs and everything plain."""

import torch

from acdepth.world.paint.patch import Paint, Patch, glowing, plain
from acdepth.world.patterns import inside, mix, pulse, sample_noise


def paint_foliage(patch: Patch) -> Paint:
    """Leaves as strong noise, darker inside and below."""
    x, height, z = patch.local.unbind(1)
    offset = (patch.solids.seed % 89).float()
    noise = sample_noise(x - 0.8 * z + offset, height + 0.45 * z, 4.0, patch.footprint)
    fine = sample_noise(z + 0.6 * x, height - 0.5 * x + offset, 1.9, patch.footprint)
    below = 0.75 + 0.3 * (height / patch.solids.half[:, 1]).clamp(-1, 1)
    shade = (0.95 + 0.35 * noise[:, 0] + 0.55 * fine[:, 0]).clamp(0.12, 2.2) * below
    yellow = patch.local.new_tensor([1.15, 1.0, 0.6])
    albedo = patch.solids.colour * shade[:, None]
    return plain(mix(albedo, albedo * yellow, (0.5 + 0.5 * noise[:, 1]).clamp(0, 1)))


def paint_bark(patch: Patch) -> Paint:
    """Furrows along the trunk."""
    angle = torch.atan2(patch.local[:, 0], patch.local[:, 2])
    noise = sample_noise(angle * 0.4, patch.local[:, 1] * 0.35, 1.0, patch.footprint)
    return plain(patch.solids.colour * (1 + 0.4 * noise[:, :1]).clamp(min=0.2))


def paint_plain(patch: Patch) -> Paint:
    """One colour with a little cloth-like unevenness."""
    noise = sample_noise(patch.local[:, 0] + patch.local[:, 2], patch.local[:, 1], 1.5, patch.footprint)
    return plain(patch.solids.colour * (1 + 0.12 * noise[:, :1]))


def paint_lamp(patch: Patch) -> Paint:
    """A lamp head that glows from its underside."""
    under = (patch.normal[:, 1] < -0.5).float()
    return Paint(patch.solids.colour, glowing(0.25 + 0.75 * under, (7.0, 5.6, 4.0)), torch.zeros_like(under))


def paint_sign(patch: Patch) -> Paint:
    """Detail columns: stripe width of an awning (0 for signs), kind of the sign's figure."""
    x, y = patch.local[:, 0], patch.local[:, 1]
    w = patch.footprint
    stripe, kind = patch.solids.detail[:, 0], patch.solids.detail[:, 1]
    half = patch.solids.half
    edge = torch.maximum(x.abs() / half[:, 0], y.abs() / half[:, 1])
    border = inside(edge, 0.8, 0.92, w / half[:, 0])
    bar = inside(y, -0.06, 0.06, w) * (x.abs() < 0.7 * half[:, 0]) * (kind == 0)
    disc = ((0.14 - torch.hypot(x, y)) / w.clamp(min=0.01) + 0.5).clamp(0, 1) * (kind == 1)
    arrow = inside(x.abs() - 0.5 * (0.15 - y), -1.0, 0.0, w) * (y.abs() < 0.15) * (kind == 2)
    figure = (border + bar + disc + arrow).clamp(0, 1)
    stripes = pulse(x + 20.0, 2 * stripe.clamp(min=0.1), 0.0, stripe.clamp(min=0.1), patch.stretched)
    share = torch.where(stripe > 0, stripes, figure * (patch.axis == 2))
    return plain(mix(patch.solids.colour, patch.solids.trim, share))
