"""Floor 4: image in, DepthPrediction out."""

from acdepth.runtime.predictor import Predictor, load

__all__ = ["Predictor", "load"]
