"""What the rays of a view met: places, normals and colours, shared by all conditions of the view."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from acdepth.world.paint import facade, fleet, objects, vehicles
from acdepth.world.paint.patch import Ground, Paint, Patch, prism_faces, round_normals
from acdepth.world.raycast import Hits
from acdepth.world.solids import BUILT, TERRAIN, Material, Shape, Solids, to_local, to_world
from acdepth.world.town import Town

SKY, GROUND, FACADES, OBJECTS = range(4)
CLASS_NAMES = ("none", "ground", "facades", "objects")


@dataclass(frozen=True)
class Surface:
    """R rays and what they met; colours of sky rays are zero until a sky is painted."""

    direction: Tensor  # (R, 3) unit
    distance: Tensor  # (R,) along the ray [m], infinity for sky
    point: Tensor  # (R, 3)
    normal: Tensor  # (R, 3) unit
    albedo: Tensor  # (R, 3)
    glow: Tensor  # (R, 3) light given off at night
    glass: Tensor  # (R,) share that mirrors its surroundings
    kind: Tensor  # (R,) int64: SKY, GROUND, FACADES, OBJECTS
    ground: Tensor  # (G,) indices of the rays that met the flat ground
    below: Ground  # what weather needs to know of these


def classify(solid: Tensor, t: Tensor, solids: Solids) -> Tensor:
    """Class of each ray from the row of the solid it met (-1: the ground, or the sky where t is infinite)."""
    of_solid = torch.full_like(solids.material, OBJECTS)
    for materials, kind in ((BUILT, FACADES), (TERRAIN, GROUND)):
        made_of = torch.isin(solids.material, solids.material.new_tensor([int(m) for m in materials]))
        of_solid = torch.where(made_of, kind, of_solid)
    return torch.where(solid >= 0, of_solid[solid.clamp(min=0)], torch.where(t.isinf(), SKY, GROUND))


def paint_surface(
    town: Town, solids: Solids, origin: Tensor, directions: Tensor, hits: Hits, pixel: Tensor | float
) -> Surface:
    """Colour all R rays of a trace of a town's solids, whose hits have the ground already among them.

    ``directions`` (R, 3) from ``origin`` (3,) are one metre along the optical axis each and ``pixel`` wide
    [rad], (R,) or all alike; a mirrored camera lies below the ground.
    """
    length = directions.norm(dim=1)
    unit = directions / length[:, None]
    distance = hits.t * length
    seen = distance.isfinite()
    point = origin + directions * torch.where(seen, hits.t, 0.0)[:, None]
    kind = classify(hits.solid, hits.t, solids)
    normal = torch.zeros_like(point)
    albedo, glow, glass = torch.zeros_like(point), torch.zeros_like(point), torch.zeros_like(length)
    footprint = distance * pixel
    ground = torch.nonzero((kind == GROUND) & (hits.solid < 0))[:, 0]
    below = town.paint_ground(point[ground], unit[ground, 1].abs(), footprint[ground])
    normal[ground] = normal.new_tensor([0.0, 1.0, 0.0])
    albedo.index_copy_(0, ground, below.paint.albedo)
    solid_rays = torch.nonzero(hits.solid >= 0)[:, 0]
    met = solids.select(hits.solid[solid_rays])
    patch, world_normal = _make_patch(met, point[solid_rays], unit[solid_rays], footprint[solid_rays])
    normal.index_copy_(0, solid_rays, world_normal)
    for material, painter in _painters(town.daylight.lit_share).items():
        chosen = torch.nonzero(met.material == material)[:, 0]
        if len(chosen):
            rays, paint = solid_rays[chosen], painter(patch.select(chosen))
            albedo.index_copy_(0, rays, paint.albedo)
            glow.index_copy_(0, rays, paint.glow)
            glass.index_copy_(0, rays, paint.glass.float())
    return Surface(unit, distance, point, normal, albedo, glow, glass, kind, ground, below)


def _make_patch(met: Solids, point: Tensor, unit: Tensor, footprint: Tensor) -> tuple[Patch, Tensor]:
    """The painters' view of points on solids, and the world normals there."""
    local = to_local(point - met.centre, met.turn)
    axis, normal = prism_faces(local, met)
    prism = met.shape == Shape.PRISM
    normal = torch.where(prism[:, None], normal, round_normals(local, met, met.shape == Shape.ELLIPSOID))
    facing = -(to_local(unit, met.turn) * normal).sum(1)
    return Patch(met, local, normal, axis, facing.clamp(min=0.05), footprint), to_world(normal, met.turn)


def _painters(lit_share: float) -> dict[Material, Callable[[Patch], Paint]]:
    return {
        Material.FACADE: lambda patch: facade.paint_facade(patch, lit_share),
        Material.ROOF: facade.paint_roof,
        Material.WALL: facade.paint_wall,
        Material.CAR_BODY: vehicles.paint_car_body,
        Material.CAR_CABIN: vehicles.paint_car_cabin,
        Material.WHEEL: vehicles.paint_wheel,
        Material.FOLIAGE: objects.paint_foliage,
        Material.BARK: objects.paint_bark,
        Material.PLAIN: objects.paint_plain,
        Material.LAMP: objects.paint_lamp,
        Material.SIGN: objects.paint_sign,
        Material.PLANKS: facade.paint_planks,
        Material.MEADOW: objects.paint_meadow,
        Material.RAIL: objects.paint_rail,
        Material.CARGO: vehicles.paint_cargo,
        Material.PANEL: objects.paint_panel,
        Material.SHELL: fleet.paint_shell,
        Material.BUS: fleet.paint_bus,
        Material.TAIL: fleet.paint_tail,
        Material.SIGNAL: fleet.paint_signal,
    }
