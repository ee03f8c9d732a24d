"""Floor 3: from footage of any kind to batches."""
