"""The one camera that a network stands for which learnt from several."""

import logging
from collections.abc import Sequence

import numpy as np

from acdepth.core.clip import Clip
from acdepth.data.own.clip import ImageClip
from acdepth.data.own.guessed import lens_from_exif
from acdepth.data.prepared import Prepared

log = logging.getLogger("acdepth")

MOST_UNLIKE = 1.1
"""Longest over shortest focal length of footage that counts as of one camera; nuScenes' differ by 2 %."""


def training_camera(prepared: Prepared) -> dict[str, float | int] | None:
    """The camera of middle focal length of those trained on [px]; None if none is known.

    One network has one canonical camera, so a warning says where the footage has several unlike ones.
    """
    frames = prepared.frames
    counts = np.bincount(frames.clip, minlength=len(frames.clip_intrinsics))
    known = (counts > 0) & ~np.isnan(frames.clip_intrinsics[:, 0])
    if not known.any():
        return None
    cameras, counts = frames.clip_intrinsics[known], counts[known]
    order = np.lexsort(cameras.T[::-1])
    middle = np.searchsorted(np.cumsum(counts[order]), counts.sum() // 2, side="right")
    shortest, intrinsics, longest = cameras[order[[0, middle, -1]]].tolist()
    if longest[0] > MOST_UNLIKE * shortest[0]:
        log.warning(
            "the footage has focal lengths from %.0f to %.0f pixels of the network's input; metres will be "
            "right for one of them at most, so train on cameras that are alike",
            shortest[0],
            longest[0],
        )
    height, width = prepared.image_size
    return {**dict(zip(("fx", "fy", "cx", "cy"), intrinsics, strict=True)), "width": width, "height": height}


def camera_of_photographs(
    clips: Sequence[Clip], image_size: tuple[int, int]
) -> dict[str, float | int] | None:
    """The camera at (height, width) that photographs tell in their EXIF, a guess; None if not all tell one.

    A warning says where they are of lenses unlike each other, and where nothing is known of them.
    """
    lenses = [lens_from_exif(path) for clip in clips if isinstance(clip, ImageClip) for path in clip.paths]
    known = sorted((one.camera.resized(*image_size) for one in lenses if one), key=lambda one: one.fx)
    unknown = sum(map(len, clips)) - len(known)
    if unknown:
        log.warning(
            "nothing tells the camera of %d pictures, so metres hold for a field of view that is not known; "
            "camera.yaml beside them would tell it",
            unknown,
        )
        return None
    if known[-1].fx > MOST_UNLIKE * known[0].fx:
        log.warning(
            "by their EXIF the pictures are by lenses of %.0f to %.0f pixels of the network's input; metres "
            "will be right for one of them at most, so train on cameras that are alike",
            known[0].fx,
            known[-1].fx,
        )
    return known[len(known) // 2].to_dict()
