"""Cars, leaves, bark, lamps, signs and everything plain."""

import torch
from torch import Tensor

from acdepth.world.noise import sample_noise
from acdepth.world.paint.patch import Paint, Patch
from acdepth.world.patterns import inside, mix, pulse

GLASS = (0.02, 0.024, 0.028)
BLACK = (0.015, 0.015, 0.016)
TAIL_LIGHT = (0.35, 0.012, 0.01)
HEAD_LIGHT = (0.75, 0.75, 0.72)
PLATE = (0.7, 0.68, 0.6)


def paint_car_body(patch: Patch) -> Paint:
    """Detail columns: lamps on, half length, height of the body's top [m]."""
    x, z = patch.local[:, 0], patch.local[:, 2]
    v, w = patch.risen, patch.footprint
    lights_on, half_length = patch.solids.detail[:, 0], patch.solids.detail[:, 1]
    end, side = patch.axis == 2, patch.axis == 0
    front, rear = end & (z > 0), end & (z < 0)
    tall = patch.solids.half[:, 1] * 2
    albedo = patch.solids.colour.clone()
    axle = half_length - 0.85
    arch = torch.hypot(z.abs() - axle, v - 0.12)
    arch_share = ((0.39 - arch) / w.clamp(min=0.01) + 0.5).clamp(0, 1) * side
    wide = patch.stretched
    lines = (inside(z, -0.02, 0.02, wide) + inside(z.abs(), axle - 0.42, axle - 0.38, wide)) * side
    bumper = inside(v, -1.0, 0.13, w)
    handle = inside(v, tall - 0.16, tall - 0.12, w) * inside(z.abs(), 0.35, 0.55, wide) * side
    dark = (arch_share + 0.6 * lines + 0.75 * bumper + handle).clamp(0, 1)
    grille = inside(v, 0.2, 0.34, w) * inside(x.abs(), 0.0, 0.48, w) * front
    albedo = mix(albedo, albedo.new_tensor(BLACK), (dark + grille).clamp(max=1))
    lamp = inside(v, tall - 0.28, tall - 0.1, w) * inside(x.abs(), 0.52, 0.8, w)
    head, tail = lamp * front, lamp * rear
    plate = inside(v, 0.17, 0.29, w) * inside(x.abs(), 0.0, 0.26, w) * end
    albedo = mix(albedo, albedo.new_tensor(HEAD_LIGHT), head)
    albedo = mix(albedo, albedo.new_tensor(TAIL_LIGHT), tail)
    albedo = mix(albedo, albedo.new_tensor(PLATE), plate * (1 - grille))
    glow = _light(head * lights_on, (9.0, 8.6, 7.6)) + _light(
        tail * (0.12 + 0.88 * lights_on), (3.2, 0.12, 0.06)
    )
    # Lacquer mirrors a little of the sky on what faces it.
    return Paint(albedo, glow, 0.35 * (1 - dark) * (patch.axis == 1) + 0.08 * side)


def paint_car_cabin(patch: Patch) -> Paint:
    """Windows all round between painted pillars, and a painted roof."""
    v, w = patch.risen, patch.footprint
    tall = patch.solids.half[:, 1] * 2
    long_side = patch.axis == 0
    lean = torch.where(long_side, patch.solids.form[:, 1], patch.solids.form[:, 0])
    reach = torch.where(long_side, patch.solids.half[:, 2], patch.solids.half[:, 0]) - lean * v
    pane = inside(v, 0.03, tall - 0.07, w) * inside(patch.wall_u.abs(), -1.0, reach - 0.09, patch.stretched)
    pillar = inside(patch.wall_u, -0.06, 0.06, patch.stretched) * long_side
    pane = pane * (1 - pillar) * (patch.axis != 1)
    albedo = mix(patch.solids.colour, patch.solids.colour.new_tensor(GLASS), pane)
    return Paint(albedo, torch.zeros_like(albedo), 0.9 * pane + 0.35 * (patch.axis == 1))


def paint_wheel(patch: Patch) -> Paint:
    """Tyre and rim, by the distance from the axle."""
    radius = torch.hypot(patch.local[:, 1], patch.local[:, 2])
    spokes = torch.cos(5 * torch.atan2(patch.local[:, 1], patch.local[:, 2])) * 0.3 + 0.7
    rim = ((0.2 - radius) / patch.footprint.clamp(min=0.01) + 0.5).clamp(0, 1)
    albedo = mix(patch.solids.colour, patch.solids.trim * spokes[:, None], rim)
    return _plain(albedo)


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
    return _plain(mix(albedo, albedo * yellow, (0.5 + 0.5 * noise[:, 1]).clamp(0, 1)))


def paint_bark(patch: Patch) -> Paint:
    """Furrows along the trunk."""
    angle = torch.atan2(patch.local[:, 0], patch.local[:, 2])
    noise = sample_noise(angle * 0.4, patch.local[:, 1] * 0.35, 1.0, patch.footprint)
    return _plain(patch.solids.colour * (1 + 0.4 * noise[:, :1]).clamp(min=0.2))


def paint_plain(patch: Patch) -> Paint:
    """One colour with a little cloth-like unevenness."""
    noise = sample_noise(patch.local[:, 0] + patch.local[:, 2], patch.local[:, 1], 1.5, patch.footprint)
    return _plain(patch.solids.colour * (1 + 0.12 * noise[:, :1]))


def paint_lamp(patch: Patch) -> Paint:
    """A lamp head that glows from its underside."""
    under = (patch.normal[:, 1] < -0.5).float()
    return Paint(patch.solids.colour, _light(0.25 + 0.75 * under, (7.0, 5.6, 4.0)), torch.zeros_like(under))


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
    return _plain(mix(patch.solids.colour, patch.solids.trim, share))


def _light(share: Tensor, colour: tuple[float, float, float]) -> Tensor:
    return share[:, None] * share.new_tensor(colour)


def _plain(albedo: Tensor) -> Paint:
    return Paint(albedo, torch.zeros_like(albedo), torch.zeros_like(albedo[:, 0]))
