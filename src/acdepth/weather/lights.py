"""Lamps, headlights and lit windows: what shines at night, and what it shines on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from acdepth.weather.blurs import enlarge
from acdepth.weather.draws import Draws
from acdepth.weather.fields import powered
from acdepth.weather.scene import Scene
from acdepth.weather.standing import Standing, to_size

LAMP_COLOURS = ((1.0, 0.62, 0.25), (1.0, 0.8, 0.55), (0.95, 0.97, 1.0), (0.8, 0.95, 1.0), (1.0, 0.9, 0.75))
"""Sodium, warm white, white, cold white LED, old halogen."""
SIGN_COLOURS = ((1.0, 0.15, 0.1), (0.2, 1.0, 0.5), (0.3, 0.5, 1.0), (1.0, 0.7, 0.2), (1.0, 1.0, 1.0))
"""Traffic lights, shop signs, advertisements."""
CELLS = 997
"""Windows that differ; a prime, so that no pattern is seen."""


@dataclass(frozen=True)
class Sources:
    """N lights one can look into, if a thing is there that they can be fixed to."""

    place: Tensor  # (3, N) [m] right, down and forward
    radius: Tensor  # (N,) [m] of the glowing body
    colour: Tensor  # (3, N) radiance, far above 1; 0 where there is nothing

    def __add__(self, others: "Sources") -> "Sources":
        return Sources(
            torch.cat([self.place, others.place], 1),
            torch.cat([self.radius, others.radius]),
            torch.cat([self.colour, others.colour], 1),
        )


class Lamps(NamedTuple):
    """What shines on the scene."""

    colour: Tensor  # (3, 1, 1)
    strength_on: Callable[[Scene], Tensor]  # (1, h, W), of the whole scene or some of its rows


def no_lights(draws: Draws) -> Sources:
    """None."""
    none = draws.tensor([])
    return Sources(none.expand(3, 0), none, none.expand(3, 0))


def headlights(draws: Draws) -> Lamps:
    """The own car's light on the scene: a wide cone, mostly below a cut-off, fading far away."""
    strength, reach = draws.log_uniform(0.4, 6), draws.uniform(6, 25)
    width, off_axis = draws.uniform(0.25, 0.8), draws.uniform(-0.12, 0.12)
    cut, soft = draws.uniform(-0.01, 0.05), draws.uniform(0.008, 0.06)
    above, fading = draws.log_uniform(0.02, 0.4), draws.uniform(1.5, 2.2)

    def strength_on(scene: Scene) -> Tensor:
        beam = torch.exp(-(((scene.right - off_axis) / width) ** 2))
        cone = torch.sigmoid((scene.under - cut) / soft).mul_(1 - above).add_(above)
        return powered(scene.z / reach, fading).add_(1).reciprocal_().mul_(beam).mul_(cone)

    return Lamps(strength * draws.colour(*LAMP_COLOURS[1:]), strength_on)


def street_lamps(scene: Scene, standing: Standing, draws: Draws) -> tuple[Lamps, Sources]:
    """Rows of lamps along the street: their light on the scene, and those before things in view."""
    colour = draws.colour(*LAMP_COLOURS)
    spacing, height = draws.uniform(12, 40), draws.uniform(4.5, 10)
    strength, glow = draws.log_uniform(0.1, 1.5), draws.log_uniform(2, 30)
    rows: list[tuple[float, list[float]]] = []
    lamps: list[tuple[float, float, float, float]] = []
    y = scene.camera_height - height
    for side in (-1, 1):
        if draws.chance(0.3):
            continue
        aside, first = side * draws.uniform(3, 9), draws.uniform(2, spacing)
        forward = [first + number * spacing for number in range(5)]
        rows.append((aside, forward))
        lamps += [(aside, y, z, draws.uniform(0.1, 0.25)) for z in forward]
    placed = draws.tensor(lamps).reshape(len(lamps), 4).T
    colours = (glow * colour)[..., 0].expand(3, len(lamps))

    def strength_on(scene: Scene) -> Tensor:
        pools = torch.zeros_like(scene.z)
        for aside, forward in rows:
            _add_pools(pools, scene, aside, y, forward, height)
        return pools

    seen = _before_things(standing, placed[:3], placed[3], colours)
    return Lamps(strength * colour, strength_on), seen


