"""What the vehicle itself shows teaches no depth: neither where it is, nor where a neighbour shows it."""

from dataclasses import replace

import torch
from torch import Tensor

from acdepth.core.batches import TripletBatch
from acdepth.core.seeding import make_generator
from acdepth.engine import counted_mean
from acdepth.geometry.photometric import photometric_loss, whole_windows
from acdepth.geometry.warp import shows_vehicle, synthesise_views
from acdepth.networks.depth_net import DepthNetConfig
from acdepth.student.adapt.settings import PhotometricOptions
from acdepth.student.adapt.task import mean_lit_photometric
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.task import TeacherTask
from tests.triplets import HEIGHT, WIDTH, triplets

MASKED = 14
"""Rows at the bottom."""


def counted() -> Tensor:
    mask = torch.ones(2, 1, HEIGHT, WIDTH, dtype=torch.bool)
    mask[..., -MASKED:, :] = False
    return mask


def repainted(batch: TripletBatch) -> TripletBatch:
    """With other pixels under the mask, in target and neighbours."""
    noise = torch.rand(batch.image.shape, generator=make_generator(9))
    image = torch.where(counted(), batch.image, noise)
    neighbours = torch.where(counted()[:, None], batch.neighbours, 1 - noise[:, None])
    return replace(batch, image=image, neighbours=neighbours)


def motions() -> Tensor:
    """To both neighbours, sideways and up, so that what is below the mask's edge is looked at across it."""
    T = torch.eye(4).expand(2, 2, 4, 4).clone()
    T[:, 0, :3, 3] = torch.tensor([0.5, 1.5, 0.0])
    T[:, 1, :3, 3] = torch.tensor([-0.5, -1.5, 0.0])
    return T


def depths() -> list[Tensor]:
    generator = make_generator(4)
    return [(0.03 + 0.05 * torch.rand(2, 1, 64 // 2**s, 64 // 2**s, generator=generator)) for s in (0, 1)]


def loss_and_gradients(batch: TripletBatch, automask: bool) -> tuple[Tensor, list[Tensor]]:
    """L_p as the teacher's task takes it, of given depth."""
    inverse_depths = [one.requires_grad_() for one in depths()]
    views = synthesise_views(batch, inverse_depths, motions())
    vehicle = shows_vehicle(batch, inverse_depths, motions())
    error = photometric_loss(views, batch.image, batch.neighbours, automask, vehicle)
    loss = counted_mean(error, whole_windows(batch.counted))
    return loss.detach(), list(torch.autograd.grad(loss, inverse_depths))


def test_neither_the_loss_nor_its_gradient_depends_on_what_is_masked():
    batch = replace(triplets(), counted=counted())
    for automask in (True, False):
        loss, gradients = loss_and_gradients(batch, automask)
        other, others = loss_and_gradients(repainted(batch), automask)
        torch.testing.assert_close(other, loss, rtol=0, atol=0)
        for found, expected in zip(others, gradients, strict=True):
            assert expected.abs().sum() > 0
            torch.testing.assert_close(found, expected, rtol=0, atol=0)
        # The test can fail: without the mask it does.
        unmasked, _ = loss_and_gradients(replace(repainted(batch), counted=None), automask)
        assert unmasked != loss_and_gradients(replace(batch, counted=None), automask)[0]


def test_a_neighbour_that_shows_the_vehicle_is_not_believed():
    batch = replace(triplets(), counted=counted())
    inverse_depths = depths()
    vehicle = shows_vehicle(batch, inverse_depths, motions())
    assert vehicle is not None and vehicle.shape == (2, 2, 2, 1, HEIGHT, WIDTH)
    above = vehicle[..., : -MASKED - 2, :]
    assert above[:, 0].any() and not above[:, 1].any()  # one neighbour looks down across the edge
    views = synthesise_views(batch, inverse_depths, motions())
    error = photometric_loss(views[:, :1], batch.image, batch.neighbours[:, :1], False, vehicle[:, :1])
    assert (error[vehicle[:, 0]] == 1).all()
    beside = torch.nn.functional.max_pool2d(vehicle[:, 0].flatten(0, 1).float(), 3, 1, 1).bool()
    assert (error.flatten(0, 1)[beside] == 1).all() and (error.flatten(0, 1)[~beside] < 1).all()


def test_a_mask_that_hides_nothing_changes_no_bit():
    batch = triplets()
    everything = replace(batch, counted=torch.ones_like(counted()))
    for found, expected in zip(
        loss_and_gradients(everything, True), loss_and_gradients(batch, True), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)


def test_a_window_counts_where_all_of_it_does():
    mask = torch.ones(1, 1, 5, 6, dtype=torch.bool)
    mask[0, 0, 4, 2] = False
    whole = whole_windows(mask)
    assert whole is not None
    assert {tuple(place) for place in (~whole[0, 0]).nonzero().tolist()} == {
        (row, column) for row in (3, 4) for column in (1, 2, 3)
    }
    assert whole_windows(None) is None


def test_the_students_photometric_term_leaves_it_out_too():
    batch = replace(triplets(), counted=counted())
    options = PhotometricOptions(well_lit=(0.0, 1.0), motion_length="predicted")
    terms = [mean_lit_photometric(one, depths()[0], motions(), options) for one in (batch, repainted(batch))]
    torch.testing.assert_close(terms[0], terms[1], rtol=0, atol=0)


def test_the_task_takes_the_mask_from_its_batch():
    config = TeacherConfig(network=DepthNetConfig(width=8))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        task = TeacherTask(config).eval()
    whole = task(triplets(), make_generator(0), 0.0)
    part = task(replace(triplets(), counted=counted()), make_generator(0), 0.0)
    assert part["photometric"] != whole["photometric"]
    torch.testing.assert_close(part["smoothness"], whole["smoothness"])
