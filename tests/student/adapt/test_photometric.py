"""L_p on adverse video: right depth fits best, and only where there is light enough."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from acdepth.core.batches import TripletBatch
from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.geometry.motion import pose_matrix
from acdepth.student.adapt.settings import PhotometricOptions
from acdepth.student.adapt.task import mean_lit_photometric, well_lit_pixels
from tests.triplets import DEPTH, HEIGHT, WIDTH, triplets

PREDICTED = PhotometricOptions(well_lit=(0.0, 1.0), motion_length="predicted")
MEASURED = PhotometricOptions(well_lit=(0.0, 1.0), motion_length="measured")
UNKNOWN = float("nan")


def sideways(length: float = 1.0) -> Tensor:
    """Motions to the left and to the right, as those of `clips`."""
    vectors = torch.zeros(2, 2, 6)
    vectors[:, 0, 0], vectors[:, 1, 0] = length, -length
    return pose_matrix(vectors)


def at(depth: float) -> Tensor:
    return torch.full((2, 1, HEIGHT, WIDTH), 1 / depth)


def loss(
    depth: float,
    length: float = 1.0,
    triplet: TripletBatch | None = None,
    options: PhotometricOptions = PREDICTED,
) -> float:
    return float(mean_lit_photometric(triplet or triplets(), at(depth), sideways(length), options))


class TestLoss:
    @pytest.mark.parametrize("wrong", [0.6, 0.9, 1.1, 1.8])
    def test_it_is_least_at_true_depth_and_motion(self, wrong):
        # What leaves the view of one neighbour stays in that of the other.
        right = loss(DEPTH)
        assert right < 1e-4
        assert loss(wrong * DEPTH) > 10 * right and loss(DEPTH, wrong) > 10 * right
        assert loss(wrong * DEPTH, wrong) == pytest.approx(right, abs=1e-4)  # a wrong scale cannot be seen

    def test_the_gradient_leads_to_true_depth(self):
        for depth, sign in ((0.9 * DEPTH, 1), (1.1 * DEPTH, -1)):
            inverse_depth = at(depth).requires_grad_()
            mean_lit_photometric(triplets(), inverse_depth, sideways(), PREDICTED).backward()
            assert inverse_depth.grad is not None and sign * inverse_depth.grad.sum() > 0

    def test_measured_lengths_hold_the_scale_where_they_are_known(self):
        assert loss(DEPTH, 3.0, options=MEASURED) == pytest.approx(loss(DEPTH), abs=1e-5)
        assert loss(2 * DEPTH, 2.0, options=MEASURED) > 100 * loss(2 * DEPTH, 2.0)
        unknown = replace(triplets(), distance=torch.full((2, 2), UNKNOWN))
        assert loss(2 * DEPTH, 2.0, unknown, MEASURED) == loss(2 * DEPTH, 2.0)

    def test_where_unwarped_neighbours_fit_nothing_is_taught(self):
        """As if the cars drove along: all three frames are the same."""
        still = replace(triplets(), neighbours=triplets().image[:, None].repeat(1, 2, 1, 1, 1))
        inverse_depth = at(DEPTH).requires_grad_()
        mean_lit_photometric(still, inverse_depth, sideways(), PREDICTED).backward()
        assert inverse_depth.grad is not None and inverse_depth.grad.abs().max() == 0

    def test_mirrored_frames_teach_the_mirrored_depth(self):
        """Motion to the side turns round, and the principal point, which is off the middle, goes along."""
        inverse_depth = 0.05 + 0.01 * torch.rand(2, 1, HEIGHT, WIDTH, generator=make_generator(1))
        one = triplets()
        one.intrinsics[:, 0, 2] = 25.0
        turned = replace(one, image=one.image.flip(-1), neighbours=one.neighbours.flip(-1))
        turned = replace(turned, intrinsics=one.intrinsics.clone())
        forward = torch.tensor([0.3, 0.0, 0.5, 0.0, 0.0, 0.0]).expand(2, 2, 6)
        mirrored = forward * torch.tensor([-1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
        plain = mean_lit_photometric(one, inverse_depth, pose_matrix(forward), PREDICTED)
        kept = mean_lit_photometric(turned, inverse_depth.flip(-1), pose_matrix(mirrored), PREDICTED)
        turned.intrinsics[:, 0, 2] = WIDTH - 1 - 25.0
        moved = mean_lit_photometric(turned, inverse_depth.flip(-1), pose_matrix(mirrored), PREDICTED)
        torch.testing.assert_close(moved, plain, rtol=1e-4, atol=1e-6)
        assert abs(kept - plain) > 1e-3


class TestLight:
    @pytest.mark.parametrize("value", [0.05, 0.97])
    def test_pixels_that_are_too_dark_or_too_bright_get_no_gradient(self, value):
        """The left half of the frame is so; its neighbours are not, and would teach something there."""
        one = triplets()
        one.image[..., :32] = value
        options = PhotometricOptions(well_lit=(0.15, 0.9), motion_length="predicted")
        gradients = []
        for some in (options, PREDICTED):
            inverse_depth = at(0.8 * DEPTH).requires_grad_()
            mean_lit_photometric(one, inverse_depth, sideways(), some).backward()
            assert inverse_depth.grad is not None
            gradients.append(inverse_depth.grad)
        lit, everywhere = gradients
        # The window of the light and that of SSIM reach one pixel each beyond the border of the half.
        assert (lit[..., :30] == 0).all() and (everywhere[..., :30] != 0).any()
        assert (lit[..., 34:-2] != 0).float().mean() > 0.5

    def test_the_mean_is_over_well_lit_pixels_alone(self):
        """Frames with a dark half, which fits badly: the bright half counts as if it were all there is."""
        one = triplets()
        one.image[..., :32] = 0.0
        options = PhotometricOptions(well_lit=(0.15, 0.9), motion_length="predicted")
        assert loss(DEPTH, triplet=one, options=options) < 0.1 * loss(DEPTH, triplet=one)

    def test_darkness_is_no_lesson_and_no_error(self):
        dark = replace(triplets(), image=triplets().image * 0.05)
        inverse_depth = at(15.0).requires_grad_()
        found = mean_lit_photometric(dark, inverse_depth, sideways(), PhotometricOptions())
        found.backward()
        assert found == 0
        assert inverse_depth.grad is not None and inverse_depth.grad.abs().max() == 0

    def test_noise_does_not_decide(self):
        """Chequers of light and black: their mean counts."""
        rows, columns = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
        chequers = ((rows + columns) % 2).float().expand(1, 3, 8, 8)
        assert well_lit_pixels(0.5 * chequers, 0.15, 0.9).all()
        assert not well_lit_pixels(0.2 * chequers, 0.15, 0.9).any()

    def test_a_lamp_in_the_dark_is_not_well_lit(self):
        image = torch.full((1, 3, 9, 9), 0.1)
        image[..., 4, 4] = 1.0  # the mean of its window is 0.2
        assert not well_lit_pixels(image, 0.15, 0.9)[..., 4, 4]
        assert well_lit_pixels(image, 0.15, 1.0)[..., 4, 4]

    def test_both_ends_count_as_luminance(self):
        colours = torch.eye(3).view(3, 3, 1, 1).expand(3, 3, 4, 4)  # red 0.21, green 0.72, blue 0.07
        inside = well_lit_pixels(colours, 0.1, 0.5).flatten(1)
        assert inside.all(1).tolist() == inside.any(1).tolist() == [True, False, False]


def test_a_range_has_two_ends():
    with pytest.raises(UserError, match=r"well_lit: 0\.5 must be below 0\.5"):
        PhotometricOptions.from_dict({"well_lit": [0.5, 0.5]}, where="options")
