"""The road that a prediction shows, for a grid that is drawn on it."""

import numpy as np
import torch

from acdepth.core.prediction import DepthPrediction
from acdepth.geometry.ground import road_plane
from acdepth.viewer.parts import Ground


def find_ground(prediction: DepthPrediction) -> Ground | None:
    """The plane of the road in the prediction's camera; None where it shows none, or has no camera."""
    if prediction.camera is None:
        return None
    camera = prediction.camera.resized(*prediction.depth.shape)
    depth = torch.from_numpy(np.ascontiguousarray(prediction.depth, np.float32))[None, None]
    plane = road_plane(depth, camera.matrix()[None])
    if plane.height.isnan().any():
        return None
    x, y, z = plane.normal[0].tolist()
    return Ground((x, y, z), float(plane.height))
