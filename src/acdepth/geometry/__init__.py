"""Floor 1: cameras, poses, inverse depth, warping and photometric error, as pure tensor functions."""
