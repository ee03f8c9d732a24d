"""Leaves, bark, lamps, signs, guard rails, grassy banks and hills, and everything plain."""

import torch

from acdepth.world.paint.patch import Paint, Patch, glowing, plain
from acdepth.world.patterns import fade, hash01, inside, mix, pulse, sample_noise

HEDGE = (0.035, 0.06, 0.025)


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


def paint_meadow(patch: Patch) -> Paint:
    """Grass on banks; on hills a patchwork of two greens with hedges between."""
    x, z, w = patch.local[:, 0], patch.local[:, 2], patch.footprint
    offset = (patch.solids.seed % 89).float()
    noise = sample_noise(x + offset, z + 0.7 * patch.local[:, 1], 23.0, patch.stretched)
    grain = sample_noise(z - offset, x + 0.7 * patch.local[:, 1], 4.0, patch.stretched)
    shade = (1 + 0.2 * noise[:, 0] + 0.15 * noise[:, 2] + 0.25 * grain[:, 0]).clamp(min=0.2)
    hill = (patch.solids.half[:, 0] > 20).float()
    column, row = torch.floor(x / 41.0 + 0.2 * noise[:, 2]), torch.floor(z / 29.0)
    other = hash01(column + 64, row + 64, patch.solids.seed)
    albedo = mix(patch.solids.colour, patch.solids.trim, hill * (other > 0.5))
    along = pulse(x + 41 * (10 + 0.2 * noise[:, 2]), 41.0, 0.0, 1.8, w)
    hedges = torch.maximum(along, pulse(z + 290.0, 29.0, 0.0, 1.6, w))
    bushes = (hedges * (0.7 + 0.6 * grain[:, 1]).clamp(0, 1)) * hill
    return plain(mix(albedo * shade[:, None], albedo.new_tensor(HEDGE), bushes))


def paint_rail(patch: Patch) -> Paint:
    """The two waves of a steel rail, weathered, with its joints."""
    v, half = patch.local[:, 1], patch.solids.half[:, 1]
    waves = torch.cos(v / half * 6.2831853) * fade(patch.footprint, half)
    noise = sample_noise(patch.wall_u, 3 * v + (patch.solids.seed % 61).float(), 3.0, patch.stretched)
    joint = inside(patch.wall_u, -0.06, 0.06, patch.stretched)
    shade = 0.9 + 0.3 * waves + 0.14 * noise[:, 0] - 0.35 * joint
    albedo = patch.solids.colour * shade.clamp(min=0.2)[:, None]
    return Paint(albedo, torch.zeros_like(albedo), torch.full_like(shade, 0.1))


def paint_panel(patch: Patch) -> Paint:
    """A large sign seen by those who drive ahead: rim, words, and an arrow; bare metal on its back."""
    u, v, wide, w = patch.local[:, 0], patch.local[:, 1], patch.stretched, patch.footprint
    half_width, half_height = patch.solids.half[:, 0], patch.solids.half[:, 1]
    front = (patch.axis == 2) & (patch.local[:, 2] < 0)
    rim = 1 - inside(u.abs(), -1.0, half_width - 0.07, wide) * inside(v.abs(), -1.0, half_height - 0.07, w)
    line = torch.floor((v + half_height) / 0.5)
    row = v + half_height - 0.5 * line
    reach = (0.25 + 0.6 * hash01(line, patch.solids.seed)) * half_width
    letters = 0.55 + 0.45 * (pulse(u + 10.0, 0.17, 0.0, 0.1, wide) - 0.59)
    words = inside(row, 0.14, 0.36, w) * inside(u + 0.85 * half_width, 0.0, 1.6 * reach, wide) * letters
    from_arrow = u - 0.72 * half_width
    shaft = inside(from_arrow.abs(), -1.0, 0.06, wide) * inside(v, -0.4, 0.3, w)
    head = inside(from_arrow.abs() - 0.6 * (0.45 - v), -1.0, 0.0, wide) * inside(v, 0.12, 0.45, w)
    written = (rim + words + shaft + head).clamp(0, 1)
    face = mix(patch.solids.colour, patch.solids.trim, written)
    back = patch.local.new_tensor([0.2, 0.21, 0.22]).expand_as(face)
    # Such signs throw headlights back to where they come from; a faint glow stands for it.
    glow = torch.where(front[:, None], 0.12 * face, torch.zeros_like(face))
    return Paint(torch.where(front[:, None], face, back), glow, torch.zeros_like(v))
