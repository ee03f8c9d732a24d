"""KITTI as its owners lay it out (Geiger et al., 2013): raw and odometry drives, single frames with LiDAR."""

from acdepth.data.kitti.benchmarks import (
    LidarFrame,
    is_lidar_folder,
    is_odometry_drive,
    open_lidar_folder,
    open_odometry_drive,
)
from acdepth.data.kitti.drives import is_kitti_raw, open_kitti_raw
from acdepth.data.kitti.raw import KittiRawClip

__all__ = [
    "KittiRawClip",
    "LidarFrame",
    "is_kitti_raw",
    "is_lidar_folder",
    "is_odometry_drive",
    "open_kitti_raw",
    "open_lidar_folder",
    "open_odometry_drive",
]
