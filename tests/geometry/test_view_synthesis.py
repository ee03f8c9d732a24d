import torch
from torch.nn import functional as F

from acdepth.core.batches import TripletBatch
from acdepth.core.seeding import make_generator
from acdepth.geometry.motion import pose_matrix
from acdepth.geometry.warp import synthesise_views, warp


def test_equals_one_warp_per_scale_and_neighbour():
    generator = make_generator(0)
    batch = TripletBatch(
        image=torch.rand(3, 3, 16, 24, generator=generator),
        neighbours=torch.rand(3, 2, 3, 16, 24, generator=generator),
        intrinsics=torch.tensor([[20.0, 0.0, 11.5], [0.0, 20.0, 7.5], [0.0, 0.0, 1.0]])
        .expand(3, 3, 3)
        .clone(),
        distance=torch.ones(3, 2),
    )
    batch.intrinsics[1, 0, 0] = 30.0
    inverse_depths = [
        0.05 + 0.2 * torch.rand(3, 1, 16 // 2**s, 24 // 2**s, generator=generator) for s in range(4)
    ]
    T = pose_matrix(0.1 * torch.randn(3, 2, 6, generator=generator))
    found = synthesise_views(batch, inverse_depths, T)
    assert found.shape == (4, 2, 3, 3, 16, 24)
    for scale, inverse_depth in enumerate(inverse_depths):
        full = F.interpolate(inverse_depth, (16, 24), mode="nearest")
        for index in range(2):
            one = warp(batch.neighbours[:, index], full, batch.intrinsics, T[:, index])
            torch.testing.assert_close(found[scale, index], one)
