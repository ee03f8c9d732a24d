"""Floor 4: image in, DepthPrediction out."""
