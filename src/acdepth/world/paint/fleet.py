"""Today's vehicles: shells of cars with lamps and plates, buses, lone tail lights; and traffic lights."""

import torch
from torch import Tensor

from acdepth.world.paint.patch import Paint, Patch, glowing
from acdepth.world.paint.vehicles import BLACK, HEAD_LIGHT, TAIL_LIGHT, lacquer, through_glass
from acdepth.world.patterns import hash01, inside, mix, pulse

PLATES = ((0.75, 0.75, 0.72), (0.72, 0.55, 0.06))
RED_GLOW, WHITE_GLOW = (3.2, 0.12, 0.06), (9.0, 8.6, 7.6)
SIGNALS = ((6.0, 0.25, 0.15), (5.0, 2.6, 0.2), (0.3, 5.0, 2.6))
"""Red, yellow and green of traffic lights."""


def paint_shell(patch: Patch) -> Paint:
    """Detail columns: lamps on, half length [m], kind of tail lights (0 wide, 1 upright, 2 a bar)."""
    x, z = patch.local[:, 0], patch.local[:, 2]
    v, w, wide = patch.risen, patch.footprint, patch.stretched
    lights_on, half_length, kind = patch.solids.detail[:, :3].unbind(1)
    half_width, tall = patch.solids.half[:, 0], 2 * patch.solids.half[:, 1]
    end, side = patch.axis == 2, patch.axis == 0
    front, rear = end & (z > 0), end & (z < 0)
    out = x.abs() / half_width
    rim = w / half_width
    axle = torch.where(z > 0, half_length - 0.85, half_length - 0.8)
    arch = torch.hypot(z.abs() - axle, v - 0.1)
    arches = ((0.37 - arch) / w.clamp(min=0.01) + 0.5).clamp(0, 1) * side
    doors = inside(z, -0.015, 0.015, wide) + inside(z.abs(), 0.95, 0.98, wide)
    seams = doors * inside(v, 0.12, 9.0, w) * side
    handles = inside(v, 0.78 * tall, 0.83 * tall, w) * inside(z.remainder(0.96), 0.1, 0.27, wide) * side
    handles = handles * (z.abs() < 0.95)
    sill = inside(v, -1.0, 0.1, w)
    crease = inside(v, 0.62 * tall, 0.66 * tall, w) * side
    albedo = lacquer(patch) * (1 + 0.22 * crease)[:, None]
    boot = inside(v, 0.42 * tall, 0.445 * tall, w) * (out < 0.9) * rear
    albedo = mix(albedo, albedo.new_tensor(BLACK), (arches + 0.55 * (seams + boot) + 0.8 * sill).clamp(0, 1))
    albedo = mix(albedo, albedo * 0.45, handles.clamp(0, 1))
    grille = inside(v, 0.5 * tall, 0.74 * tall, w) * inside(out, -1.0, 0.5, rim)
    intake = inside(v, 0.1 * tall, 0.3 * tall, w) * inside(out, -1.0, 0.8, rim)
    albedo = mix(albedo, albedo.new_tensor(BLACK), ((grille + intake) * front).clamp(0, 1) * 0.95)
    head = inside(v, 0.6 * tall, 0.82 * tall, w) * inside(out, 0.58, 0.97, rim) * front
    low = torch.where(kind == 1, 0.5, 0.66) * tall
    inner = torch.where(kind == 1, 0.84, torch.where(kind == 2, 0.4, 0.66))
    tail = inside(v, low, 0.92 * tall, w) * inside(out, inner, 1.0, rim) * rear
    plate = _plate(patch, v - torch.where(front, 0.14, 0.44) * tall) * end
    drawn = hash01(patch.solids.seed)
    paper = albedo.new_tensor(PLATES)[(drawn < 0.25).long()]
    letters = pulse(x + 10, 0.07, 0.0, 0.04, wide) * (x.abs() < 0.21)
    albedo = mix(albedo, paper * (1 - 0.75 * letters[:, None]), plate)
    albedo = mix(albedo, albedo.new_tensor(HEAD_LIGHT), head)
    albedo = mix(albedo, albedo.new_tensor(TAIL_LIGHT) * 1.3, tail)
    # Some brake.
    brakes = 1 + 1.6 * (drawn * 7 % 1.0 < 0.4)
    glow = glowing(head * lights_on, WHITE_GLOW)
    glow = glow + glowing(tail * (0.1 + 0.9 * lights_on * brakes), RED_GLOW)
    gloss = 0.5 * (patch.axis == 1) + 0.14 * side * (1 - arches) + 0.1 * end + 0.4 * head
    return Paint(albedo, glow, gloss.clamp(0, 1))


def _plate(patch: Patch, above: Tensor) -> Tensor:
    """Share (N,) of a number plate whose lower edge is ``above`` points' zero."""
    return inside(above, 0.0, 0.11, patch.footprint) * inside(
        patch.local[:, 0].abs(), -1.0, 0.26, patch.footprint
    )


