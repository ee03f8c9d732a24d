"""Floor 2: the depth network and its checkpoints."""
