"""Rain: gray light, a wet road that darkens and mirrors, streaks in the air, and drops on the lens."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from acdepth.weather.bands import bands
from acdepth.weather.blurs import blur, shrunk_blur, sums_down
from acdepth.weather.draws import Draws
from acdepth.weather.fields import (
    add_at,
    flattening,
    luminance,
    paled,
    powered,
    running_max,
    sample,
    scattered_points,
    seen_through,
    smooth_noise,
)
from acdepth.weather.lights import shine, traffic_lights
from acdepth.weather.night import photograph, relight
from acdepth.weather.scene import Scene
from acdepth.weather.sensor import capture, exposure
from acdepth.weather.standing import find_standing

MOST_DROPS = 35
"""On the lens."""
STREAK_HALF_WIDTHS = (1.0, 1.5, 1.9)
"""[px] by layer, near ones last."""
MOST_HALF_WIDTH = 2
"""[px] that a point of a streak may need aside of its place."""


def rain(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A picture of a rainy day (3, H, W) in 0..1 from linear daylight (3, H, W), which is overwritten."""
    standing = find_standing(scene, radiance)
    _overcast(radiance, scene, draws, severity)
    if draws.chance(0.5):  # many drive with lights on
        radiance.add_(shine(traffic_lights(scene, standing, draws), scene, draws))
    wet_ground(radiance, scene, draws, severity)
    airlight = sample(radiance).clamp_max(2).mean((1, 2), keepdim=True) * draws.uniform(0.8, 1.8)
    visibility, falling = _visibility(draws, severity), streaks(draws, severity, *radiance.shape[1:])
    falling.mul_(draws.log_uniform(0.1, 0.8))
    _fill_air(radiance, scene, visibility, airlight, falling, airlight)
    gain = exposure(radiance, draws.uniform(0.4, 0.7), draws.log_uniform(0.06, 0.4))
    lens_drops(radiance, draws, severity)
    softness = draws.uniform(0, 0.004) * radiance.shape[-1] * severity
    return capture(radiance, draws, draws.log_uniform(0.001, 0.012), softness, gain)


