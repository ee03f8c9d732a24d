"""Walls of brick, plaster, panels, boards or planks, with windows, doors, shops and cornices; roofs."""

from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.buildings import BOARDS, BRICK, PANELS, RUBBLE
from acdepth.world.paint.patch import Paint, Patch, plain
from acdepth.world.patterns import fade, hash01, inside, mix, pulse, sample_noise

CURTAIN = (0.3, 0.27, 0.22)
ROOM = (0.022, 0.026, 0.032)
WARM_LIGHT = (1.0, 0.66, 0.33)
COOL_LIGHT = (0.75, 0.88, 1.0)


@dataclass(frozen=True)
class _Openings:
    """Shares (N,) of window glass, frame and sill, and the hash of the cell each point lies in."""

    glass: Tensor
    frame: Tensor
    sill: Tensor
    door: Tensor
    drawn: Tensor
    height_in_window: Tensor  # 0 at the sill, 1 at the lintel


def paint_facade(patch: Patch, lit_share: float) -> Paint:
    """Detail columns of a facade: wall kind, floor height, window pitch [m], window share of the pitch."""
    u, v = patch.wall_u, patch.risen
    wide = patch.stretched
    noise = sample_noise(u + patch.solids.seed % 97, v + u * 0.05, 7.0, (wide * patch.footprint).sqrt())
    openings = _openings(patch, u, v)
    albedo = _wall(patch, u, v, noise)
    albedo = mix(albedo, patch.solids.trim, openings.frame)
    albedo = mix(albedo, patch.solids.trim * 0.85, openings.sill)
    drawn = openings.drawn
    curtain = (drawn > 0.72).float() * (openings.height_in_window > drawn * 1.3 - 0.75)
    room = albedo.new_tensor(ROOM) * (1 + 2.5 * drawn[:, None])
    albedo = mix(albedo, mix(room, albedo.new_tensor(CURTAIN), 0.8 * curtain), openings.glass)
    albedo = mix(albedo, patch.solids.trim * 0.35, openings.door)
    lit = (hash01((drawn * 65536).long(), patch.solids.seed) < lit_share).float()
    warm, cool = (albedo.new_tensor(one).expand_as(albedo) for one in (WARM_LIGHT, COOL_LIGHT))
    light = mix(warm, cool, (drawn * 7.0 % 1.0 > 0.75).float())
    strength = openings.glass * lit * (0.35 + 0.9 * (drawn * 13.0 % 1.0)) * (1 - 0.45 * curtain)
    strength = strength * (0.75 + 0.35 * openings.height_in_window)
    return Paint(albedo, light * strength[:, None], openings.glass * (1 - 0.6 * curtain))


def _openings(patch: Patch, u: Tensor, v: Tensor) -> _Openings:
    _, floor_height, pitch, share = patch.solids.detail.unbind(1)
    seed = patch.solids.seed
    wide, high = patch.stretched, patch.footprint
    half_wall = torch.where(patch.axis == 2, patch.solids.half[:, 0], patch.solids.half[:, 2])
    even = torch.remainder(torch.round(half_wall * 2 / pitch), 2) == 0
    across = torch.where(even, u, u + pitch / 2)
    column, floor = torch.floor(across / pitch), torch.floor(v / floor_height)
    middle = torch.where(even, (column + 0.5) * pitch, column * pitch)
    floors = torch.floor((2 * patch.solids.half[:, 1] - 0.25) / floor_height)
    whole = (middle.abs() + pitch / 2 < half_wall + 0.05) & (floor < floors) & (patch.axis != 1)
    drawn = hash01(column + 64, floor, seed)
    ground = floor == 0
    shop = ground & (hash01(seed, floor) < 0.55) & (patch.solids.detail[:, 0] <= BOARDS)
    is_door = ground & ~shop & (hash01(column + 64, seed) < 0.3)
    blind = hash01(seed, column + 64) < 0.08
    present = (whole & ~blind).float()
    wide_share = torch.where(shop, 0.88, torch.where(is_door, 0.4, share))
    low = torch.where(shop, 0.16, torch.where(is_door, 0.0, 0.3)) * floor_height
    top = torch.where(shop, 0.74, torch.where(is_door, 0.72, 0.84)) * floor_height
    left, right = pitch * (0.5 - wide_share / 2), pitch * (0.5 + wide_share / 2)
    cell_u, cell_v = across - column * pitch, v - floor * floor_height
    rim = 0.09
    opening = inside(cell_u, left, right, wide) * inside(cell_v, low, top, high) * present
    outer = inside(cell_u, left - rim, right + rim, wide) * inside(cell_v, low - rim, top + rim, high)
    upright, bar = inside(cell_u, pitch / 2 - 0.04, pitch / 2 + 0.04, wide), low + 0.62 * (top - low)
    bars = torch.maximum(upright, inside(cell_v, bar - 0.035, bar + 0.035, high))
    door = opening * is_door
    glass = opening * (1 - bars) * (1 - is_door.float())
    sill_band = inside(cell_u, left - 0.15, right + 0.15, wide) * inside(cell_v, low - 0.2, low - 0.02, high)
    frame, sill = (outer * present - glass - door).clamp(0, 1), sill_band * present * (~ground).float()
    return _Openings(glass, frame, sill, door, drawn, ((cell_v - low) / (top - low)).clamp(0, 1))


