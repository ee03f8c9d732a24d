"""City and motorway: dense traffic that is as exact and repeatable as towns, and leaves us our way."""

import pytest
import torch
from tests.world.culling import assert_culling_loses_nothing
from tests.world.test_drive import reprojection_errors

from acdepth.core.condition import Condition
from acdepth.world import prepare
from acdepth.world.dice import Dice
from acdepth.world.fleet import (
    HIGHWAY,
    KERB,
    STREET,
    build_bus,
    build_car,
    build_rider,
    build_truck,
    build_van,
)
from acdepth.world.lanes import Flow, draw_lanes
from acdepth.world.styles import find_style
from acdepth.world.town import Town, draw_town
from acdepth.world.view import make_view, world_camera

SIZE = (48, 80)
STYLES = ("city", "motorway")
BUSY = {"city": 4, "motorway": 2}
"""Seeds."""


def dense(style: str, seed: int, frames: int = 2) -> Town:
    return draw_town(seed, frames, style=find_style(style))


@pytest.fixture(scope="module", params=STYLES)
def drive(request):
    return prepare(BUSY[request.param], 3, SIZE, style=request.param)


@pytest.fixture(scope="module")
def frame(drive):
    return drive.frame(1, list(Condition))


def test_same_seed_same_bytes_whatever_else_is_asked_for(drive, frame) -> None:
    style = drive.town.style.name
    again = prepare(BUSY[style], 3, SIZE, style=style).frame(1, [Condition.NIGHT_RAIN])
    assert torch.equal(again.images[Condition.NIGHT_RAIN], frame.images[Condition.NIGHT_RAIN])
    assert torch.equal(again.depth, frame.depth) and torch.equal(again.classes, frame.classes)


@pytest.mark.parametrize("style", STYLES)
def test_a_longer_drive_begins_like_a_shorter_one(style: str) -> None:
    short, long = dense(style, BUSY[style], 6), dense(style, BUSY[style], 60)
    torch.testing.assert_close(short.drive.poses, long.drive.poses[:6])
    assert short.movers
    for place, same in zip(short.movers, long.movers, strict=True):
        torch.testing.assert_close(torch.tensor(place.places), torch.tensor(same.places[:6]))
    near = short.standing.centre[short.standing.centre[:, 2] < 60]
    distance = torch.cdist(near, long.standing.centre, compute_mode="donot_use_mm_for_euclid_dist")
    assert len(near) > 100 and distance.amin(1).max() < 1e-4


def test_depth_is_exact(drive) -> None:
    usable, error = reprojection_errors(drive, 1, 2)
    assert usable > 0.4 and error.median() < 0.03  # much of what is seen moves
    view = make_view(world_camera((24, 40)), drive.town.drive.poses[1])
    assert_culling_loses_nothing(drive, view, mirrored=False)


def test_conditions_change_the_picture(frame) -> None:
    light = {condition: image.float().mean().item() / 255 for condition, image in frame.images.items()}
    assert 0.02 < light[Condition.NIGHT] < 0.25 and 0.02 < light[Condition.NIGHT_RAIN] < 0.25
    assert light[Condition.RAIN] < light[Condition.CLEAR]
    assert torch.equal(frame.depth == 0, frame.classes == 0)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(4))
def test_nothing_stands_in_our_way(style: str, seed: int) -> None:
    town = dense(style, seed, 12)
    corners = town.standing.corners()
    low = corners[..., 1].amin(1) < 2.4
    x, z = corners[low][..., 0], corners[low][..., 2]
    lateral = town.road.lateral(x, z) - town.road.lane_middle(town.road.our_lane)
    side_street = town.road.crossing_distance(z).amin(1) < 0
    gap = torch.where((lateral.amin(1) < 0) & (lateral.amax(1) > 0), 0.0, lateral.abs().amin(1))
    assert gap[~side_street].min() > 1.0


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(4))
def test_nothing_drives_into_us_or_stops_the_lens(style: str, seed: int) -> None:
    """The lens stays 3 m away from what is before it, and nearly 1 m from what is beside it."""
    town = dense(style, seed, 40)
    for mover in town.movers:
        for place, pose in zip(mover.places, town.drive.poses, strict=True):
            offset = torch.tensor([place[0], place[1]]) - pose[[0, 2], 3]
            forward = pose[[0, 2], 2] / pose[[0, 2], 2].norm()
            ahead = (offset @ forward).item()
            aside = abs((offset[0] * forward[1] - offset[1] * forward[0]).item())
            if abs(ahead) < mover.half_size[2] + 3.0:
                assert aside > mover.half_size[0] + 0.9


def test_lanes_are_as_full_as_asked_for() -> None:
    road = find_style("city").draw_road(BUSY["city"], 1)
    lanes = draw_lanes(BUSY["city"], "city", road, standing=1.0, empty=0.0)
    assert set(lanes.oncoming) == {Flow.STANDING}
    assert lanes.ahead[road.our_lane] is not Flow.STANDING
    assert len(lanes.ahead) == len(lanes.oncoming) == road.lanes


@pytest.mark.parametrize("build", [build_car, build_van, build_bus, build_truck, build_rider])
def test_vehicles_stand_on_the_road_and_fit_their_shadows_box(build) -> None:
    for number in range(6):
        vehicle = build(Dice(number, "test"), True)
        corners, half = vehicle.body.corners(), vehicle.half_size
        assert corners[..., 1].min().item() == pytest.approx(0.0, abs=1e-5)
        assert corners[..., 0].abs().max() < half[0] + 0.3 < 1.6
        assert corners[..., 2].abs().max() < half[2] + 0.25
        assert corners[..., 1].max() == pytest.approx(half[1], abs=0.4)


@pytest.mark.parametrize("fleet", [STREET, HIGHWAY, KERB])
def test_shares_of_a_fleet_sum_up_to_one(fleet) -> None:
    assert sum(share for _, share in fleet) == pytest.approx(1.0)
