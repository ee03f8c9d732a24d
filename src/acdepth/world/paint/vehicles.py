"""Vehicles: lacquer with its seams, windows with what shows through them, wheels, the boxes of lorries."""

import torch
from torch import Tensor

from acdepth.world.paint.patch import Paint, Patch, glowing, plain
from acdepth.world.patterns import fade, hash01, inside, mix, pulse, sample_noise

GLASS = (0.02, 0.024, 0.028)
FAR_SIDE = (0.10, 0.11, 0.115)
DUST = (0.14, 0.12, 0.1)
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
    albedo = lacquer(patch)
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
    red = glowing(tail * (0.12 + 0.88 * lights_on), (3.2, 0.12, 0.06))
    glow = glowing(head * lights_on, (9.0, 8.6, 7.6)) + red
    # Lacquer mirrors a little of the sky on what faces it.
    return Paint(albedo, glow, 0.35 * (1 - dark) * (patch.axis == 1) + 0.08 * side)


def paint_car_cabin(patch: Patch) -> Paint:
    """Windows all round between painted pillars, and a painted roof, ribbed on vans."""
    v, w, u = patch.risen, patch.footprint, patch.wall_u
    wide = patch.stretched
    tall = patch.solids.half[:, 1] * 2
    van = tall > 1.0
    long_side, roof = patch.axis == 0, patch.axis == 1
    lean = torch.where(long_side, patch.solids.form[:, 1], patch.solids.form[:, 0])
    reach = torch.where(long_side, patch.solids.half[:, 2], patch.solids.half[:, 0]) - lean * v
    high = torch.where(van, tall - 0.3, tall - 0.07)  # a van has a painted panel over its windows
    pane = inside(v, 0.03, high, w) * inside(u.abs(), -1.0, reach - 0.09, wide)
    every = torch.where(van, 1.15, 2.6)  # from pillar to pillar
    pillar = pulse(u + every / 2, every, every / 2 - 0.06, every / 2 + 0.06, wide) * long_side
    pane = pane * (1 - pillar) * ~roof
    rubber = inside(v, 0.0, high + 0.03, w) * inside(u.abs(), -1.0, reach - 0.06, wide) * ~roof
    ribs = pulse(patch.local[:, 0] + 2.0, 0.28, 0.0, 0.05, wide) * (roof & van)
    albedo = mix(lacquer(patch), patch.local.new_tensor(BLACK), (0.9 * rubber + 0.5 * ribs).clamp(max=1))
    albedo = mix(albedo, patch.solids.colour, pillar * rubber)
    glazed = mix(albedo, through_glass(patch, tall), pane)
    albedo = torch.where(pane[:, None] > 0, glazed, albedo)
    return Paint(albedo, torch.zeros_like(albedo), 0.7 * pane + 0.25 * roof)


def lacquer(patch: Patch) -> Tensor:
    """Body colour (N, 3) as cars wear it: uneven with dust, and splashed with dirt near the road."""
    x, height, z = patch.local.unbind(1)
    offset = (patch.solids.seed % 83).float()
    noise = sample_noise(z + 0.7 * x + offset, height + 0.6 * x, 2.3, patch.footprint)
    worn = patch.solids.colour * (1 + 0.12 * noise[:, :1]).clamp(min=0.4)
    above_road = height + patch.solids.centre[:, 1]
    splashed = (0.75 - above_road + 0.12 * noise[:, 1]).clamp(0, 0.5) * (patch.axis != 1)
    dusty = (0.10 + 0.10 * noise[:, 2]).clamp(0, 0.3) * (patch.axis == 1)
    return mix(worn, worn.new_tensor(DUST), splashed + dusty)


