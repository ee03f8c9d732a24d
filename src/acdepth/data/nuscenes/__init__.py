"""nuScenes as its owners lay it out: JSON tables, camera images, LiDAR sweeps (Caesar et al., CVPR 2020)."""

from acdepth.data.nuscenes.scenes import NuScenesClip, is_nuscenes, open_nuscenes

__all__ = ["NuScenesClip", "is_nuscenes", "open_nuscenes"]
