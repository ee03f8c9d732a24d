"""What the ray caster leaves out, tried against a cast that leaves out nothing."""

from dataclasses import replace

import torch

from acdepth.world.raycast import trace


def assert_culling_loses_nothing(drive, view, mirrored: bool) -> None:
    """Tiles meet in their bounds what they meet if all solids are tried."""
    solids = drive.town.solids_at(1)
    bundle = view.mirror_bundle() if mirrored else view.sample_bundle()
    everywhere = torch.tensor([0, view.columns - 1, 0, view.rows - 1])
    slow = replace(bundle, tile_bounds=lambda corners: everywhere.expand(len(corners), 4))
    fast_hits, slow_hits = trace(solids, bundle), trace(solids, slow)
    torch.testing.assert_close(fast_hits.t, slow_hits.t, rtol=0, atol=0)
    assert torch.equal(fast_hits.solid, slow_hits.solid)
