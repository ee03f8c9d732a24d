"""Windows of images: where they lie, what their camera is, and what distance means through it."""

import pytest
import torch
from pydantic import ValidationError
from torch.nn import functional as F

from acdepth.core.camera import Camera
from acdepth.data.zoom import Zoom, ZoomSettings, draw_zoom
from acdepth.inference.framing import focal_ratio

HEIGHT, WIDTH = 24, 40
CAMERA = Camera(30.0, 28.0, 18.0, 12.5, WIDTH, HEIGHT)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def zoom(focal: float, x: float = 0.0, y: float = 0.0) -> Zoom:
    return Zoom(torch.tensor([focal]), torch.tensor([[x, y]]))


def test_a_factor_of_one_in_the_middle_changes_nothing() -> None:
    image = torch.rand(1, 3, HEIGHT, WIDTH, generator=generator())
    torch.testing.assert_close(zoom(1.0).image(image), image, rtol=0, atol=1e-5)
    assert zoom(1.0).inside(image).all() and zoom(1.0).camera(CAMERA, 0) == CAMERA


def test_twice_the_focal_length_is_the_middle_half_enlarged() -> None:
    image = torch.rand(1, 3, HEIGHT, WIDTH, generator=generator())
    middle = image[..., HEIGHT // 4 : -HEIGHT // 4, WIDTH // 4 : -WIDTH // 4]
    expected = F.interpolate(middle, scale_factor=2, mode="bilinear", align_corners=False)
    seen = zoom(2.0).image(image)
    torch.testing.assert_close(seen[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1], rtol=0, atol=1e-5)


@pytest.mark.parametrize(("focal", "x", "y"), [(1.5, 0.2, -0.1), (2.0, 0.0, 0.5), (0.7, -0.3, 0.2)])
def test_the_camera_of_a_window_sees_each_pixel_along_the_ray_it_came_from(focal, x, y) -> None:
    rows, columns = torch.meshgrid(torch.arange(24.0), torch.arange(40.0), indexing="ij")
    rays = torch.stack([(columns - CAMERA.cx) / CAMERA.fx, (rows - CAMERA.cy) / CAMERA.fy])[None]
    seen, inside = zoom(focal, x, y).image(rays), zoom(focal, x, y).inside(rays)[:, 0]
    camera = zoom(focal, x, y).camera(CAMERA, 0)
    expected = torch.stack([(columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy])[None]
    # Half a pixel from the edge there is nothing to interpolate between.
    away = (expected[:, 0] > rays[0, 0].min()) & (expected[:, 0] < rays[0, 0].max())
    away &= (expected[:, 1] > rays[0, 1].min()) & (expected[:, 1] < rays[0, 1].max())
    assert away.float().mean() > 0.3 and (inside >= away).all()
    torch.testing.assert_close(seen[:, :, away[0]], expected[:, :, away[0]], rtol=0, atol=1e-4)


def test_metres_are_what_they_were_after_the_focal_ratio() -> None:
    through = zoom(1.5, 0.1)
    said = 1 / through.inverse_depth(torch.full((1, 1, HEIGHT, WIDTH), 1 / 30), 1 / 80, 10)
    torch.testing.assert_close(said, torch.full_like(said, 20.0))
    ratio = focal_ratio(through.camera(CAMERA, 0), (HEIGHT, WIDTH), CAMERA, (HEIGHT, WIDTH))
    assert ratio == pytest.approx(1.5) and ratio * said[0, 0, 3, 5].item() == pytest.approx(30.0)


def test_what_the_network_cannot_say_is_cut_off() -> None:
    plane = torch.full((1, 1, 4, 4), 1 / 70)
    assert 1 / zoom(0.7).inverse_depth(plane, 1 / 80, 10).max() == pytest.approx(80.0)
    assert zoom(2.0).inverse_depth(torch.full((1, 1, 4, 4), 8.0), 1 / 80, 10).max() == pytest.approx(10.0)


def test_a_wider_lens_shows_the_image_within_its_mirror_image() -> None:
    image = torch.rand(1, 1, HEIGHT, WIDTH, generator=generator())
    inside = zoom(0.5).inside(image)
    assert inside.sum() == HEIGHT * WIDTH / 4
    assert inside[0, 0, HEIGHT // 4 : -HEIGHT // 4, WIDTH // 4 : -WIDTH // 4].all()
    seen = zoom(0.5).image(image)
    torch.testing.assert_close(seen[0, 0, :6], seen[0, 0, 6:12].flip(0))


def test_draws_keep_to_their_settings() -> None:
    settings = ZoomSettings(probability=0.5, focal_range=(0.7, 1.5), wander=1.0)
    drawn = draw_zoom(2000, generator(), settings)
    changed = drawn.focal != 1
    assert 900 < changed.sum() < 1100
    assert 0.7 <= drawn.focal.min() < 0.71 and 1.48 < drawn.focal.max() <= 1.5
    assert drawn.focal[changed].log().mean().item() == pytest.approx((0.7 * 1.5) ** 0.5 - 1, abs=0.03)
    tele = drawn.focal > 1
    edge = drawn.centre[tele].abs() + 1 / drawn.focal[tele][:, None]
    assert edge.max() <= 1 + 1e-6 and edge.max() > 0.99
    assert (drawn.centre[~changed] == 0).all()
    assert (draw_zoom(50, generator(), ZoomSettings(probability=1, wander=0)).centre == 0).all()
    assert (draw_zoom(50, generator(), ZoomSettings()).focal == 1).all()


@pytest.mark.parametrize("bad", [(1.5, 0.7), (0.1, 1.0), (1.0, 5.0)])
def test_ranges_that_are_none_are_refused(bad) -> None:
    with pytest.raises(ValidationError, match="two factors from"):
        ZoomSettings(focal_range=bad)
