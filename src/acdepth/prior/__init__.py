"""Depth Anything, image to relative inverse depth. Needs ``pip install 'acdepth[train]'``.

>>> import torch
>>> from acdepth.prior import scale_shift_invariant_loss
>>> target, known = torch.rand(1, 1, 16, 16), torch.ones(1, 1, 16, 16, dtype=torch.bool)
>>> bool(scale_shift_invariant_loss(3 * target + 1, target, known).max() < 1e-5)
True
"""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.prior.depth_anything import DepthAnythingPrior as DepthAnythingPrior
    from acdepth.prior.depth_anything import relative_inverse_depth as relative_inverse_depth
    from acdepth.prior.losses import gradient_matching_loss as gradient_matching_loss
    from acdepth.prior.losses import scale_shift_invariant_loss as scale_shift_invariant_loss
    from acdepth.prior.settings import TinyPriorConfig as TinyPriorConfig
    from acdepth.prior.tiny import build_tiny_prior as build_tiny_prior

__all__, __getattr__ = lazy_names(
    __name__,
    {
        "acdepth.prior.depth_anything": "DepthAnythingPrior relative_inverse_depth",
        "acdepth.prior.losses": "gradient_matching_loss scale_shift_invariant_loss",
        "acdepth.prior.settings": "TinyPriorConfig",
        "acdepth.prior.tiny": "build_tiny_prior",
    },
)
