"""Depth that weather must not be simulated by is named, and depth of a street is not."""

import pytest
import torch
from torch import Tensor

from acdepth.core.seeding import make_generator
from acdepth.translator.depth_doubts import ENOUGH, DepthDoubts, find_doubts

HEIGHT, WIDTH, HORIZON = 96, 160, 40


def street(number: int, sky: float = 80.0) -> tuple[Tensor, Tensor]:
    """Picture and depth: road, bright sky, and a dark box somewhere else in every frame."""
    noise = torch.rand(3, HEIGHT, WIDTH, generator=make_generator(number))
    image = 0.3 + 0.1 * noise
    image[:, :HORIZON] = 0.9
    rows = torch.arange(HEIGHT).view(1, -1, 1).expand(1, HEIGHT, WIDTH)
    depth = (1.5 * 0.7 * WIDTH / (rows - HORIZON).clamp_min(1e-3)).clamp_max(sky)
    left, top = 10 + 20 * number, 20 + 5 * number
    image[:, top:56, left : left + 30], depth[:, top:56, left : left + 30] = 0.05, 8
    return image, depth


FRAMES = [street(number) for number in range(5)]
RAMP = (8 / torch.linspace(0.1, 1, HEIGHT)).view(1, -1, 1).expand(1, HEIGHT, WIDTH)


def test_a_street_is_not_doubted() -> None:
    assert not find_doubts(FRAMES)


@pytest.mark.parametrize(
    ("depths", "says"),
    [
        ([torch.full((1, HEIGHT, WIDTH), 20.0)] * 5, "nearly the same everywhere"),
        ([RAMP] * 5, "whatever the picture shows"),
        ([street(number, sky=6.0)[1] for number in range(5)], "sky is as near"),
        ([depth.flip(1) for _, depth in FRAMES], "no level road"),
    ],
)
def test_wrong_depth_is_named(depths: list[Tensor], says: str) -> None:
    reasons = find_doubts([(image, depth) for (image, _), depth in zip(FRAMES, depths, strict=True)])
    assert any(says in reason for reason in reasons)


def test_a_camera_that_stands_may_see_the_same_depth() -> None:
    assert not find_doubts([FRAMES[0]] * 5)


def test_it_is_said_once_and_in_one_line() -> None:
    said: list[str] = []
    doubts = DepthDoubts(said.append)
    for number in range(ENOUGH + 5):
        doubts.look(f"drive {number // 10}", FRAMES[0][0], torch.full((1, HEIGHT, WIDTH), 20.0))
    doubts.say()
    assert len(said) == 1 and "the teacher's depth of drive 0 looks wrong (it is nearly" in said[0]
    assert "\n" not in said[0]
    DepthDoubts(said.append).say()
    assert len(said) == 1


def test_a_later_drive_is_looked_at_too() -> None:
    said: list[str] = []
    doubts = DepthDoubts(said.append)
    for _ in range(2 * ENOUGH):
        doubts.look("sound", *FRAMES[0])
    for _ in range(ENOUGH):
        doubts.look("collapsed", FRAMES[0][0], torch.full((1, HEIGHT, WIDTH), 20.0))
    assert len(said) == 1 and "depth of collapsed looks wrong" in said[0]
