"""Parts of a page: two pictures with a slider between them and metres to be read, and points in space."""

import base64
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

import cv2
import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.cloud import Cloud
from acdepth.core.encoding import jpeg
from acdepth.core.prediction import PNG16_UNITS_PER_METRE, DepthPrediction, colour_inverse_depth

WIDEST = 1280
"""Of pictures on the page [px]."""
WIDEST_READ = 960
"""Of the depth that is read under the pointer; networks see less."""
QUALITY = 88
LOOKS = ("behind", "camera", "above")
"""From where points are looked at."""
FARTHEST_GRID = 60.0
"""Where the grid on the road ends [m]."""


@dataclass(frozen=True)
class Layer:
    """One of the two pictures."""

    name: str
    pixels: np.ndarray
    """uint8 (H, W, 3) RGB."""


class Ground(NamedTuple):
    """The road as a plane: n . X = h for its points X in the camera's frame."""

    normal: tuple[float, float, float]
    """Of length 1, down."""
    height: float
    """Of the camera above it [m]."""


def viewer(left: Layer, right: Layer, prediction: DepthPrediction, below: str = "", unit: str = "m") -> str:
    """HTML of two pictures of one image, with what is said below them, which is HTML already."""
    height, width = prediction.depth.shape
    size = f'data-width="{width}" data-height="{height}"'
    return f"""<figure class="ac-view" {size} {_readable(prediction, unit)}>
<div class="ac-frame" style="aspect-ratio:{width}/{height}">
<img class="ac-under" alt="{escape(right.name)}" src="{_picture(right.pixels)}">
<img class="ac-over" alt="{escape(left.name)}" src="{_picture(left.pixels)}">
<span class="ac-name ac-left">{escape(left.name)}</span><span class="ac-name">{escape(right.name)}</span>
<span class="ac-bar"></span><output class="ac-read" hidden></output></div>
<input class="ac-split" type="range" min="0" max="100" value="50" aria-label="how much of each is shown">
<figcaption>{below}</figcaption></figure>"""


def cloud(
    shown: Cloud,
    camera: Camera,
    ground: Ground | None = None,
    unit: str = "m",
    farthest: float = FARTHEST_GRID,
) -> str:
    """HTML of points in space, as ``camera`` saw them, over a grid on the road if one is known."""
    points = shown.points
    step = float(np.abs(points).max(initial=1e-3)) / 32767
    places = np.rint(points / step).astype("<i2")
    wide, high = (side / 2 / focal for side, focal in ((camera.width, camera.fx), (camera.height, camera.fy)))
    told = {
        "places": _base64(places.tobytes()),
        "colours": _base64(shown.colours.tobytes()),
        "step": f"{step:.9g}",
        "spread": f"{shown.spread:.6g}",
        "view": f"{wide:.5g},{high:.5g}",
        "unit": unit,
        "far": f"{farthest:g}",
    }
    if ground is not None:
        told["ground"] = ",".join(f"{value:.6g}" for value in (*ground.normal, ground.height))
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in told.items())
    looks = "".join(f'<button type="button" data-look="{one}">{one}</button>' for one in LOOKS)
    hint = "Drag to turn, wheel or two fingers to come nearer; point at something to measure."
    return (
        f'<div class="ac-cloud" {data}><div class="ac-space"><canvas></canvas><output hidden></output>'
        f'<div class="ac-looks">{looks}</div></div><p>{hint}</p></div>'
    )


def scale_bar(prediction: DepthPrediction, nearest: float, unit: str = "m") -> str:
    """HTML of the colours from far to near; ``nearest`` is the brightest, in 1/m."""
    ramp = colour_inverse_depth(np.linspace(1e-6, 1, 128, dtype=np.float32)[None].repeat(8, 0), 1.0)
    ends = {0.0: "far"} | {part: f"{1 / (part * nearest):.3g} {unit}" for part in (0.25, 0.5, 1.0)}
    marks = "".join(f'<span style="left:{100 * part:g}%">{end}</span>' for part, end in ends.items())
    return f'<div class="ac-scale"><img alt="" src="{_picture(ramp)}"><div>{marks}</div></div>'


def grey(values: np.ndarray) -> np.ndarray:
    """0..1 (H, W) as a picture, uint8 (H, W, 3)."""
    return np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)[..., None].repeat(3, 2)


def _readable(prediction: DepthPrediction, unit: str) -> str:
    """Depth as the script reads it: as 16-bit PNGs hold it, so that both say the same."""
    depth = prediction.depth
    factor = float(PNG16_UNITS_PER_METRE) if prediction.metric else 65535 / float(depth.max())
    rows, columns = (_spread(side, depth.shape) for side in (0, 1))
    seen = np.clip(np.rint(depth[np.ix_(rows, columns)] * factor), 1, 65535).astype("<u2")
    told = f'data-depth="{_base64(seen.tobytes())}" data-columns="{len(columns)}" data-factor="{factor:.9g}"'
    told += f' data-unit="{escape(unit)}"'
    if prediction.confidence is not None:
        sure = np.rint(255 * prediction.confidence[np.ix_(rows, columns)]).astype(np.uint8)
        told += f' data-sure="{_base64(sure.tobytes())}"'
    return told


def _spread(axis: int, shape: tuple[int, ...]) -> np.ndarray:
    """Rows or columns that are sent: all of a small image, else pixels in even steps."""
    most = max(1, round(shape[axis] * min(1.0, WIDEST_READ / max(shape))))
    return ((np.arange(most) + 0.5) * shape[axis] / most).astype(int)


def _picture(pixels: np.ndarray) -> str:
    height, width = pixels.shape[:2]
    if width > WIDEST:
        size = WIDEST, max(1, round(height * WIDEST / width))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return f"data:image/jpeg;base64,{_base64(jpeg(pixels, QUALITY))}"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
