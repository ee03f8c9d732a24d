"""Floor 1: the training loop, which knows no stage."""
