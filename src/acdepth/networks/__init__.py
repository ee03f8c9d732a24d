"""Depth network, pose network, confidence head and their checkpoints.

>>> import torch
>>> from acdepth.networks import DepthNet, DepthNetConfig
>>> output = DepthNet(DepthNetConfig(width=16))(torch.rand(1, 3, 64, 96))
>>> [tuple(one.shape) for one in output.inverse_depths]
[(1, 1, 64, 96), (1, 1, 32, 48), (1, 1, 16, 24), (1, 1, 8, 12)]
"""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.networks.checkpoint import CheckpointCard as CheckpointCard
    from acdepth.networks.checkpoint import load_checkpoint as load_checkpoint
    from acdepth.networks.checkpoint import save_checkpoint as save_checkpoint
    from acdepth.networks.confidence import ConfidenceHead as ConfidenceHead
    from acdepth.networks.depth_net import DepthNet as DepthNet
    from acdepth.networks.depth_net import DepthOutput as DepthOutput
    from acdepth.networks.pose_net import PoseNet as PoseNet
    from acdepth.networks.published import import_published as import_published
    from acdepth.networks.resnet import ResNetEncoder as ResNetEncoder
    from acdepth.networks.settings import DepthNetConfig as DepthNetConfig

__all__, __getattr__ = lazy_names(
    __name__,
    {
        "acdepth.networks.checkpoint": "CheckpointCard load_checkpoint save_checkpoint",
        "acdepth.networks.confidence": "ConfidenceHead",
        "acdepth.networks.depth_net": "DepthNet DepthOutput",
        "acdepth.networks.pose_net": "PoseNet",
        "acdepth.networks.published": "import_published",
        "acdepth.networks.resnet": "ResNetEncoder",
        "acdepth.networks.settings": "DepthNetConfig",
    },
)
