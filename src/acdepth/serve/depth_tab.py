"""The tab that most people want: a picture in, its depth out."""

from html import escape
from typing import Any, NamedTuple

import gradio as gr
from gradio.data_classes import ImageData

from acdepth.core.errors import UserError
from acdepth.core.prediction import nearest_shown
from acdepth.inference.road import find_ground
from acdepth.serve.desk import Desk, note, told
from acdepth.serve.measured import Asked, Measured
from acdepth.serve.shelf import Result
from acdepth.viewer.parts import Layer, cloud, grey, scale_bar, viewer

NONE = "none"
MOST_SHOWN = 60_000
"""Points that a browser draws."""
KEPT = 3600
"""Seconds for which an idle page is remembered."""
PRIVATE: dict[str, Any] = {"api_visibility": "private"}
"""Of events that programs need not see: they ask the endpoint."""
QUICK: dict[str, Any] = {**PRIVATE, "queue": False}
"""Of those answered at once. In Gradio's queue, a second answer may go to a stream that the first has closed;
outside it, changes of a state are not told: what follows an event is chained to it."""
FORMATS = {"png16": "PNG 16 bit", "npy": "NPY", "glb": "GLB"}


class DepthTab(NamedTuple):
    """What other tabs need of it."""

    picture: gr.Image
    fov: gr.Number
    name: gr.State
    """Of the first model's result on the shelf."""
    measured: gr.State
    """A `Measured`: what was calibrated on this page."""
    show: Any
    """How an event is wired that predicts anew."""
    shown: Any
    """The event that does so."""
    emptied: Any
    """How an event is wired after which the points in space hold no longer."""


class _Left(NamedTuple):
    picture: gr.Image
    gallery: gr.Gallery
    model: gr.Dropdown
    beside: gr.Dropdown
    fov: gr.Number
    shown: gr.Radio


class _Right(NamedTuple):
    seen: gr.HTML
    button: gr.Button
    space: gr.HTML


def depth_tab(desk: Desk) -> DepthTab:
    """Lay out the tab and wire it."""
    name, measured = gr.State(None, time_to_live=KEPT), gr.State(Measured(), time_to_live=KEPT)
    with gr.Row(elem_classes="ac-sides"):
        left, right = _left(desk), _right()

    def show(
        path: str | None, first: str, second: str, degrees: float | None, kind: str, known: Measured
    ) -> tuple[str, str | None]:
        if not path:
            return note("Choose a picture."), None
        image = desk.read(path)
        camera = desk.camera(path, degrees, image)
        chosen = [first, *([] if second == NONE else [second])]
        asked = [Asked(path, one, degrees or None) for one in chosen]
        results = [desk.predict(one, image, camera, known.factor(one)) for one in asked]
        names = [desk.shelf.put(result) for result in results]
        parts = [show_result(result, place, kind) for result, place in zip(results, names, strict=True)]
        return f'<div class="ac-pair">{"".join(parts)}</div>', names[0]

    def points(path: str | None, first: str, degrees: float | None, known: Measured) -> str:
        image = desk.read(path)
        assert path is not None
        if (camera := desk.camera(path, degrees, image)) is None:
            raise UserError(None, "points need the lens", "say how many degrees the picture sees across")
        asked = Asked(path, first, degrees or None)
        result = desk.predict(asked, image, camera, known.factor(asked))
        unit = "m" if result.prediction.metric else "units"
        return cloud(result.cloud(MOST_SHOWN), camera, find_ground(result.prediction), unit)

    def take(event: gr.SelectData) -> str:
        return str(desk.examples[event.index].path)

    inputs = [left.picture, left.model, left.beside, left.fov, left.shown, measured]
    # A result that is shown does not bring `measured` back: a point may have come meanwhile.
    wired = {
        "fn": told(show, lambda wrong: (wrong, None)),
        "inputs": inputs,
        "outputs": [right.seen, name],
        "trigger_mode": "always_last",
        **QUICK,
    }
    changes = [left.picture.change, left.model.change, left.beside.change, left.shown.change]
    shown = gr.on(
        [*changes, left.fov.submit, left.fov.blur],
        show_progress_on=right.seen,
        **wired,
    )
    # By the browser itself, before what was clicked next is asked for.
    emptied = {"fn": None, "js": "() => ''", "outputs": right.space, **QUICK}
    gr.on([left.picture.change, left.model.change, left.fov.change], **emptied)
    left.gallery.select(take, None, left.picture, **QUICK)
    right.button.click(told(points), [left.picture, left.model, left.fov, measured], right.space, **QUICK)
    return DepthTab(left.picture, left.fov, name, measured, wired, shown, emptied)


def _left(desk: Desk) -> _Left:
    names = desk.models.names
    with gr.Column(scale=2, min_width=280, elem_classes="ac-asked"):
        picture = gr.Image(
            type="filepath",
            sources=["upload", "clipboard"],
            label="Picture",
            height=240,
            elem_id="picture",
        )
        picture.preprocess = _as_sent
        gallery = gr.Gallery(
            [(str(one.path), str(one.condition)) for one in desk.examples],
            label="Or one of the built-in world",
            columns=3,
            rows=2,
            height="auto",
            allow_preview=False,
            interactive=False,
            buttons=[],
            visible=bool(desk.examples),
            elem_id="examples",
        )
        with gr.Column(elem_classes="ac-settings"):
            model = gr.Dropdown(names, value=names[0], label="Model", elem_id="model")
            beside = gr.Dropdown([NONE, *names], value=NONE, label="Beside it", visible=len(names) > 1)
            fov = gr.Number(
                None,
                label="Degrees across the picture",
                info="for metres by another lens, and for points; empty: as the file says",
                elem_id="fov",
            )
            shown = gr.Radio(["depth", "confidence"], value="depth", label="Beside the picture")
    return _Left(picture, gallery, model, beside, fov, shown)


def _as_sent(payload: ImageData | None) -> str | None:
    """The path of a picture, which Gradio would open, and fail without a word where it is none, or gone.

    Not a class of its own: of one, Gradio writes a stub beside this file.
    """
    return payload.path if payload else None


def _right() -> _Right:
    with gr.Column(scale=4, min_width=320, elem_classes="ac-answer"):
        seen = gr.HTML(note("Choose a picture."), elem_id="seen")
        with gr.Accordion("Points in space", open=False):
            button = gr.Button("Show points", size="sm", elem_id="show-points")
            space = gr.HTML(elem_id="points")
    return _Right(seen, button, space)


def show_result(result: Result, place: str, kind: str) -> str:
    """HTML of one model's answer."""
    found, model = result.prediction, result.asked.model
    unit = "m" if found.metric else "units"
    nearest = nearest_shown(found.inverse_depth)
    if kind == "confidence":
        if found.confidence is None:
            raise UserError(None, f"{model} says no confidence", "choose depth")
        right, bar = Layer("confidence", grey(found.confidence)), "<p>White: depth can be relied on.</p>"
    else:
        right, bar = Layer("depth", found.colour()), scale_bar(found, nearest, unit)
    scale = f"calibrated on this page: depth times {result.factor:.4g}" if result.factor else result.scale
    formats = [one for one in FORMATS if one != "glb" or found.camera is not None]
    links = "".join(
        f'<a href="results/{place}/{escape(model)}.{one}" download>{FORMATS[one]}</a>' for one in formats
    )
    below = f'{bar}<p><b>{escape(model)}</b>: {escape(scale)}.</p><div class="ac-links">{links}</div>'
    return viewer(Layer("picture", result.image), right, found, below, unit)
