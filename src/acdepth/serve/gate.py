"""What of Gradio is open: the addresses that the page uses, to events that name only what was sent to it."""

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path, PurePath
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acdepth.serve.guard import refusal

GRADIO = "/gradio_api/"
EVENTS = ("run/predict", "queue/join")
USED = re.compile(r"file=.+|heartbeat/\w+|app_id|cancel|upload|upload_progress|queue/data")
MOST_EVENT = 1_000_000
"""Bytes of an event: it names files, and holds none."""


class Gate:
    """ASGI middleware before the page.

    For a page that is mounted in an app, Gradio takes any path or URL as a file that a visitor sent, reads or
    fetches it, and shows it.

    Args:
        app: endpoint and page.
        folder: where the page keeps what visitors sent; absolute.
    """

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self.app, self.folder = app, folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] == "http" and scope["path"].startswith(GRADIO):
            address = scope["path"].removeprefix(GRADIO)
            if address in EVENTS:
                await self._event(scope, receive, send)
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

    def _names_what_was_sent(self, body: bytes) -> bool:
        try:
            return all(self._was_sent(path) for path in _paths(json.loads(body)))
        except (ValueError, RecursionError):
            return False

    def _was_sent(self, path: Any) -> bool:
        if not isinstance(path, str):
            return False
        named = PurePath(path)
        return named.is_relative_to(self.folder) and ".." not in named.parts


def _paths(event: Any) -> Iterator[Any]:
    """What is called ``path`` anywhere in it, as it is in Gradio's files."""
    left = [event]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if "path" in one:
                yield one["path"]
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)


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
