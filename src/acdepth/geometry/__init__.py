"""Inverse depth, poses, warping and photometric error, as pure tensor functions; losses are unreduced.

>>> import torch
>>> from acdepth.geometry import photometric_error, pose_matrix
>>> gray = torch.full((1, 3, 8, 8), 0.5)
>>> photometric_error(gray, gray).shape
torch.Size([1, 1, 8, 8])
>>> pose_matrix(torch.zeros(2, 6)).shape
torch.Size([2, 4, 4])
"""

from acdepth.geometry.ground import road_plane
from acdepth.geometry.motion import pose_matrix, velocity_loss
from acdepth.geometry.photometric import photometric_error, photometric_loss, ssim
from acdepth.geometry.warp import synthesise_views

__all__ = [
    "photometric_error",
    "photometric_loss",
    "pose_matrix",
    "road_plane",
    "ssim",
    "synthesise_views",
    "velocity_loss",
]
