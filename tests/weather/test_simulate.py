"""Simulated weather: its contract for every condition, and the physics each one stands on."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.weather import WEATHERS, simulate
from acdepth.weather.draws import Draws
from acdepth.weather.fields import to_linear
from acdepth.weather.fog import fog
from acdepth.weather.lights import headlights, street_lamps
from acdepth.weather.rain import lens_drops, wet_ground
from acdepth.weather.scene import Scene, understand
from acdepth.weather.standing import find_sky, find_standing

HEIGHT, WIDTH = 48, 80
HORIZON = 20.0
"""Row."""


def draws(seed: int = 0) -> Draws:
    return Draws(make_generator(seed), "cpu")


def street(wall: float = 60.0) -> Tensor:
    """Depth (1, H, W) [m] of flat ground seen from 1.5 m, and a wall behind it."""
    rows = torch.arange(HEIGHT).view(1, -1, 1).expand(1, HEIGHT, WIDTH)
    return (1.5 * 0.7 * WIDTH / (rows - HORIZON).clamp_min(1e-3)).clamp_max(wall)


def read(depth: Tensor) -> Scene:
    return understand(depth[None], [draws()])[0]


def pictures(count: int) -> tuple[Tensor, Tensor]:
    image = torch.rand(count, 3, 6, 10, generator=make_generator(5))
    image = torch.nn.functional.interpolate(image, (HEIGHT, WIDTH), mode="bilinear")
    return image, street().expand(count, 1, HEIGHT, WIDTH)


def run(condition: Condition, seeds: list[int], severity: tuple[float, float] = (0.3, 1.0)) -> Tensor:
    image, depth = pictures(len(seeds))
    return simulate(image, depth, condition, [make_generator(seed) for seed in seeds], severity)


@pytest.mark.parametrize("condition", list(WEATHERS))
def test_pictures_are_pictures_and_depend_on_their_generator_alone(condition: Condition) -> None:
    seeds = list(range(12))
    made = run(condition, seeds)
    assert made.shape == (12, 3, HEIGHT, WIDTH) and made.isfinite().all()
    assert made.min() >= 0 and made.max() <= 1
    image, depth = pictures(12)
    alone = simulate(image[7:8], depth[7:8], condition, [make_generator(7)])
    assert torch.equal(alone[0], made[7])
    assert all(not torch.equal(made[0], other) for other in made[1:])


@pytest.mark.parametrize("condition", list(WEATHERS))
@pytest.mark.parametrize("metres", [0.1, 1.0, 1e6])
def test_any_depth_makes_a_picture(condition: Condition, metres: float) -> None:
    image, _ = pictures(1)
    depth = torch.full((1, 1, HEIGHT, WIDTH), metres)
    assert simulate(image, depth, condition, [make_generator(1)]).isfinite().all()


@pytest.mark.parametrize("condition", list(WEATHERS))
@pytest.mark.parametrize(("height", "width"), [(67, 961), (375, 1242), (51, 499), (66, 640)])
def test_any_size_makes_a_picture(condition: Condition, height: int, width: int) -> None:
    """Also one that the squares of pixels in which sky and lamps are looked for do not fill."""
    image, depth = pictures(1)
    image, depth = (torch.nn.functional.interpolate(one, (height, width)) for one in (image, depth))
    made = simulate(image, depth, condition, [make_generator(1)])
    assert made.shape == image.shape and bool(((made >= 0) & (made <= 1)).all())


def test_every_other_condition_can_be_made() -> None:
    assert set(WEATHERS) == set(Condition) - {Condition.CLEAR}
    with pytest.raises(KeyError):
        run(Condition.CLEAR, [0])


@pytest.mark.parametrize("condition", list(WEATHERS))
def test_nothing_waits_for_the_device(condition: Condition) -> None:
    """Numbers on the device "meta" cannot be read: whatever would have to be waited for fails on it."""
    scene = read(street())
    there = replace(
        scene, **{name: one.to("meta") for name, one in vars(scene).items() if torch.is_tensor(one)}
    )
    for seed in range(2):
        far = Draws(make_generator(seed), "meta")
        made = WEATHERS[condition](torch.empty(3, HEIGHT, WIDTH, device="meta"), there, far, 0.7)
        assert made.shape == (3, HEIGHT, WIDTH)


def test_nights_are_dark_and_none_is_like_another() -> None:
    image, _ = pictures(1)
    medians = run(Condition.NIGHT, list(range(40))).flatten(1).median(1).values
    assert (medians < image.median()).float().mean() > 0.9
    assert medians.min() < 0.12 and medians.max() > 0.25


@pytest.mark.parametrize("condition", [Condition.FOG, Condition.RAIN, Condition.SNOW])
def test_severity_takes_contrast(condition: Condition) -> None:
    seeds = list(range(20))
    weak, strong = (run(condition, seeds, (s, s)).std((1, 2, 3)).mean() for s in (0.05, 1.0))
    assert strong < 0.9 * weak


def test_ground_and_horizon_are_found_whatever_stands_on_it() -> None:
    depth = street()
    depth[:, 25:40, 10:25] = 4.0  # a car
    scene = read(depth)
    assert scene.horizon == pytest.approx(HORIZON, abs=1.0)
    assert scene.ground[0, 30:, 40:].min() > 0.9
    assert scene.ground[0, 26:34, 12:22].max() < 0.1 and scene.ground[0, :20].max() < 0.01
    assert (scene.y - scene.camera_height)[0, 30:, 40:].abs().max() < 0.15


def test_sky_is_far_and_above_the_horizon() -> None:
    scene = read(street(wall=200.0))
    assert scene.sky[0, :15].min() > 0.9 and scene.sky[0, 24:].max() < 0.1
    assert read(street(wall=30.0)).sky.max() < 0.01


def flat_scene(z: Tensor, ground: Tensor) -> Scene:
    height, width = z.shape[-2:]
    ahead, level = torch.zeros(1, 1, width), torch.zeros(1, height, 1)
    return Scene(
        z, ahead, level, ground, torch.zeros_like(z), 0, focal=56.0, horizon=HORIZON, camera_height=1.5
    )


def test_a_sky_at_night_goes_by_the_picture_where_depth_says_little() -> None:
    image, near = torch.full((3, HEIGHT, WIDTH), 0.2), street(wall=20.0)
    image[:, : int(HORIZON)] = 0.9
    near[:, :, 50:] = near[:, :, 50:].clamp_max(6.0)
    scene = read(near)
    sky = find_sky(scene, find_standing(scene, to_linear(image)))[0]
    assert scene.sky.max() < 0.01 and sky[:14, 4:44].min() > 0.9
    assert sky[:, 54:].max() < 0.01 and sky[28:].max() < 0.01


def test_fog_follows_koschmieder() -> None:
    """Contrast between two neighbours falls with exp(-density * depth): far contrast is lost first."""
    stripes = torch.zeros(3, HEIGHT, WIDTH)
    stripes[:, :, ::8] = stripes[:, :, 1::8] = stripes[:, :, 2::8] = stripes[:, :, 3::8] = 0.8
    z = torch.full((1, HEIGHT, WIDTH), 5.0)
    z[:, :, 40:] = 80.0
    for seed in range(8):
        made = fog(stripes.clone(), flat_scene(z, torch.zeros_like(z)), draws(seed), severity=0.8)
        assert made[:, :, 48:].std() < 0.5 * made[:, :, :32].std()


def test_wet_ground_mirrors_the_foot_of_a_lamp_post() -> None:
    """A light 10 rows above the foot of a wall shows 10 rows below it."""
    foot = 24
    ground = torch.zeros(1, HEIGHT, WIDTH)
    ground[:, foot:] = 1
    light = torch.zeros(3, HEIGHT, WIDTH)
    light[:, foot - 11 : foot - 8, 38:42] = 10
    scene = flat_scene(torch.full_like(ground, 15.0), ground)
    total = torch.zeros_like(light)
    for seed in range(12):
        wet_ground(wet := light.clone(), scene, draws(seed), severity=1.0)
        assert torch.equal(wet[:, :foot], light[:, :foot])
        total += wet
    mirrored = total[0, foot:]
    row = int(mirrored.sum(1).argmax())
    assert abs(row - 9) <= 2
    assert mirrored[row, 36:44].sum() > 0.7 * mirrored[row].sum()


def test_headlights_fade_with_distance_and_lamps_shine_below_themselves() -> None:
    scene = read(street())
    beams = sum(headlights(draws(seed)).strength_on(scene)[0] for seed in range(10))
    assert isinstance(beams, Tensor)
    assert beams[45, 40] > beams[30, 40] > beams[22, 40] > 0
    standing = find_standing(scene, torch.full((3, HEIGHT, WIDTH), 0.2))
    for seed in range(10):
        light, lamps = street_lamps(scene, standing, draws(seed))
        assert light.strength_on(scene).min() >= 0
        columns, rows = (axis[lamps.colour[0] > 0] for axis in scene.pixel(*lamps.place))
        assert ((rows >= 0) & (rows < HORIZON + 1) & (columns >= 0) & (columns < WIDTH)).all()


def test_drops_change_what_they_cover_and_nothing_else() -> None:
    image, _ = pictures(1)
    radiance = to_linear(image[0])
    changed = []
    for seed in range(12):
        lens_drops(wet := radiance.clone(), draws(seed), 1.0)
        changed.append((wet != radiance).float().mean().item())
    assert min(changed) == 0 and 0.02 < max(changed) < 0.9
