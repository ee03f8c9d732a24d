"""From a town and a condition to pictures, exact depth and classes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import torch
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.distortion import STRAIGHT, Distortion
from acdepth.core.seeding import make_generator
from acdepth.world.car import USUAL, Rig
from acdepth.world.occlusion import Occlusion, bake_occlusion
from acdepth.world.raycast import Hits, trace
from acdepth.world.solids import Solids
from acdepth.world.styles import TOWN, find_style
from acdepth.world.surface import Surface, classify, paint_surface
from acdepth.world.town import Town, draw_town
from acdepth.world.view import SAMPLES, View, make_view, untile, world_camera
from acdepth.world.weather import WEATHERS
from acdepth.world.weather.base import Scene

FARTHEST = 255.0  # m; what lies beyond counts as none, as 16-bit files of 1/256 m end there


@dataclass(frozen=True)
class RenderedFrame:
    """One frame of a drive in one condition or more; depth, classes and pose are the same in all of them."""

    index: int
    images: dict[Condition, Tensor]  # (H, W, 3) uint8 RGB, on the CPU
    depth: Tensor  # (H, W) float32 [m] along the optical axis through the pixel's centre, 0 for none
    classes: Tensor  # (H, W) uint8, see `CLASS_NAMES`
    pose: Tensor  # (4, 4) float64 camera to world
    speed: float  # m/s
    camera: Camera


@dataclass(frozen=True)
class Renderer:
    """A town made ready for rendering on a device: `render` and the exporter ask it for frames."""

    town: Town
    camera: Camera
    device: torch.device
    distortion: Distortion = STRAIGHT

    @cached_property
    def occlusion(self) -> Occlusion:
        """The town's light maps, baked when first needed."""
        return bake_occlusion(self.town)

    def frame(self, index: int, conditions: Sequence[Condition]) -> RenderedFrame:
        """Render one frame; it does not depend on which others, or which conditions, were asked for."""
        pose = self.town.drive.poses[index]
        view = make_view(self.camera, pose.to(self.device), self.distortion)
        solids = self.town.solids_at(index)
        hits = _first_hits(self.town, solids, view)
        scene = self._scene(index, view, solids, hits) if conditions else None
        images = {c: _picture(scene, c) for c in conditions if scene is not None}
        t, solid = hits.t[:, SAMPLES:], hits.solid[:, SAMPLES:]
        depth = untile(torch.where(t < FARTHEST, t, 0.0), view).cpu()
        classes = untile(torch.where(t < FARTHEST, classify(solid, t, solids), 0), view).to(torch.uint8).cpu()
        speed = self.town.drive.speed[index].item()
        return RenderedFrame(index, images, depth, classes, pose, speed, self.camera)

    def _scene(self, index: int, view: View, solids: Solids, hits: Hits) -> Scene:
        directions = view.directions[:, :SAMPLES].reshape(-1, 3)
        samples = Hits(hits.t[:, :SAMPLES].reshape(-1), hits.solid[:, :SAMPLES].reshape(-1))
        pixel = 0.75 * view.pixel(slice(SAMPLES))
        surface = paint_surface(self.town, solids, view.origin, directions, samples, pixel)
        reflect = cache(lambda: _mirror(self.town, solids, view, hits))
        return Scene(self.town, self.occlusion, index, view, surface, reflect)


def _first_hits(town: Town, solids: Solids, view: View) -> Hits:
    """Trace solids and ground together."""
    bundle = view.sample_bundle()
    hits = trace(solids, bundle)
    ground = town.road.meet(bundle.origins, bundle.directions)
    lower = ground < hits.t
    return Hits(torch.where(lower, ground, hits.t), torch.where(lower, -1, hits.solid))


def _mirror(town: Town, solids: Solids, view: View, hits: Hits) -> Surface:
    """What the rays through pixel centres see in the wet ground, in the tiles that show ground."""
    bundle = view.mirror_bundle()
    shows_ground = ((hits.solid < 0) & hits.t.isfinite()).any(1)
    mirrored = trace(solids, bundle, shows_ground)
    flat = Hits(mirrored.t.reshape(-1), mirrored.solid.reshape(-1))
    pixel = view.pixel(slice(SAMPLES, None))
    return paint_surface(town, solids, bundle.origins[0, 0], bundle.directions.reshape(-1, 3), flat, pixel)


def _picture(scene: Scene, condition: Condition) -> Tensor:
    """Light, average over the samples of each pixel, develop, and round to 8 bits."""
    weather = WEATHERS[condition]
    light = weather.illuminate(scene)
    view = scene.view
    samples = untile(light.reshape(view.rows * view.columns, SAMPLES, 3), view)
    height, width = view.camera.height, view.camera.width
    # A lamp in one sample would outshine the others of its pixel and sparkle; its glare is bloom's work.
    image = samples.clamp(max=12.0).reshape(height, 2, width, 2, 3).mean((1, 3))
    response = scene.town.style.car.response
    generator = make_generator(scene.town.seed, "world", "sensor", condition, scene.frame)
    picture = response.finish(weather.develop(response.expose(image), scene, generator))
    return (picture * 255).round().clamp(0, 255).to(torch.uint8).cpu()


def prepare(
    town: int,
    frames: int,
    image_size: tuple[int, int],
    device: torch.device | str = "cpu",
    rig: Rig = USUAL,
    style: str = TOWN.name,
    distortion: Distortion = STRAIGHT,
) -> Renderer:
    """Make a town and get ready to render its drive at ``image_size`` (height, width); see `render`."""
    looks = find_style(style)
    drawn, device = draw_town(town, frames, rig, looks), torch.device(device)
    lights = {name: part.to(device) for name, part in vars(drawn.daylight).items() if torch.is_tensor(part)}
    there = replace(
        drawn,
        standing=drawn.standing.to(device),
        movers=tuple(replace(m, bodies=tuple(b.to(device) for b in m.bodies)) for m in drawn.movers),
        lamps=drawn.lamps.to(device),
        daylight=replace(drawn.daylight, **lights),
    )
    return Renderer(there, world_camera(image_size, rig, looks.car.focal), device, distortion)


def render(
    town: int,
    conditions: Sequence[Condition] = (Condition.CLEAR,),
    frames: int = 24,
    image_size: tuple[int, int] = (96, 160),
    device: torch.device | str = "cpu",
    rig: Rig = USUAL,
    style: str = TOWN.name,
    distortion: Distortion = STRAIGHT,
) -> Iterator[RenderedFrame]:
    """Drive through a town and yield its frames in order, each in all conditions asked for.

    Args:
        town: the seed; equal arguments give equal bytes, whichever conditions are asked for.
        conditions: which pictures to make of each frame.
        frames: length of the drive, at 12 frames a second.
        image_size: (height, width) of the pictures.
        device: where to render; results are on the CPU.
        rig: the camera; another one sees the same town and traffic.
        style: a name of `STYLES`.
        distortion: how the lens bends; depth and classes are those of the bent pixels.
    """
    renderer = prepare(town, frames, image_size, device, rig, style, distortion)
    for index in range(frames):
        yield renderer.frame(index, conditions)
