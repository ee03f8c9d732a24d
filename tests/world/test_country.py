"""The country: as exact, repeatable and kind to a teacher as towns, and unlike them."""

import pytest
import torch
from tests.world.test_drive import reprojection_errors

from acdepth.core.condition import Condition
from acdepth.world import Rig, prepare
from acdepth.world.dice import Dice
from acdepth.world.solids import TERRAIN, Material
from acdepth.world.styles import TOWN
from acdepth.world.styles.country import COUNTRY
from acdepth.world.styles.country.way import Kind, draw_road, draw_way
from acdepth.world.town import Town, draw_town
from acdepth.world.vehicles import build_lorry, build_tractor
from acdepth.world.weather.night import headlight, lamp_light

SIZE = (48, 80)
LANE, ROAD, MOTORWAY, WITHOUT_LAMPS = 36, 45, 38, 48
"""Seeds."""


def country(seed: int, frames: int = 2, rig: Rig | None = None) -> Town:
    return draw_town(seed, frames, rig or Rig(), COUNTRY)


@pytest.fixture(scope="module")
def drive():
    return prepare(MOTORWAY, 3, SIZE, style="country")


@pytest.fixture(scope="module")
def frame(drive):
    return drive.frame(1, list(Condition))


def test_kinds_of_road() -> None:
    assert [draw_way(seed).kind for seed in (LANE, ROAD, MOTORWAY)] == list(Kind)
    motorway, lane = draw_road(MOTORWAY, 1), draw_road(LANE, 1)
    assert motorway.lanes == 2 and motorway.median > 1 and not any(motorway.crossings)
    assert lane.half_width < 3.2 < 10 < motorway.half_width


def test_lanes_are_counted_from_the_median() -> None:
    road = draw_road(MOTORWAY, 1)
    middles = torch.tensor([road.lane_middle(0), road.lane_middle(1)])
    assert (middles[1] - middles[0]).item() == pytest.approx(road.lane_width)
    both = torch.cat([middles, -middles])
    torch.testing.assert_close(road.lane_offset(both), torch.zeros(4), atol=1e-6, rtol=0)
    torch.testing.assert_close(road.lane_offset(both.sign() * 0.5 + both), torch.full((4,), 0.5))


def test_same_seed_same_bytes_whatever_else_is_asked_for(frame) -> None:
    again = prepare(MOTORWAY, 3, SIZE, style="country").frame(1, [Condition.NIGHT_RAIN])
    assert torch.equal(again.images[Condition.NIGHT_RAIN], frame.images[Condition.NIGHT_RAIN])
    assert torch.equal(again.depth, frame.depth) and torch.equal(again.classes, frame.classes)


def test_a_longer_drive_begins_like_a_shorter_one() -> None:
    short, long = country(MOTORWAY, 6), country(MOTORWAY, 60)
    torch.testing.assert_close(short.drive.poses, long.drive.poses[:6])
    assert len(short.movers) >= 2
    for place, same in zip(short.movers, long.movers, strict=True):
        torch.testing.assert_close(torch.tensor(place.places), torch.tensor(same.places[:6]))
    near = short.standing.centre[short.standing.centre[:, 2] < 60]
    assert len(near) > 100
    # Each table holds single solids before tables of several, so the order differs and the places do not.
    distance = torch.cdist(near, long.standing.centre, compute_mode="donot_use_mm_for_euclid_dist")
    assert distance.amin(1).max() < 1e-4


def test_depth_of_the_next_frame_follows_from_the_pose(drive) -> None:
    usable, error = reprojection_errors(drive, 1, 2)
    assert usable > 0.5
    assert error.median() < 0.002 and (error < 0.01).float().mean() > 0.75


