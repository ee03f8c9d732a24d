"""Image in, depth out: the one way that every verb takes."""

from acdepth.inference.model import Confidence, DepthModel, RawDepth, open_model
from acdepth.inference.predictor import Predictor, load

__all__ = ["Confidence", "DepthModel", "Predictor", "RawDepth", "load", "open_model"]
