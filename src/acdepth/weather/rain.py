"""Rain: gray light, a wet road that darkens and mirrors, streaks in the air, and drops on the lens."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from acdepth.weather.draws import Draws
from acdepth.weather.fields import blur, flatten_light, luminance, seen_through, smooth_noise, stamp
from acdepth.weather.lights import shine, traffic_lights
from acdepth.weather.night import photograph, relight
from acdepth.weather.scene import Scene
from acdepth.weather.sensor import capture, expose
from acdepth.weather.standing import find_standing

MOST_DROPS = 35
"""On the lens."""


def rain(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A picture of a rainy day (3, H, W) in 0..1 from linear daylight (3, H, W)."""
    standing = find_standing(scene, radiance)
    radiance = _overcast(radiance, scene, draws, severity)
    if draws.chance(0.5):  # many drive with lights on
        radiance = radiance + shine(traffic_lights(scene, standing, draws), draws, *radiance.shape[1:])
    radiance = wet_ground(radiance, scene, draws, severity)
    airlight = radiance.clamp_max(2).mean((1, 2), keepdim=True) * draws.uniform(0.8, 1.8)
    radiance = _veil(radiance, scene, airlight, draws, severity)
    falling = streaks(draws, severity, *radiance.shape[1:])
    radiance = radiance + draws.log_uniform(0.1, 0.8) * airlight * falling
    radiance = expose(radiance, draws.uniform(0.4, 0.7), draws.log_uniform(0.06, 0.4))
    radiance = lens_drops(radiance, draws, severity)
    softness = draws.uniform(0, 0.004) * radiance.shape[-1] * severity
    return capture(radiance, draws, draws.log_uniform(0.001, 0.012), softness)


