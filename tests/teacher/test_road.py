"""The level road in depth that bends: where it is seen, and that depth is led to it."""

import torch
from torch import Tensor

from acdepth.core.batches import TripletBatch
from acdepth.teacher.road import find_road, road_error

HEIGHT, WIDTH, FOCAL, ABOVE = 96, 160, 128.0, 1.5
SKY = 80.0
BOX = slice(40, 60), slice(70, 90)
"""The back of a car, 12 m ahead."""


def road() -> Tensor:
    """Depth (1, 1, H, W) of a level road under a sky."""
    rows = torch.arange(HEIGHT)[:, None] - 47.5
    return (ABOVE * FOCAL / rows.clamp(min=1e-3)).clamp(max=SKY).expand(1, 1, HEIGHT, WIDTH).clone()


def bent(depth: Tensor) -> Tensor:
    """As networks say it: the farther, the more too near."""
    return depth * (depth / 6).clamp(min=1) ** -0.4


def batch(way: tuple[float, float, float] = (0.0, 0.0, 1.0), counted: Tensor | None = None) -> TripletBatch:
    image = torch.zeros(1, 3, HEIGHT, WIDTH)
    K = torch.tensor([[[FOCAL, 0, 79.5], [0, FOCAL, 47.5], [0, 0, 1]]])
    return TripletBatch(
        image, image[:, None].expand(1, 2, -1, -1, -1), K, torch.ones(1, 2), counted, torch.tensor([way])
    )


def with_a_box(depth: Tensor) -> Tensor:
    depth = depth.clone()
    depth[..., BOX[0], BOX[1]] = 12.0
    return depth


def test_it_is_found_up_to_what_stands_on_it():
    level, seen = find_road(batch(), 1 / with_a_box(bent(road())))
    beside, behind = seen[0, 0, :, 10], seen[0, 0, :, 80]
    assert beside[60:].all() and not beside[:50].any()
    assert behind[66:].all() and not behind[:58].any()
    near = 1 / level[0, 0, 90, 10]
    torch.testing.assert_close(near, road()[0, 0, 90, 10], rtol=0.05, atol=0)
    far = 1 / level[0, 0, 58, 10]
    torch.testing.assert_close(far, road()[0, 0, 58, 10], rtol=0.1, atol=0)


def test_a_level_road_has_no_error_and_one_that_bends_is_led_to_it():
    assert road_error(batch(), 1 / road()).max() < 1e-3
    log_depth, start = bent(road()).log().requires_grad_(), road_error(batch(), 1 / bent(road()))
    for _ in range(60):
        error = road_error(batch(), 1 / log_depth.exp())
        (gradient,) = torch.autograd.grad(error.sum(), log_depth)
        assert gradient.isfinite().all()
        log_depth = (log_depth - 0.02 * gradient).detach().requires_grad_()
    assert error.sum() < 0.2 * start.sum()


def test_the_vehicle_itself_does_not_end_it_and_does_not_count():
    counted = torch.ones(1, 1, HEIGHT, WIDTH, dtype=torch.bool)
    counted[..., 85:, :] = False
    depth = road()
    depth[..., 85:, :] = 1.0
    seen = find_road(batch(counted=counted), 1 / depth)[1]
    assert seen[..., 62:85, :].all() and not seen[..., 85:, :].any()


def test_a_column_that_begins_with_something_near_has_none():
    depth = road()
    depth[..., :20] = depth[..., :20] * 0.5
    seen = find_road(batch(), 1 / depth)[1]
    assert not seen[..., :20].any() and seen[..., 70:, 30:].all()


def test_without_a_way_there_is_none():
    assert not road_error(batch((torch.nan,) * 3), 1 / bent(road())).any()