def night_rain(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> Tensor:
    """A picture of a rainy night (3, H, W) in 0..1: lamps first, then the water that shows them again."""
    lit = relight(radiance, scene, draws, severity)
    wet_ground(lit, scene, draws, severity)
    scattered = blur(lit.clamp(0, 5), 0.1 * lit.shape[-1])
    airlight = scattered * draws.uniform(0.4, 1.2)
    visibility, strength = _visibility(draws, severity), draws.log_uniform(0.1, 0.8)
    falling = streaks(draws, severity, *lit.shape[1:]).mul_(strength)
    _fill_air(lit, scene, visibility, airlight, falling, scattered)
    lens_drops(lit, draws, severity)
    return photograph(lit, draws, severity)


def streaks(draws: Draws, severity: float, height: int, width: int) -> Tensor:
    """Falling drops as light added to the air, (1, H, W): two or three layers, near ones long and wide."""
    total = torch.zeros(1, height, width, device=draws.device)
    angle = draws.uniform(-0.35, 0.35)
    for layer in range(draws.integer(2, 3)):
        length = max(3.0, draws.uniform(0.03, 0.07) * height * 1.8**layer)
        density = draws.log_uniform(0.001, 0.02) * severity / 2**layer
        rows, columns, light = scattered_points(draws, height, width, density)
        slant = angle + draws.uniform(-0.05, 0.05)
        light.mul_(draws.uniform(0.5, 1.5))
        _add_lines(total, rows, columns, light, length, slant, STREAK_HALF_WIDTHS[layer])
    return total


def _add_lines(
    picture: Tensor,
    rows: Tensor,
    columns: Tensor,
    light: Tensor,
    length: float,
    slant: float,
    half_width: float,
) -> None:
    """Add lines of ``length`` pixels, ``slant`` off vertical, to (1, H, W), about middles of some light (N,).

    All are parallel. So points are put into a picture that is sheared until lines are upright, spread there
    along columns, whose sums cost the same whatever the length, and sheared back.
    """
    height, width = picture.shape[-2:]
    aside, aslant = math.tan(slant), math.cos(slant)
    first = math.floor(min(0.0, -aside * (height - 1))) - MOST_HALF_WIDTH
    last = width + math.ceil(max(0.0, -aside * (height - 1))) + MOST_HALF_WIDTH
    upright = picture.new_zeros(1, height, last - first)
    middles = columns - first - rows * aside
    # Shearing back spreads over a triangle of half a width of 1; squares of widths add up.
    spread = math.sqrt(half_width**2 - 1)
    near, reach = middles.round(), math.ceil(spread)
    places = rows * (last - first) + near.long()
    shifts = range(-reach, reach + 1)
    shares = [(1 - (near + shift - middles).abs() / spread).clamp_min_(0) if reach else 1 for shift in shifts]
    for shift, share in zip(shifts, shares, strict=True):
        add_at(upright, places + shift, light * share / sum(shares))
    lit_rows = 2 * round((length * aslant - 1) / 2) + 1
    upright = sums_down(upright, lit_rows).div_(aslant)
    grid = picture.new_empty(1, height, width, 2)
    down = torch.arange(height, device=picture.device, dtype=picture.dtype).view(-1, 1)
    across = torch.arange(width, device=picture.device, dtype=picture.dtype)
    grid[..., 0] = (
        (down * (-2 * aside / (last - first - 1))) + (across - first) * (2 / (last - first - 1)) - 1
    )
    grid[..., 1] = down * (2 / (height - 1)) - 1
    picture.add_(F.grid_sample(upright[None], grid, padding_mode="zeros", align_corners=True)[0])


def _overcast(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> None:
    """Take the sun from (3, H, W): shadows filled, colours paled, a gray sky."""
    gray = luminance(radiance)
    factor = flattening(gray, 0.06, 0.03, draws.uniform(0.1, 0.6))
    pale = draws.uniform(0.2, 0.8) * severity
    clouds = smooth_noise(draws, *radiance.shape[1:], cells=draws.uniform(2, 6)).mul_(0.8).add_(0.6)
    sky = draws.log_uniform(0.15, 1.2) * draws.colour((1, 1, 1), (0.85, 0.93, 1.0), spread=0.05)
    tint = draws.colour((1, 1, 1), (0.85, 0.95, 1.05), (0.95, 1.0, 0.95), spread=0.05)
    covered = draws.uniform(0.5, 1.0)
    for rows in bands(radiance):
        surface = paled(radiance[:, rows], gray[:, rows], pale).mul_(factor[:, rows]).mul_(tint)
        torch.lerp(surface, sky * clouds[:, rows], scene.sky[:, rows] * covered, out=radiance[:, rows])


def _visibility(draws: Draws, severity: float) -> float:
    """In spray and falling water [m]."""
    return draws.log_uniform(100, 1500) / (0.3 + severity)


def _fill_air(
    radiance: Tensor, scene: Scene, visibility: float, airlight: Tensor, falling: Tensor, lit_by: Tensor
) -> None:
    """Put spray and falling water between camera and scene (3, H, W): contrast goes with distance, light of
    the air comes, and drops (1, H, W) in the light ``lit_by``; both lights (3, H, W) or (3, 1, 1)."""
    airlight, lit_by = airlight.expand_as(radiance), lit_by.expand_as(radiance)
    for rows in bands(radiance):
        through = seen_through(scene.z[:, rows], visibility)
        veiled = torch.lerp(airlight[:, rows], radiance[:, rows], through)
        torch.addcmul(veiled, lit_by[:, rows], falling[:, rows], out=radiance[:, rows])


def wet_ground(radiance: Tensor, scene: Scene, draws: Draws, severity: float) -> None:
    """Blend the mirror image of what stands on the ground into the ground of (3, H, W)."""
    _, height, width = radiance.shape
    wetness = severity**0.5 * draws.uniform(0.5, 1.0)
    rows = slice(scene.ground_top, None)
    puddles = smooth_noise(draws, height, width, cells=draws.uniform(2, 8))[:, rows]
    dry = draws.uniform(0.2, 0.7)
    film = draws.uniform(0.15, 0.8)
    exponent, darker = draws.uniform(1.5, 5), draws.uniform(0.2, 0.6)
    mirrored = _mirror(radiance, scene, draws)
    ground, z, road = scene.ground[:, rows], scene.z[:, rows], radiance[:, rows]
    for part in bands(road):
        weight = puddles[:, part].sub_(dry).mul_(1 / 0.04).sigmoid_().mul_(1 - film).add_(film)
        weight.mul_(ground[:, part]).mul_(wetness)
        # Schlick's approximation for water under the angle at which the camera sees this ground; its exponent
        # is 5, less stands for the waves that turn towards the camera.
        cosine = z[:, part].square().add_(scene.camera_height**2).rsqrt_().mul_(scene.camera_height)
        fresnel = powered((1 - cosine).clamp_min_(0), exponent).mul_(0.98).add_(0.02).mul_(weight)
        road[:, part].mul_(weight.mul_(-darker).add_(1)).lerp_(mirrored[:, part], fresnel)


def _mirror(radiance: Tensor, scene: Scene, draws: Draws) -> Tensor:
    """What each pixel of the rows that show ground mirrors: the picture turned over at the foot of what
    stands behind it.

    A vertical object whose foot is seen in row f shows in a flat mirror upside down below f, at equal
    distances, so the ground pixel in row r mirrors row 2 f - r.
    """
    _, height, width = radiance.shape
    top = scene.ground_top
    rows = torch.arange(top, height, device=radiance.device, dtype=radiance.dtype).view(1, -1, 1)
    columns = torch.arange(width, device=radiance.device, dtype=radiance.dtype).view(1, 1, -1)
    # What is above the ground stands, and so has its foot at the top at least.
    standing = blur(scene.ground[:, top:], 0.6) < 0.5
    foot = running_max((rows * standing).clamp_min_(max(top - 1, scene.horizon - 0.5)), 1)
    foot = blur(foot, 0.008 * width, 0.3)
    below = (rows - foot).clamp_min_(0)
    ripple = draws.randn(1, height - top, width).mul_(0.3 * draws.uniform(0, 0.3))
    source_rows = foot.sub_(below).addcmul_(below, blur(ripple, 1.5, 0.5), value=-1)
    source_columns = torch.addcmul(columns, below, blur(ripple, 0.5, 1.5))
    grid = torch.stack([source_columns.mul_(2 / (width - 1)), source_rows.mul_(2 / (height - 1))], -1).sub_(1)
    # Rough water smears lights into vertical streaks.
    smeared = blur(radiance.clamp_max(30), draws.uniform(0.3, 2.0), draws.log_uniform(0.01, 0.12) * height)
    source = smeared.lerp_(radiance, 1 - draws.uniform(0.2, 1.0))
    return F.grid_sample(source[None], grid, padding_mode="reflection", align_corners=True)[0]


def lens_drops(radiance: Tensor, draws: Draws, severity: float) -> None:
    """Put drops, often none, before (3, H, W): each a wide-angle lens that shows the scene upside down."""
    count = draws.integer(0, round(MOST_DROPS * severity)) if draws.chance(0.7) else 0
    if count == 0:
        return
    _, height, width = radiance.shape
    drops = [_draw_drop(draws, height, width) for _ in range(count)]
    # Drops are far out of focus: what they show is blurred, and so are their edges.
    defocus = draws.uniform(0.001, 0.012) * width
    opacity = draws.uniform(0.6, 1.0)
    blurred, _ = shrunk_blur(radiance, defocus)
    if blurred is radiance:  # none, in a tiny picture
        blurred = radiance.clone()
    for drop in drops:
        _add_drop(radiance, blurred, drop, 0.5 + defocus / 2, opacity)


class _Drop(NamedTuple):
    """Water on the lens."""

    column: float
    row: float
    radius: float  # across [px]
    tall: float  # times as high as wide
    view: float  # part of the picture that it shows


def _draw_drop(draws: Draws, height: int, width: int) -> _Drop:
    radius, tall = draws.log_uniform(0.008, 0.05) * width, draws.uniform(0.9, 1.6)
    column, row = draws.uniform(0, width), draws.uniform(0, height)
    return _Drop(column, row, radius, tall, draws.uniform(0.15, 0.6))


def _add_drop(picture: Tensor, blurred: Tensor, drop: _Drop, soft: float, opacity: float) -> None:
    """Put one drop before (3, H, W), within its own window; its edge is ``soft`` pixels wide."""
    height, width = picture.shape[-2:]
    column, row, radius, tall, view = drop
    aside, up = radius + 2 * soft, radius * tall + 2 * soft
    top, bottom = max(0, int(row - up)), min(height, int(row + up) + 2)
    left, right = max(0, int(column - aside)), min(width, int(column + aside) + 2)
    down = (torch.arange(top, bottom, device=picture.device).view(-1, 1) - row) / (radius * tall)
    across = (torch.arange(left, right, device=picture.device).view(1, -1) - column) / radius
    squared = down**2 + across**2
    inwards = ((1 - squared.sqrt()) * (radius / (4 * soft)) + 0.5).clamp_(0, 1)
    cover = inwards.square() * (3 - 2 * inwards) * opacity
    squared.clamp_max_(1)
    bent = view * (1 + squared)
    grid = torch.stack([2 * column / width - 1 - across * bent, 2 * row / height - 1 - down * bent], -1)
    seen = F.grid_sample(blurred[None], grid[None], padding_mode="reflection", align_corners=False)[0]
    seen.mul_(1.15 - 0.55 * squared**2)
    picture[:, top:bottom, left:right].lerp_(seen, cover)
