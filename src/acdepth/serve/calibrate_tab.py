"""The tab that brings metres by a tape measure: click a point, say how far it is."""

from collections.abc import Sequence
from html import escape

import cv2
import gradio as gr
import numpy as np

from acdepth.core.errors import UserError
from acdepth.inference.calibration import MeasuredPoint, by_points
from acdepth.serve.depth_tab import QUICK, DepthTab
from acdepth.serve.desk import Desk, note, told
from acdepth.serve.measured import Measured
from acdepth.serve.shelf import Result

SHOWN = 1024
"""Width of the picture that is clicked [px]; clicks are told in its pixels."""
WHITE, RED = (255, 255, 255), (220, 38, 38)
BEGIN = note(
    "Click a point whose distance you have measured, such as the foot of a parked car, say how many metres "
    "it is from the camera, and add it. One point is enough; two far apart tell whether they agree."
)


def calibrate_tab(desk: Desk, depth: DepthTab) -> gr.Number:
    """Lay out the tab and wire it; it works on the picture and the model of the depth tab.

    Returns its number, to be emptied.
    """
    with gr.Row():
        with gr.Column(scale=4, min_width=320):
            seen = gr.Image(
                type="numpy", interactive=False, label="Click a point", buttons=[], elem_id="measured"
            )
        with gr.Column(scale=2, min_width=280):
            said = gr.HTML(BEGIN, elem_id="calibration")
            metres = gr.Number(None, label="Metres from the camera", elem_id="metres")
            with gr.Row():
                add = gr.Button("Add the point", variant="primary", elem_id="add-point")
                clear = gr.Button("Begin again", elem_id="clear-points")

    def result_of(place: str | None) -> Result:
        if (result := desk.shelf.get(place)) is None:
            raise UserError(None, "no picture yet", "choose one in the tab Depth")
        return result

    def click(place: str | None, known: Measured, event: gr.SelectData) -> tuple[np.ndarray, str, Measured]:
        result = result_of(place)
        height, width = result.image.shape[:2]
        x, y = (
            min(max(int(at * width / SHOWN), 0), side - 1)
            for at, side in zip(event.index, (width, height), strict=True)
        )
        known = known.of(result.asked).click(x, y)
        return *_shown(result, known), known

    def add_point(
        place: str | None, known: Measured, distance: float | None
    ) -> tuple[np.ndarray, str, Measured, None]:
        result = result_of(place)
        known = known.of(result.asked)
        if known.clicked is None:
            raise UserError(None, "no point yet", "click one whose distance you have measured")
        if not distance:
            raise UserError(None, "no metres yet", "say how far the point is from the camera")
        known = known.add(MeasuredPoint(*known.clicked, float(distance)))
        found, _ = by_points(result.raw, known.points)
        known = known.calibrate(result.asked, found.factor)
        return *_shown(result, known), known, None

    def forget(place: str | None, known: Measured) -> tuple[np.ndarray, str, Measured]:
        result = result_of(place)
        known = known.forget(result.asked)
        return *_shown(result, known), known

    def look(place: str | None, known: Measured) -> tuple[np.ndarray | None, str]:
        result = desk.shelf.get(place)
        if result is None:
            return None, note("Choose a picture in the tab Depth first.")
        return _shown(result, known.of(result.asked))

    def only_said(wrong: str) -> tuple[object, ...]:
        return gr.skip(), wrong, gr.skip()

    asked, outputs = [depth.name, depth.measured], [seen, said, depth.measured]
    seen.select(told(click, only_said), asked, outputs, **QUICK)
    added = add.click(
        told(add_point, lambda wrong: (*only_said(wrong), gr.skip())),
        [*asked, metres],
        [*outputs, metres],
        **QUICK,
    )
    cleared = clear.click(told(forget, only_said), asked, outputs, **QUICK)
    for event in (added, cleared):
        event.success(**depth.show)
        event.success(**depth.emptied)
    depth.shown.success(look, asked, [seen, said], trigger_mode="always_last", **QUICK)
    return metres


def _shown(result: Result, known: Measured) -> tuple[np.ndarray, str]:
    """The picture with what was measured in it, and what that says."""
    if known.clicked is not None:
        x, y = known.clicked
        unit = "m" if result.prediction.metric else "units"
        says = f"{result.prediction.depth[y, x]:.4g} {unit}"
        text = note(f"Column {x}, row {y}: the model says {says}. How far is it?")
    else:
        text = _summary(result, known.points) if known.points else BEGIN
    return _marked(result.image, known), text


def _marked(image: np.ndarray, measured: Measured) -> np.ndarray:
    """The picture, `SHOWN` wide, with its points; the one that waits for its metres is hollow."""
    height, width = image.shape[:2]
    marked = cv2.resize(image, (SHOWN, round(height * SHOWN / width)), interpolation=cv2.INTER_AREA)
    for point in measured.points:
        cv2.circle(marked, _centre(point.x, point.y, width), 11, WHITE, -1, cv2.LINE_AA)
        cv2.circle(marked, _centre(point.x, point.y, width), 9, RED, -1, cv2.LINE_AA)
    if measured.clicked:
        cv2.circle(marked, _centre(*measured.clicked, width), 11, WHITE, 5, cv2.LINE_AA)
        cv2.circle(marked, _centre(*measured.clicked, width), 11, RED, 2, cv2.LINE_AA)
    return marked


def _centre(x: float, y: float, width: int) -> tuple[int, int]:
    """Where a pixel's centre lies in the picture that is shown."""
    return round((x + 0.5) * SHOWN / width), round((y + 0.5) * SHOWN / width)


def _summary(result: Result, points: Sequence[MeasuredPoint]) -> str:
    found, said = by_points(result.raw, points)
    rows = "".join(
        f"<tr><td>{x}, {y}</td><td>{one:.4g}</td><td>{metres:g}</td></tr>"
        for (x, y, metres), one in zip(points, said, strict=True)
    )
    flags = " ".join(f"--point {x} {y} {metres:g}" for x, y, metres in points)
    command = f"acdepth calibrate WEIGHTS --image PICTURE {flags}"
    return (
        f'<p class="ac-number">Depth of {escape(result.asked.model)} times {found.factor:.4g}</p>'
        f"<p>By {found.by}; used in the tab Depth until this page is closed.</p>"
        f"<table><tr><th>column, row</th><th>said, m</th><th>measured, m</th></tr>{rows}</table>"
        f"<p>To keep it:</p><pre><code>{escape(command)}</code></pre>"
    )
