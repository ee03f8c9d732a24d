"""nuScenes as its owners lay it out: JSON tables, camera images, LiDAR sweeps (Caesar et al., CVPR 2020)."""
