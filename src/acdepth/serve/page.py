"""The page: tabs around one desk."""

from html import escape
from importlib.resources import files

import gradio as gr

from acdepth.serve.calibrate_tab import calibrate_tab
from acdepth.serve.depth_tab import KEPT, QUICK, depth_tab
from acdepth.serve.desk import Desk, note
from acdepth.serve.video_tab import video_tab
from acdepth.serve.weather_tab import weather_tab
from acdepth.viewer.page import scripts, style

FONTS = ("system-ui", "sans-serif"), ("ui-monospace", "monospace")
"""Of the visitor's own machine: the page asks nobody else for anything."""
THREADS = 4
"""Of all visitors: weather and video take one each, quick events the rest. The endpoint has its own."""


def make_page(desk: Desk) -> gr.Blocks:
    """The page, not yet at an address."""
    with gr.Blocks(title="acdepth", analytics_enabled=False, delete_cache=(KEPT // 6, KEPT)) as page:
        gr.HTML(_title(desk), elem_classes="ac-title")
        with gr.Tab("Depth", id="depth"):
            depth = depth_tab(desk)
        with gr.Tab("Weather", id="weather"):
            weather_tab(desk, depth)
        with gr.Tab("Calibrate", id="calibrate"):
            metres = calibrate_tab(desk, depth)
        with gr.Tab("Video", id="video"):
            degrees = video_tab(desk)
        with gr.Tab("Results", id="results"):
            gr.HTML(_results(desk))
        # A number without a value begins as 0, unless it is told so again.
        begin = [str(desk.examples[0].path) if desk.examples else None, None, None, None]
        page.load(lambda: begin, None, [depth.picture, depth.fov, metres, degrees], **QUICK)
    page.queue(max_size=desk.limits.waiting, api_open=False)
    page.max_threads = THREADS
    page.state_session_capacity = desk.limits.sessions
    return page


def theme() -> gr.Theme:
    """Plain, with fonts that are there."""
    sans, mono = FONTS
    return gr.themes.Soft(font=sans, font_mono=mono, radius_size="md", spacing_size="sm")


def head() -> str:
    """The page's own scripts."""
    return scripts()


def css() -> str:
    """The page's own style."""
    return (files("acdepth.serve") / "page.css").read_text(encoding="utf-8") + style()


def _title(desk: Desk) -> str:
    told = [f"<b>{escape(one['name'])}</b>: {escape(one['description'])}" for one in desk.models.describe()]
    return (
        f"<h1>acdepth</h1><p>Depth from one camera that stays right at night, in rain, in fog.</p>"
        f"<details><summary>What is served here</summary><p>{'<br>'.join(told)}</p>"
        f'<p>Programs ask <a href="docs">/v1/depth</a>.</p></details>'
    )


def _results(desk: Desk) -> str:
    if desk.report:
        return (
            '<iframe class="ac-report" src="report" title="report of a run" sandbox="allow-scripts"></iframe>'
        )
    return note(
        "No run is shown here. Start the server with <code>--run FOLDER</code>, a folder with report.html."
    )
