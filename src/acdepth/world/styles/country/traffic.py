"""Cars, lorries and tractors on country roads."""

import torch

from acdepth.world.dice import Dice
from acdepth.world.lorries import build_lorry, build_tractor
from acdepth.world.road import Road
from acdepth.world.solids import Material
from acdepth.world.styles.country.way import Kind, draw_way
from acdepth.world.traffic import Mover, along_lane
from acdepth.world.trajectory import Drive, drive_along
from acdepth.world.vehicles import build_vehicle


def draw_traffic(seed: int, road: Road, drive: Drive) -> tuple[Mover, ...]:
    """The vehicles of a country town during its drive; every draw is independent of the drive's length."""
    kind, dice = draw_way(seed).kind, Dice(seed, "country", "traffic")
    movers = []
    if dice.chance(0.35):
        movers.append(_ahead(Dice(seed, "country", "ahead"), road, drive, kind, road.our_lane))
    if kind is Kind.MOTORWAY and dice.chance(0.6):
        movers.append(_ahead(Dice(seed, "country", "beside"), road, drive, kind, 1 - road.our_lane))
    oncoming = dice.whole(2, 5) if kind is Kind.MOTORWAY else dice.whole(0, 2)
    movers += [_oncoming(Dice(seed, "country", "oncoming", i), road, drive, kind, i) for i in range(oncoming)]
    return tuple(movers)


def _vehicle(dice: Dice, kind: Kind, places: tuple[tuple[float, float, float], ...]) -> Mover:
    """A car; a lorry on wide roads; a tractor on a narrow one."""
    if not dice.chance(0.4):
        return Mover((build_vehicle(dice, moving=True),), places, (0.9, 1.4, 2.1))
    if kind is Kind.LANE:
        return Mover((build_tractor(dice, moving=True),), places, (0.95, 2.4, 1.7), lean=(0.1, 0.25))
    lorry = build_lorry(dice, moving=True)
    box = torch.nonzero(lorry.material == Material.CARGO)[0, 0]
    height = (lorry.centre[box, 1] + lorry.half[box, 1]).item()
    return Mover((lorry,), places, (1.25, height, lorry.half[box, 2].item() + 1.0), lean=(0.0, 0.05))


def _ahead(dice: Dice, road: Road, drive: Drive, kind: Kind, lane: int) -> Mover:
    """A vehicle before us whose distance breathes slowly around 17 to 30 m."""
    count = torch.arange(len(drive.along), dtype=torch.float64)
    gap = dice.uniform(17, 30) + 3.0 * torch.sin(count / dice.uniform(25, 40) + dice.uniform(0, 6.28))
    return _vehicle(dice, kind, along_lane(road, drive.along + gap, road.lane_middle(lane), False))


def _oncoming(dice: Dice, road: Road, drive: Drive, kind: Kind, index: int) -> Mover:
    start = drive.along[0].item() + 26 + 40 * index + dice.uniform(0, 25)
    speed = torch.full((len(drive.along),), -dice.uniform(8, 13), dtype=torch.float64)
    lateral = -road.lane_middle(dice.whole(0, road.lanes - 1))
    return _vehicle(dice, kind, along_lane(road, drive_along(road, start, speed), lateral, True))
