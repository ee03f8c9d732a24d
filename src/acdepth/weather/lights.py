"""Lamps, headlights and lit windows: what shines at night, and what it shines on."""

from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.weather.draws import Draws
from acdepth.weather.scene import Scene
from acdepth.weather.standing import Standing

LAMP_COLOURS = ((1.0, 0.62, 0.25), (1.0, 0.8, 0.55), (0.95, 0.97, 1.0), (0.8, 0.95, 1.0), (1.0, 0.9, 0.75))
"""Sodium, warm white, white, cold white LED, old halogen."""
SIGN_COLOURS = ((1.0, 0.15, 0.1), (0.2, 1.0, 0.5), (0.3, 0.5, 1.0), (1.0, 0.7, 0.2), (1.0, 1.0, 1.0))
"""Traffic lights, shop signs, advertisements."""


@dataclass(frozen=True)
class Source:
    """A light one can look into."""

    column: float
    row: float  # where it is seen [px]
    radius: float  # of the glowing body [px]
    colour: Tensor  # (3, 1, 1) radiance, far above 1


def headlights(scene: Scene, draws: Draws) -> Tensor:
    """Light of the own car on the scene (3, H, W): a wide cone, mostly below a cut-off, fading far away."""
    strength, reach = draws.log_uniform(0.4, 6), draws.uniform(6, 25)
    width, off_axis = draws.uniform(0.25, 0.8), draws.uniform(-0.12, 0.12)
    cut, soft = draws.uniform(-0.01, 0.05), draws.uniform(0.008, 0.06)
    above = draws.log_uniform(0.02, 0.4)
    azimuth, elevation = scene.x / scene.z, scene.y / scene.z
    beam = torch.exp(-(((azimuth - off_axis) / width) ** 2))
    beam = beam * (above + (1 - above) * torch.sigmoid((elevation - cut) / soft))
    falloff = 1 / (1 + (scene.z / reach) ** draws.uniform(1.5, 2.2))
    return strength * draws.colour(*LAMP_COLOURS[1:]) * beam * falloff


def street_lamps(scene: Scene, standing: Standing, draws: Draws) -> tuple[Tensor, list[Source]]:
    """Rows of lamps along the street: their light on the scene (3, H, W), and those before things in view."""
    light = torch.zeros(3, *scene.z.shape[1:], device=scene.z.device)
    sources: list[Source] = []
    colour = draws.colour(*LAMP_COLOURS)
    spacing, height = draws.uniform(12, 40), draws.uniform(4.5, 10)
    strength, glow = draws.log_uniform(0.1, 1.5), draws.log_uniform(2, 30)
    for side in (-1, 1):
        if draws.chance(0.3):
            continue
        aside, first = side * draws.uniform(3, 9), draws.uniform(2, spacing)
        for number in range(5):
            x, y, z = aside, scene.camera_height - height, first + number * spacing
            light += strength * colour * _pool(scene, x, y, z, height)
            radius = draws.uniform(0.1, 0.25)
            sources += _visible(scene, standing, x, y, z, radius, glow * colour)
    return light, sources


def traffic_lights(scene: Scene, standing: Standing, draws: Draws) -> list[Source]:
    """Pairs of headlights and tail lights low on what stands, and single coloured lights higher up."""
    sources: list[Source] = []
    above = scene.camera_height - scene.y
    low = standing.things & (above > 0.4) & (above < 1.3)
    high = standing.things & (above > 2) & (above < 7)
    for _ in range(draws.integer(0, 5)):
        oncoming, radius = draws.chance(0.5), 0.09
        colour = draws.colour((1.0, 0.95, 0.85)) if oncoming else draws.colour((1.0, 0.08, 0.05))
        glow = draws.log_uniform(4, 40) if oncoming else draws.log_uniform(0.8, 6)
        place = _somewhere(low, draws)
        if place is None:
            continue
        x, y, z = (float(axis[0][place]) for axis in (scene.x, scene.y, scene.z))
        for offset in (-0.7, 0.7):
            sources += _visible(scene, standing, x + offset, y, z, radius, glow * colour)
    for _ in range(draws.integer(0, 4)):
        colour, radius = draws.log_uniform(0.8, 8) * draws.colour(*SIGN_COLOURS), draws.uniform(0.1, 0.3)
        place = _somewhere(high, draws)
        if place is not None:
            x, y, z = (float(axis[0][place]) for axis in (scene.x, scene.y, scene.z))
            sources += _visible(scene, standing, x, y, z, radius, colour)
    return sources


