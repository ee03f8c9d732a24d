"""Batches with true depth: a function of their number, mirrored and lit as a whole."""

import numpy as np
import pytest
import torch

from acdepth.core.errors import UserError
from acdepth.data.truth import TruthBatches
from tests.evaluation.footage import HEIGHT, WIDTH, Drive


class Ramp(Drive):
    """Depth and brightness grow from left to right; the upper rows are sky."""

    def image(self, index: int) -> np.ndarray:
        return np.tile(np.arange(WIDTH, dtype=np.uint8)[None, :, None] + 10 * index, (HEIGHT, 1, 3))

    def depth(self, index: int) -> np.ndarray | None:
        if self.metres[index] is None:
            return None
        depth = np.tile(2 + np.arange(WIDTH, dtype=np.float32), (HEIGHT, 1))
        depth[:8] = 0
        return depth


def batches(**values: object) -> TruthBatches:
    settings = {"image_size": (HEIGHT, WIDTH), "batch_size": 6, "seed": 1} | values
    return TruthBatches([Ramp("a", [1.0, 1.0]), Ramp("b", [1.0])], **settings)  # pyright: ignore


def test_images_and_depth_are_mirrored_together_and_the_sky_is_infinitely_far():
    batch = batches(light=1.0).batch(3)
    assert batch.image.shape == (6, 3, HEIGHT, WIDTH) and batch.inverse_depth.shape == (6, 1, HEIGHT, WIDTH)
    assert batch.image.dtype == batch.inverse_depth.dtype == torch.float32
    forth = 1 / (2 + torch.arange(WIDTH, dtype=torch.float32))
    mirrored = []
    for image, inverse_depth in zip(batch.image, batch.inverse_depth, strict=True):
        mirrored.append(bool(image[0, 0, 0] > image[0, 0, -1]))
        found = inverse_depth[0].flip(-1) if mirrored[-1] else inverse_depth[0]
        shade = image[0].flip(-1) if mirrored[-1] else image[0]
        assert (found[:8] == 0).all()
        torch.testing.assert_close(found[8:], forth.expand(HEIGHT - 8, -1), atol=0, rtol=1e-3)
        torch.testing.assert_close((shade * 255).diff(), torch.ones(HEIGHT, WIDTH - 1), atol=1e-3, rtol=0)
    assert set(mirrored) == {True, False}


def test_a_batch_is_a_function_of_its_number_and_of_the_seed():
    first, again = batches().batch(5), batches().batch(5)
    assert torch.equal(first.image, again.image) and torch.equal(first.inverse_depth, again.inverse_depth)
    assert not torch.equal(first.image, batches().batch(6).image)
    assert not torch.equal(first.image, batches(seed=2).batch(5).image)


def test_processes_share_what_one_draws():
    whole = batches(batch_size=6).batch(2)
    parts = [batches(batch_size=3, rank=rank, world_size=2).batch(2) for rank in range(2)]
    assert torch.equal(torch.cat([part.image for part in parts]), whole.image)
    assert torch.equal(torch.cat([part.inverse_depth for part in parts]), whole.inverse_depth)


def test_light_changes_each_image_by_a_factor_within_its_limits():
    plain, lit = batches(light=1.0).batch(4).image, batches(light=1.4).batch(4).image
    factors = (lit / plain)[:, 0, 0, WIDTH // 2]
    torch.testing.assert_close(lit, plain * factors[:, None, None, None])
    assert (factors >= 1 / 1.4).all() and (factors <= 1.4).all() and len(factors.unique()) == 6


def test_frames_without_depth_and_no_frames_are_refused():
    with pytest.raises(UserError, match=r"c/images/000001\.png: has no measured depth"):
        TruthBatches([Ramp("c", [1.0, None])], (HEIGHT, WIDTH), 2, 0)
    with pytest.raises(UserError, match=r"no frame with measured depth .*; make some with acdepth world"):
        TruthBatches([], (HEIGHT, WIDTH), 2, 0)