def through_glass(patch: Patch, tall: Tensor) -> Tensor:
    """What is seen through the windows (N, 3): the bright far side, dark seats, dust."""
    v, w, u = patch.risen, patch.footprint, patch.wall_u
    wide = patch.stretched
    offset = (patch.solids.seed % 79).float()
    behind = sample_noise(u + offset, v, 3.1, wide)
    dust = sample_noise(u - offset, 1.3 * v, 0.9, w)
    light = inside(v, 0.3 * tall, 0.85 * tall, w) * (1 + 0.7 * behind[:, 3]).clamp(0.1, 2.5)
    every = torch.where(patch.axis == 0, 0.95, 0.76)  # along the car row after row, across it two seats
    from_seat = (u + 20 * every + torch.where(patch.axis == 0, 0.3, 0.38)).remainder(every) - every / 2
    rest = inside(from_seat.abs(), -1.0, 0.12, wide) * inside(v, 0.36 * tall, 0.62 * tall, w)
    back = inside(from_seat.abs(), -1.0, 0.24, wide) * inside(v, -1.0, 0.4 * tall, w)
    seat = (rest + back).clamp(max=1) * (1 - ((wide - 0.2) / 0.4).clamp(0, 1))
    glass = u.new_tensor(GLASS) + u.new_tensor(FAR_SIDE) * (light * (1 - seat))[:, None]
    return glass * (1 - 0.5 * seat)[:, None] + 0.02 * (dust[:, :1] + 0.5).clamp(0, 2)


def paint_wheel(patch: Patch) -> Paint:
    """Tyre and rim, by the distance from the axle."""
    radius = torch.hypot(patch.local[:, 1], patch.local[:, 2])
    spokes = torch.cos(5 * torch.atan2(patch.local[:, 1], patch.local[:, 2])) * 0.3 + 0.7
    rim = ((0.2 - radius) / patch.footprint.clamp(min=0.01) + 0.5).clamp(0, 1)
    return plain(mix(patch.solids.colour, patch.solids.trim * spokes[:, None], rim))


def paint_cargo(patch: Patch) -> Paint:
    """Detail columns: lamps on, livery (0 a band, 1 a word, 2 plain ribs)."""
    u, v, wide, w = patch.wall_u, patch.risen, patch.stretched, patch.footprint
    lights_on, livery = patch.solids.detail[:, 0], patch.solids.detail[:, 1]
    tall, long = 2 * patch.solids.half[:, 1], patch.solids.half[:, 2]
    side, rear = patch.axis == 0, (patch.axis == 2) & (patch.local[:, 2] < 0)
    noise = sample_noise(u + (patch.solids.seed % 71).float(), v, 4.0, wide)
    ribs = pulse(u + 30.0, 0.6, 0.0, 0.07, wide) * side
    grime = ((0.7 - v) * 0.5).clamp(0, 0.35) * (0.8 + 0.4 * noise[:, 1])
    albedo = patch.solids.colour * (1 + 0.07 * noise[:, 0] - 0.18 * ribs - grime).clamp(min=0.3)[:, None]
    band = inside(v, 0.3 * tall, 0.42 * tall, w) * (livery == 0)
    letter = (hash01(torch.floor(u / 0.55) + 64, patch.solids.seed) * 0.25 + 0.2) * fade(wide, 0.5)
    cell = u - torch.floor(u / 0.55) * 0.55
    word = inside(cell, 0.08, 0.08 + letter, wide) * inside(v, 0.45 * tall, 0.72 * tall, w)
    word = word * (u.abs() < 0.6 * long) * (livery == 1)
    albedo = mix(albedo, patch.solids.trim, (band + word).clamp(0, 1) * side)
    frame = (1 - inside(u.abs(), -1.0, 1.14, wide) * inside(v, 0.1, tall - 0.1, w)) * rear
    doors = (inside(u, -0.03, 0.03, wide) + inside(u.abs(), 0.5, 0.54, wide)) * rear
    albedo = mix(albedo, albedo * 0.3, (frame + doors).clamp(0, 1))
    tail = inside(v, 0.0, 0.22, w) * inside(u.abs(), 0.75, 1.15, wide) * rear
    albedo = mix(albedo, albedo.new_tensor(TAIL_LIGHT), tail)
    glow = glowing(tail * (0.12 + 0.88 * lights_on), (3.2, 0.12, 0.06))
    return Paint(albedo, glow, torch.zeros_like(v))
