"""KITTI as its owners lay it out (Geiger et al., 2013): raw and odometry drives, single frames with LiDAR."""
