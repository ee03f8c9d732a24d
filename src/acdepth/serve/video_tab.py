"""The tab for short videos: image and depth side by side, as ``acdepth predict`` writes them."""

from pathlib import Path

import gradio as gr

from acdepth.core.errors import UserError
from acdepth.data.own.guessed import lens_from_fov
from acdepth.data.own.video import whole_video
from acdepth.prediction.video import predict_video
from acdepth.serve.depth_tab import PRIVATE
from acdepth.serve.desk import Desk, note, told

PROGRESS = gr.Progress()
"""Stands for the bar of whoever asked."""


def video_tab(desk: Desk) -> gr.Number:
    """Lay out the tab and wire it; returns its number, to be emptied."""
    limits = desk.limits
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            video = gr.Video(sources=["upload"], label="Video", buttons=[], elem_id="video")
            model = gr.Dropdown(desk.models.names, value=desk.models.names[0], label="Model")
            fov = gr.Number(None, label="Degrees across the picture")
            button = gr.Button("Predict", variant="primary", elem_id="predict-video")
        with gr.Column(scale=4, min_width=320):
            seen = gr.Video(
                label="Image and depth", interactive=False, buttons=["download"], elem_id="predicted"
            )
            said = gr.HTML(
                note("Near is bright; what is brightest changes slowly, so that colours do not flicker.")
            )

    def show(
        path: str | None, name: str, degrees: float | None, progress: gr.Progress = PROGRESS
    ) -> tuple[str, str]:
        if not path:
            raise UserError(None, "no video yet", "choose one")
        clip = whole_video(Path(path))
        if len(clip) > limits.video_frames:
            raise UserError(
                None, f"the video has {len(clip)} frames", f"at most {limits.video_frames} are taken"
            )
        height, width = clip.source.size()
        if height * width > limits.pixels:
            raise UserError(None, f"its frames have {width}x{height} pixels", "scale it down")
        camera = lens_from_fov(degrees, (height, width)).camera if degrees else None
        predictor, done = desk.waiting(name), iter(range(1, len(clip) + 1))
        out = desk.new_file(".mp4")
        left_out = predict_video(
            predictor, clip, out, camera, on_progress=lambda: progress((next(done), len(clip)), unit="frames")
        )
        lost = f" {left_out.unreadable} frames could not be read." if left_out.unreadable else ""
        return str(out), note(f"{len(clip)} frames.{lost}")

    button.click(
        told(show, lambda wrong: (None, wrong)),
        [video, model, fov],
        [seen, said],
        **PRIVATE,
        concurrency_limit=1,
    )
    return fov
