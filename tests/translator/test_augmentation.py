"""What a discriminator sees, changed: by known draws, only as it should, and open to gradients."""

import pytest
import torch

from acdepth.core.seeding import make_generator
from acdepth.translator.augmentation import augment
from acdepth.translator.settings import Augmentation
from tests.diffusion.tiny import random_image

KINDS: tuple[Augmentation, ...] = ("colour", "translation", "cutout")
HEIGHT, WIDTH = 32, 48


def many(kind: Augmentation, image: torch.Tensor, count: int = 40) -> list[torch.Tensor]:
    """Of one image (3, H, W), by draws of their own."""
    return list(augment(image.expand(count, -1, -1, -1), [kind], make_generator(0)))


def test_colours_against_each_pixel_by_itself():
    image = random_image()
    brightness, saturation, contrast = torch.rand(3, 2, 1, 1, 1, generator=make_generator(3)).flatten(1)
    expected = image.clone()
    for row in range(2):
        bright = image[row] + (brightness[row] - 0.5)
        for y in range(HEIGHT):
            for x in range(WIDTH):
                grey = sum(bright[:, y, x]) / 3
                expected[row, :, y, x] = grey + 2 * saturation[row] * (bright[:, y, x] - grey)
        middle = expected[row].mean()
        expected[row] = middle + (0.5 + contrast[row]) * (expected[row] - middle)
    torch.testing.assert_close(augment(image, ["colour"], make_generator(3)), expected)


def test_translation_shifts_up_to_an_eighth_of_a_side():
    rows, columns = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    image, shifts = torch.stack([rows, columns, torch.ones_like(rows)]).float(), set()
    for found in many("translation", image):
        there = found[2] == 1  # elsewhere it must be 0
        (down,), (right,) = (
            (place - one)[there].unique().tolist() for place, one in zip((rows, columns), found, strict=False)
        )
        shown = [
            (one >= by) & (one < side + by)
            for one, by, side in ((rows, down, HEIGHT), (columns, right, WIDTH))
        ]
        assert torch.equal(there, shown[0] & shown[1]) and not found[:, ~there].any()
        shifts.add((down, right))
    downs, rights = zip(*shifts, strict=True)
    assert (min(downs), max(downs), min(rights), max(rights)) == (-4, 4, -6, 6)


def test_cutout_takes_a_window_of_half_of_each_side_and_nothing_else():
    image = random_image(1)[0] + 3  # so that nothing is 0 by itself
    sizes = set()
    for found in many("cutout", image):
        cut = (found == 0).all(0)
        assert torch.equal(found[:, ~cut], image[:, ~cut])
        rows, columns = cut.any(1), cut.any(0)
        assert torch.equal(cut, rows[:, None] & columns)
        sizes.add((int(rows.sum()), int(columns.sum())))
    assert max(sizes) == (HEIGHT // 2, WIDTH // 2) and max(size[1] for size in sizes) == WIDTH // 2
    assert min(sizes)[0] >= HEIGHT // 4 and len(sizes) > 1  # less at the border


@pytest.mark.parametrize(
    ("kinds", "hides"), [(["colour"], False), (["translation"], True), (["cutout"], True), (KINDS, False)]
)
def test_gradients_go_through_to_what_is_seen(kinds, hides):
    """Contrast has all pixels in the mean that it leaves, so with it none is hidden."""
    image = random_image().requires_grad_()
    seen = augment(image, kinds, make_generator(1))
    seen.square().sum().backward()
    assert image.grad is not None
    assert bool((image.grad == 0).any()) is hides and bool(image.grad.any())
    step = 1e-3 * image.grad
    with torch.no_grad():
        moved = augment(image + step, kinds, make_generator(1)).square().sum() - seen.square().sum()
    torch.testing.assert_close(moved, (step * image.grad).sum(), rtol=0.05, atol=0)


def test_the_generator_decides_and_each_image_has_draws_of_its_own():
    image = random_image(1).expand(2, -1, -1, -1)
    before = torch.random.get_rng_state()
    for kind in KINDS:
        first, again, other = (augment(image, [kind], make_generator(seed)) for seed in (0, 0, 1))
        assert torch.equal(first, again) and not torch.equal(first, other)
        assert not torch.equal(first[0], first[1])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_without_kinds_nothing_is_changed_or_drawn():
    image, generator = random_image(), make_generator(0)
    state = generator.get_state()
    assert augment(image, (), generator) is image and torch.equal(generator.get_state(), state)
