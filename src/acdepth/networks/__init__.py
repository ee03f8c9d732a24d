"""Floor 2: depth network, pose network and their checkpoints."""
