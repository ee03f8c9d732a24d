"""The tab that most people want: a picture in, its depth out."""

from html import escape
from typing import Any, NamedTuple

import gradio as gr

from acdepth.core.errors import UserError
from acdepth.core.prediction import nearest_shown
from acdepth.serve.desk import Desk, note, told
from acdepth.serve.shelf import Result
from acdepth.serve.viewer import Layer, grey, scale_bar, viewer

NONE = "none"
FORMATS = {"png16": "PNG 16 bit", "npy": "NPY", "glb": "GLB"}


class DepthTab(NamedTuple):
    """What other tabs need of it."""

    picture: gr.Image
    model: gr.Dropdown
    fov: gr.Number
    name: gr.State
    """Of the first model's result on the shelf."""
    factors: gr.State
    """What was calibrated on this page, by model."""
    show: Any
    """Function, inputs and outputs that predict anew."""


def depth_tab(desk: Desk) -> DepthTab:
    """Lay out the tab and wire it."""
    name, factors = gr.State(None, time_to_live=3600), gr.State({}, time_to_live=3600)
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            picture = gr.Image(
                type="filepath",
                image_mode=None,
                sources=["upload", "clipboard"],
                label="Picture",
                height=240,
                elem_id="picture",
            )
            gallery = gr.Gallery(
                [(str(one.path), str(one.condition)) for one in desk.examples],
                label="Or one of the built-in world",
                columns=3,
                height="auto",
                allow_preview=False,
                interactive=False,
                buttons=[],
                elem_id="examples",
            )
            model = gr.Dropdown(desk.models.names, value=desk.models.names[0], label="Model", elem_id="model")
            beside = gr.Dropdown(
                [NONE, *desk.models.names], value=NONE, label="Beside it", visible=len(desk.models.names) > 1
            )
            fov = gr.Number(
                None,
                label="Degrees across the picture",
                info="for metres by another lens, and for points; empty: as the file says",
                elem_id="fov",
            )
            shown = gr.Radio(["depth", "confidence"], value="depth", label="Beside the picture")
        with gr.Column(scale=4, min_width=320):
            seen = gr.HTML(note("Choose a picture."), elem_id="seen")
            with gr.Accordion("Points in space", open=False):
                button = gr.Button("Show points", size="sm", elem_id="show-points")
                cloud = gr.Model3D(
                    label="Points",
                    display_mode="point_cloud",
                    clear_color=(0.07, 0.07, 0.09, 1.0),
                    height=420,
                )

    def show(
        path: str | None, first: str, second: str, degrees: float | None, kind: str, known: dict[str, float]
    ) -> tuple[str, str | None]:
        if not path:
            return note("Choose a picture."), None
        image = desk.read(path)
        camera = desk.camera(path, degrees, image)
        chosen = [first, *([] if second == NONE else [second])]
        results = [desk.predict(one, image, camera, known.get(one, 1.0)) for one in chosen]
        names = [desk.shelf.put(result) for result in results]
        parts = [
            show_result(result, place, kind, known.get(result.model))
            for result, place in zip(results, names, strict=True)
        ]
        return f'<div class="ac-pair">{"".join(parts)}</div>', names[0]

    def points(place: str | None) -> str:
        result = desk.shelf.get(place)
        if result is None:
            raise UserError(None, "nothing to show", "choose a picture first")
        if result.prediction.camera is None:
            raise UserError(None, "points need the lens", "say how many degrees the picture sees across")
        path = desk.new_file(".glb")
        path.write_bytes(result.glb())
        return str(path)

    def take(event: gr.SelectData) -> str:
        return str(desk.examples[event.index].path)

    asked = [picture, model, beside, fov, shown, factors]
    wired = {"fn": told(show), "inputs": asked, "outputs": [seen, name]}
    gr.on(
        [picture.change, model.change, beside.change, shown.change, fov.submit, fov.blur],
        show_progress_on=seen,
        trigger_mode="always_last",
        api_visibility="private",
        **wired,
    )
    gallery.select(take, None, picture, api_visibility="private")
    button.click(told(points), name, cloud, api_visibility="private")
    return DepthTab(picture, model, fov, name, factors, wired)


def show_result(result: Result, place: str, kind: str, factor: float | None) -> str:
    """HTML of one model's answer."""
    found, unit = result.prediction, "m" if result.prediction.metric else "units"
    nearest = nearest_shown(found.inverse_depth)
    if kind == "confidence":
        if found.confidence is None:
            raise UserError(None, f"{result.model} says no confidence", "choose depth")
        right, bar = Layer("confidence", grey(found.confidence)), "<p>White: depth can be relied on.</p>"
    else:
        right, bar = Layer("depth", found.colour()), scale_bar(found, nearest, unit)
    scale = result.scale if factor is None else f"calibrated on this page: depth times {factor:.4g}"
    formats = [one for one in FORMATS if one != "glb" or found.camera is not None]
    links = "".join(
        f'<a href="results/{place}/{escape(result.model)}.{one}" download>{FORMATS[one]}</a>'
        for one in formats
    )
    below = f'{bar}<p><b>{escape(result.model)}</b>: {escape(scale)}.</p><div class="ac-links">{links}</div>'
    return viewer(Layer("picture", result.image), right, found, below, unit)
