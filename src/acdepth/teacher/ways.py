"""The way that a vehicle drives, in the frame of its camera: what its road lies along.

It is told by optical flow, not by the pose network, which learns by depth and bends the way to a road that is
wrong.
"""

import cv2
import numpy as np

from acdepth.core.spread import spread
from acdepth.data.order import counted_pixels
from acdepth.data.prepared import Prepared
from acdepth.data.triplets import has_both_neighbours, has_camera
from acdepth.geometry.flow_motion import depth_by_motion, find_matches

PAIRS = 8, 24
"""Fewest and most neighbouring frames of a clip that are looked at, spread evenly over it."""
ALL_PAIRS = 240
"""Of all clips, where the fewest of each are no more: a pair takes a tenth of a second."""
LEAST_PAIRS = 5
"""Of a clip, that must tell how the camera moved."""


def ways_of_clips(prepared: Prepared) -> np.ndarray:
    """(C, 3) of length 1, of each clip the median of its frames; NaN where images do not tell it.

    A camera keeps its place on the vehicle, so one way holds for all frames, but for what springs give.
    """
    frames = prepared.frames
    ways = np.full((len(frames.clip_intrinsics), 3), np.nan)
    usable = has_both_neighbours(prepared) & has_camera(prepared)
    clips = np.unique(frames.clip[usable])
    pairs = int(np.clip(ALL_PAIRS // max(len(clips), 1), *PAIRS))
    for clip in clips:
        chosen = spread(np.flatnonzero(usable & (frames.clip == clip)).tolist(), pairs)
        told = [way for way in (_way(prepared, index) for index in chosen) if way is not None]
        if len(told) >= LEAST_PAIRS:
            middle = np.median(told, 0)
            ways[clip] = middle / np.linalg.norm(middle)
    return ways


def _way(prepared: Prepared, index: int) -> np.ndarray | None:
    """(3,) from a frame to the next."""
    here, there = (cv2.cvtColor(prepared.images[number], cv2.COLOR_RGB2GRAY) for number in (index, index + 1))
    fx, fy, cx, cy = prepared.frames.clip_intrinsics[prepared.frames.clip[index]]
    K = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    counted = counted_pixels(prepared, [index], [False])
    motion = depth_by_motion(find_matches(here, there, None if counted is None else counted[0, 0].numpy()), K)
    return None if motion is None else motion.way
