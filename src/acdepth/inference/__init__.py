"""Image in, depth out: the one way that every verb takes.

A `Predictor` answers with depth at the image's size, a `DepthModel` with what the network says, at its own.

>>> import numpy as np
>>> from acdepth.inference import load
>>> predictor = load("shipped", device="cpu")
>>> street = np.full((96, 160, 3), 128, np.uint8)
>>> [answer] = predictor.model.infer([street], [(96, 160)])
>>> answer.inverse_depth.shape
torch.Size([1, 1, 96, 160])
>>> [one.depth.shape for one in predictor.predict_batch([street, street[:, :128]], confidence=False)]
[(96, 160), (96, 128)]
"""

from acdepth.inference.model import Confidence, DepthModel, RawDepth, open_model
from acdepth.inference.predictor import Predictor, load

__all__ = ["Confidence", "DepthModel", "Predictor", "RawDepth", "load", "open_model"]