def night_rain(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A picture of a rainy night (3, H, W) in 0..1: lamps first, then the water that shows them again."""
    lit = wet_ground(relight(radiance, scene, draws, severity), scene, draws, severity)
    scattered = blur(lit.clamp(0, 5), 0.1 * lit.shape[-1])
    lit = _veil(lit, scene, scattered * draws.uniform(0.4, 1.2), draws, severity)
    lit = lit + draws.log_uniform(0.1, 0.8) * scattered * streaks(draws, severity, *lit.shape[1:])
    return photograph(lens_drops(lit, draws, severity), draws, severity)


def streaks(draws: Draws, severity: float, height: int, width: int) -> Tensor:
    """Falling drops as light added to the air, (1, H, W): two or three layers, near ones long and wide."""
    total = torch.zeros(1, height, width, device=draws.device)
    angle = draws.uniform(-0.35, 0.35)
    for layer in range(draws.integer(2, 3)):
        length = max(3.0, draws.uniform(0.03, 0.07) * height * 1.8**layer)
        density = draws.log_uniform(0.001, 0.02) * severity / 2**layer
        drops = (draws.rand(1, height, width) < density).float() * draws.rand(1, height, width)
        line = _line(length, angle + draws.uniform(-0.05, 0.05), draws)
        total += blur(stamp(drops, line), 0.25 + 0.2 * layer) * draws.uniform(0.5, 1.5)
    return total


def _line(length: float, angle: float, draws: Draws) -> Tensor:
    """Kernel (K, K) that turns a point into a streak of ``length`` pixels, ``angle`` off vertical."""
    reach = math.ceil(length / 2)
    offsets = torch.arange(-reach, reach + 1, device=draws.device, dtype=torch.float32)
    along = offsets.view(-1, 1) * math.cos(angle) + offsets.view(1, -1) * math.sin(angle)
    across = offsets.view(1, -1) * math.cos(angle) - offsets.view(-1, 1) * math.sin(angle)
    return (1 - across.abs()).clamp(0, 1) * (along.abs() <= length / 2)


def _overcast(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """Light without sun: shadows filled, colours paled, a gray sky."""
    flattened = flatten_light(radiance, 0.06, 0.03, draws.uniform(0.1, 0.6))
    pale = torch.lerp(flattened, luminance(flattened).expand_as(radiance), draws.uniform(0.2, 0.8) * severity)
    clouds = 0.6 + 0.8 * smooth_noise(draws, *radiance.shape[1:], cells=draws.uniform(2, 6))
    sky = draws.log_uniform(0.15, 1.2) * draws.colour((1, 1, 1), (0.85, 0.93, 1.0), spread=0.05) * clouds
    tint = draws.colour((1, 1, 1), (0.85, 0.95, 1.05), (0.95, 1.0, 0.95), spread=0.05)
    return torch.lerp(pale * tint, sky, scene.sky * draws.uniform(0.5, 1.0))


def _veil(radiance: Tensor, scene: Scene, airlight: Tensor, draws: Draws, severity: float) -> Tensor:
    """Spray and falling water between camera and scene: contrast goes with distance."""
    through = seen_through(scene.z, draws.log_uniform(100, 1500) / (0.3 + severity))
    return radiance * through + airlight * (1 - through)


def wet_ground(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """Blend the mirror image of what stands on the ground into the ground of (3, H, W)."""
    _, height, width = radiance.shape
    wetness = severity**0.5 * draws.uniform(0.5, 1.0)
    puddles = smooth_noise(draws, height, width, cells=draws.uniform(2, 8))
    dry = draws.uniform(0.2, 0.7)
    film = draws.uniform(0.15, 0.8)
    water = film + (1 - film) * torch.sigmoid((puddles - dry) / 0.04)
    # Schlick's approximation for water under the angle at which the camera sees this ground; its exponent is
    # 5, less stands for the waves that turn towards the camera.
    cosine = scene.camera_height / torch.sqrt(scene.z**2 + scene.camera_height**2)
    fresnel = 0.02 + 0.98 * (1 - cosine) ** draws.uniform(1.5, 5)
    weight = scene.ground * water * wetness
    darkened = radiance * (1 - weight * draws.uniform(0.2, 0.6))
    mirrored = _mirror(radiance, scene, draws)
    return torch.lerp(darkened, mirrored, weight * fresnel)


def _mirror(radiance: Tensor, scene: Scene, draws: Draws) -> Tensor:
    """What each ground pixel mirrors: the picture turned over at the foot of what stands behind it.

    A vertical object whose foot is seen in row f shows in a flat mirror upside down below f, at equal
    distances, so the ground pixel in row r mirrors row 2 f - r.
    """
    _, height, width = radiance.shape
    rows = torch.arange(height, device=radiance.device, dtype=radiance.dtype).view(1, -1, 1)
    standing = blur(1 - scene.ground, 0.6) > 0.5
    foot = torch.where(standing, rows, torch.full_like(rows, scene.horizon - 0.5)).cummax(1).values
    foot = blur(foot, 0.008 * width, 0.3)
    below = (rows - foot).clamp_min(0)
    ripple = (draws.randn(1, height, width) * draws.uniform(0, 0.3)).expand(1, height, width)
    source_rows = foot - below * (1 + 0.3 * blur(ripple, 1.5, 0.5))
    columns = torch.arange(width, device=radiance.device, dtype=radiance.dtype).view(1, 1, -1)
    source_columns = columns + below * blur(ripple, 0.5, 1.5) * 0.3
    grid = torch.stack([source_columns / (width - 1), source_rows / (height - 1)], -1) * 2 - 1
    # Rough water smears lights into vertical streaks.
    smeared = blur(radiance.clamp_max(30), draws.uniform(0.3, 2.0), draws.log_uniform(0.01, 0.12) * height)
    rough = draws.uniform(0.2, 1.0)
    source = torch.lerp(radiance, smeared, rough)
    return F.grid_sample(source[None], grid, padding_mode="reflection", align_corners=True)[0]


def lens_drops(radiance: Tensor, draws: Draws, severity: float) -> Tensor:
    """Put drops, often none, before (3, H, W): each a wide-angle lens that shows the scene upside down."""
    count = draws.integer(0, round(MOST_DROPS * severity)) if draws.chance(0.7) else 0
    if count == 0:
        return radiance
    _, height, width = radiance.shape
    rows = torch.linspace(-1, 1, height, device=draws.device).view(-1, 1).expand(height, width)
    columns = torch.linspace(-1, 1, width, device=draws.device).view(1, -1).expand(height, width)
    grid = torch.stack([columns, rows], -1).clone()
    cover = torch.zeros(1, height, width, device=draws.device)
    shade = torch.ones(1, height, width, device=draws.device)
    for _ in range(count):
        _add_drop(grid, cover, shade, draws)
    # Drops are far out of focus: what they show is blurred, and so are their edges.
    defocus = draws.uniform(0.001, 0.012) * width
    blurred = blur(radiance, defocus)[None]
    seen = F.grid_sample(blurred, grid[None], padding_mode="reflection", align_corners=True)[0]
    return torch.lerp(radiance, seen * shade, blur(cover, 0.5 + defocus / 2) * draws.uniform(0.6, 1.0))


def _add_drop(grid: Tensor, cover: Tensor, shade: Tensor, draws: Draws) -> None:
    """Write one drop into ``grid`` (H, W, 2), ``cover`` and ``shade`` (1, H, W), within its own window."""
    height, width = grid.shape[:2]
    radius = draws.log_uniform(0.008, 0.05) * width
    tall = draws.uniform(0.9, 1.6)
    column, row = draws.uniform(0, width), draws.uniform(0, height)
    top, bottom = max(0, int(row - radius * tall)), min(height, int(row + radius * tall) + 2)
    left, right = max(0, int(column - radius)), min(width, int(column + radius) + 2)
    window = (slice(top, bottom), slice(left, right))
    down = (torch.arange(top, bottom, device=grid.device).view(-1, 1) - row) / (radius * tall)
    across = (torch.arange(left, right, device=grid.device).view(1, -1) - column) / radius
    squared = down**2 + across**2
    inside = squared < 1
    view = draws.uniform(0.15, 0.6)
    turned = torch.stack(torch.broadcast_tensors(-across, -down), -1) * view * (1 + squared[..., None])
    centre = torch.tensor([2 * column / width - 1, 2 * row / height - 1], device=grid.device)
    grid[window] = torch.where(inside[..., None], centre + turned, grid[window])
    cover[0][window] = torch.where(inside, 1.0, cover[0][window])
    shade[0][window] = torch.where(inside, 1.15 - 0.55 * squared**2, shade[0][window])
