"""Lights of simulated weather are fixed to things that stand, whatever depth says of the sky."""

import torch
from torch import Tensor

from acdepth.core.seeding import make_generator
from acdepth.weather.draws import Draws
from acdepth.weather.fields import to_linear
from acdepth.weather.lights import lit_windows, street_lamps, traffic_lights
from acdepth.weather.scene import Scene, understand
from acdepth.weather.standing import Standing, find_standing, sky_seen

HEIGHT, WIDTH, HORIZON, HOUSE = 96, 160, 40, 60
"""Size; row of the horizon; column where the house ends, from the left."""


def draws(seed: int = 0) -> Draws:
    return Draws(make_generator(seed), "cpu")


def picture() -> Tensor:
    """Linear (3, H, W): a dark house left, bright plain sky right of it, gray road below."""
    shown = torch.full((3, HEIGHT, WIDTH), 0.4)
    shown[:, :HORIZON] = 0.9
    shown[:, :HORIZON, :HOUSE] = 0.3 + 0.1 * torch.rand(HORIZON, HOUSE, generator=make_generator(1))
    return to_linear(shown)


def read(sky: float) -> tuple[Scene, Standing]:
    """Road seen from 1.5 m, the house 20 m away and the sky at a distance [m]."""
    rows = torch.arange(HEIGHT).view(1, -1, 1).expand(1, HEIGHT, WIDTH)
    depth = (1.5 * 0.7 * WIDTH / (rows - HORIZON).clamp_min(1e-3)).clamp_max(sky)
    depth[:, :, :HOUSE] = depth[:, :, :HOUSE].clamp_max(20)
    (scene,) = understand(depth[None], [draws()])
    return scene, find_standing(scene, picture())


def test_a_house_stands_and_neither_road_nor_a_sky_that_depth_calls_near() -> None:
    for sky in (80.0, 20.0, 12.0):
        _, standing = read(sky)
        assert standing.walls[0, 4 : HORIZON - 4, 4 : HOUSE - 4].float().mean() > 0.8
        assert not standing.things[0, : HORIZON - 4, HOUSE + 4 :].any()
        assert not standing.things[0, HORIZON + 20 :].any()


def test_lamps_windows_and_car_lights_are_on_what_stands() -> None:
    scene, standing = read(20.0)
    count, lit = 0, torch.zeros(HEIGHT, WIDTH)
    for seed in range(20):
        lights = street_lamps(scene, standing, draws(seed))[1] + traffic_lights(scene, standing, draws(seed))
        columns, rows = (axis[lights.colour[0] > 0].long() for axis in scene.pixel(*lights.place))
        count += len(rows)
        assert standing.things[0, rows, columns].all()
        lit += lit_windows(scene, standing, draws(seed))(slice(None)).sum(0)
    assert count and lit.any()
    assert not lit[~standing.walls[0]].any()


def test_where_nothing_stands_no_light_is_put() -> None:
    scene, _ = read(20.0)
    nothing = Standing(scene, 1, *(torch.zeros(1, HEIGHT, WIDTH, dtype=torch.bool),) * 3)
    assert not any(traffic_lights(scene, nothing, draws(seed)).colour.any() for seed in range(10))
    assert not any(street_lamps(scene, nothing, draws(seed))[1].colour.any() for seed in range(10))
    assert not lit_windows(scene, nothing, draws())(slice(None)).any()


def test_sky_goes_on_below_a_wire_and_ends_at_roofs() -> None:
    image = picture()
    image[:, 12, HOUSE:] = 0.02
    sky = sky_seen(image)[0]
    assert sky[20 : HORIZON - 4, HOUSE + 6 : -6].float().mean() > 0.9
    assert not sky[4:, : HOUSE - 6].any() and not sky[HORIZON + 20 :].any()
