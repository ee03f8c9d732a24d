"""What of Gradio is open: addresses that the page uses, room for files, and events that name no others."""

import json
import re
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acdepth.serve.guard import refusal
from acdepth.serve.uploads import Uploads

GRADIO = "/gradio_api/"
EVENTS = ("run/predict", "queue/join")
USED = re.compile(r"file=.+|heartbeat/\w+|app_id|cancel|upload_progress|queue/data")
MOST_EVENT = 1_000_000
"""Bytes of an event: it names files, and holds none."""


class Gate:
    """ASGI middleware before the page.

    For a page that is mounted in an app, Gradio takes any path or URL as a file that a visitor sent, reads or
    fetches it, and shows it.

    Args:
        app: endpoint and page.
        uploads: what visitors sent.
        largest: bytes of a body of which nobody says how long it is.
    """

    def __init__(self, app: ASGIApp, uploads: Uploads, largest: int) -> None:
        self.app, self.uploads, self.largest = app, uploads, largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] == "http" and scope["path"].startswith(GRADIO):
            address = scope["path"].removeprefix(GRADIO)
            if address in EVENTS:
                await self._event(scope, receive, send)
                return
            if address == "upload":
                await self._upload(scope, receive, send)
                return
            if not USED.fullmatch(address):
                await refusal(HTTPStatus.NOT_FOUND, "the page has no such address")(scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _event(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        try:
            async for part in Request(scope, receive).stream():
                body += part
                if len(body) > MOST_EVENT:
                    what = f"an event of the page has more than {MOST_EVENT} bytes"
                    await refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, what)(scope, receive, send)
                    return
        except ClientDisconnect:
            return
        if not self._names_what_was_sent(body):
            what = "an event of the page names only files that were sent to it"
            await refusal(HTTPStatus.FORBIDDEN, what)(scope, receive, send)
            return
        await self.app(scope, _once_more(body, receive), send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        size = int(Headers(scope=scope).get("content-length", self.largest))
        with self.uploads.coming(size):
            if await run_in_threadpool(self.uploads.have_room):
                await self.app(scope, receive, send)
                return
        what = "too much was sent to the page lately; try again later"
        await refusal(HTTPStatus.TOO_MANY_REQUESTS, what)(scope, receive, send)

    def _names_what_was_sent(self, body: bytes) -> bool:
        try:
            return all(self.uploads.has(path) for path in _paths(body))
        except (ValueError, RecursionError):
            return False


def _paths(event: bytes) -> list[Any]:
    """What is called ``path`` anywhere in it, as in Gradio's files, also where a name stands twice."""
    found: list[Any] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.extend(value for name, value in pairs if name == "path")
        return dict(pairs)

    json.loads(event, object_pairs_hook=look)
    return found


def _once_more(body: bytes, receive: Receive) -> Receive:
    """A body that was read, then what follows it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
