"""What is seen in the country: barns, grassy banks and hills, guard rails, lorries' boxes, large signs."""

import torch

from acdepth.world.paint.patch import Paint, Patch, glowing, plain
from acdepth.world.patterns import fade, hash01, inside, mix, pulse, sample_noise

TAIL_LIGHT = (0.35, 0.012, 0.01)
HEDGE = (0.035, 0.06, 0.025)


def paint_planks(patch: Patch) -> Paint:
    """Upright boards, with a great door in the middle of each gable."""
    u, v, wide = patch.wall_u, patch.risen, patch.stretched
    noise = sample_noise(0.4 * v + patch.solids.seed % 97, 3 * u, 6.0, wide)
    board = torch.floor(u / 0.22)
    tone = (hash01(board + 512, patch.solids.seed) - 0.5) * fade(wide, 0.4)
    gaps = pulse(u + 110.0, 0.22, 0.0, 0.03, wide)
    damp = ((0.9 - v) * 0.35).clamp(0, 0.35)
    shade = (1 + 0.16 * noise[:, 0] + 0.1 * noise[:, 2] + 0.4 * tone - 0.5 * gaps - damp).clamp(min=0.15)
    albedo = patch.solids.colour * shade[:, None]
    gable = patch.axis == 2
    door = inside(u.abs(), -1.0, 1.7, wide) * inside(v, -1.0, 3.0, patch.footprint) * gable
    leaf = inside(u.abs(), 0.05, 1.6, wide) * inside(v, -1.0, 2.9, patch.footprint) * gable
    braces = inside((u.abs() - 0.85).abs() - 0.26 * v, -0.12, 0.02, wide) * leaf
    albedo = mix(albedo, patch.solids.trim, (door - leaf + braces).clamp(0, 1))
    return plain(mix(albedo, albedo * 0.55, (leaf - braces).clamp(0, 1)))


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
    hedges = torch.maximum(
        pulse(x + 41 * (10 + 0.2 * noise[:, 2]), 41.0, 0.0, 1.8, w), pulse(z + 290.0, 29.0, 0.0, 1.6, w)
    )
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
