"""The files that one picture becomes."""

from pathlib import Path

import numpy as np

from acdepth.core.files import write_bytes, write_text
from acdepth.core.prediction import DepthPrediction
from acdepth.inference.road import find_ground
from acdepth.prediction.options import Format, Options
from acdepth.viewer.page import frame_page

MOST_POINTS = 200_000
"""On a page: about 2.5 MB."""


def write_files(
    target: Path,
    image: np.ndarray,
    prediction: DepthPrediction,
    formats: tuple[Format, ...],
    options: Options,
) -> None:
    """Write ``TARGET_depth.png`` and the like.

    Args:
        target: path of the results without ``_depth.png``.
        image: the picture, uint8 (H, W, 3) RGB.
        prediction: its depth, with confidence where that is asked for.
        formats: that are wanted, but for recordings.
        options: which points they hold.
    """
    for one in formats:
        choice = options.points_in(one, prediction.metric)
        match one:
            case "colour":
                prediction.save_colour(named(target, "colour.png"))
            case "png16":
                prediction.save_png16(named(target, "depth.png"))
            case "npy":
                prediction.save_npy(named(target, "depth.npy"))
            case "exr":
                write_bytes(named(target, "depth.exr"), prediction.exr())
            case "confidence":
                prediction.save_confidence_png(named(target, "confidence.png"))
                if "npy" in formats:
                    prediction.save_confidence_npy(named(target, "confidence.npy"))
            case "ply":
                write_bytes(named(target, "points.ply"), prediction.cloud(image, choice).ply())
            case "glb":
                write_bytes(named(target, "points.glb"), prediction.cloud(image, choice).glb())
            case "html":
                _write_page(target, image, prediction, options)
            case "mcap" | "rrd":
                raise ValueError(f"{one} is of all frames together")


def named(target: Path, ending: str) -> Path:
    """Path of one of the results."""
    return target.with_name(f"{target.name}_{ending}")


def _write_page(target: Path, image: np.ndarray, prediction: DepthPrediction, options: Options) -> None:
    choice = options.points_in("html", prediction.metric)
    ground, unit = find_ground(prediction), "m" if prediction.metric else "units"
    if ground is None:
        about = "No road was found, so that no grid is drawn."
    else:
        about = (
            f"The grid lies on the road that the depth shows, {ground.height:.2f} {unit} below the camera."
        )
    page = frame_page(image, prediction, choice, MOST_POINTS, ground, target.name, about)
    write_text(named(target, "view.html"), page)