@pytest.mark.parametrize("seed", range(6))
def test_motion_is_smooth(seed: int) -> None:
    poses = country(seed, 40).drive.poses
    step = (poses[1:, :3, 3] - poses[:-1, :3, 3]).norm(dim=1)
    assert step.min() > 0.5 and step.max() < 1.2
    turn = poses[:-1, :3, :3].transpose(1, 2) @ poses[1:, :3, :3]
    cosine = (turn.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2
    assert cosine.clamp(-1, 1).arccos().max() < 0.04


@pytest.mark.parametrize("seed", [3, 5, LANE, 37, 46, 58])
def test_nothing_stands_in_our_way(seed: int) -> None:
    town = country(seed, 24)
    corners = town.standing.corners()
    low = corners[..., 1].amin(1) < 2.6
    lateral = town.road.lateral(corners[low][..., 0], corners[low][..., 2])
    lateral = lateral - town.road.lane_middle(town.road.our_lane)
    gap = torch.where((lateral.amin(1) < 0) & (lateral.amax(1) > 0), 0.0, lateral.abs().amin(1))
    assert gap.min() > 1.5


def test_the_camera_is_another_one() -> None:
    camera = prepare(ROAD, 2, SIZE, style="country").camera
    assert camera.fx == pytest.approx(1.15 * 0.8 * SIZE[1])
    usual = country(ROAD).drive.poses
    assert (-usual[:, 1, 3] > 1.68).all() and (-usual[:, 1, 3] < 1.92).all()
    down = usual[:, 1, 2]  # how far the optical axis points down
    assert (down > 0.005).all() and (down < 0.04).all()
    told = country(ROAD, rig=Rig(height=1.0, pitch_degrees=-3.0)).drive.poses
    assert (-told[:, 1, 3] < 1.02).all() and (told[:, 1, 2] < 0).all()


def test_conditions_change_the_picture(frame) -> None:
    light = {condition: image.float().mean().item() / 255 for condition, image in frame.images.items()}
    assert 0.03 < light[Condition.NIGHT] < 0.22 and 0.03 < light[Condition.NIGHT_RAIN] < 0.22
    assert light[Condition.RAIN] < light[Condition.CLEAR] < light[Condition.SNOW]
    foggy, clear = (frame.images[c].float() for c in (Condition.FOG, Condition.CLEAR))
    far = frame.depth > 60
    assert foggy[far].std() < 0.35 * clear[far].std()
    assert torch.equal(frame.depth == 0, frame.classes == 0)


def test_hills_are_ground_and_lie_apart_from_the_road() -> None:
    hills = 0
    for seed in range(4):
        town = country(seed, 2)
        solids = town.standing
        large = torch.isin(solids.material, torch.tensor(TERRAIN)) & (solids.half[:, 0] > 20)
        x, z = solids.centre[large][:, 0], solids.centre[large][:, 2]
        near = (x - town.road.centre(z)).abs() - solids.half[large][:, 0]
        assert (near > town.road.half_width).all()
        hills += int(large.sum())
    assert hills > 3


def test_a_night_without_any_lamp_has_no_lamp_light() -> None:
    town = country(WITHOUT_LAMPS)
    assert town.lamps.shape == (0, 3)
    point, normal = torch.zeros(5, 3), torch.tensor([0.0, 1.0, 0.0]).expand(5, 3)
    light = lamp_light(point, normal, town.lamps, town.daylight.lamp_colour)
    assert torch.equal(light, torch.zeros(5, 3))


def test_a_full_beam_lights_what_dipped_headlights_leave_dark() -> None:
    crown, towards_us = torch.tensor([[0.0, 3.5, 30.0]]), torch.tensor([[0.0, 0.0, -1.0]])
    camera, axes = torch.tensor([0.0, 1.8, 0.0]), torch.eye(3)
    full, dipped = (
        headlight(crown, towards_us, camera, axes, style.car.headlights).sum() for style in (COUNTRY, TOWN)
    )
    assert full > 10 * dipped


@pytest.mark.parametrize("build", [build_lorry, build_tractor])
def test_vehicles_stand_on_the_road_and_fit_into_a_lane(build) -> None:
    for number in range(5):
        corners = build(Dice(number, "test"), moving=True).corners()
        assert corners[..., 1].min().item() == pytest.approx(0.0, abs=1e-6)
        assert corners[..., 0].abs().max() < 1.3 and corners[..., 1].max() < 4.2


def test_a_lorry_shades_the_road_beside_it() -> None:
    lorries = [mover for mover in country(MOTORWAY).movers if mover.half_size[1] > 3]
    for mover in lorries:
        box = mover.bodies[0].material == Material.CARGO
        assert box.sum() == 1 and mover.half_size[2] > mover.bodies[0].half[box][0, 2]
    assert lorries
