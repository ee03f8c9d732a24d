"""The tab that brings metres by a tape measure: click a point, say how far it is."""

from html import escape

import cv2
import gradio as gr
import numpy as np

from acdepth.core.errors import UserError
from acdepth.inference.calibration import MeasuredPoint, by_points
from acdepth.serve.depth_tab import KEPT, PRIVATE, DepthTab
from acdepth.serve.desk import Desk, note, told
from acdepth.serve.shelf import Result

Points = list[tuple[int, int, float]]
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
    points, clicked = gr.State([], time_to_live=KEPT), gr.State(None, time_to_live=KEPT)
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

    def click(
        place: str | None, so_far: Points, event: gr.SelectData
    ) -> tuple[np.ndarray, tuple[int, int], str]:
        result = result_of(place)
        height, width = result.prediction.depth.shape
        x, y = (
            min(max(int(at * width / SHOWN), 0), side - 1)
            for at, side in zip(event.index, (width, height), strict=True)
        )
        here = f"Column {x}, row {y}: the model says {_said(result, x, y)}. How far is it?"
        return _marked(result.image, so_far, (x, y)), (x, y), note(here)

    def add_point(
        place: str | None,
        so_far: Points,
        at: tuple[int, int] | None,
        distance: float | None,
        known: dict[str, float],
    ) -> tuple[np.ndarray, Points, None, None, dict[str, float], str]:
        result = result_of(place)
        if at is None or not distance:
            raise UserError(None, "a point and its metres are needed", "click one and say how far it is")
        now = [*so_far, (*at, float(distance))]
        measured = [MeasuredPoint(*one) for one in now]
        found, said_there = by_points(result.prediction.depth / result.factor, measured)
        known = {**known, result.model: found.factor}
        text = _summary(result.model, now, said_there, found.factor, found.by)
        return _marked(result.image, now, None), now, None, None, known, text

    def forget(place: str | None, known: dict[str, float]) -> tuple[object, ...]:
        result = result_of(place)
        return (
            _marked(result.image, [], None),
            BEGIN,
            [],
            None,
            {name: one for name, one in known.items() if name != result.model},
        )

    # What was measured through one lens says nothing of another.
    depth.fov.change(dict, None, depth.factors, **PRIVATE)
    # A new picture begins anew; the same one with its metres changed does not.
    gr.on([depth.picture.change, depth.model.change], lambda: ([], None), None, [points, clicked], **PRIVATE)
    seen.select(told(click), [depth.name, points], [seen, clicked, said], **PRIVATE)
    added = add.click(
        told(add_point),
        [depth.name, points, clicked, metres, depth.factors],
        [seen, points, clicked, metres, depth.factors, said],
        **PRIVATE,
    )
    added.success(**depth.show, **PRIVATE)
    cleared = clear.click(
        told(forget), [depth.name, depth.factors], [seen, said, points, clicked, depth.factors], **PRIVATE
    )
    cleared.success(**depth.show, **PRIVATE)

    def look(place: str | None, so_far: Points) -> tuple[object, object]:
        result = desk.shelf.get(place)
        if result is None:
            return None, note("Choose a picture in the tab Depth first.")
        return _marked(result.image, so_far, None), gr.skip() if so_far else BEGIN

    depth.name.change(look, [depth.name, points], [seen, said], **PRIVATE)
    return metres


def _said(result: Result, x: int, y: int) -> str:
    return f"{result.prediction.depth[y, x]:.4g} {'m' if result.prediction.metric else 'units'}"


def _marked(image: np.ndarray, points: Points, clicked: tuple[int, int] | None) -> np.ndarray:
    """The picture, `SHOWN` wide, with its points; the one that waits for its metres is hollow."""
    height, width = image.shape[:2]
    marked = cv2.resize(image, (SHOWN, round(height * SHOWN / width)), interpolation=cv2.INTER_AREA)
    for x, y, _ in points:
        cv2.circle(marked, _shown(x, y, width), 11, WHITE, -1, cv2.LINE_AA)
        cv2.circle(marked, _shown(x, y, width), 9, RED, -1, cv2.LINE_AA)
    if clicked:
        cv2.circle(marked, _shown(*clicked, width), 11, WHITE, 5, cv2.LINE_AA)
        cv2.circle(marked, _shown(*clicked, width), 11, RED, 2, cv2.LINE_AA)
    return marked


def _shown(x: int, y: int, width: int) -> tuple[int, int]:
    """Where a pixel's centre lies in the picture that is shown."""
    return round((x + 0.5) * SHOWN / width), round((y + 0.5) * SHOWN / width)


def _summary(model: str, points: Points, said: np.ndarray, factor: float, by: str) -> str:
    rows = "".join(
        f"<tr><td>{x}, {y}</td><td>{one:.4g}</td><td>{metres:g}</td></tr>"
        for (x, y, metres), one in zip(points, said, strict=True)
    )
    flags = " ".join(f"--point {x} {y} {metres:g}" for x, y, metres in points)
    command = f"acdepth calibrate WEIGHTS --image PICTURE {flags}"
    return (
        f'<p class="ac-number">Depth of {escape(model)} times {factor:.4g}</p>'
        f"<p>By {by}; used in the tab Depth until this page is closed.</p>"
        f"<table><tr><th>column, row</th><th>said, m</th><th>measured, m</th></tr>{rows}</table>"
        f"<p>To keep it:</p><pre><code>{escape(command)}</code></pre>"
    )
