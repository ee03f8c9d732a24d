"""The whole server: endpoint, page and what stands before them."""

import os
from http import HTTPStatus
from pathlib import Path

import gradio as gr
from fastapi import FastAPI, Response
from starlette.types import ASGIApp

from acdepth.core.errors import UserError
from acdepth.serve.counts import Counts
from acdepth.serve.desk import Desk
from acdepth.serve.endpoint import make_endpoint
from acdepth.serve.gate import Gate
from acdepth.serve.guard import Guard
from acdepth.serve.page import css, head, make_page, theme
from acdepth.serve.reading import Refused
from acdepth.serve.shelf import Shelf
from acdepth.serve.uploads import Uploads

REPORT = "report.html"
SANDBOX = {"Content-Security-Policy": "sandbox allow-scripts; default-src 'unsafe-inline' data:"}
"""A report is a file by itself, and asks for nothing."""


def make_app(desk: Desk, host: str, token: str, report: bytes | None = None) -> ASGIApp:
    """Endpoint and page under one roof.

    Args:
        desk: what they work with.
        host: that is listened at.
        token: that requests must bring; empty for none.
        report: the page of a run, for the tab of that name.
    """
    # In the folder that a machine's Gradio servers share, one that ends deletes what another still shows.
    sent = desk.folder.absolute() / "visitors"
    os.environ["GRADIO_TEMP_DIR"] = str(sent)
    counts = Counts()
    app = make_endpoint(desk.models, desk.batcher, desk.limits, counts)
    _add_downloads(app, desk.shelf)
    if report is not None:

        @app.get("/report", include_in_schema=False)
        def report_page() -> Response:
            return Response(report, media_type="text/html", headers=SANDBOX)

    gr.mount_gradio_app(
        app,
        make_page(desk),
        path="",
        max_file_size=desk.limits.body_bytes,
        footer_links=[],
        run_history=False,
        show_error=True,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css=css(),
        head=head(),
    )
    uploads = Uploads(sent, desk.limits.kept_bytes)
    return Guard(Gate(app, uploads, desk.limits.body_bytes), host, token, desk.limits, counts)


def _add_downloads(app: FastAPI, shelf: Shelf) -> None:
    @app.get("/results/{name}/{file}", include_in_schema=False)
    def download(name: str, file: str) -> Response:
        """What the page predicted lately: a random name on the shelf, and MODEL.FORMAT for the browser."""
        result, kind = shelf.get(name), file.rpartition(".")[2]
        if result is None or kind not in ("png16", "npy", "glb"):
            raise Refused(HTTPStatus.NOT_FOUND, "no such result", "predict the picture again")
        make = {"png16": result.prediction.png16, "npy": result.prediction.npy, "glb": result.glb}[kind]
        suffix, mime = {
            "png16": ("png", "image/png"),
            "npy": ("npy", "application/octet-stream"),
            "glb": ("glb", "model/gltf-binary"),
        }[kind]
        headers = {"Content-Disposition": f'attachment; filename="depth.{suffix}"'}
        return Response(make(), media_type=mime, headers=headers)


def read_report(run: Path) -> bytes:
    """The page of a finished run.

    Raises:
        UserError: if there is none.
    """
    try:
        return (run / REPORT).read_bytes()
    except OSError as error:
        raise UserError(run, f"has no {REPORT}", "make it with: acdepth report RUN") from error
