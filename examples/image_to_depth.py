"""Depth of one photograph: python image_to_depth.py street.jpg depth.png"""

import sys

import acdepth

image, out = sys.argv[1:]
prediction = acdepth.load("shipped")(image)
prediction.save_png16(out)  # metres * 256, as KITTI's depth files
height, width = prediction.depth.shape
print(f"{prediction.depth[height // 2, width // 2]:.1f} m in the middle of {width}x{height} pixels")