def paint_bus(patch: Patch) -> Paint:
    """Detail columns: lamps on, livery (0: a coloured skirt, 1: all of one colour)."""
    u, v, w, wide = patch.wall_u, patch.risen, patch.footprint, patch.stretched
    lights_on, livery = patch.solids.detail[:, 0], patch.solids.detail[:, 1]
    tall, seed = 2 * patch.solids.half[:, 1], patch.solids.seed
    side, end = patch.axis == 0, patch.axis == 2
    front, rear = end & (patch.local[:, 2] > 0), end & (patch.local[:, 2] < 0)
    u_end = u.abs() / 1.26
    skirt = inside(v, -1.0, 0.3 * tall, w) * (livery == 0) * (side | end)
    albedo = mix(lacquer(patch), patch.solids.trim, skirt)
    low = torch.where(side, 0.36, torch.where(front, 0.3, 0.52)) * tall
    high = torch.where(end, 0.84, 0.8) * tall
    pane = inside(v, low, high, w) * torch.where(side, 1.0, inside(u_end, -1.0, 0.9, w))
    pillars = pulse(u + 30.0, 1.45, 0.0, 0.09, wide) * side
    pane = pane * (1 - pillars) * (side | end)
    door = inside((u + 30.0).remainder(5.8), 1.5, 2.75, wide) * inside(v, 0.02, 0.78 * tall, w)
    door = door * side * (patch.local[:, 0] > 0)
    glazed = through_glass(patch, tall)
    albedo = mix(
        albedo, albedo.new_tensor(BLACK), (pillars * inside(v, low, high, w) + 0.7 * door).clamp(0, 1)
    )
    half_length, z = patch.solids.half[:, 2], patch.local[:, 2]
    axle = torch.where(z > 0, half_length - 2.6, 2.9 - half_length)
    arch = ((0.62 - torch.hypot(z - axle, v - 0.16)) / w.clamp(min=0.01) + 0.5).clamp(0, 1) * side
    albedo = mix(albedo, albedo.new_tensor(BLACK), arch)
    pane = torch.maximum(pane, 0.8 * door)
    albedo = mix(albedo, glazed, pane)
    sign = inside(v, 0.86 * tall, 0.96 * tall, w) * inside(u_end, -1.0, 0.7, w) * end
    dots = sign * inside(v, 0.885 * tall, 0.935 * tall, w) * pulse(u + 10, 0.2, 0.0, 0.12, wide)
    albedo = mix(albedo, albedo.new_tensor(BLACK), sign)
    lamp = inside(v, 0.06 * tall, 0.15 * tall, w) * inside(u_end, 0.62, 0.94, w)
    tail_lamp = torch.maximum(lamp, inside(v, 0.3 * tall, 0.42 * tall, w) * inside(u_end, 0.86, 0.96, w))
    head, tail = lamp * front, tail_lamp * rear
    albedo = mix(albedo, albedo.new_tensor(HEAD_LIGHT), head)
    albedo = mix(albedo, albedo.new_tensor(TAIL_LIGHT), tail)
    shade = 0.5 + 0.5 * hash01(torch.floor((u + 30.0) / 1.45), seed)
    glow = glowing(head * lights_on, WHITE_GLOW) + glowing(tail * (0.1 + 0.9 * lights_on), RED_GLOW)
    glow = glow + glowing(pane * side * lights_on * shade, (0.75, 0.72, 0.6))
    glow = glow + glowing(dots, (1.6, 0.8, 0.1))
    return Paint(albedo, glow, 0.6 * pane + 0.1 * side)


def paint_tail(patch: Patch) -> Paint:
    """A lone red lamp; detail column: on."""
    red = patch.local.new_tensor(TAIL_LIGHT).expand_as(patch.local)
    return Paint(red, glowing(0.1 + 0.9 * patch.solids.detail[:, 0], RED_GLOW), torch.zeros_like(red[:, 0]))


def paint_signal(patch: Patch) -> Paint:
    """A traffic light for those who drive ahead; detail column: which of its lamps is on, from the top."""
    x, y, w = patch.local[:, 0], patch.local[:, 1], patch.footprint
    tall = 2 * patch.solids.half[:, 1]
    which = torch.floor((0.5 - y / tall) * 3).clamp(0, 2)
    away = torch.hypot(x, y - (1 - which) * tall / 3)
    disc = ((0.1 - away) / w.clamp(min=0.01) + 0.5).clamp(0, 1)
    disc = disc * ((patch.axis == 2) & (patch.local[:, 2] < 0))
    colours = x.new_tensor(SIGNALS)[which.long()]
    on = (which == patch.solids.detail[:, 0]).float()
    albedo = mix(
        patch.local.new_tensor(BLACK).expand_as(colours), 0.03 * colours + 0.06 * on[:, None] * colours, disc
    )
    return Paint(albedo, colours * (disc * on)[:, None], torch.zeros_like(x))
