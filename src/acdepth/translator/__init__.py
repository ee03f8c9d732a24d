"""Floor 4: turns clear images into night, rain, fog and snow."""
