"""A picture and its depth as one HTML file that needs nothing else."""

from html import escape
from importlib.resources import files

import numpy as np

from acdepth.core.cloud import PointChoice
from acdepth.core.prediction import DepthPrediction, nearest_shown
from acdepth.viewer.parts import FARTHEST_GRID, Ground, Layer, cloud, scale_bar, viewer

SCRIPTS = ("picture.js", "cloud.bundle.js")
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""The page asks nobody for anything."""
STYLE = """
body { margin: 0 auto; padding: 16px; max-width: 1280px; font: 16px/1.4 system-ui, sans-serif; color: #111; }
h1 { font-size: 1.25rem; margin: 0 0 4px; overflow-wrap: anywhere; }
h1 + p { margin: 0 0 12px; opacity: 0.75; }
.ac-cloud canvas { height: min(62vh, 70vw); }
.ac-view { margin-top: 20px; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #181c20; } }
"""


def scripts() -> str:
    """What makes the parts of a page move, as HTML."""
    return "".join(f"<script>{_read(name)}</script>" for name in SCRIPTS)


def style() -> str:
    """How the parts of a page look, as CSS."""
    return _read("viewer.css")


def frame_page(
    image: np.ndarray,
    prediction: DepthPrediction,
    choice: PointChoice,
    most: int,
    ground: Ground | None = None,
    title: str = "acdepth",
    about: str = "",
) -> str:
    """The page of a picture, uint8 (H, W, 3) RGB.

    Args:
        image: the picture.
        prediction: its depth, with its camera.
        choice: of the points.
        most: points, evenly thinned out beyond that.
        ground: the road, on which a grid is drawn.
        title: of the page.
        about: what is said below it.

    Raises:
        UserError: if the camera is not known.
    """
    unit = "m" if prediction.metric else "units"
    shown = prediction.cloud(image, choice).thinned(most)
    assert prediction.camera is not None
    space = cloud(shown, prediction.camera, ground, unit, choice.farthest or FARTHEST_GRID)
    bar = scale_bar(prediction, nearest_shown(prediction.inverse_depth), unit)
    flat = viewer(Layer("picture", image), Layer("depth", prediction.colour()), prediction, bar, unit)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style()}{STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1><p>{escape(about)}</p>\n{space}\n{flat}\n{scripts()}</body></html>\n"
    )


def _read(name: str) -> str:
    return (files("acdepth.viewer") / name).read_text(encoding="utf-8")
