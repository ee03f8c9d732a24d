"""Floor 2: how good is a depth map, and how sure are we."""