def traffic_lights(scene: Scene, standing: Standing, draws: Draws) -> Sources:
    """Pairs of headlights and tail lights low on what stands, and single coloured lights higher up."""
    cars: list[float] = []
    signs: list[float] = []
    radii: list[float] = []
    colours: list[Tensor] = []
    for _ in range(draws.integer(0, 5)):
        oncoming = draws.chance(0.5)
        colour = draws.colour((1.0, 0.95, 0.85)) if oncoming else draws.colour((1.0, 0.08, 0.05))
        glow = draws.log_uniform(4, 40) if oncoming else draws.log_uniform(0.8, 6)
        cars.append(draws.uniform(0, 1))
        colours += [glow * colour] * 2
    for _ in range(draws.integer(0, 4)):
        colours.append(draws.log_uniform(0.8, 8) * draws.colour(*SIGN_COLOURS))
        radii.append(draws.uniform(0.1, 0.3))
        signs.append(draws.uniform(0, 1))
    above = standing.scene.camera_height - standing.scene.y
    low = _somewhere(standing, (above > 0.4) & (above < 1.3), draws.tensor(cars))
    high = _somewhere(standing, (above > 2) & (above < 7), draws.tensor(signs))
    aside = draws.tensor([-0.7, 0.7]).repeat(len(cars))
    pairs = low.repeat_interleave(2, 1)
    pairs[0] += aside
    places, sizes = torch.cat([pairs, high], 1), draws.tensor([0.09] * len(aside) + radii)
    shades = torch.cat([no_lights(draws).colour, *(colour[..., 0] for colour in colours)], 1)
    return _before_things(standing, places, sizes, shades)


def lit_windows(scene: Scene, standing: Standing, draws: Draws) -> Callable[[slice], Tensor]:
    """Radiance (3, h, W) of lit windows in some rows: a grid in metres on walls, some of its cells alight."""
    part, brightness = draws.uniform(0.02, 0.35), draws.log_uniform(0.15, 2.0)
    cell_width, cell_height = draws.uniform(1.2, 3.2), draws.uniform(2.4, 3.8)
    # Facades run along the street or across it; one mixed coordinate advances along both.
    facing = (scene.right + draws.uniform(-1, 1)) / cell_width
    table = draws.rand(4, CELLS)
    tint = torch.stack([torch.ones_like(table[1]), 0.6 + 0.4 * table[1], 0.2 + 0.7 * table[1] * table[2]])
    colours = tint * (brightness * (0.3 + 0.7 * table[3]) * (table[0] < part))
    margin_x, margin_y = draws.uniform(0.1, 0.35), draws.uniform(0.15, 0.35)
    walls = to_size(standing.walls.to(scene.z.dtype), standing.step, scene.z)

    def radiance_in(rows: slice) -> Tensor:
        here = scene.within(rows)
        along, up = here.z * facing, here.y.sub(scene.camera_height).div_(cell_height)
        column, row = along.floor(), up.floor()
        strength = walls[:, rows] * (here.y - (scene.camera_height - 2.2)).div_(-0.3).sigmoid_()
        strength.mul_((here.z - 70).div_(-5).sigmoid_()).mul_((here.z - 8).div_(2).sigmoid_())
        strength.mul_(_within(along.sub_(column), margin_x)).mul_(_within(up.sub_(row), margin_y))
        cell = column.int().mul_(73856093).bitwise_xor_(row.int().mul_(19349663)).remainder_(CELLS)
        return colours.index_select(1, cell.flatten()).view(3, *here.z.shape[1:]).mul_(strength)

    return radiance_in


