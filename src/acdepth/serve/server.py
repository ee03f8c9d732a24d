"""Where the server listens."""

import socket

import uvicorn
from starlette.types import ASGIApp

from acdepth.core.errors import UserError
from acdepth.serve.guard import LARGEST_HEADERS
from acdepth.serve.limits import Limits


def open_server(app: ASGIApp, host: str, port: int, limits: Limits) -> tuple[uvicorn.Server, socket.socket]:
    """A server that is yet to be run, and where it will listen; port 0 is any that is free.

    Raises:
        UserError: if it cannot listen there.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http="h11",
        ws="none",
        log_level="error",
        access_log=False,
        server_header=False,
        limit_concurrency=4 * limits.waiting + 100,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=LARGEST_HEADERS,
    )
    try:
        return uvicorn.Server(config), config.bind_socket()
    except SystemExit as error:  # which is what uvicorn makes of an OSError
        what = f"cannot listen at {host}, port {port}"
        raise UserError(f"--host {host} --port {port}", what, "choose another --port") from error