def lit_windows(scene: Scene, standing: Standing, draws: Draws) -> Tensor:
    """Radiance (3, H, W) of lit windows: a grid in metres on walls, some of its cells alight."""
    part, brightness = draws.uniform(0.02, 0.35), draws.log_uniform(0.15, 2.0)
    cell_width, cell_height = draws.uniform(1.2, 3.2), draws.uniform(2.4, 3.8)
    # Facades run along the street or across it; one mixed coordinate advances along both.
    along = (scene.x + draws.uniform(-1, 1) * scene.z) / cell_width
    up = (scene.y - scene.camera_height) / cell_height
    cell = (along.floor().long() * 73856093) ^ (up.floor().long() * 19349663)
    table = draws.rand(4, 997)
    chosen = cell.remainder(997)
    lit = (table[0][chosen] < part).to(scene.z.dtype)
    margin_x, margin_y = draws.uniform(0.1, 0.35), draws.uniform(0.15, 0.35)
    inside = _within(along - along.floor(), margin_x) * _within(up - up.floor(), margin_y)
    tint = torch.stack([torch.ones_like(table[1]), 0.6 + 0.4 * table[1], 0.2 + 0.7 * table[1] * table[2]])
    stands = standing.walls * torch.sigmoid((scene.camera_height - 2.2 - scene.y) / 0.3)
    near = torch.sigmoid((70 - scene.z) / 5) * torch.sigmoid((scene.z - 8) / 2)
    power = brightness * (0.3 + 0.7 * table[3][chosen])
    return tint[:, chosen[0]] * power * lit * inside * (stands * near)


def shine(sources: list[Source], draws: Draws, height: int, width: int) -> Tensor:
    """Radiance (3, H, W) of the bodies of light sources with the halo that lens and haze give them."""
    image = torch.zeros(3, height, width, device=draws.device)
    rows = torch.arange(height, device=draws.device).view(-1, 1)
    columns = torch.arange(width, device=draws.device).view(1, -1)
    halo, spread = draws.log_uniform(0.002, 0.05), draws.uniform(0.02, 0.09) * width
    for source in sources:
        squared = (rows - source.row) ** 2 + (columns - source.column) ** 2
        radius = max(source.radius, 0.6)
        # A body smaller than a pixel gives its light to the whole pixel.
        core = torch.exp(-squared / (2 * radius**2)) * min(1.0, (source.radius / radius) ** 2 * 2)
        size = max(0.3, source.radius) ** 0.5
        image += source.colour * (core + halo * size * torch.exp(-squared.sqrt() / spread))
    return image


def _pool(scene: Scene, x: float, y: float, z: float, height: float) -> Tensor:
    """Light (1, H, W) of a lamp that shines downwards; 1 on the ground right below it."""
    squared = (scene.x - x) ** 2 + (scene.y - y) ** 2 + (scene.z - z) ** 2 + 0.5
    downwards = ((scene.y - y) * squared.rsqrt()).clamp_min(0)
    return height**2 / squared * downwards


def _somewhere(where: Tensor, draws: Draws) -> tuple[int, int] | None:
    """Row and column of one pixel of a mask (1, H, W), each equally likely; None where it is empty."""
    part, pixels = draws.uniform(0, 1), where[0].flatten().nonzero()[:, 0]
    if not len(pixels):
        return None
    row, column = divmod(int(pixels[min(int(part * len(pixels)), len(pixels) - 1)]), where.shape[-1])
    return row, column


def _visible(
    scene: Scene, standing: Standing, x: float, y: float, z: float, radius: float, colour: Tensor
) -> list[Source]:
    """The light as it is seen, before a thing that stands at most twice as far; else nothing."""
    column, row = scene.pixel(x, y, z)
    height, width = scene.z.shape[-2:]
    if not (0 <= column < width and 0 <= row < height):
        return []
    place = (0, int(row), int(column))
    if not standing.things[place] or not 0.5 < z / float(scene.z[place]) < 1.1:
        return []
    return [Source(column, row, scene.focal * radius / z, colour)]


def _within(fraction: Tensor, margin: float) -> Tensor:
    return ((fraction > margin) & (fraction < 1 - margin)).to(fraction.dtype)
