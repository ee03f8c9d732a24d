"""A photograph's point cloud in metres, by a known lens: python points_in_space.py street.jpg 1250 points.ply

1250 is the focal length in pixels; metres follow it, as the network learnt through another lens.
"""

import sys

import numpy as np
from PIL import Image

import acdepth

image, focal, out = sys.argv[1:]
photograph = np.asarray(Image.open(image).convert("RGB"))
camera = acdepth.Camera.central(float(focal), *photograph.shape[:2])
predictor = acdepth.load("shipped", camera=camera)
prediction = predictor(photograph)
prediction.save_ply(out, photograph)
print(predictor.describe_scale())
print(f"{len(prediction.points())} points, the nearest {prediction.depth.min():.1f} m away")
