"""The tab that asks what the paper is about: the same street in bad weather, and what that does to depth."""

from html import escape
from pathlib import Path

import gradio as gr
import numpy as np
import torch
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.prediction import colour_inverse_depth, nearest_shown
from acdepth.core.resize import crop_and_resize
from acdepth.core.seeding import make_generator
from acdepth.serve.depth_tab import NONE, PRIVATE, DepthTab
from acdepth.serve.desk import Desk, note, told
from acdepth.serve.measured import Asked
from acdepth.serve.shelf import Result
from acdepth.translator.method import SimulatedWeather, Translator
from acdepth.viewer.parts import Layer, viewer

SIMULATED, TRANSLATED = "simulated", "by the translator"
MADE = tuple(condition for condition in Condition if condition != Condition.CLEAR)
WIDEST = 1024
"""Pictures are brought to this width, at which the simulation takes a second or two [px]."""


def weather_tab(desk: Desk, depth: DepthTab) -> None:
    """Lay out the tab and wire it; it takes the picture of the depth tab."""
    makers = [SIMULATED, *([TRANSLATED] if desk.translator else [])]
    second = desk.models.names[1] if len(desk.models.names) > 1 else NONE
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            gr.HTML(
                note("The picture of the tab Depth, best a clear one, through the weather of your choice.")
            )
            condition = gr.Radio(
                [str(one) for one in MADE], value="night", label="Weather", elem_id="weather"
            )
            severity = gr.Slider(0, 1, 0.7, step=0.05, label="Severity", elem_id="severity")
            maker = gr.Radio(makers, value=SIMULATED, label="Made how", visible=len(makers) > 1)
            seed = gr.Number(0, label="Draw", precision=0, minimum=0, info="another number is another night")
            first = gr.Dropdown(desk.models.names, value=desk.models.names[0], label="Model")
            other = gr.Dropdown(
                [NONE, *desk.models.names], value=second, label="And", visible=len(desk.models.names) > 1
            )
            button = gr.Button("Make the weather", variant="primary", elem_id="make-weather")
        with gr.Column(scale=4, min_width=320):
            seen = gr.HTML(note("Nothing made yet."), elem_id="weathered")

    def show(
        path: str | None,
        kind: str,
        strength: float,
        how: str,
        draw: float,
        one: str,
        two: str,
        fov: float | None,
    ) -> str:
        image = _shrunk(desk.read(path))
        camera = desk.camera(str(path), fov, image)
        wanted = Condition(kind)
        names = [one, *([] if two in (NONE, one) else [two])]
        asked = [Asked(str(path), name, fov or None) for name in names]
        adverse = None
        if how == TRANSLATED:
            image, adverse = _translated(desk, image, wanted)
        clear = [desk.predict(this, image, camera) for this in asked]
        if adverse is None:
            adverse = _simulated(image, clear[0], wanted, strength, int(draw))
        bad = [desk.predict(this, adverse, camera) for this in asked]
        made = viewer(Layer("clear", image), Layer(str(wanted), adverse), clear[0].prediction, _MADE)
        parts = [_compared(*pair, str(wanted)) for pair in zip(clear, bad, strict=True)]
        return f'{made}<div class="ac-pair">{"".join(parts)}</div>'

    button.click(
        told(show),
        [depth.picture, condition, severity, maker, seed, first, other, depth.fov],
        seen,
        **PRIVATE,
        concurrency_limit=1,
    )


_MADE = (
    "<p>The picture, and the same in the other weather. Under the pointer: depth in the clear picture.</p>"
)


def open_translator(weights: Path, device: str) -> Translator:
    """A trained translator; needs the extra `train`."""
    from acdepth.translator.diffused import DiffusedWeather

    return DiffusedWeather(weights, device=device)


def _shrunk(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    if width <= WIDEST:
        return image
    return crop_and_resize(image, None, (max(16, round(height * WIDEST / width)), WIDEST), "image")


def _simulated(
    image: np.ndarray, clear: Result, condition: Condition, severity: float, draw: int
) -> np.ndarray:
    weather = SimulatedWeather((severity, severity), "cpu")
    depth = torch.from_numpy(clear.prediction.depth)[None, None]
    made = weather.translate(_tensor(image), depth, condition, [make_generator(draw, "page", condition)])
    return _pixels(made)


def _translated(desk: Desk, image: np.ndarray, condition: Condition) -> tuple[np.ndarray, np.ndarray]:
    """The picture at the translator's size, and its translation.

    Raises:
        UserError: if it does not make this weather.
    """
    translator = desk.translator
    assert translator is not None
    if condition not in translator.conditions:
        raise UserError(
            None, f"the translator makes no {condition}", f"it makes {', '.join(translator.conditions)}"
        )
    if translator.size:
        image = crop_and_resize(image, None, translator.size, "image")
    made = translator.translate(_tensor(image), None, condition, [make_generator(0, "page", condition)])
    return image, _pixels(made)


def _tensor(image: np.ndarray) -> Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255


def _pixels(image: Tensor) -> np.ndarray:
    return (image[0].permute(1, 2, 0) * 255).round().byte().numpy()


def _compared(clear: Result, bad: Result, condition: str) -> str:
    """HTML of one model's depth before and after, in the same colours, and how far it moved."""
    inverse = clear.prediction.inverse_depth
    nearest = nearest_shown(inverse)
    left = Layer("depth in clear", colour_inverse_depth(inverse, nearest))
    right = Layer(f"depth in {condition}", colour_inverse_depth(bad.prediction.inverse_depth, nearest))
    moved = change(clear.prediction.depth, bad.prediction.depth)
    text = (
        f'<p><span class="ac-number">{100 * moved:.0f} %</span> median change of depth of '
        f"<b>{escape(clear.asked.model)}</b>. A model that {condition} does not fool changes little.</p>"
        f"<p>Under the pointer: depth in {condition}.</p>"
    )
    return viewer(left, right, bad.prediction, text, "m" if bad.prediction.metric else "units")


def change(before: np.ndarray, after: np.ndarray) -> float:
    """Median over pixels of the larger over the smaller of two depths (H, W), less 1."""
    return float(np.median(np.exp(np.abs(np.log(after / before))) - 1))
