"""Measures of translations against slow twins and known numbers."""

import numpy as np
import pytest
import torch
from torch import Tensor

from acdepth.core.seeding import make_generator
from acdepth.translator.scoring.colours import jitter, match_colours, with_colours_of
from acdepth.translator.scoring.looking import draw_partners
from acdepth.translator.scoring.measures import (
    colour_distance,
    correlation,
    depth_difference,
    edge_agreement,
    edges,
    kernel_distance,
)
from acdepth.translator.scoring.pictures import Pictures

SIZE = (24, 40)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=make_generator(seed, "test"))


def pictures(image: Tensor, per_drive: int = 2) -> Pictures:
    return Pictures((image * 255).round().to(torch.uint8), np.arange(len(image)) // per_drive)


def test_what_scale_and_shift_leave_alike() -> None:
    image = noise(3, 1, *SIZE)
    assert correlation(image, 3 * image + 2) == pytest.approx(1)
    assert correlation(image, -image) == pytest.approx(-1)
    assert correlation(torch.ones_like(image), image) == pytest.approx(0)
    assert correlation(noise(3, 1, *SIZE, seed=1), image).abs().max() < 0.15
    assert depth_difference(3 * image + 2, image).max() < 1e-5
    assert depth_difference(noise(3, 1, *SIZE, seed=1), image).min() > 0.5


def test_edges_stand_where_brightness_changes() -> None:
    image = torch.zeros(1, 3, *SIZE)
    image[..., 20:] = 0.6
    strength = edges(image)[0, 0]
    assert strength[:, 19:21] == pytest.approx(0.3)  # half of the step on each side of it
    assert strength[:, :19].max() == strength[:, 21:].max() == 0


def test_edges_ignore_the_light_but_not_the_place() -> None:
    image = noise(2, 3, *SIZE)
    assert edge_agreement(0.2 * image + 0.1, image) == pytest.approx(1, abs=1e-5)
    assert edge_agreement(image.flip(-1), image).max() < 0.3
    assert colour_distance(image * 0 + 0.25, image * 0 + 0.75) == pytest.approx(0.5)


def test_jitter_draws_for_each_image_and_stays_within_range() -> None:
    image = noise(1, 3, *SIZE).expand(6, 3, *SIZE)
    once, again = (jitter(image, make_generator(4)) for _ in range(2))
    assert torch.equal(once, again) and once.min() >= 0 and once.max() <= 1
    assert len({round(float(one.mean()), 4) for one in once}) == 6


def test_matched_colours_have_the_statistics_of_a_real_image() -> None:
    sources = pictures(0.3 + 0.4 * noise(4, 3, *SIZE))
    real = pictures(0.2 + 0.2 * noise(1, 3, *SIZE, seed=1))
    matched = match_colours(sources, real, make_generator(0)).pixels.float()
    goal = real.pixels.float()
    assert (matched.mean((2, 3)) - goal.mean((2, 3))).abs().max() < 1
    assert (matched.std((2, 3)) - goal.std((2, 3))).abs().max() < 1


def test_each_image_gets_the_colours_of_the_other_in_its_row() -> None:
    ours, theirs = pictures(0.3 + 0.4 * noise(3, 3, *SIZE)), pictures(0.2 + 0.2 * noise(3, 3, *SIZE, seed=1))
    changed = with_colours_of(ours, theirs).pixels.float()
    assert (changed.mean((2, 3)) - theirs.pixels.float().mean((2, 3))).abs().max() < 1
    assert edge_agreement(changed / 255, ours.pixels / 255).min() > 0.95


def test_kernel_distance_against_a_slow_twin() -> None:
    ours, theirs = noise(6, 5), noise(4, 5, seed=1) + 0.3
    our_drives, their_drives = np.array([0, 0, 1, 1, 1, 2]), np.array([7, 7, 8, 9])

    def kernel(x: Tensor, y: Tensor) -> float:
        return float((x.double() @ y.double() / 5 + 1) ** 3)

    def within(features: Tensor, drives: np.ndarray) -> float:
        pairs = [(i, j) for i in range(len(drives)) for j in range(len(drives)) if drives[i] != drives[j]]
        return float(np.mean([kernel(features[i], features[j]) for i, j in pairs]))

    across = float(np.mean([kernel(x, y) for x in ours for y in theirs]))
    expected = within(ours, our_drives) + within(theirs, their_drives) - 2 * across
    found = kernel_distance(ours, our_drives, theirs, their_drives, make_generator(0))
    assert found.mean == pytest.approx(expected)


def test_kernel_distance_is_about_nothing_within_one_domain() -> None:
    def normal(seed: int) -> Tensor:
        return torch.randn(120, 16, generator=make_generator(seed))

    drives = np.arange(120) // 4
    same = kernel_distance(normal(0), drives, normal(1), drives, make_generator(0))
    other = kernel_distance(normal(0), drives, normal(1) + 0.5, drives, make_generator(0))
    assert same.low is not None and same.high is not None and other.low is not None
    assert same.low < 0 < same.high < other.low
    alone = kernel_distance(normal(0), drives * 0, normal(1), drives, make_generator(0))
    assert np.isnan(alone.mean) and alone.low is None


def test_many_near_copies_in_a_drive_do_not_move_the_kernel_distance() -> None:
    ours, theirs = (torch.randn(40, 16, generator=make_generator(seed)) for seed in (0, 1))
    drives = np.arange(40)
    once = kernel_distance(ours, drives, theirs, drives, make_generator(0)).mean
    copied = kernel_distance(ours.repeat(5, 1), np.tile(drives, 5), theirs, drives, make_generator(0)).mean
    assert copied == pytest.approx(once)


def test_partners_are_of_other_drives() -> None:
    drives = np.array([0, 0, 1, 1, 1, 2])
    partners = draw_partners(drives, 3)
    assert partners is not None and (drives[partners] != drives).all()
    assert draw_partners(np.zeros(4, np.int64), 3) is None
