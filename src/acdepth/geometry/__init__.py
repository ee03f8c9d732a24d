"""Floor 1: cameras, poses, inverse depth and warping, as pure tensor functions."""