def _wall(patch: Patch, u: Tensor, v: Tensor, noise: Tensor) -> Tensor:
    """The wall between the windows."""
    kind, floor_height, pitch, _ = patch.solids.detail.unbind(1)
    wide, high = patch.stretched, patch.footprint
    brick, boards, panels = ((kind == k).float() for k in (BRICK, BOARDS, PANELS))
    course = torch.floor(v / 0.16)
    shifted = u + 0.21 * (course % 2)
    tone = (hash01(torch.floor(shifted / 0.42) + 512, course, patch.solids.seed) - 0.5) * fade(wide, 0.8)
    joints = torch.maximum(pulse(v, 0.16, 0.0, 0.03, high), pulse(shifted, 0.42, 0.0, 0.035, wide))
    shade = 1 + 0.1 * noise[:, 0] + 0.1 * noise[:, 1] + brick * (0.5 * tone - 0.35 * (joints - 0.2))
    shade = shade - boards * 0.4 * (pulse(v, 0.24, 0.0, 0.05, high) - 0.2)
    shade = shade + (kind == RUBBLE) * _stones(u, v, patch)
    seams = torch.maximum(pulse(v, floor_height, 0.0, 0.09, high), pulse(u, pitch, 0.0, 0.07, wide))
    panel_tone = hash01(torch.floor(u / pitch) + 64, torch.floor(v / floor_height), patch.solids.seed) - 0.5
    shade = shade + panels * (0.2 * panel_tone - 0.4 * seams)
    grime = ((1.2 - v) * 0.3).clamp(0, 0.3) * (0.7 + 0.5 * noise[:, 2])
    colour = patch.solids.colour * (shade - grime).clamp(min=0.15)[:, None]
    top = 2 * patch.solids.half[:, 1]
    band = pulse(v + 0.12, floor_height, 0.0, 0.2, high) * (1 - panels) * (1 - boards) * (v > 1.0)
    cornice = inside(v, top - 0.35, top, high)
    plinth = inside(v, -1.0, 0.55, high)
    colour = mix(colour, patch.solids.trim * 0.8, (0.75 * band + cornice * 0.8).clamp(max=0.85))
    return mix(colour, colour * 0.55, plinth)


def _stones(u: Tensor, v: Tensor, patch: Patch) -> Tensor:
    """Shades (N,) of field stones in uneven courses, around zero."""
    course = torch.floor(v / 0.34)
    shifted = u + 0.37 * (course % 3) + 0.06 * torch.sin(5 * v)
    tone = hash01(torch.floor(shifted / 0.58) + 512, course, patch.solids.seed) - 0.5
    ends = pulse(shifted + 60, 0.58, 0.0, 0.06, patch.stretched)
    joints = torch.maximum(pulse(v, 0.34, 0.0, 0.05, patch.footprint), ends)
    return 0.6 * tone * fade(patch.stretched, 1.1) + 0.3 * (joints - 0.2)


def paint_roof(patch: Patch) -> Paint:
    """Rows of tiles."""
    u, v = patch.wall_u, patch.risen * 1.6
    noise = sample_noise(u, v, 5.0, patch.stretched)
    row = torch.floor(v / 0.33)
    tone = (hash01(torch.floor(u / 0.4) + 512, row, patch.solids.seed) - 0.5) * fade(patch.stretched, 0.6)
    lines = pulse(v, 0.33, 0.0, 0.07, patch.footprint)
    shade = (1 + 0.18 * noise[:, 0] + 0.4 * tone - 0.45 * lines).clamp(min=0.15)
    return plain(patch.solids.colour * shade[:, None])


def paint_wall(patch: Patch) -> Paint:
    """Plain masonry: garden walls, parapets, chimneys."""
    u, v = patch.wall_u, patch.risen
    noise = sample_noise(u, v, 3.5, patch.stretched)
    ends = pulse(u, 0.5, 0.0, 0.03, patch.stretched)
    joints = torch.maximum(pulse(v, 0.22, 0.0, 0.03, patch.footprint), ends)
    shade = (1 + 0.15 * noise[:, 0] + 0.1 * noise[:, 3] - 0.35 * joints).clamp(min=0.15)
    return plain(patch.solids.colour * shade[:, None])


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
