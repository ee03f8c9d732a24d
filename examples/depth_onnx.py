"""Depth of a picture by an exported file; needs onnxruntime, NumPy and Pillow, no torch and no acdepth.

    acdepth export shipped --to onnx --image-size 720x1280 --out depth.onnx
    python depth_onnx.py depth.onnx street.jpg depth.png [FX FY]

The picture has the size that was exported for; FX and FY are its focal lengths in pixels.
"""

import sys

import numpy as np
import onnxruntime
from PIL import Image

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
inputs = {"image": np.asarray(Image.open(sys.argv[2]).convert("RGB"))[None]}
if sys.argv[4:]:
    inputs["focal_length"] = np.array(sys.argv[4:6], np.float32)
[[depth]] = session.run(["depth"], inputs)  # (H, W) metres
Image.fromarray((depth * 256).clip(0, 65535).round().astype(np.uint16)).save(sys.argv[3])
print(f"{depth[depth.shape[0] // 2, depth.shape[1] // 2]:.2f} m in the middle of the picture")