def shine(sources: Sources, scene: Scene, draws: Draws) -> Tensor:
    """Radiance (3, H, W) of the bodies of light sources with the halo that lens and haze give them."""
    height, width = scene.z.shape[1:]
    halo, spread = draws.log_uniform(0.002, 0.05), draws.uniform(0.02, 0.09) * width
    columns, rows = scene.pixel(*sources.place)
    radius = scene.focal * sources.radius / sources.place[2]
    seen_radius = radius.clamp_min(0.6)
    # A body smaller than a pixel gives its light to the whole pixel.
    colour = sources.colour * (2 * (radius / seen_radius) ** 2).clamp_max(1)
    down, across = (
        torch.exp(-0.5 * (_from(middles, count) / seen_radius[:, None]) ** 2)
        for middles, count in ((rows, height), (columns, width))
    )
    bodies = ((colour[..., None] * down).transpose(1, 2).reshape(3 * height, -1) @ across).view(3, height, -1)
    # Halos are wide, and so are made of few pixels.
    step = max(1, int(spread / 4))
    squared_down = _from(rows, height, step)[:, :, None] ** 2
    distance = (squared_down + _from(columns, width, step)[:, None] ** 2).sqrt_()
    halos = distance.div_(-spread).exp_()
    strength = sources.colour * halo * radius.clamp_min(0.3).sqrt()
    glow = (strength @ halos.flatten(1)).view(3, *halos.shape[1:])
    return bodies.add_(enlarge(glow, (step, step), (height, width)))


def _from(middles: Tensor, count: int, step: int = 1) -> Tensor:
    """How far rows or columns, or groups of ``step`` of them, lie from each of N: (N, count / step) [px]."""
    return torch.arange(0, count, step, device=middles.device) + (step - 1) / 2 - middles[:, None]


def _add_pools(pools: Tensor, scene: Scene, x: float, y: float, forward: list[float], height: float) -> None:
    """Add the light of lamps in a row that shine downwards to (1, H, W); 1 on the ground right below one."""
    below = (scene.y - y).clamp_min_(0)
    aside = (scene.x - x).square_().add_(below.square()).add_(0.5)
    total = torch.zeros_like(pools)
    for z in forward:
        near = (scene.z - z).square_().add_(aside).rsqrt_()
        total.addcmul_(near, near.square())
    pools.addcmul_(below, total, value=height**2)


def _somewhere(standing: Standing, where: Tensor, parts: Tensor) -> Tensor:
    """Places (3, N) [m] of pixels of a mask (1, h, w) on things, each equally likely: the first is at part 0.

    Where there are none, the places are behind the camera.
    """
    scene = standing.scene
    counted = (where & standing.things).flatten().cumsum(0)
    count = counted[-1]
    number = torch.minimum((parts * count).long(), count - 1) + 1
    pixel = torch.searchsorted(counted, number).clamp_max(len(counted) - 1)
    places = torch.stack([scene.x.flatten()[pixel], scene.y.flatten()[pixel], scene.z.flatten()[pixel]])
    return torch.where(count > 0, places, -1.0)


def _before_things(standing: Standing, place: Tensor, radius: Tensor, colour: Tensor) -> Sources:
    """Those of N lights are seen that lie before a thing that stands at most twice as far."""
    scene = standing.scene
    height, width = scene.z.shape[-2:]
    columns, rows = scene.pixel(*place)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    row, column = rows.clamp(0, height - 1).long(), columns.clamp(0, width - 1).long()
    part = place[2] / scene.z[0, row, column]
    seen = inside & standing.things[0, row, column] & (part > 0.5) & (part < 1.1)
    return Sources(place, radius, colour * seen)


def _within(fraction: Tensor, margin: float) -> Tensor:
    """1 farther than ``margin`` from both ends of 0..1, else 0."""
    return (fraction.sub_(0.5).abs_() < 0.5 - margin).to(fraction.dtype)
