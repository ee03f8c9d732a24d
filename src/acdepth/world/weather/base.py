"""What every condition is given, and the light and optics that several share."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from acdepth.world.occlusion import Occlusion, sky_share
from acdepth.world.patterns import mix
from acdepth.world.surface import SKY, Surface
from acdepth.world.town import Town
from acdepth.world.view import View


@dataclass(frozen=True)
class Scene:
    """One frame of a drive, before any condition."""

    town: Town
    occlusion: Occlusion
    frame: int
    view: View
    surface: Surface  # of the image's rays, tile by tile
    reflect: Callable[[], Surface]  # traces the wet road's mirror image, once, when first asked


@dataclass(frozen=True)
class Weather:
    """A condition: scene to linear light of each ray (R, 3); linear image (H, W, 3) to picture in 0..1."""

    illuminate: Callable[[Scene], Tensor]
    develop: Callable[[Tensor, Scene, torch.Generator], Tensor]


def ambient(scene: Scene, surface: Surface, top: Tensor, bottom: Tensor) -> Tensor:
    """Light (R, 3) of the sky above and the ground below, less where the ground is covered."""
    up = 0.5 + 0.5 * surface.normal[:, 1]
    light = mix(bottom.expand(len(up), 3), top.expand(len(up), 3), up)
    open_share = sky_share(scene.town, scene.occlusion, scene.frame, surface.point[surface.ground])
    light[surface.ground] *= (0.15 + 0.85 * open_share)[:, None]
    # Walls see less sky near their foot.
    foot = 0.72 + 0.28 * (surface.point[:, 1] / 2.5).clamp(0, 1)
    foot[surface.ground] = 1.0
    return light * foot[:, None]


def mirror_direction(surface: Surface) -> tuple[Tensor, Tensor, Tensor]:
    """Directions (R, 3) reflected at the surface, Fresnel's share of glass, and how open the sky is there."""
    facing = (surface.direction * surface.normal).sum(1)
    reflected = surface.direction - 2 * facing[:, None] * surface.normal
    fresnel = 0.06 + 0.94 * (1 - facing.abs().clamp(max=1)) ** 4
    return reflected, fresnel, (reflected[:, 1] * 2.5 + 0.3).clamp(0.12, 1)


def with_air(
    light: Tensor, surface: Surface, visibility: float, air: Tensor, sky: Callable[[Tensor], Tensor]
) -> Tensor:
    """Attenuate by true distance, to 1/e at ``visibility`` [m], and add the light of the air (3,).

    Rays that meet nothing get ``sky(directions)``.
    """
    through = torch.exp(-surface.distance / visibility)[:, None]
    mixed = light * through + air * (1 - through)
    rays = torch.nonzero(surface.kind == SKY)[:, 0]
    mixed[rays] = sky(surface.direction[rays])
    return mixed


def bloom(image: Tensor, threshold: float, strength: float) -> Tensor:
    """Add the glare of lights brighter than the threshold to a linear image (H, W, 3), scaled to its size."""
    bright = (image - threshold).clamp(0, 6).permute(2, 0, 1)[None]
    size = bright.shape[2:]
    total = image
    for shrink, share in ((1, 0.25), (3, 0.35), (9, 0.4)):
        step = max(1, round(shrink * size[1] / 320))
        small = functional.avg_pool2d(bright, step, ceil_mode=True) if step > 1 else bright
        for _ in range(2):
            small = functional.avg_pool2d(small, 5, 1, 2)
        halo = functional.interpolate(small, size=size, mode="bilinear", align_corners=False)
        total = total + strength * share * halo[0].permute(1, 2, 0)
    return total


def tone(image: Tensor, exposure: float) -> Tensor:
    """Linear light to display values in 0..1, with a soft shoulder."""
    return (1 - torch.exp(-exposure * image.clamp(min=0))).pow(1 / 2.2)


def grade(picture: Tensor, contrast: float, saturation: float) -> Tensor:
    """Pull a picture in 0..1 towards an S-curve (contrast 0..1) and scale its colours' distance from grey."""
    grey = picture.mean(-1, keepdim=True)
    picture = (grey + saturation * (picture - grey)).clamp(0, 1)
    return torch.lerp(picture, picture * picture * (3 - 2 * picture), contrast)


def grain(picture: Tensor, generator: torch.Generator, shot: float, read: float) -> Tensor:
    """Sensor noise on a picture in 0..1; drawn on the CPU, so that it does not depend on the device."""
    draws = torch.randn(2, *picture.shape, generator=generator).to(picture.device)
    colour, gray = draws[0], draws[1, ..., :1]
    size = shot * picture.clamp(min=0).sqrt() + read
    return (picture + size * (0.7 * colour + 0.7 * gray)).clamp(0, 1)
